#pragma once

namespace bench::m4 {

inline constexpr double x[] = {0, 0, 0, 1, 1, 0, 1, 1}, y[] = {0, 1, 1, 0}, rate = 0.5;

/// Where all contenders start.
struct Weights {
  double w1[4] = {0.6, -0.4, 0.3, 0.8}, b1[2] = {0.1, -0.2}, w2[2] = {0.7, -0.9}, b2[1] = {0.05};
};

}  // namespace bench::m4
