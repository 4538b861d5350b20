#pragma once
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <tapewise/tapewise.hpp>
#include <vector>

// Sums of squares from the literature, written once for plain doubles and for Vars.

namespace tests {

namespace tw = tapewise;

/// Σ r_i(x)².
struct LeastSquares {
  std::string name;
  std::function<std::vector<double>(std::span<const double>)> residuals;
  std::function<std::vector<tw::Var>(std::span<const tw::Var>)> recorded;

  double value(std::span<const double> x) const {
    double sum = 0.0;
    for (const double r : residuals(x)) sum += r * r;
    return sum;
  }
  /// Of a vector Var.
  tw::Var operator()(const tw::Var& x) const {
    std::vector<tw::Var> elements;
    for (std::int64_t i = 0; i < x.shape()[0]; ++i) {
      elements.push_back(tw::reshape(tw::slice(x, tw::Slices{tw::Slice{i, i + 1}}), {}));
    }
    tw::Var sum;
    for (const tw::Var& r : recorded(elements)) {
      sum = sum.has_tape() ? sum + square(r) : square(r);
    }
    return sum;
  }
};

/// `f` is a generic lambda from a span of T to a vector of T.
template <class F>
LeastSquares least_squares(std::string name, const F& f) {
  return {std::move(name), f, f};
}

inline xt::xarray<double> to_array(std::span<const double> x) {
  xt::xarray<double> array = xt::xarray<double>::from_shape({x.size()});
  for (std::size_t i = 0; i < x.size(); ++i) array(i) = x[i];
  return array;
}

}  // namespace tests
