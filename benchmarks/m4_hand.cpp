// Compiled with -O3 -march=native -ffast-math: the loops over samples become vectors, also exp and
// tanh.
#include "m4_xor.hpp"

namespace bench::m4 {

void Hand::run() {
  constexpr int n = 4;
  static constexpr double a[n] = {0, 0, 1, 1}, b[n] = {0, 1, 0, 1};
  double h0[n], h1[n], g[n], d0[n], d1[n];
  for (int i = 0; i < n; ++i) h0[i] = std::tanh(a[i] * w.w1[0] + b[i] * w.w1[2] + w.b1[0]);
  for (int i = 0; i < n; ++i) h1[i] = std::tanh(a[i] * w.w1[1] + b[i] * w.w1[3] + w.b1[1]);
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    const double p = 1.0 / (1.0 + std::exp(-(h0[i] * w.w2[0] + h1[i] * w.w2[1] + w.b2[0])));
    const double e = p - y[i];
    sum += e * e;
    g[i] = e / 2 * p * (1 - p);
  }
  loss = sum / n;
  for (int i = 0; i < n; ++i) d0[i] = g[i] * w.w2[0] * (1 - h0[i] * h0[i]);
  for (int i = 0; i < n; ++i) d1[i] = g[i] * w.w2[1] * (1 - h1[i] * h1[i]);
  double g1[4] = {}, gb1[2] = {}, g2[2] = {}, gb2 = 0;
  for (int i = 0; i < n; ++i) {
    gb2 += g[i];
    g2[0] += g[i] * h0[i];
    g2[1] += g[i] * h1[i];
    gb1[0] += d0[i];
    gb1[1] += d1[i];
    g1[0] += d0[i] * a[i];
    g1[1] += d1[i] * a[i];
    g1[2] += d0[i] * b[i];
    g1[3] += d1[i] * b[i];
  }
  for (int k = 0; k < 4; ++k) w.w1[k] -= rate * g1[k];
  for (int k = 0; k < 2; ++k) w.b1[k] -= rate * gb1[k];
  for (int k = 0; k < 2; ++k) w.w2[k] -= rate * g2[k];
  w.b2[0] -= rate * gb2;
}

std::vector<double> Hand::result() const {
  std::vector<double> numbers = {loss};
  numbers.insert(numbers.end(), w.w1, w.w1 + 4);
  numbers.insert(numbers.end(), w.b1, w.b1 + 2);
  numbers.insert(numbers.end(), w.w2, w.w2 + 2);
  numbers.insert(numbers.end(), w.b2, w.b2 + 1);
  return numbers;
}

}  // namespace bench::m4
