// The test functions of Moré, Garbow and Hillstrom, "Testing Unconstrained Optimization Software",
// ACM TOMS 7 (1981): published values at the standard starts and at the minima.
#include <doctest/doctest.h>

#include "examples.hpp"
#include "mgh_fits.hpp"
#include "mgh_small.hpp"
#include "mgh_variable.hpp"

namespace tw = tapewise;

namespace {

using namespace tests::mgh;
using tests::LeastSquares, tests::least_squares;

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

TEST_CASE("Newton's method on our derivatives finds the zeros of systems, and published minima") {
  const auto minimum = [](const LeastSquares& f, List start) {
    tw::Tape tape;
    const tw::Var x = tape.input(tests::to_array(start));
    const tw::Var y = f(x), next = x - solve(tw::hessian(y, x), tw::backward(y)[x]);
    tw::Program newton = tw::compile({y, next});
    for (int k = 0; k < 30; ++k) {
      newton.run();
      x.set(xt::xarray<double>(newton.value<double>(next)));
    }
    return std::pair(y.item(), x.value<double>());
  };
  const List u = {-.0826446, -.1487603, -.1983471, -.2314050, -.2479339,
                  -.2479339, -.2314050, -.1983471, -.1487603, -.0826446};
  const auto [least, solution] =
      minimum(least_squares("discrete integral equation", discrete_integral), u);
  CHECK(least < 1e-28);
  // The boundary value problem itself: u = 2/(2 - t) - t - 1, to the error of h² = 1/121.
  for (std::size_t i = 0; i < 10; ++i) {
    const double t = real(i + 1) / 11.0;
    CHECK(solution(i) == doctest::Approx(2.0 / (2.0 - t) - t - 1.0).epsilon(0.01));
  }
  const auto [quadrature, found] = minimum(least_squares("Chebyquad", chebyquad), {.19, .5, .81});
  CHECK(quadrature < 1e-28);
  CHECK(found(0) == doctest::Approx(0.5 - std::sqrt(2.0) / 4.0).epsilon(1e-12));
  CHECK(found(1) == doctest::Approx(0.5).epsilon(1e-12));
  // Eight nodes do not exist in the reals: the published minimum is positive.
  const auto [eight, places] = minimum(least_squares("Chebyquad", chebyquad),
                                       {.0431, .1931, .2663, .5, .5, .7337, .8069, .9569});
  CHECK(eight == doctest::Approx(3.51687e-3).epsilon(1e-5));
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
