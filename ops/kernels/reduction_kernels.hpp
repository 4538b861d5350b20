#pragma once
// The kernels of reductions, compiled for each SIMD level and for each number type.
#include <algorithm>
#include <cmath>
#include <limits>
#include <tapewise/ops/kernels/reduction.hpp>
#include <tapewise/ops/kernels/simd.hpp>
#include <tapewise/ops/math.hpp>
#include <type_traits>

namespace tapewise::kernels {

namespace {

using Loop = Reduction::Loop;

// How elements are folded: `pair` joins two of them, `into` one and an accumulator, `join` two
// accumulators, which start at `start`.

template <class T>
struct Plus {
  using Number = T;
  using Accumulator = std::conditional_t<std::is_same_v<T, float>, double, T>;
  static constexpr bool in_eights = true;
  static constexpr std::int64_t lanes = 16;
  static Accumulator start() { return Accumulator(0); }
  static T pair(T a, T b) { return a + b; }
  static Accumulator into(Accumulator a, T b) { return a + Accumulator(b); }
  static Accumulator join(Accumulator a, Accumulator b) { return a + b; }
};

template <class T, bool largest>
struct Extreme {
  using Number = T;
  using Accumulator = T;
  static constexpr bool in_eights = false;   // g++ would not vectorise the tree,
  static constexpr std::int64_t lanes = 32;  // nor a loop short enough to be unrolled
  static T start() {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_integral_v<T>)
      return largest ? Limits::lowest() : Limits::max();
    else
      return T((largest ? -1 : 1) * std::numeric_limits<double>::infinity());
  }
  /// A NaN stays once it is there, and comes in although no comparison says so.
  static T pair(T a, T b) {
    const int wins = largest ? static_cast<int>(b > a) : static_cast<int>(b < a);
    const int takes = wins | static_cast<int>(b != b);  // without a branch
    return takes != 0 ? b : a;
  }
  static T into(T a, T b) { return pair(a, b); }
  static T join(T a, T b) { return pair(a, b); }
};
template <class T>
using Largest = Extreme<T, true>;

/// Folds each of `width` columns of `rows` rows into its accumulator, eight rows at a time.
template <class Fold, class T = typename Fold::Number, class A = typename Fold::Accumulator>
inline void fold_rows(A* __restrict acc, const T* __restrict x, std::int64_t rows,
                      std::int64_t stride, std::int64_t width) {
  std::int64_t r = 0;
  for (; Fold::in_eights && r + 8 <= rows; r += 8, x += 8 * stride) {
    for (std::int64_t j = 0; j < width; ++j) {
      const T* c = x + j;
      const T a = Fold::pair(c[0], c[stride]), b = Fold::pair(c[2 * stride], c[3 * stride]),
              d = Fold::pair(c[4 * stride], c[5 * stride]),
              e = Fold::pair(c[6 * stride], c[7 * stride]);
      acc[j] = Fold::into(acc[j], Fold::pair(Fold::pair(a, b), Fold::pair(d, e)));
    }
  }
  for (; r < rows; ++r, x += stride) {
    for (std::int64_t j = 0; j < width; ++j) acc[j] = Fold::into(acc[j], x[j]);
  }
}

/// Folds n contiguous elements, n at most a block, as rows of `lanes`.
template <class Fold, class T = typename Fold::Number, class A = typename Fold::Accumulator>
inline A fold_block(const T* x, std::int64_t n) {
  constexpr std::int64_t lanes = Fold::lanes;
  A acc = Fold::start();
  if (n >= 2 * lanes) {
    A lane[lanes];
    std::fill_n(lane, lanes, Fold::start());
    const std::int64_t rows = n / lanes;
    fold_rows<Fold>(lane, x, rows, lanes, lanes);
    for (std::int64_t half = lanes / 2; half > 0; half /= 2) {
      for (std::int64_t j = 0; j < half; ++j) lane[j] = Fold::join(lane[j], lane[j + half]);
    }
    acc = lane[0];
    x += rows * lanes;
    n -= rows * lanes;
  }
  for (std::int64_t i = 0; i < n; ++i) acc = Fold::into(acc, x[i]);
  return acc;
}

/// Folds n contiguous elements block by block, counted from the first: a fused group, which never
/// sees more than a block, adds up in the same order.
template <class Fold, class T = typename Fold::Number, class A = typename Fold::Accumulator>
inline A fold_run(A acc, const T* x, std::int64_t n) {
  for (; n > 0; x += fold_block_size, n -= fold_block_size) {
    acc = Fold::join(acc, fold_block<Fold>(x, std::min(n, fold_block_size)));
  }
  return acc;
}

/// Calls `visit` with the offset of each index of the loops, the last loop running fastest.
template <class Visit>
void for_each_offset(const std::array<Loop, Shape::max_rank>& loops, std::uint32_t count,
                     Visit&& visit) {
  std::array<std::int64_t, Shape::max_rank> index{};
  for (std::uint32_t k = 0; k < count; ++k) {
    if (loops[k].size == 0) return;
  }
  std::int64_t offset = 0;
  while (true) {
    visit(offset);
    std::uint32_t k = count;
    while (true) {
      if (k-- == 0) return;
      offset += loops[k].stride;
      if (++index[k] < loops[k].size) break;
      offset -= loops[k].stride * loops[k].size;
      index[k] = 0;
    }
  }
}

/// Columns that are folded at a time; their accumulators stay in the first cache.
constexpr std::int64_t tile = 256;

/// Folds what belongs to one result, when its elements are contiguous runs.
template <class Fold>
auto fold_one(const Reduction& p, const typename Fold::Number* x) {
  auto acc = Fold::start();
  for_each_offset(p.folded, p.folded_count,
                  [&](std::int64_t at) { acc = fold_run<Fold>(acc, x + at, p.rows); });
  return acc;
}

/// The same for `width` neighbouring results.
template <class Fold, class A = typename Fold::Accumulator>
void fold_tile(const Reduction& p, const typename Fold::Number* x, std::int64_t width, A* acc) {
  std::fill_n(acc, width, Fold::start());
  for_each_offset(p.folded, p.folded_count,
                  [&](std::int64_t at) { fold_rows<Fold>(acc, x + at, p.rows, p.inner, width); });
}

/// Calls `one(x, out)` for each result made of contiguous runs, or `several(x, width, out)` for
/// tiles of neighbouring results.
template <class T, class One, class Several>
void for_each_result(const KernelCall& call, One&& one, Several&& several) {
  const auto& p = call.params<Reduction>();
  const T* x = call.in<T>(0);
  T* out = call.out<T>();
  for_each_offset(p.kept, p.kept_count, [&](std::int64_t at) {
    if (p.inner == 1) return one(x + at, out++);
    for (std::int64_t c = 0; c < p.inner; c += tile) {
      const std::int64_t width = std::min(tile, p.inner - c);
      several(x + at + c, width, out);
      out += width;
    }
  });
}

/// Folds, and turns each accumulator into a result by `finish`.
template <class Fold, class Finish>
void reduce(const KernelCall& call, Finish&& finish) {
  using T = typename Fold::Number;
  const auto& p = call.params<Reduction>();
  for_each_result<T>(
      call, [&](const T* x, T* out) { *out = finish(fold_one<Fold>(p, x)); },
      [&](const T* x, std::int64_t width, T* out) {
        typename Fold::Accumulator acc[tile];
        fold_tile<Fold>(p, x, width, acc);
        for (std::int64_t j = 0; j < width; ++j) out[j] = finish(acc[j]);
      });
}

/// out[i] = exp(x[i] - shift[i]), where the shift may be one number for all.
template <class T, bool one_shift>
void exp_shifted(T* out, const T* x, const T* shift, std::int64_t n) {
  using math::exp;
  std::int64_t i = 0;
  if constexpr (BatchLanes::has_batch<T>) {
    constexpr auto width = static_cast<std::int64_t>(BatchLanes::width<T>);
    for (; i + width <= n; i += width) {
      const auto s = one_shift ? BatchLanes::repeat(*shift) : BatchLanes::load(shift + i);
      BatchLanes::store(out + i, exp(BatchLanes::load(x + i) - s));
    }
  }
  for (; i < n; ++i) out[i] = exp(x[i] - shift[one_shift ? 0 : i]);
}

/// What to subtract so that the largest exponent is 0. Infinite or NaN maxima are left alone: their
/// exponentials give the right infinity, zero or NaN.
template <class T>
T shift_of(T largest) {
  if constexpr (std::is_same_v<T, Complex>)
    return Complex(shift_of(largest.re));
  else
    return std::isfinite(largest) ? largest : T(0);
}

template <class A, class T>
T log_of_sum(A sum, T shift) {
  using math::log;
  return shift + static_cast<T>(log(sum));
}

template <class T>
void sum_kernel(const KernelCall& call) {
  reduce<Plus<T>>(call, [](auto acc) { return static_cast<T>(acc); });
}

template <class T>
void mean_kernel(const KernelCall& call) {
  using A = typename Plus<T>::Accumulator;
  const A count(static_cast<double>(call.params<Reduction>().count));
  reduce<Plus<T>>(call, [count](A acc) { return static_cast<T>(acc / count); });
}

template <class T, bool largest>
void extreme_kernel(const KernelCall& call) {
  reduce<Extreme<T, largest>>(call, [](T acc) { return acc; });
}

template <class T>
void logsumexp_kernel(const KernelCall& call) {
  using A = typename Plus<T>::Accumulator;
  const auto& p = call.params<Reduction>();
  T terms[tile];
  for_each_result<T>(
      call,
      [&](const T* x, T* out) {
        const T shift = shift_of(fold_one<Largest<T>>(p, x));
        A acc(0);
        for_each_offset(p.folded, p.folded_count, [&](std::int64_t at) {
          for (std::int64_t i = 0; i < p.rows; i += tile) {
            const std::int64_t n = std::min(tile, p.rows - i);
            exp_shifted<T, true>(terms, x + at + i, &shift, n);
            acc = fold_run<Plus<T>>(acc, terms, n);
          }
        });
        *out = log_of_sum(acc, shift);
      },
      [&](const T* x, std::int64_t width, T* out) {
        T shift[tile];
        A acc[tile];
        fold_tile<Largest<T>>(p, x, width, shift);
        std::transform(shift, shift + width, shift, shift_of<T>);
        std::fill_n(acc, width, A(0));
        for_each_offset(p.folded, p.folded_count, [&](std::int64_t at) {
          for (std::int64_t r = 0; r < p.rows; ++r) {
            exp_shifted<T, false>(terms, x + at + r * p.inner, shift, width);
            fold_rows<Plus<T>>(acc, terms, 1, 0, width);
          }
        });
        for (std::int64_t j = 0; j < width; ++j) out[j] = log_of_sum(acc[j], shift[j]);
      });
}

template <class T, class A = typename Plus<T>::Accumulator>
void add_block(void* acc, const void* x, std::int64_t n) {
  auto& sum = *static_cast<A*>(acc);
  sum = Plus<T>::join(sum, fold_block<Plus<T>>(static_cast<const T*>(x), n));
}
template <class T, class A = typename Plus<T>::Accumulator>
void add_rows(void* acc, const void* x, std::int64_t rows, std::int64_t stride, std::int64_t n) {
  fold_rows<Plus<T>>(static_cast<A*>(acc), static_cast<const T*>(x), rows, stride, n);
}
template <class T, class A = typename Plus<T>::Accumulator>
void merge_sums(void* acc, const void* other, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    static_cast<A*>(acc)[i] =
        Plus<T>::join(static_cast<A*>(acc)[i], static_cast<const A*>(other)[i]);
  }
}
template <class T, class A = typename Plus<T>::Accumulator>
void finish_sums(void* out, const void* acc, std::int64_t n, double count) {
  const auto* sums = static_cast<const A*>(acc);
  for (std::int64_t i = 0; i < n; ++i) {
    static_cast<T*>(out)[i] = static_cast<T>(count == 1.0 ? sums[i] : sums[i] / A(count));
  }
}

