#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <tapewise/autograd/dtype.hpp>

namespace tapewise {

/// The sizes of an array along its axes, outermost first; `{}` is a scalar (0-d). At most
/// `max_rank` axes, kept in place: making, copying and comparing shapes never allocates.
class Shape {
 public:
  static constexpr std::size_t max_rank = 8;

  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<std::int64_t> sizes)
      : Shape(std::span(sizes.begin(), sizes.size())) {}
  /// Throws ShapeError for more than `max_rank` axes or a negative size.
  constexpr explicit Shape(std::span<const std::int64_t> sizes) {
    for (const std::int64_t size : sizes) push_back(size);
  }

  constexpr std::size_t rank() const { return rank_; }
  constexpr std::int64_t operator[](std::size_t axis) const { return sizes_[axis]; }
  constexpr const std::int64_t* begin() const { return sizes_.data(); }
  constexpr const std::int64_t* end() const { return sizes_.data() + rank_; }
  constexpr std::int64_t back() const { return sizes_[rank_ - 1U]; }

  /// Number of elements: 1 for a scalar, 0 when any size is 0.
  constexpr std::int64_t size() const {
    std::int64_t n = 1;
    for (const std::int64_t s : *this) n *= s;
    return n;
  }
  constexpr bool is_scalar() const { return rank_ == 0; }

  /// Adds an innermost axis.
  constexpr void push_back(std::int64_t size) {
    if (rank_ == max_rank || size < 0) refuse(size);
    sizes_[rank_++] = size;
  }
  constexpr void set(std::size_t axis, std::int64_t size) { sizes_[axis] = size; }

  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  [[noreturn]] static void refuse(std::int64_t size);

  std::array<std::int64_t, max_rank> sizes_{};
  std::uint8_t rank_ = 0;
};

/// What is known of a node before any number: dtype and shape.
struct Type {
  DType dtype = DType::float64;
  Shape shape;

  constexpr std::int64_t size() const { return shape.size(); }
  constexpr std::size_t bytes() const {
    return static_cast<std::size_t>(shape.size()) * size_of(dtype);
  }
  friend constexpr bool operator==(const Type&, const Type&) = default;
};

/// "(32,784)", "()" for a scalar, "(5,)" for one axis, as NumPy writes them.
std::string to_string(const Shape& shape);
/// "float32 (32,784)"
std::string to_string(const Type& type);

/// Row-major strides in elements; 0 along axes of size 1, so that they broadcast.
using Strides = std::array<std::int64_t, Shape::max_rank>;
Strides broadcast_strides(const Shape& from, const Shape& to);
/// Row-major strides in elements.
Strides row_major_strides(const Shape& shape);

/// NumPy's rule: align at the innermost axis; sizes agree or one of them is 1.
/// False when they do not fit; `result` then holds nothing of use.
bool broadcast(const Shape& a, const Shape& b, Shape& result);

/// `axis` counted from the front, negative from the back; -1 when it is out of range.
constexpr int normal_axis(std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r) return -1;
  return static_cast<int>(axis < 0 ? axis + r : axis);
}

}  // namespace tapewise
