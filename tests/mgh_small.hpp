#pragma once
#include <numbers>

#include "mgh_problem.hpp"

namespace tests::mgh {

/// Functions of two to four variables.
inline void add_small(std::vector<Problem>& all) {
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

}  // namespace tests::mgh
