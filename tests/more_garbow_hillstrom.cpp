// The test functions of Moré, Garbow and Hillstrom, "Testing Unconstrained Optimization Software",
// ACM TOMS 7 (1981): published values at the standard starts and at the minima.
#include <doctest/doctest.h>

#include <limits>
#include <numbers>

#include "examples.hpp"
#include "problems.hpp"

namespace tw = tapewise;

namespace {

using std::abs, std::atan, std::cos, std::exp, std::pow, std::sin, std::sqrt;
using tests::LeastSquares, tests::least_squares;
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

List filled(std::size_t n, double x) { return List(n, x); }
List repeated(const List& block, std::size_t times) {
  List all;
  for (std::size_t k = 0; k < times; ++k) all.insert(all.end(), block.begin(), block.end());
  return all;
}
double real(std::size_t i) { return static_cast<double>(i); }

/// Σ x_i, and more: `term(i)` for i in [0, n).
template <class F>
auto total(std::size_t n, const F& term) {
  auto sum = term(0);
  for (std::size_t i = 1; i < n; ++i) sum = sum + term(i);
  return sum;
}

const auto rosenbrock = [](auto x) {
  Residuals<ElementOf<decltype(x)>> r;
  for (std::size_t i = 0; i < x.size(); i += 2) {
    r.push_back(10.0 * (x[i + 1] - x[i] * x[i]));
    r.push_back(1.0 - x[i]);
  }
  return r;
};

const auto powell_singular = [](auto x) {
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

const auto wood = [](auto x) {
  return Residuals<ElementOf<decltype(x)>>{10.0 * (x[1] - x[0] * x[0]),
                                           1.0 - x[0],
                                           std::sqrt(90.0) * (x[3] - x[2] * x[2]),
                                           1.0 - x[2],
                                           std::sqrt(10.0) * (x[1] + x[3] - 2.0),
                                           (x[1] - x[3]) / std::sqrt(10.0)};
};

const auto brown_badly_scaled = [](auto x) {
  return Residuals<ElementOf<decltype(x)>>{x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2.0};
};

const auto broyden_tridiagonal = [](auto x) {
  Residuals<ElementOf<decltype(x)>> r;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto v = (3.0 - 2.0 * x[i]) * x[i] + 1.0;
    if (i > 0) v = v - x[i - 1];
    if (i + 1 < x.size()) v = v - 2.0 * x[i + 1];
    r.push_back(v);
  }
  return r;
};

/// Functions of two to four variables.
void add_small(std::vector<Problem>& all) {
  all.push_back({least_squares("Rosenbrock", rosenbrock), {-1.2, 1}, 24.2, {1, 1}, 0});
  all.push_back({least_squares("Freudenstein and Roth",
                               [](auto x) {
                                 return Residuals<ElementOf<decltype(x)>>{
                                     -13.0 + x[0] + ((5.0 - x[1]) * x[1] - 2.0) * x[1],
                                     -29.0 + x[0] + ((x[1] + 1.0) * x[1] - 14.0) * x[1]};
                               }),
                 {.5, -2},
                 400.5,
                 {11.41277900, -.89680525},
                 48.98425368});
  all.push_back({least_squares("Powell badly scaled",
                               [](auto x) {
                                 return Residuals<ElementOf<decltype(x)>>{
                                     1e4 * x[0] * x[1] - 1.0, exp(-x[0]) + exp(-x[1]) - 1.0001};
                               }),
                 {0, 1},
                 1.13526});
  all.push_back({least_squares("Brown badly scaled", brown_badly_scaled),
                 {1, 1},
                 999998000003,
                 {1e6, 2e-6},
                 0});
  all.push_back({least_squares("Beale",
                               [](auto x) {
                                 const auto y = x[1];
                                 return Residuals<ElementOf<decltype(x)>>{
                                     1.5 - x[0] * (1.0 - y), 2.25 - x[0] * (1.0 - y * y),
                                     2.625 - x[0] * (1.0 - y * y * y)};
                               }),
                 {1, 1},
                 14.203125,
                 {3, .5},
                 0});
  all.push_back({least_squares("Jennrich and Sampson",
                               [](auto x) {
                                 Residuals<ElementOf<decltype(x)>> r;
                                 for (int i = 1; i <= 10; ++i) {
                                   const double t = i;
                                   r.push_back(2.0 + 2.0 * t - (exp(t * x[0]) + exp(t * x[1])));
                                 }
                                 return r;
                               }),
                 {.3, .4},
                 4171.306,
                 {.2578252, .2578252},
                 124.3622});
  all.push_back({least_squares("helical valley",
                               [](auto x) {
                                 // Around the start and the minimum: θ by the sign of x there.
                                 const auto angle = atan(x[1] / x[0]) / (2.0 * std::numbers::pi);
                                 const auto radius = sqrt(x[0] * x[0] + x[1] * x[1]);
                                 return Residuals<ElementOf<decltype(x)>>{
                                     10.0 * (x[2] - 10.0 * angle), 10.0 * (radius - 1.0), x[2]};
                               }),
                 {1, 0, 0},
                 0,
                 {1, 0, 0},
                 0});
  all.push_back({least_squares("helical valley, left half",
                               [](auto x) {
                                 const auto angle =
                                     atan(x[1] / x[0]) / (2.0 * std::numbers::pi) + 0.5;
                                 const auto radius = sqrt(x[0] * x[0] + x[1] * x[1]);
                                 return Residuals<ElementOf<decltype(x)>>{
                                     10.0 * (x[2] - 10.0 * angle), 10.0 * (radius - 1.0), x[2]};
                               }),
                 {-1, 0, 0},
                 2500});
  all.push_back({least_squares("Bard",
                               [](auto x) {
                                 const List y = {.14, .18, .22, .25, .29,  .32,  .35, .39,
                                                 .37, .58, .73, .96, 1.34, 2.10, 4.39};
                                 Residuals<ElementOf<decltype(x)>> r;
                                 for (std::size_t i = 0; i < y.size(); ++i) {
                                   const double u = real(i + 1), v = 16.0 - u, w = std::min(u, v);
                                   r.push_back(y[i] - (x[0] + u / (v * x[1] + w * x[2])));
                                 }
                                 return r;
                               }),
                 {1, 1, 1},
                 41.68170,
                 {.08241056, 1.133036, 2.343695},
                 8.21487e-3});
  all.push_back({least_squares("Gaussian",
                               [](auto x) {
                                 const List y = {.0009, .0044, .0175, .0540, .1295,
                                                 .2420, .3521, .3989, .3521, .2420,
                                                 .1295, .0540, .0175, .0044, .0009};
                                 Residuals<ElementOf<decltype(x)>> r;
                                 for (std::size_t i = 0; i < y.size(); ++i) {
                                   const double t = (7.0 - real(i)) / 2.0;
                                   const auto d = t - x[2];
                                   r.push_back(x[0] * exp(-x[1] * d * d / 2.0) - y[i]);
                                 }
                                 return r;
                               }),
                 {.4, 1, 0},
                 3.88811e-6});
  all.push_back(
      {least_squares("Meyer",
                     [](auto x) {
                       const List y = {34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744,
                                       8261,  7030,  6005,  5147,  4427,  3820,  3307,  2872};
                       Residuals<ElementOf<decltype(x)>> r;
                       for (std::size_t i = 0; i < y.size(); ++i) {
                         r.push_back(x[0] * exp(x[1] / (50.0 + 5.0 * real(i) + x[2])) - y[i]);
                       }
                       return r;
                     }),
       {.02, 4000, 250},
       1.693608e9,
       {.0056096364710, 6181.3463463, 345.22363462},
       87.945855});
  all.push_back({least_squares("Gulf research and development",
                               [](auto x) {
                                 Residuals<ElementOf<decltype(x)>> r;
                                 for (int i = 1; i <= 99; ++i) {
                                   const double t = i / 100.0;
                                   const double y = 25.0 + std::pow(-50.0 * std::log(t), 2.0 / 3.0);
                                   r.push_back(exp(-pow(abs(y - x[1]), x[2]) / x[0]) - t);
                                 }
                                 return r;
                               }),
                 {5, 2.5, .15},
                 12.11070,
                 {50, 25, 1.5},
                 0});
  all.push_back({least_squares("Box three-dimensional",
                               [](auto x) {
                                 Residuals<ElementOf<decltype(x)>> r;
                                 for (int i = 1; i <= 10; ++i) {
                                   const double t = 0.1 * i;
                                   r.push_back(exp(-t * x[0]) - exp(-t * x[1]) -
                                               x[2] * (std::exp(-t) - std::exp(-10.0 * t)));
                                 }
                                 return r;
                               }),
                 {0, 10, 20},
                 1031.154,
                 {1, 10, 1},
                 0});
  all.push_back(
      {least_squares("Powell singular", powell_singular), {3, -1, 0, 1}, 215, {0, 0, 0, 0}, 0});
  all.push_back({least_squares("Wood", wood), {-3, -1, -3, -1}, 19192, {1, 1, 1, 1}, 0});
  all.push_back({least_squares("Kowalik and Osborne",
                               [](auto x) {
                                 const List y = {.1957, .1947, .1735, .1600, .0844, .0627,
                                                 .0456, .0342, .0323, .0235, .0246};
                                 const List u = {4,    2,  1,     .5,    .25,  .167,
                                                 .125, .1, .0833, .0714, .0625};
                                 Residuals<ElementOf<decltype(x)>> r;
                                 for (std::size_t i = 0; i < y.size(); ++i) {
                                   r.push_back(y[i] - x[0] * (u[i] * u[i] + u[i] * x[1]) /
                                                          (u[i] * u[i] + u[i] * x[2] + x[3]));
                                 }
                                 return r;
                               }),
                 {.25, .39, .415, .39},
                 5.31317e-3,
                 {.1928069346, .1912823287, .1230565069, .1360623307},
                 3.07505604e-4});
  all.push_back({least_squares("Brown and Dennis",
                               [](auto x) {
                                 Residuals<ElementOf<decltype(x)>> r;
                                 for (int i = 1; i <= 20; ++i) {
                                   const double t = i / 5.0;
                                   const auto a = x[0] + t * x[1] - std::exp(t);
                                   const auto b = x[2] + std::sin(t) * x[3] - std::cos(t);
                                   r.push_back(a * a + b * b);
                                 }
                                 return r;
                               }),
                 {25, 5, -5, -1},
                 7926693.3,
                 {-11.59444, 13.20363, -.4034395, .2367787},
                 85822.20});
}

/// Fits of five variables and more.
void add_fits(std::vector<Problem>& all) {
  all.push_back(
      {least_squares("Osborne 1",
                     [](auto x) {
                       const List y = {.844, .908, .932, .936, .925, .908, .881, .850, .818,
                                       .784, .751, .718, .685, .658, .628, .603, .580, .558,
                                       .538, .522, .506, .490, .478, .467, .457, .448, .438,
                                       .431, .424, .420, .414, .411, .406};
                       Residuals<ElementOf<decltype(x)>> r;
                       for (std::size_t i = 0; i < y.size(); ++i) {
                         const double t = 10.0 * real(i);
                         r.push_back(y[i] - (x[0] + x[1] * exp(-t * x[3]) + x[2] * exp(-t * x[4])));
                       }
                       return r;
                     }),
       {.5, 1.5, -1, .01, .02},
       .879026,
       {.37541005211, 1.9358469127, -1.4646871366, .012867534640, .022122699662},
       5.4648947e-5});
  all.push_back({least_squares("Biggs EXP6",
                               [](auto x) {
                                 Residuals<ElementOf<decltype(x)>> r;
                                 for (int i = 1; i <= 13; ++i) {
                                   const double t = 0.1 * i;
                                   const double y = std::exp(-t) - 5.0 * std::exp(-10.0 * t) +
                                                    3.0 * std::exp(-4.0 * t);
                                   r.push_back(x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) +
                                               x[5] * exp(-t * x[4]) - y);
                                 }
                                 return r;
                               }),
                 {1, 2, 1, 1, 1, 1},
                 .779070,
                 {1, 10, 1, 5, 4, 3},
                 0});
  all.push_back({least_squares("Osborne 2",
                               [](auto x) {
                                 const List y = {
                                     1.366, 1.191, 1.112, 1.013, .991, .885, .831, .847, .786, .725,
                                     .746,  .679,  .608,  .655,  .616, .606, .602, .626, .651, .724,
                                     .649,  .649,  .694,  .644,  .624, .661, .612, .558, .533, .495,
                                     .500,  .423,  .395,  .375,  .372, .391, .396, .405, .428, .429,
                                     .523,  .562,  .607,  .653,  .672, .708, .633, .668, .645, .632,
                                     .591,  .559,  .597,  .625,  .739, .710, .729, .720, .636, .581,
                                     .428,  .292,  .162,  .098,  .054};
                                 Residuals<ElementOf<decltype(x)>> r;
                                 for (std::size_t i = 0; i < y.size(); ++i) {
                                   const double t = real(i) / 10.0;
                                   auto model = x[0] * exp(-t * x[4]);
                                   for (std::size_t k = 1; k < 4; ++k) {
                                     const auto d = t - x[7 + k];
                                     model = model + x[k] * exp(-d * d * x[4 + k]);
                                   }
                                   r.push_back(y[i] - model);
                                 }
                                 return r;
                               }),
                 {1.3, .65, .65, .7, .6, 3, 5, 7, 2, 4.5, 5.5},
                 2.09342,
                 {1.309977, .4315538, .6336617, .5994305, .7541832, .9042886, 1.365812, 4.823699,
                  2.398685, 4.568875, 5.675341},
                 .0401377});
  all.push_back(
      {least_squares("Watson",
                     [](auto x) {
                       using T = ElementOf<decltype(x)>;
                       Residuals<T> r;
                       for (int i = 1; i <= 29; ++i) {
                         const double t = i / 29.0;
                         const auto power = [&](std::size_t j) { return std::pow(t, real(j)); };
                         const T slope = total(x.size() - 1, [&](std::size_t j) {
                           return T(real(j + 1) * power(j) * x[j + 1]);
                         });
                         const T value =
                             total(x.size(), [&](std::size_t j) { return T(power(j) * x[j]); });
                         r.push_back(slope - value * value - 1.0);
                       }
                       r.push_back(T(1.0 * x[0]));
                       r.push_back(x[1] - x[0] * x[0] - 1.0);
                       return r;
                     }),
       filled(6, 0),
       30,
       {-.01572496, 1.012435, -.2329917, 1.260431, -1.513729, .9929964},
       2.28767e-3});
}

