#pragma once
#include <tapewise/ops/kernels/reduction.hpp>
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
  /// Σ term(x): eight sums side by side, so that none waits for the one before.
  template <class Term>
  auto sum(Term&& term) const {
    using W = decltype(term(T()));
    W lane[8] = {W(0), W(0), W(0), W(0), W(0), W(0), W(0), W(0)};
    const auto add_run = [&](const T* x, auto step) {
      std::int64_t r = 0;
      for (; r + 8 <= p_.rows; r += 8) {
        for (std::int64_t l = 0; l < 8; ++l) lane[l] += term(x[(r + l) * step]);
      }
      for (; r < p_.rows; ++r) lane[0] += term(x[r * step]);
    };
    if (p_.count > 0) {
      walk(0, x_, [&](const T* x, std::int64_t step) {
        if (step == 1)
          add_run(x, std::integral_constant<std::int64_t, 1>());
        else
          add_run(x, step);
      });
    }
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
           ((lane[4] + lane[5]) + (lane[6] + lane[7]));
  }

 private:
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

/// Writes `result(elements)` for each result, in row-major order.
template <class T, class Out, class Result>
class ForEachFold {
 public:
  ForEachFold(const Reduction& p, const T* x, Out* out, Result result)
      : p_(p), result_(result), out_(out) {
    walk(0, x);
  }

 private:
  void walk(std::uint32_t k, const T* x) {
    if (k < p_.kept_count) {
      for (std::int64_t i = 0; i < p_.kept[k].size; ++i) walk(k + 1, x + i * p_.kept[k].stride);
      return;
    }
    for (std::int64_t j = 0; j < p_.inner; ++j) *out_++ = result_(Folded<T>(p_, x + j));
  }

  const Reduction& p_;
  Result result_;
  Out* out_;
};
template <class T, class Out, class Result>
void for_each_fold(const Reduction& p, const T* x, Out* out, Result result) {
  ForEachFold<T, Out, Result>(p, x, out, result);
}

}  // namespace tapewise::kernels
