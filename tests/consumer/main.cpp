#include <cmath>
#include <iostream>
#include <tapewise/tapewise.hpp>
#include <xtensor/xarray.hpp>

namespace tw = tapewise;

static int failures = 0;

static void check(const char* what, double given, double wanted) {
  if (!(std::abs(given - wanted) <= 1e-12 * std::abs(wanted))) {
    std::cerr << what << ": " << given << ", wanted " << wanted << '\n';
    ++failures;
  }
}

int main() {
  std::cerr.precision(17);

  tw::Tape tape;
  tw::Var w1 = tape.input(0.02, "w1"), w2 = tape.input(0.01, "w2");
  tw::Var x1 = tape.input(3.0, "x1"), x2 = tape.input(5.0, "x2");
  tw::Var u_in = (w1 * pow(x1, 3) + w2 * x2).named("u_in");
  tw::Var u_out = sigmoid(u_in).named("u_out");
  tw::Var loss = (0.5 * square(u_out - 0.0)).named("L");

  tw::GradientTable table = tw::backward(loss);
  check("dL/dw1", table[w1].item(), 3.9856816552369736);

  tw::Program step = tw::compile({loss, table[w1], table[w2]});
  step.run();
  check("dL/dw1, compiled", step.item(table[w1]), 3.9856816552369736);
  check("dL/dw2, compiled", step.item(table[w2]), 3.9856816552369736 * 5 / 27);
  w1.set(-0.06);
  step.run();
  const double s = 1 / (1 + std::exp(0.06 * 27 - 0.01 * 5));
  check("dL/dw1, after set", step.item(table[w1]), s * s * (1 - s) * 27);

  tw::Var X = tape.input(xt::xarray<double>{{1, 2, 3}, {4, 5, 6}}, "X");
  tw::Var y = sum(X * X);
  check("sum X^2", y.item(), 91);
  const auto gradient = tw::backward(y)[X].value<double>();
  if (gradient.size() != 6) {
    std::cerr << "d(sum X^2)/dX has " << gradient.size() << " elements\n";
    return 1;
  }
  for (std::size_t i = 0; i < 6; ++i) {
    check("d(sum X^2)/dX", gradient.flat(i), 2.0 * static_cast<double>(i + 1));
  }
  return failures == 0 ? 0 : 1;
}
