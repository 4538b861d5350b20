#pragma once
// The kernels of softmax and its relatives, compiled for each SIMD level and number type.
#include <limits>
#include <tapewise/ops/batch_math.hpp>
#include <tapewise/ops/kernels/rows.hpp>
#include <tapewise/ops/kernels/simd.hpp>

namespace tapewise::kernels {

namespace {

using math::exp;
using math::log;

template <class T>
inline constexpr T minus_infinity = -std::numeric_limits<T>::infinity();

/// One number from the lanes of a batch, halves first: few steps that wait for each other.
template <class T, class Batch, class Join>
T fold_lanes(const Batch& batch, Join&& join) {
  constexpr std::size_t width = BatchLanes::width<T>;
  T lanes[width];
  BatchLanes::store(lanes, batch);
  for (std::size_t half = width / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (std::size_t k = 0; k < half; ++k) lanes[k] = join(lanes[k], lanes[k + half]);
  }
  return lanes[0];
}

/// May drop a NaN, and what was compared with it: the result can be too small then. Its exponential
/// makes the row's sum NaN, and with it every result.
template <class T>
T max_of_row(const T* x, std::int64_t n, std::int64_t stride) {
  T largest = minus_infinity<T>;
  const auto take = [&](T a) {
    if (a > largest) largest = a;
  };
  std::int64_t i = 0;
  if constexpr (BatchLanes::has_batch<T>) {
    constexpr auto width = static_cast<std::int64_t>(BatchLanes::width<T>);
    if (stride == 1 && n >= width) {
      // Four at a time, as each maximum waits for the one before.
      auto largests = BatchLanes::load(x);
      auto second = largests, third = largests, fourth = largests;
      for (i = width; i + 4 * width <= n; i += 4 * width) {
        largests = max(BatchLanes::load(x + i), largests);
        second = max(BatchLanes::load(x + i + width), second);
        third = max(BatchLanes::load(x + i + 2 * width), third);
        fourth = max(BatchLanes::load(x + i + 3 * width), fourth);
      }
      for (; i + width <= n; i += width) largests = max(BatchLanes::load(x + i), largests);
      largests = max(max(largests, second), max(third, fourth));
      take(fold_lanes<T>(largests, [](T a, T b) { return a > b ? a : b; }));
    }
  }
  for (; i < n; ++i) take(x[i * stride]);
  return largest;
}

/// Σ exp(x_i - shift) over a contiguous row, of which shift is the maximum; each exponential goes
/// to `out` unless it is null.
template <class T>
T exp_row(const T* x, T* out, std::int64_t n, T shift) {
  std::int64_t i = 0;
  T sum(0);
  if constexpr (BatchLanes::has_batch<T>) {
    constexpr auto width = static_cast<std::int64_t>(BatchLanes::width<T>);
    auto sums = BatchLanes::repeat(T(0));
    const auto shifts = BatchLanes::repeat(shift);
    for (; i + width <= n; i += width) {
      const auto e = math::exp_of_negative(BatchLanes::load(x + i) - shifts);
      if (out != nullptr) BatchLanes::store(out + i, e);
      sums += e;
    }
    const auto rest = static_cast<std::size_t>(n - i);
    if (rest > 0) {
      // The exponential of what is beyond the row is 0.
      const auto last = BatchLanes::load_first(x + i, rest, minus_infinity<T>);
      const auto e = math::exp_of_negative(last - shifts);
      if (out != nullptr) BatchLanes::store_first(out + i, e, rest);
      sums += e;
    }
    return fold_lanes<T>(sums, [](T a, T b) { return a + b; });
  }
  for (; i < n; ++i) {
    const T e = exp(x[i] - shift);
    if (out != nullptr) out[i] = e;
    sum += e;
  }
  return sum;
}

/// Each place of a row; the loop over a contiguous one is its own, so that it becomes vector code.
template <class Body>
void for_row(std::int64_t n, std::int64_t stride, Body&& body) {
  if (stride == 1) {
    for (std::int64_t i = 0; i < n; ++i) body(i);
  } else {
    for (std::int64_t i = 0; i < n; ++i) body(i * stride);
  }
}

template <class T>
T exp_strided(const T* x, T* out, std::int64_t n, std::int64_t stride, T shift) {
  T sum(0);
  for (std::int64_t i = 0; i < n; ++i) {
    const T e = exp(x[i * stride] - shift);
    if (out != nullptr) out[i * stride] = e;
    sum += e;
  }
  return sum;
}

template <class T>
LogSum<T> log_sum_row(const T* x, std::int64_t n) {
  const T max = max_of_row(x, n, 1);
  return {max, log(exp_row<T>(x, nullptr, n, max))};
}

template <class T>
void softmax_row(const T* x, T* out, std::int64_t n, std::int64_t stride) {
  const T max = max_of_row(x, n, stride);
  const T sum = stride == 1 ? exp_row(x, out, n, max) : exp_strided(x, out, n, stride, max);
  const T scale = T(1) / sum;
  for_row(n, stride, [&](std::int64_t i) { out[i] = out[i] * scale; });
}

template <class T>
LogSum<T> scaled_softmax_row(const T* x, T* out, std::int64_t n, T factor) {
  const T max = max_of_row(x, n, 1);
  const T sum = exp_row(x, out, n, max);
  const T scale = factor / sum;
  for (std::int64_t i = 0; i < n; ++i) out[i] = out[i] * scale;
  return {max, log(sum)};
}

template <class T>
void log_softmax_row(const T* x, T* out, std::int64_t n, std::int64_t stride) {
  const T max = max_of_row(x, n, stride);
  const T sum =
      stride == 1 ? exp_row<T>(x, nullptr, n, max) : exp_strided<T>(x, nullptr, n, stride, max);
  const T log_sum = log(sum);
  for_row(n, stride, [&](std::int64_t i) { out[i] = (x[i] - max) - log_sum; });
}

template <class T, void (*row)(const T*, T*, std::int64_t, std::int64_t)>
void each_row(void* out, const void* x, std::int64_t rows, std::int64_t n) {
  for (std::int64_t r = 0; r < rows; ++r) {
    row(static_cast<const T*>(x) + r * n, static_cast<T*>(out) + r * n, n, 1);
  }
}

template <class T>
inline constexpr RowKernels<T> row_kernels = {
    &log_sum_row<T>,     &scaled_softmax_row<T>,       &softmax_row<T>,
    &log_softmax_row<T>, &each_row<T, softmax_row<T>>, &each_row<T, log_softmax_row<T>>};

}  // namespace

}  // namespace tapewise::kernels
