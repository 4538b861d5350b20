#pragma once
#include "mgh_problem.hpp"

namespace tests::mgh {

/// Zero at the values of u'' = ½(u + t + 1)³, u(0) = u(1) = 0, written as an integral equation.
inline const auto discrete_integral = [](auto x) {
  using T = ElementOf<decltype(x)>;
  const std::size_t n = x.size();
  const double h = 1.0 / (real(n) + 1.0);
  const auto t = [&](std::size_t i) { return real(i + 1) * h; };
  Residuals<T> r;
  for (std::size_t i = 0; i < n; ++i) {
    r.push_back(x[i] + 0.5 * h * total(n, [&](std::size_t j) {
                         const auto c = x[j] + t(j) + 1.0;
                         const double weight = j <= i ? (1.0 - t(i)) * t(j) : t(i) * (1.0 - t(j));
                         return T(weight * (c * c * c));
                       }));
  }
  return r;
};

/// Zero at the nodes of Chebyshev's quadrature in [0, 1]: the means of the shifted Chebyshev
/// polynomials T_1 ... T_n over the nodes are their integrals.
inline const auto chebyquad = [](auto x) {
  using T = ElementOf<decltype(x)>;
  const std::size_t n = x.size();
  std::vector<T> before, now;  // T_{i-1} and T_i at each x
  for (std::size_t j = 0; j < n; ++j) {
    before.push_back(0.0 * x[j] + 1.0);
    now.push_back(2.0 * x[j] - 1.0);
  }
  Residuals<T> r;
  for (std::size_t i = 1; i <= n; ++i) {
    const double integral = i % 2 == 1 ? 0.0 : -1.0 / (real(i) * real(i) - 1.0);
    r.push_back(total(n, [&](std::size_t j) { return T(now[j] / real(n)); }) - integral);
    for (std::size_t j = 0; j < n; ++j) {
      const T next = (4.0 * x[j] - 2.0) * now[j] - before[j];
      before[j] = now[j];
      now[j] = next;
    }
  }
  return r;
};

/// Functions of any number of variables.
inline void add_variable(std::vector<Problem>& all) {
  all.push_back({least_squares("extended Rosenbrock", rosenbrock), repeated({-1.2, 1}, 5), 121,
                 filled(10, 1), 0});
  all.push_back({least_squares("extended Powell singular", powell_singular),
                 repeated({3, -1, 0, 1}, 3), 645, filled(12, 0), 0});
  const auto penalty = [](auto x) {
    using T = ElementOf<decltype(x)>;
    Residuals<T> r;
    for (const T& v : x) r.push_back(std::sqrt(1e-5) * (v - 1.0));
    r.push_back(total(x.size(), [&](std::size_t i) { return T(x[i] * x[i]); }) - 0.25);
    return r;
  };
  all.push_back({least_squares("penalty I", penalty), {1, 2, 3, 4}, 885.0626});
  all.push_back(
      {least_squares(
           "penalty II",
           [](auto x) {
             using T = ElementOf<decltype(x)>;
             const double a = std::sqrt(1e-5);
             const std::size_t n = x.size();
             Residuals<T> r{x[0] - 0.2};
             for (std::size_t i = 2; i <= n; ++i) {
               const double y = std::exp(real(i) / 10.0) + std::exp((real(i) - 1.0) / 10.0);
               r.push_back(a * (exp(x[i - 1] / 10.0) + exp(x[i - 2] / 10.0) - y));
             }
             for (std::size_t i = 1; i < n; ++i) {
               r.push_back(a * (exp(x[i] / 10.0) - std::exp(-0.1)));
             }
             r.push_back(total(n, [&](std::size_t j) { return T(real(n - j) * x[j] * x[j]); }) -
                         1.0);
             return r;
           }),
       filled(4, .5), unknown});
  all.push_back({least_squares("variably dimensioned",
                               [](auto x) {
                                 using T = ElementOf<decltype(x)>;
                                 Residuals<T> r;
                                 for (const T& v : x) r.push_back(v - 1.0);
                                 const T s = total(x.size(), [&](std::size_t j) {
                                   return T(real(j + 1) * (x[j] - 1.0));
                                 });
                                 r.push_back(s);
                                 r.push_back(s * s);
                                 return r;
                               }),
                 {.9, .8, .7, .6, .5, .4, .3, .2, .1, 0},
                 2198551.1625,
                 filled(10, 1),
                 0});
  all.push_back({least_squares("trigonometric",
                               [](auto x) {
                                 using T = ElementOf<decltype(x)>;
                                 const T cosines =
                                     total(x.size(), [&](std::size_t j) { return T(cos(x[j])); });
                                 Residuals<T> r;
                                 for (std::size_t i = 0; i < x.size(); ++i) {
                                   r.push_back(real(x.size()) - cosines +
                                               real(i + 1) * (1.0 - cos(x[i])) - sin(x[i]));
                                 }
                                 return r;
                               }),
                 filled(10, .1), unknown, filled(10, 0), 0});
  all.push_back({least_squares("Brown almost-linear",
                               [](auto x) {
                                 using T = ElementOf<decltype(x)>;
                                 const std::size_t n = x.size();
                                 const T sum =
                                     total(n, [&](std::size_t j) { return T(1.0 * x[j]); });
                                 T product = 1.0 * x[0];
                                 for (std::size_t j = 1; j < n; ++j) product = product * x[j];
                                 Residuals<T> r;
                                 for (std::size_t i = 0; i + 1 < n; ++i) {
                                   r.push_back(x[i] + sum - (real(n) + 1.0));
                                 }
                                 r.push_back(product - 1.0);
                                 return r;
                               }),
                 filled(10, .5), 273.248, filled(10, 1), 0});
  all.push_back({least_squares("discrete boundary value",
                               [](auto x) {
                                 using T = ElementOf<decltype(x)>;
                                 const std::size_t n = x.size();
                                 const double h = 1.0 / (real(n) + 1.0);
                                 Residuals<T> r;
                                 for (std::size_t i = 0; i < n; ++i) {
                                   const auto c = x[i] + real(i + 1) * h + 1.0;
                                   T v = 2.0 * x[i] + h * h / 2.0 * c * c * c;
                                   if (i > 0) v = v - x[i - 1];
                                   if (i + 1 < n) v = v - x[i + 1];
                                   r.push_back(v);
                                 }
                                 return r;
                               }),
                 {-.0826446, -.1487603, -.1983471, -.2314050, -.2479339, -.2479339, -.2314050,
                  -.1983471, -.1487603, -.0826446},
                 unknown});
  all.push_back({least_squares("discrete integral equation", discrete_integral),
                 {-.0826446, -.1487603, -.1983471, -.2314050, -.2479339, -.2479339, -.2314050,
                  -.1983471, -.1487603, -.0826446},
                 unknown});
  all.push_back({least_squares("Chebyquad", chebyquad),
                 {1 / 3., 2 / 3.},
                 16 / 81.,
                 {.5 - std::sqrt(1 / 12.), .5 + std::sqrt(1 / 12.)},
                 0});
  const double outer = 0.5 * std::sqrt((1.0 + 2.0 / std::sqrt(5.0)) / 3.0),
               inner = 0.5 * std::sqrt((1.0 - 2.0 / std::sqrt(5.0)) / 3.0);
  all.push_back({least_squares("Chebyquad of 4 nodes", chebyquad),
                 {.2, .4, .6, .8},
                 .0711839,
                 {.5 - outer, .5 - inner, .5 + inner, .5 + outer},
                 0});
  all.push_back({least_squares("Chebyquad of 8 nodes", chebyquad),
                 {1 / 9., 2 / 9., 3 / 9., 4 / 9., 5 / 9., 6 / 9., 7 / 9., 8 / 9.},
                 .0386176});
  all.push_back({least_squares("Broyden tridiagonal", broyden_tridiagonal), filled(10, -1), 21});
  all.push_back({least_squares("Broyden banded",
                               [](auto x) {
                                 using T = ElementOf<decltype(x)>;
                                 Residuals<T> r;
                                 for (std::size_t i = 0; i < x.size(); ++i) {
                                   T v = x[i] * (2.0 + 5.0 * x[i] * x[i]) + 1.0;
                                   const std::size_t last = std::min(x.size() - 1, i + 1);
                                   for (std::size_t j = i > 5 ? i - 5 : 0; j <= last; ++j) {
                                     if (j != i) v = v - x[j] * (1.0 + x[j]);
                                   }
                                   r.push_back(v);
                                 }
                                 return r;
                               }),
                 filled(10, -1), 360});
  all.push_back({least_squares("linear, full rank",
                               [](auto x) {
                                 using T = ElementOf<decltype(x)>;
                                 const T sum =
                                     total(x.size(), [&](std::size_t j) { return T(1.0 * x[j]); });
                                 Residuals<T> r;
                                 for (std::size_t i = 0; i < 10; ++i) {
                                   const T v = -0.2 * sum - 1.0;
                                   r.push_back(i < x.size() ? v + x[i] : v);
                                 }
                                 return r;
                               }),
                 filled(5, 1), 25, filled(5, -1), 5});
  all.push_back({least_squares("linear, rank 1",
                               [](auto x) {
                                 using T = ElementOf<decltype(x)>;
                                 const T sum = total(x.size(), [&](std::size_t j) {
                                   return T(real(j + 1) * x[j]);
                                 });
                                 Residuals<T> r;
                                 for (int i = 1; i <= 10; ++i) r.push_back(double(i) * sum - 1.0);
                                 return r;
                               }),
                 filled(5, 1),
                 84985,  // Σ (15i - 1)²
                 {3.0 / 21.0, 0, 0, 0, 0},
                 90.0 / 42.0});
  all.push_back({least_squares("linear, rank 1, columns and rows of zeros",
                               [](auto x) {
                                 using T = ElementOf<decltype(x)>;
                                 const T sum = total(x.size() - 2, [&](std::size_t j) {
                                   return T(real(j + 2) * x[j + 1]);
                                 });
                                 const T none = 0.0 * x[0] - 1.0;
                                 Residuals<T> r{none};
                                 for (int i = 1; i <= 8; ++i) r.push_back(double(i) * sum - 1.0);
                                 r.push_back(none);
                                 return r;
                               }),
                 filled(5, 1),
                 15886,  // 2 + Σ (9i - 1)²
                 {0, 3.0 / 34.0, 0, 0, 0},
                 124.0 / 34.0});
}

}  // namespace tests::mgh
