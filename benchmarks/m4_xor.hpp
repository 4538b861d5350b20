#pragma once
#include <cmath>
#include <vector>

namespace bench::m4 {

inline constexpr double x[] = {0, 0, 0, 1, 1, 0, 1, 1}, y[] = {0, 1, 1, 0}, rate = 0.5;

/// Where all contenders start.
struct Weights {
  double w1[4] = {0.6, -0.4, 0.3, 0.8}, b1[2] = {0.1, -0.2}, w2[2] = {0.7, -0.9}, b2[1] = {0.05};
};

/// The loss for any scalar type, of w1, b1, w2, b2 behind each other.
template <class T>
T loss(const std::vector<T>& w) {
  using std::exp, std::tanh;
  T sum = 0.0;
  for (int i = 0; i < 4; ++i) {
    const double a = x[2 * i], b = x[2 * i + 1];
    const T h0 = tanh(a * w[0] + b * w[2] + w[4]), h1 = tanh(a * w[1] + b * w[3] + w[5]);
    const T e = 1.0 / (1.0 + exp(-(h0 * w[6] + h1 * w[7] + w[8]))) - y[i];
    sum += e * e;
  }
  return 0.25 * sum;
}

/// The step written out, four samples side by side.
struct Hand {
  Weights w;
  double loss = 0;
  void run();
  std::vector<double> result() const;
};

inline std::vector<double> start() { return {0.6, -0.4, 0.3, 0.8, 0.1, -0.2, 0.7, -0.9, 0.05}; }

}  // namespace bench::m4
