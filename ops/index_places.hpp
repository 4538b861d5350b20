#pragma once
// Private to the ops that read indices.
#include <algorithm>
#include <string>
#include <tapewise/ops/axes.hpp>
#include <tapewise/ops/index.hpp>

namespace tapewise::ops {

inline void require_indices(const TypeArgs& args, std::size_t k) {
  if (const Type& indices = args.parent(k); indices.dtype != DType::int64) {
    throw args.type_error("indices are int64, given " + to_string(indices) +
                          ": write cast(indices, DType::int64)");
  }
}

inline std::size_t checked_axis(const TypeArgs& args, std::int64_t given, std::size_t rank,
                                const Shape& shape) {
  const int axis = normal_axis(given, rank);
  if (axis < 0) {
    throw args.shape_error("axis " + std::to_string(given) + " is out of range for " +
                           to_string(shape));
  }
  return static_cast<std::size_t>(axis);
}

/// The result of an adjoint needs room for at least no element.
inline std::int64_t checked_size(const TypeArgs& args, std::int64_t size) {
  if (size < 0) throw args.shape_error("the size is negative: " + std::to_string(size));
  return size;
}

inline void require_numbers(const TypeArgs& args) {
  if (const Type& g = args.parent(0); !numbers.contains(g.dtype)) {
    throw args.type_error("nothing can be added up in " + to_string(g) + ": write cast(g, dtype)");
  }
}

/// `shape` seen around `axis`.
inline IndexParams around(const Shape& shape, std::int64_t given, std::int64_t count) {
  const std::size_t axis = accepted_axis(given, shape.rank());
  IndexParams p{1, shape[axis], 1, count, static_cast<std::int64_t>(axis)};
  for (std::size_t a = 0; a < axis; ++a) p.outer *= shape[a];
  for (std::size_t a = axis + 1; a < shape.rank(); ++a) p.inner *= shape[a];
  return p;
}

[[noreturn]] inline void refuse_index(std::string_view op, std::int64_t index,
                                      std::int64_t position, const IndexParams& p) {
  throw DomainError("[" + std::string(op) + "] index " + std::to_string(index) + " at position " +
                    std::to_string(position) + " is out of range for axis " +
                    std::to_string(p.axis) + " of size " + std::to_string(p.size));
}

/// The place that `indices[position]` means.
template <class R>
std::int64_t place(const std::int64_t* indices, std::int64_t position, const IndexParams& p) {
  const std::int64_t index = indices[position];
  const std::int64_t place = index < 0 ? index + p.size : index;
  if (place < 0 || place >= p.size) refuse_index(R::name, index, position, p);
  return place;
}

template <class T>
void set_zero(T* out, std::int64_t n) {
  std::fill_n(out, n, T(0));
}

}  // namespace tapewise::ops
