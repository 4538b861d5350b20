#pragma once
#include <doctest/doctest.h>

namespace tests {

/// Equal up to the part `epsilon` of the value, however small that is. A plain Approx takes its
/// tolerance of numbers below 1 as an absolute one.
inline doctest::Approx relative(double value, double epsilon) {
  return doctest::Approx(value).epsilon(epsilon).scale(0.0);
}

}  // namespace tests