/// Functions of any number of variables.
void add_variable(std::vector<Problem>& all) {
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
}

std::vector<Problem> problems() {
  std::vector<Problem> all;
  add_small(all);
  add_fits(all);
  add_variable(all);
  return all;
}

/// A point near the start, and not at a zero or a symmetry of it.
List near(const List& start, std::uint64_t seed) {
  List x = start;
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = x[i] * (0.95 + 0.1 * tests::uniform(seed, 2 * i)) +
           0.05 * (tests::uniform(seed, 2 * i + 1) - 0.4);
  }
  return x;
}

struct Derivatives {
  xt::xarray<double> gradient, hessian;
};
Derivatives derivatives(const LeastSquares& f, const List& x) {
  tw::Tape tape;
  const tw::Var v = tape.input(tests::to_array(x));
  const tw::Var y = f(v);
  return {tw::backward(y)[v].value<double>(), tw::hessian(y, v).value<double>()};
}

}  // namespace

TEST_CASE("the published values of Moré, Garbow and Hillstrom's functions") {
  for (const Problem& p : problems()) {
    CAPTURE(p.f.name);
    const auto recorded = [&](const List& x) {
      tw::Tape tape;
      return p.f(tape.input(tests::to_array(x))).item();
    };
    const double at_start = recorded(p.start);
    if (!std::isnan(p.at_start)) {
      CHECK(at_start == doctest::Approx(p.at_start).epsilon(1e-5).scale(1e-9));
    }
    CHECK(at_start == doctest::Approx(p.f.value(p.start)).epsilon(1e-13));
    if (p.minimiser.empty()) continue;
    CHECK(recorded(p.minimiser) == doctest::Approx(p.minimum).epsilon(1e-5).scale(1e-15));
    // It is a minimum: no step in any direction goes lower.
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
      List x = p.minimiser;
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] += 1e-2 * std::max(std::abs(x[i]), 1e-6) * (tests::uniform(seed, i) - 0.5);
      }
      CHECK(p.f.value(x) >= p.minimum);
    }
  }
}

