#pragma once
#include <cstdint>
#include <tapewise/autograd/complex.hpp>

// Convolutions as matrix products on tiles of patches: a tile of the matrix whose columns are the
// patches of an image (im2col) is laid out in memory that stays in cache, and multiplied there.

namespace tapewise::kernels {

/// What a window does along one axis: `out` places of `kernel` taps over an axis of `in` elements.
struct WindowAxis {
  std::int64_t in, out, kernel, stride, padding, dilation;

  /// Where tap `k` of window `o` lies; outside of [0, in) is padding.
  std::int64_t at(std::int64_t o, std::int64_t k) const {
    return o * stride - padding + k * dilation;
  }
};

/// The trilinear form Σ y·(x ∗ w) of images x (images, groups·channels, rows.in, columns.in),
/// weights w (groups·filters, channels, rows.kernel, columns.kernel) and outputs
/// y (images, groups·filters, rows.out, columns.out), all contiguous.
struct Convolution {
  std::int64_t images, groups, channels, filters;
  WindowAxis rows, columns;
};

/// Each writes the derivative of the form in one of the three, from the other two.
template <class T>
void convolve(const Convolution& c, const T* x, const T* w, T* y);
template <class T>
void convolve_transposed(const Convolution& c, const T* y, const T* w, T* x);
template <class T>
void convolve_weight(const Convolution& c, const T* x, const T* y, T* w);

}  // namespace tapewise::kernels
