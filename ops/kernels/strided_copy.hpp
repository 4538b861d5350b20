#pragma once
#include <array>
#include <cstdint>
#include <tapewise/autograd/op.hpp>

namespace tapewise::kernels {

/// A copy between two arrays, each walked along the same axes with strides of its own, counted in
/// elements: a stride of 0 repeats, a negative one goes backwards. Broadcasts, transposes and
/// slices, and slices written into zeros, are all of this kind.
struct StridedCopy {
  std::array<std::int64_t, Shape::max_rank> sizes;
  std::array<std::int64_t, Shape::max_rank> from, to;  ///< strides
  std::int64_t from_begin, to_begin;
  std::int64_t zeros;  ///< elements of the result to be set to zero first
  std::uint32_t rank;
};

/// The plan for axes of these sizes: axes of size 1 left out, axes merged where both arrays walk
/// through them with one stride.
StridedCopy plan_copy(const Shape& sizes, const Strides& from, const Strides& to,
                      std::int64_t from_begin = 0, std::int64_t to_begin = 0,
                      std::int64_t zeros = 0);

/// Runs the plan in `call.params` from operand 0 for elements of so many bytes: 1, 4, 8 or 16.
template <std::size_t bytes>
void strided_copy(const KernelCall& call);

}  // namespace tapewise::kernels
