// Derivatives of plain callables, against closed forms.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using tests::show;

TEST_CASE("grad nests: the third derivative of a function") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.4);
  const auto f = [](const tw::Var& v) { return sin(v) * exp(v); };
  // (sin·exp)''' = 2 exp (cos - sin)
  CHECK(tw::grad(tw::grad(tw::grad(f)))(x).item() ==
        doctest::Approx(2 * std::exp(0.4) * (std::cos(0.4) - std::sin(0.4))).epsilon(1e-14));
}

TEST_CASE("grad is the gradient in the first of several arguments") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0), y = tape.input(5.0);
  const auto f = [](const tw::Var& a, const tw::Var& b) { return a * a * b; };
  CHECK(tw::grad(f)(x, y).item() == 20.0);
  const auto [value, gradient] = tw::value_and_grad(f)(x, y);
  CHECK(value.item() == 20.0);
  CHECK(gradient.item() == 20.0);
}

TEST_CASE("jvp and vjp multiply with the same Jacobian from both sides") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0});
  // J = [[2x0, 0], [x1, x0], [0, 3]]
  const auto f = [](const tw::Var& v) {
    const tw::Var a = tw::slice(v, {tw::Slice{0, 1}}), b = tw::slice(v, {tw::Slice{1, 2}});
    return tw::concat({a * a, a * b, 3.0 * b}, 0);
  };
  CHECK(show(tw::jvp(f, x, xt::xarray<double>{1.0, 10.0})) == "(3,) 2 12 30");
  CHECK(show(tw::vjp(f, x, xt::xarray<double>{1.0, 10.0, 100.0})) == "(2,) 22 310");
}

TEST_CASE("jvp of a function that does not depend on its argument is zero") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0), w = tape.input(xt::xarray<double>{1.0, 2.0});
  CHECK(show(tw::jvp([&](const tw::Var&) { return w * 2.0; }, x, 1.0)) == "(2,) 0 0");
}

TEST_CASE("hvp of the Rosenbrock function is its Hessian times the vector") {
  tw::Tape tape;
  const double a = -1.2, b = 1.0;
  const tw::Var x = tape.input(xt::xarray<double>{a, b});
  const auto f = [](const tw::Var& v) {
    const tw::Var p = tw::slice(v, {tw::Slice{0, 1}}), q = tw::slice(v, {tw::Slice{1, 2}});
    return sum(100.0 * square(q - square(p)) + square(1.0 - p));
  };
  const auto product = tw::hvp(f, x, xt::xarray<double>{1.0, 3.0}).value<double>();
  const double h00 = 1200 * a * a - 400 * b + 2, h01 = -400 * a, h11 = 200;
  CHECK(product(0) == doctest::Approx(h00 + 3 * h01).epsilon(1e-13));
  CHECK(product(1) == doctest::Approx(h01 + 3 * h11).epsilon(1e-13));
}

TEST_CASE("a failed jvp leaves the tape as it was") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0});
  const tw::Var y = x * x;
  const tw::NodeId before = tape.size();
  CHECK_THROWS_AS((void)tw::push_forward(y, x, xt::xarray<double>{1.0}), tw::ShapeError);
  CHECK(tape.size() == before);
}
