#pragma once
#include <array>
#include <cstdint>
#include <tapewise/autograd/shape.hpp>

namespace tapewise::kernels {

/// Two batches of matrices, broadcast against each other: where the matrices begin, in elements.
struct PairedBatches {
  std::int64_t count = 1;
  std::uint64_t rank = 0;
  std::array<std::int64_t, Shape::max_rank> sizes{}, a_strides{}, b_strides{};

  /// `a` and `b` are the shapes of the batches, which broadcast to `both`; matrices of a and b have
  /// so many elements.
  PairedBatches() = default;
  PairedBatches(const Shape& a, std::int64_t a_matrix, const Shape& b, std::int64_t b_matrix,
                const Shape& both)
      : count(both.size()), rank(both.rank()) {
    const Strides from_a = broadcast_strides(a, both), from_b = broadcast_strides(b, both);
    for (std::size_t axis = 0; axis < rank; ++axis) {
      sizes[axis] = both[axis];
      a_strides[axis] = from_a[axis] * a_matrix;
      b_strides[axis] = from_b[axis] * b_matrix;
    }
  }

  struct Place {
    std::int64_t a = 0, b = 0;
  };
  Place operator[](std::int64_t i) const {
    Place place;
    for (std::size_t axis = rank; axis-- > 0;) {
      const std::int64_t index = i % sizes[axis];
      i /= sizes[axis];
      place.a += index * a_strides[axis];
      place.b += index * b_strides[axis];
    }
    return place;
  }
};

}  // namespace tapewise::kernels
