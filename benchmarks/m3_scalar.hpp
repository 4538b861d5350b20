#pragma once
#include <algorithm>
#include <cmath>

#include "m3_mixture.hpp"

// M3's objective in plain loops for any scalar type, as the tapes of scalars record it.

namespace bench::m3 {

/// All variables behind each other: alpha, mu, q, l.
inline std::vector<double> variables(const Data& p) {
  std::vector<double> x;
  for (const auto* part : {&p.alpha, &p.mu, &p.q, &p.l})
    x.insert(x.end(), part->begin(), part->end());
  return x;
}

/// `number(x)` gives the number that x stands for.
template <class T, class Number>
T log_sum_exp(const std::vector<T>& v, Number number) {
  using std::exp, std::log;
  double top = -INFINITY;
  for (const T& x : v) top = std::max(top, number(x));
  T sum = exp(v[0] - top);
  for (std::size_t k = 1; k < v.size(); ++k) sum += exp(v[k] - top);
  return log(sum) + top;
}

template <class T, class Number>
T objective(const Data& p, const std::vector<T>& x, Number number) {
  using std::exp;
  const auto n = static_cast<std::size_t>(p.n), d = static_cast<std::size_t>(p.d),
             K = static_cast<std::size_t>(p.K);
  const T *mu = x.data() + K, *q = mu + K * d, *l = q + K * d;
  std::vector<T> diagonal(K * d), sum_q(K), logits(K), center(d), alpha(x.data(), x.data() + K);
  T regular = 0.0;
  for (std::size_t k = 0; k < K; ++k) {
    sum_q[k] = q[k * d];
    for (std::size_t i = 0; i < d; ++i) {
      if (i > 0) sum_q[k] += q[k * d + i];
      diagonal[k * d + i] = exp(q[k * d + i]);
      regular += diagonal[k * d + i] * diagonal[k * d + i];
    }
  }
  for (std::size_t e = 0; e < K * d * (d - 1) / 2; ++e) regular += l[e] * l[e];
  T total = 0.0;
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t k = 0; k < K; ++k) {
      for (std::size_t i = 0; i < d; ++i) center[i] = p.x[r * d + i] - mu[k * d + i];
      T squares = 0.0;
      for (std::size_t i = 0; i < d; ++i) {
        T z = diagonal[k * d + i] * center[i];
        for (std::size_t j = 0; j < i; ++j) {
          z += l[k * d * (d - 1) / 2 + j * d - j * (j + 1) / 2 + (i - j - 1)] * center[j];
        }
        squares += z * z;
      }
      logits[k] = alpha[k] + sum_q[k] - 0.5 * squares;
    }
    total += log_sum_exp(logits, number);
  }
  T all_q = 0.0;
  for (const T& s : sum_q) all_q += s;
  return total - static_cast<double>(n) * log_sum_exp(alpha, number) +
         0.5 * wishart_gamma * wishart_gamma * regular - static_cast<double>(wishart_m) * all_q +
         constant_part(p);
}

}  // namespace bench::m3
