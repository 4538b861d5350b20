#pragma once
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

}  // namespace bench::m7
