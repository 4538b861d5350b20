#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

#include "harness.hpp"

namespace bench::m7 {

inline constexpr int samples = 1000, features = 100;
inline constexpr std::size_t chain_length = 100;

struct Regression {
  std::vector<double> a = normal(samples * features, 70), x = uniform(features, 71, -0.1, 0.1),
                      v = normal(features, 72), y;
  Regression() {
    for (const double u : uniform(samples, 73, -1, 1)) y.push_back(u < 0 ? -1.0 : 1.0);
  }
};

/// out = σ(z)(1 - σ(z)); compiled with -O3 -march=native.
void curvature(const double* z, double* out, std::size_t n);

/// Σ 100 (x_{i+1} - x_i²)² + (1 - x_i)², and H·v by hand.
struct Chain {
  std::vector<double> x = uniform(chain_length, 74, 0.5, 1.5), v = normal(chain_length, 75),
                      hv = std::vector<double>(chain_length);
  void product();
};

/// The two functions for any scalar type.
template <class Vector>
auto rosenbrock(const Vector& x) {
  typename Vector::value_type y = 0.0;
  for (std::size_t i = 0; i + 1 < chain_length; ++i) {
    const auto at = static_cast<int>(i);
    const typename Vector::value_type bend = x[at + 1] - x[at] * x[at], rest = 1.0 - x[at];
    y += 100.0 * bend * bend + rest * rest;
  }
  return y;
}
template <class Vector>
auto regression(const Regression& data, const Vector& x) {
  using std::exp, std::log;
  typename Vector::value_type y = 0.0;
  for (int i = 0; i < samples; ++i) {
    typename Vector::value_type z = data.a[static_cast<std::size_t>(i * features)] * x[0];
    for (int j = 1; j < features; ++j) {
      z += data.a[static_cast<std::size_t>(i * features + j)] * x[j];
    }
    y += log(1.0 + exp(-data.y[static_cast<std::size_t>(i)] * z));
  }
  return y;
}

}  // namespace bench::m7