/// The same numbers as the kernel gives for rows of n.
template <class T, bool mean>
void sum_rows(void* out, const void* x, std::int64_t rows, std::int64_t n) {
  using A = typename Plus<T>::Accumulator;
  const T* row = static_cast<const T*>(x);
  for (std::int64_t r = 0; r < rows; ++r, row += n) {
    const A sum = fold_run<Plus<T>>(Plus<T>::start(), row, n);
    static_cast<T*>(out)[r] = static_cast<T>(mean ? sum / A(static_cast<double>(n)) : sum);
  }
}
template <class T, bool largest>
void extreme_rows(void* out, const void* x, std::int64_t rows, std::int64_t n) {
  const T* row = static_cast<const T*>(x);
  for (std::int64_t r = 0; r < rows; ++r, row += n) {
    static_cast<T*>(out)[r] = fold_run<Extreme<T, largest>>(Extreme<T, largest>::start(), row, n);
  }
}
template <class T>
T logsumexp_run(const T* x, std::int64_t n, T* terms) {
  using A = typename Plus<T>::Accumulator;
  const T shift = shift_of(fold_run<Largest<T>>(Largest<T>::start(), x, n));
  A acc(0);
  for (std::int64_t i = 0; i < n; i += tile) {
    const std::int64_t part = std::min(tile, n - i);
    exp_shifted<T, true>(terms, x + i, &shift, part);
    acc = fold_run<Plus<T>>(acc, terms, part);
  }
  return log_of_sum(acc, shift);
}
template <class T>
void logsumexp_rows(void* out, const void* x, std::int64_t rows, std::int64_t n) {
  T terms[tile];
  const T* row = static_cast<const T*>(x);
  for (std::int64_t r = 0; r < rows; ++r, row += n) {
    static_cast<T*>(out)[r] = logsumexp_run(row, n, terms);
  }
}

template <class T>
constexpr ReductionKernels<T> make_reduction_kernels() {
  ReductionKernels<T> kernels{};
  kernels.sum = &sum_kernel<T>;
  kernels.max = &extreme_kernel<T, true>;
  kernels.min = &extreme_kernel<T, false>;
  kernels.sum_rows = &sum_rows<T, false>;
  kernels.max_rows = &extreme_rows<T, true>;
  kernels.min_rows = &extreme_rows<T, false>;
  kernels.fold = {&add_block<T>, &add_rows<T>, &merge_sums<T>, &finish_sums<T>};
  if constexpr (!std::is_integral_v<T>) {
    kernels.mean = &mean_kernel<T>;
    kernels.logsumexp = &logsumexp_kernel<T>;
    kernels.mean_rows = &sum_rows<T, true>;
    kernels.logsumexp_rows = &logsumexp_rows<T>;
  }
  return kernels;
}
template <class T>
inline constexpr ReductionKernels<T> reduction_kernels = make_reduction_kernels<T>();

}  // namespace

}  // namespace tapewise::kernels
