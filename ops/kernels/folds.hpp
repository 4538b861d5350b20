#pragma once
#include <algorithm>
#include <array>
#include <tapewise/ops/kernels/reduction.hpp>
#include <tapewise/ops/kernels/share_out.hpp>
#include <type_traits>

// Reductions that look at each element in order: products, norms, winners. In every number type,
// without SIMD.

namespace tapewise::kernels {

/// What sums and products of T are formed in.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, T>;

/// The elements that one result of a reduction is made of.
template <class T>
class Folded {
 public:
  Folded(const Reduction& p, const T* x) : p_(p), x_(x) {}

  std::int64_t count() const { return p_.count; }
  /// Calls `visit` with each element, in row-major order.
  template <class Visit>
  void each(Visit&& visit) const {
    if (p_.count == 0) return;
    walk(0, x_, [&](const T* x, std::int64_t step) {
      for (std::int64_t r = 0; r < p_.rows; ++r) visit(x[r * step]);
    });
  }
  /// Σ term(x)
  template <class Term>
  auto sum(Term&& term) const {
    using W = decltype(term(T()));
    return fold(
        W(0), [&](const W& a, T x) { return a + term(x); },
        [](const W& a, const W& b) { return a + b; });
  }
  /// Π x
  auto product() const {
    using W = Wide<T>;
    return fold(
        W(1), [](const W& a, T x) { return a * W(x); },
        [](const W& a, const W& b) { return a * b; });
  }

 private:
  /// Eight results side by side, so that none waits for the one before.
  template <class W, class Take, class Join>
  W fold(W nothing, const Take& take, const Join& join) const {
    W lane[8] = {nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing};
    const auto take_run = [&](const T* x, auto step) {
      std::int64_t r = 0;
      for (; r + 8 <= p_.rows; r += 8) {
        for (std::int64_t l = 0; l < 8; ++l) lane[l] = take(lane[l], x[(r + l) * step]);
      }
      for (; r < p_.rows; ++r) lane[0] = take(lane[0], x[r * step]);
    };
    if (p_.count > 0) {
      walk(0, x_, [&](const T* x, std::int64_t step) {
        if (step == 1)
          take_run(x, std::integral_constant<std::int64_t, 1>());
        else
          take_run(x, step);
      });
    }
    return join(join(join(lane[0], lane[1]), join(lane[2], lane[3])),
                join(join(lane[4], lane[5]), join(lane[6], lane[7])));
  }
  template <class Run>
  void walk(std::uint32_t k, const T* x, const Run& run) const {
    if (k == p_.folded_count) return run(x, p_.inner);
    for (std::int64_t i = 0; i < p_.folded[k].size; ++i) {
      walk(k + 1, x + i * p_.folded[k].stride, run);
    }
  }

  const Reduction& p_;
  const T* x_;
};

/// Writes `result(elements)` for each result, in row-major order; many of them on several threads.
template <class T, class Out, class Result>
void for_each_fold(const Reduction& p, const T* x, Out* out, Result result) {
  std::int64_t rows = 1;  // of `inner` results each
  for (std::uint32_t k = 0; k < p.kept_count; ++k) rows *= p.kept[k].size;
  const std::int64_t work = rows * p.inner * p.count;
  share_out(rows, work, [&](int, std::int64_t begin, std::int64_t end) {
    std::array<std::int64_t, Shape::max_rank> place{};
    const T* at = x;
    std::int64_t rest = begin;
    for (std::uint32_t k = p.kept_count; k-- > 0;) {
      const std::int64_t size = std::max<std::int64_t>(p.kept[k].size, 1);
      place[k] = rest % size;
      rest /= size;
      at += place[k] * p.kept[k].stride;
    }
    Out* to = out + begin * p.inner;
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t j = 0; j < p.inner; ++j) *to++ = result(Folded<T>(p, at + j));
      for (std::uint32_t k = p.kept_count; k-- > 0;) {
        at += p.kept[k].stride;
        if (++place[k] < p.kept[k].size) break;
        at -= place[k] * p.kept[k].stride;
        place[k] = 0;
      }
    }
  });
}

}  // namespace tapewise::kernels
