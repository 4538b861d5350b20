#pragma once
#include <Sacado_trad.hpp>

#include <vector>

// What the Sacado peers share: its reverse mode records while it computes, then sweeps once.

namespace bench::sacado {

using Number = Sacado::Rad::ADvar<double>;

struct Gradient {
  double y = 0;
  std::vector<double> g;

  template <class F>
  void run(const std::vector<double>& at, F&& f) {
    std::vector<Number> x(at.begin(), at.end());
    const Number out = f(x);
    Sacado::Rad::ADcontext<double>::Gradcomp();
    y = out.val();
    g.clear();
    for (const Number& v : x) g.push_back(v.adj());
  }
  /// The value and the gradient.
  std::vector<double> numbers() const {
    std::vector<double> list{y};
    list.insert(list.end(), g.begin(), g.end());
    return list;
  }
};

}  // namespace bench::sacado
