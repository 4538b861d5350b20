#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <tapewise/autograd/op.hpp>

namespace tapewise {

/// The axis meant by a number that a shape rule has accepted.
constexpr std::size_t accepted_axis(std::int64_t axis, std::size_t rank) {
  return static_cast<std::size_t>(axis) + (axis < 0 ? rank : 0);
}

/// Axes as a caller names them: none (all of them), one, or a list. Negative ones count from the
/// back. Plain data, so that an attribute can hold it.
class Axes {
 public:
  constexpr Axes() = default;
  template <std::integral I>
  requires(!std::same_as<I, bool>) constexpr Axes(I axis)
      : Axes({static_cast<std::int64_t>(axis)}) {}
  constexpr Axes(std::initializer_list<std::int64_t> axes)
      : Axes(std::span(axes.begin(), axes.size())) {}
  constexpr explicit Axes(std::span<const std::int64_t> axes)
      : count_(static_cast<std::int64_t>(axes.size())) {
    std::copy_n(axes.begin(), std::min(axes.size(), Shape::max_rank), axes_.begin());
  }

  /// No axes were named: all are meant.
  constexpr bool all() const { return count_ < 0; }
  constexpr std::size_t count() const { return all() ? 0 : static_cast<std::size_t>(count_); }
  /// As they were given; more than Shape::max_rank of them are not kept.
  constexpr std::int64_t operator[](std::size_t k) const { return axes_[k]; }

  /// Throws ShapeError for an axis that an array of this shape does not have, or given twice.
  void check(const Shape& shape, const TypeArgs& args) const;
  /// Bit a for axis a of an array of this rank. The axes have been checked.
  std::uint32_t bits(std::size_t rank) const;
  /// The same axes of an array that has a further axis before those of this rank: a stack of them.
  Axes one_further(std::size_t rank) const;
  /// "axes=0,1"; empty for all.
  std::string text() const;

 private:
  std::array<std::int64_t, Shape::max_rank> axes_{};
  std::int64_t count_ = -1;
};

}  // namespace tapewise
