#pragma once
#include <stan/math.hpp>

#include <vector>

// What the Stan peers share: its reverse mode records while it computes, on a stack that keeps its
// memory.

namespace bench::stan_math {

struct Gradient {
  double y = 0;
  std::vector<double> g;

  template <class F>
  void run(const std::vector<double>& at, F&& f) {
    std::vector<stan::math::var> x(at.begin(), at.end());
    stan::math::var out = f(x);
    out.grad();
    y = out.val();
    g.clear();
    for (const auto& v : x) g.push_back(v.adj());
    stan::math::recover_memory();
  }
  /// The value and the gradient.
  std::vector<double> numbers() const {
    std::vector<double> list{y};
    list.insert(list.end(), g.begin(), g.end());
    return list;
  }
};

}  // namespace bench::stan_math
