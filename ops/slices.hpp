#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <tapewise/autograd/op.hpp>

namespace tapewise {

/// `start:stop:step` along one axis, as in NumPy: negative places count from the end, places
/// beyond the ends are moved to them, a negative step walks backwards. `Slice{}` is the whole axis.
struct Slice {
  /// Left out: the beginning or the end, whichever the step's direction makes it.
  static constexpr std::int64_t none = INT64_MIN;
  std::int64_t start = none, stop = none, step = 1;
};

/// One `Slice` for each of the first axes; the axes after them are taken whole.
class Slices {
 public:
  constexpr Slices() = default;
  constexpr Slices(std::initializer_list<Slice> slices)
      : Slices(std::span(slices.begin(), slices.size())) {}
  constexpr explicit Slices(std::span<const Slice> slices) : count_(slices.size()) {
    std::copy_n(slices.begin(), std::min(slices.size(), Shape::max_rank), slices_.begin());
  }

  constexpr std::size_t count() const { return count_; }
  constexpr const Slice& operator[](std::size_t axis) const { return slices_[axis]; }
  /// Throws ShapeError for more slices than axes, or a step of 0.
  void check(const Shape& x, const TypeArgs& args) const;
  /// The shape of the elements chosen from an array of shape `x`.
  Shape shape_of(const Shape& x) const;
  /// The element of a row-major `x` where they begin, and the strides to walk through them.
  std::int64_t begin_in(const Shape& x) const;
  Strides strides_in(const Shape& x) const;
  /// "[1:3,::-1]"
  std::string text() const;

 private:
  std::array<Slice, Shape::max_rank> slices_{};
  std::uint64_t count_ = 0;
};

}  // namespace tapewise
