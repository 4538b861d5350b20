#pragma once
#include <adolc/adolc.h>

#include <vector>

// What the ADOL-C peers share: a function recorded with `trace_on`, replayed with `zos_forward` and
// `fos_reverse`.

namespace bench::adolc {

struct Tape {
  short tag = 0;
  std::vector<double> x, g;
  double y = 0;

  Tape(short number, std::vector<double> at) : tag(number), x(std::move(at)), g(x.size()) {}
  template <class F>
  void record(F&& f) {
    trace_on(tag, 1);
    std::vector<adouble> ax(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) ax[i] <<= x[i];
    adouble out = f(ax);
    out >>= y;
    trace_off();
  }
  void replay() {
    zos_forward(tag, 1, size(), 1, x.data(), &y);
    reverse();
  }
  void reverse() {
    double one = 1.0;
    fos_reverse(tag, 1, size(), &one, g.data());
  }
  int size() const { return static_cast<int>(x.size()); }
  /// The value and the gradient.
  std::vector<double> numbers() const {
    std::vector<double> list{y};
    list.insert(list.end(), g.begin(), g.end());
    return list;
  }
};

}  // namespace bench::adolc
