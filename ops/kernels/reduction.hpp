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
  SimdLevel simd;
};

/// `axes` as bits.
Reduction plan_reduction(const Shape& x, std::uint32_t axes, SimdLevel simd);

/// Reductions for one number type at one SIMD level, called with a `Reduction` as parameters.
/// float sums are formed in trees of eight and then in double; all orders are fixed by the shapes.
template <class T>
struct ReductionKernels {
  KernelFn sum, max, min, mean, logsumexp;
  RowLoop sum_rows, max_rows, min_rows, mean_rows,
      logsumexp_rows;  ///< the same numbers, for fused groups
  FoldLoops fold;      ///< sums, block by block
};
/// T: float, double, std::int64_t (sum, max and min only) or Complex; the last two know no levels.
template <class T>
const ReductionKernels<T>& reductions_at(SimdLevel level);

}  // namespace tapewise::kernels
