#pragma once
#include <cstdint>
#include <string>
#include <tapewise/autograd/op.hpp>
#include <tapewise/ops/kernels/conv.hpp>

namespace tapewise {

/// A number for each of the two axes of an image; one number stands for both.
struct Pair {
  std::int64_t rows = 1, columns = 1;

  constexpr Pair() = default;
  constexpr Pair(std::int64_t both) : rows(both), columns(both) {}
  constexpr Pair(int both) : Pair(std::int64_t{both}) {}
  constexpr Pair(std::int64_t r, std::int64_t c) : rows(r), columns(c) {}
  friend constexpr bool operator==(const Pair&, const Pair&) = default;
};
/// "3x2"
inline std::string to_string(const Pair& p) {
  return std::to_string(p.rows) + "x" + std::to_string(p.columns);
}

namespace ops {

/// How windows of `kernel` taps walk over an axis, without its sizes.
struct WindowRule {
  Pair kernel, stride, padding, dilation;
  /// Not 0: a last window counts that hangs over the end, if it begins before the padding there.
  std::int64_t round_up = 0;

  /// The axis with its number of windows: ⌊(in + 2 padding - dilation (kernel - 1) - 1)/stride⌋ +
  /// 1, or ⌈·⌉ + 1; 0 when not even one fits.
  static kernels::WindowAxis axis(std::int64_t in, std::int64_t kernel, std::int64_t stride,
                                  std::int64_t padding, std::int64_t dilation, bool up = false) {
    const std::int64_t span = dilation * (kernel - 1) + 1, room = in + 2 * padding - span;
    const std::int64_t steps = room + (up ? stride - 1 : 0);
    std::int64_t out = steps < 0 ? 0 : steps / stride + 1;
    if (up && out > 0 && (out - 1) * stride >= in + padding) --out;
    return {in, out, kernel, stride, padding, dilation};
  }
  kernels::WindowAxis rows(std::int64_t in) const {
    return axis(in, kernel.rows, stride.rows, padding.rows, dilation.rows, round_up != 0);
  }
  kernels::WindowAxis columns(std::int64_t in) const {
    return axis(in, kernel.columns, stride.columns, padding.columns, dilation.columns,
                round_up != 0);
  }
  /// Throws ShapeError for windows without taps, steps below 1 or negative padding, and when none
  /// fits into an image of this shape (..., rows, columns).
  void check(const TypeArgs& args, const Shape& image) const;
  /// "stride=2x2 padding=1x1", what is not the default.
  std::string text() const;
};

}  // namespace ops

}  // namespace tapewise
