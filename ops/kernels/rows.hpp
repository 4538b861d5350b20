#pragma once
#include <cstdint>

// Stable softmax and its relatives on one row: n elements, `stride` apart. For float, double and
// Complex. Every exponent is at most 0, so nothing overflows.

namespace tapewise::kernels {

/// log Σ exp x_i, as the row's maximum and what is to be added to it.
template <class T>
struct LogSum {
  T max, log_sum;
};
template <class T>
LogSum<T> log_sum_row(const T* x, std::int64_t n);

/// out_i = exp(x_i) / Σ exp x_j
template <class T>
void softmax_row(const T* x, T* out, std::int64_t n, std::int64_t stride);

/// out_i = x_i - log Σ exp x_j
template <class T>
void log_softmax_row(const T* x, T* out, std::int64_t n, std::int64_t stride);

}  // namespace tapewise::kernels
