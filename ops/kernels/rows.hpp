#pragma once
#include <cstdint>
#include <tapewise/autograd/op.hpp>

// Stable softmax and its relatives on one row: n elements, `stride` apart. Every exponent is at
// most 0, so nothing overflows.

namespace tapewise::kernels {

/// log Σ exp x_i, as the row's maximum and what is to be added to it.
template <class T>
struct LogSum {
  T max, log_sum;
};

/// The functions on rows of one number type at one SIMD level.
template <class T>
struct RowKernels {
  LogSum<T> (*log_sum)(const T* x, std::int64_t n);
  /// out_i = factor · exp(x_i) / Σ exp x_j, and what log_sum returns, from the same exponentials
  LogSum<T> (*scaled_softmax)(const T* x, T* out, std::int64_t n, T factor);
  /// out_i = exp(x_i) / Σ exp x_j
  void (*softmax)(const T* x, T* out, std::int64_t n, std::int64_t stride);
  /// out_i = x_i - log Σ exp x_j
  void (*log_softmax)(const T* x, T* out, std::int64_t n, std::int64_t stride);
  RowLoop softmax_rows, log_softmax_rows;  ///< contiguous rows, for fused groups
};
/// T: float, double or Complex; the last knows no levels.
template <class T>
const RowKernels<T>& rows_at(SimdLevel level);

}  // namespace tapewise::kernels