TEST_CASE("their gradients and Hessians are right at the starts, the minima and random points") {
  for (const Problem& p : problems()) {
    CAPTURE(p.f.name);
    const auto f = [&](const tw::Var& x) { return p.f(x); };
    std::vector<List> points = {p.start, near(p.start, 1)};
    if (p.start.size() < 5) points.push_back(near(p.start, 2));
    if (!p.minimiser.empty()) points.push_back(p.minimiser);
    for (std::size_t k = 0; k < points.size(); ++k) {
      CAPTURE(k);
      for (const int order : {1, 2}) {
        CAPTURE(order);
        const auto report = tw::gradcheck(f, tests::to_array(points[k]), {.order = order});
        CAPTURE(report);
        CHECK(report.wrong == 0);
        CHECK(report.blamed.empty());
        const bool at_minimum = !p.minimiser.empty() && k + 1 == points.size();
        if (!at_minimum) CHECK(report.checked > 0);
      }
    }
  }
}

TEST_CASE("gradients and Hessians in closed form") {
  const auto close = [](double ours, double theirs, double size) {
    CHECK(std::abs(ours - theirs) <= 1e-13 * std::max(size, 1.0));
  };
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    CAPTURE(seed);
    SUBCASE("Rosenbrock") {
      const List x = near({-1.2, 1}, seed);
      const auto d = derivatives(least_squares("Rosenbrock", rosenbrock), x);
      const double a = x[0], b = x[1];
      close(d.gradient(0), -400 * a * (b - a * a) - 2 * (1 - a), 1e3);
      close(d.gradient(1), 200 * (b - a * a), 1e3);
      close(d.hessian(0, 0), 1200 * a * a - 400 * b + 2, 1e3);
      close(d.hessian(0, 1), -400 * a, 1e3);
      close(d.hessian(1, 0), -400 * a, 1e3);
      close(d.hessian(1, 1), 200, 1e3);
    }
    SUBCASE("Powell singular") {
      const List x = near({3, -1, 0, 1}, seed);
      const auto d = derivatives(least_squares("Powell singular", powell_singular), x);
      const double a = x[0] + 10 * x[1], b = x[2] - x[3], c = x[1] - 2 * x[2], e = x[0] - x[3];
      const double g[] = {2 * a + 40 * e * e * e, 20 * a + 4 * c * c * c, 10 * b - 8 * c * c * c,
                          -10 * b - 40 * e * e * e};
      const double p = 12 * c * c, q = 120 * e * e;
      const double h[4][4] = {{2 + q, 20, 0, -q},
                              {20, 200 + p, -2 * p, 0},
                              {0, -2 * p, 10 + 4 * p, -10},
                              {-q, 0, -10, 10 + q}};
      for (std::size_t i = 0; i < 4; ++i) {
        close(d.gradient(i), g[i], 1e3);
        for (std::size_t j = 0; j < 4; ++j) close(d.hessian(i, j), h[i][j], 1e3);
      }
    }
    SUBCASE("Wood") {
      const List x = near({-3, -1, -3, -1}, seed);
      const auto d = derivatives(least_squares("Wood", wood), x);
      const double u = x[1] - x[0] * x[0], v = x[3] - x[2] * x[2];
      const double s = x[1] + x[3] - 2, t = x[1] - x[3];
      const double g[] = {-400 * x[0] * u - 2 * (1 - x[0]), 200 * u + 20 * s + 0.2 * t,
                          -360 * x[2] * v - 2 * (1 - x[2]), 180 * v + 20 * s - 0.2 * t};
      const double h[4][4] = {{1200 * x[0] * x[0] - 400 * x[1] + 2, -400 * x[0], 0, 0},
                              {-400 * x[0], 220.2, 0, 19.8},
                              {0, 0, 1080 * x[2] * x[2] - 360 * x[3] + 2, -360 * x[2]},
                              {0, 19.8, -360 * x[2], 200.2}};
      for (std::size_t i = 0; i < 4; ++i) {
        close(d.gradient(i), g[i], 1e5);
        for (std::size_t j = 0; j < 4; ++j) close(d.hessian(i, j), h[i][j], 1e5);
      }
    }
    SUBCASE("Brown badly scaled") {
      const List x = near({1, 1}, seed);
      const auto d = derivatives(least_squares("Brown badly scaled", brown_badly_scaled), x);
      const double a = x[0], b = x[1];
      close(d.gradient(0), 2 * (a - 1e6) + 2 * b * (a * b - 2), 1e7);
      close(d.gradient(1), 2 * (b - 2e-6) + 2 * a * (a * b - 2), 10);
      close(d.hessian(0, 0), 2 + 2 * b * b, 10);
      close(d.hessian(0, 1), 4 * a * b - 4, 10);
      close(d.hessian(1, 1), 2 + 2 * a * a, 10);
    }
    SUBCASE("Broyden tridiagonal") {
      const List x = near(filled(10, -1), seed);
      const auto d = derivatives(least_squares("Broyden", broyden_tridiagonal), x);
      const List r = broyden_tridiagonal(std::span<const double>(x));
      for (std::size_t j = 0; j < 10; ++j) {  // 2 Jᵀr
        double g = 2 * r[j] * (3 - 4 * x[j]);
        if (j > 0) g -= 4 * r[j - 1];
        if (j + 1 < 10) g -= 2 * r[j + 1];
        close(d.gradient(j), g, 1e3);
      }
    }
  }
}
