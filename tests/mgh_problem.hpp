#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "problems.hpp"

// What the test functions of Moré, Garbow and Hillstrom are written with, and those of them that
// several files use.

namespace tests::mgh {

using std::abs, std::atan, std::cos, std::exp, std::pow, std::sin, std::sqrt;
using List = std::vector<double>;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

struct Problem {
  LeastSquares f;
  List start;
  double at_start;
  List minimiser = {};
  double minimum = unknown;
};

template <class X>
using ElementOf = std::remove_const_t<typename X::element_type>;
template <class T>
using Residuals = std::vector<T>;

inline List filled(std::size_t n, double x) { return List(n, x); }
inline List repeated(const List& block, std::size_t times) {
  List all;
  for (std::size_t k = 0; k < times; ++k) all.insert(all.end(), block.begin(), block.end());
  return all;
}
inline double real(std::size_t i) { return static_cast<double>(i); }

/// Σ x_i, and more: `term(i)` for i in [0, n).
template <class F>
auto total(std::size_t n, const F& term) {
  auto sum = term(0);
  for (std::size_t i = 1; i < n; ++i) sum = sum + term(i);
  return sum;
}

inline const auto rosenbrock = [](auto x) {
  Residuals<ElementOf<decltype(x)>> r;
  for (std::size_t i = 0; i < x.size(); i += 2) {
    r.push_back(10.0 * (x[i + 1] - x[i] * x[i]));
    r.push_back(1.0 - x[i]);
  }
  return r;
};

inline const auto powell_singular = [](auto x) {
  Residuals<ElementOf<decltype(x)>> r;
  for (std::size_t i = 0; i < x.size(); i += 4) {
    const auto a = x[i + 1] - 2.0 * x[i + 2], b = x[i] - x[i + 3];
    r.push_back(x[i] + 10.0 * x[i + 1]);
    r.push_back(std::sqrt(5.0) * (x[i + 2] - x[i + 3]));
    r.push_back(a * a);
    r.push_back(std::sqrt(10.0) * b * b);
  }
  return r;
};

inline const auto wood = [](auto x) {
  return Residuals<ElementOf<decltype(x)>>{10.0 * (x[1] - x[0] * x[0]),
                                           1.0 - x[0],
                                           std::sqrt(90.0) * (x[3] - x[2] * x[2]),
                                           1.0 - x[2],
                                           std::sqrt(10.0) * (x[1] + x[3] - 2.0),
                                           (x[1] - x[3]) / std::sqrt(10.0)};
};

inline const auto brown_badly_scaled = [](auto x) {
  return Residuals<ElementOf<decltype(x)>>{x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2.0};
};

inline const auto broyden_tridiagonal = [](auto x) {
  Residuals<ElementOf<decltype(x)>> r;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto v = (3.0 - 2.0 * x[i]) * x[i] + 1.0;
    if (i > 0) v = v - x[i - 1];
    if (i + 1 < x.size()) v = v - 2.0 * x[i + 1];
    r.push_back(v);
  }
  return r;
};

}  // namespace tests::mgh
