#pragma once
#include <array>
#include <cstdint>
#include <tapewise/autograd/op.hpp>

namespace tapewise::kernels {

/// A reduction over any axes, as few loops as its shape allows. Innermost stand `rows` rows of
/// `inner` contiguous elements, to be folded into one such row; around them further folded loops,
/// and outermost the loops over results.
struct Reduction {
  struct Loop {
    std::int64_t size, stride;  ///< stride in elements of the operand
  };
  std::array<Loop, Shape::max_rank> kept, folded;
  std::uint32_t kept_count, folded_count;
  std::int64_t rows, inner;
  std::int64_t count;  ///< elements that each result is made of
};

/// `axes` as bits.
Reduction plan_reduction(const Shape& x, std::uint32_t axes);

// float sums are formed in trees of eight and then in double; all orders are fixed by the shapes.
template <class T>
void sum(const KernelCall& call);
template <class T>
void mean(const KernelCall& call);
template <class T>
void max(const KernelCall& call);
template <class T>
void logsumexp(const KernelCall& call);

}  // namespace tapewise::kernels
