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
    if (p_.count > 0) walk(0, x_, visit);
  }

 private:
  template <class Visit>
  void walk(std::uint32_t k, const T* x, Visit& visit) const {
    if (k == p_.folded_count) {
      for (std::int64_t r = 0; r < p_.rows; ++r) visit(x[r * p_.inner]);
      return;
    }
    for (std::int64_t i = 0; i < p_.folded[k].size; ++i) {
      walk(k + 1, x + i * p_.folded[k].stride, visit);
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
