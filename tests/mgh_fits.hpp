#pragma once
#include "mgh_problem.hpp"

namespace tests::mgh {

/// Fits of five variables and more.
inline void add_fits(std::vector<Problem>& all) {
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

}  // namespace tests::mgh
