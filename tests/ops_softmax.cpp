// softmax and log_softmax: values, invariance, extremes.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of;

TEST_CASE("softmax along every axis is the exponential over its sum") {
  for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
    tw::Tape tape;
    const tw::ExampleInput input{tw::DType::float64, {3, 4, 5}, -3, 3};
    const tw::Var x = tape.input(tests::random_array(input, dtype, 5));
    for (int axis = -3; axis < 3; ++axis) {
      CAPTURE(axis);
      const tw::Var p = softmax(x, axis), direct = exp(x) / sum(exp(x), axis, true);
      const double tolerance = dtype == tw::DType::float32 ? 1e-5 : 1e-14;
      CHECK(amax(abs(p - direct)).item() <= tolerance);
      CHECK(amax(abs(log_softmax(x, axis) - log(direct))).item() <= tolerance);
      CHECK(amax(abs(sum(p, axis) - 1.0)).item() <= tolerance);
    }
  }
}

TEST_CASE("adding a constant changes nothing") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0, 4.0});
  CHECK(amax(abs(softmax(x) - softmax(x + 100.0))).item() <= 1e-15);
}

TEST_CASE("logits of a thousand stay finite, with their gradients") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<float>{1000.0F, -1000.0F, 0.0F});
  CHECK(tests::show(softmax(x)) == "float32 (3,) 1 0 0");
  CHECK(tests::show(log_softmax(x)) == "float32 (3,) 0 -2000 -1000");
  const tw::Var g = tw::backward(sum(log_softmax(x) * xt::xarray<float>{1.0F, 2.0F, 3.0F}))[x];
  CHECK(tests::show(g) == "float32 (3,) -5 2 3");
}

TEST_CASE("minus infinity is a class without probability") {
  tw::Tape tape;
  const double inf = std::numeric_limits<double>::infinity();
  const tw::Var x = tape.input(xt::xarray<double>{0.0, -inf, 0.0});
  CHECK(tests::show(softmax(x)) == "(3,) 0.5 0 0.5");
}

TEST_CASE("a NaN anywhere in a row makes that row NaN and no other") {
  constexpr std::size_t n = 19;  // whole batches and a rest
  for (const int axis : {1, 0}) {
    for (std::size_t at = 0; at < n; ++at) {
      CAPTURE(axis);
      CAPTURE(at);
      xt::xarray<float> rows = xt::ones<float>({std::size_t{2}, n});
      rows(1, at) = std::numeric_limits<float>::quiet_NaN();
      tw::Tape tape;
      const tw::Var input = tape.input(rows), x = axis == 1 ? input : transpose(input);
      const tw::Var p = softmax(x, axis), q = log_softmax(x, axis);
      for (const tw::Var& y : {axis == 1 ? p : transpose(p), axis == 1 ? q : transpose(q)}) {
        const auto values = y.value<float>();
        for (std::size_t i = 0; i < n; ++i) {
          CHECK(std::isfinite(values(0, i)));
          CHECK(std::isnan(values(1, i)));
        }
      }
    }
  }
}

TEST_CASE("the derivative is diag(p) - p pᵀ") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.1, -0.4, 1.2});
  const xt::xarray<double> p = softmax(x).value<double>();
  for (std::size_t i = 0; i < 3; ++i) {
    xt::xarray<double> unit = {0.0, 0.0, 0.0};
    unit(i) = 1.0;
    const auto row = tw::backward(softmax(x), tw::Cotangent(unit))[x].value<double>();
    for (std::size_t j = 0; j < 3; ++j) {
      CHECK(row(j) == doctest::Approx((i == j ? p(i) : 0.0) - p(i) * p(j)).epsilon(1e-14));
    }
  }
}

TEST_CASE("an axis that is not there is refused") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.1, -0.4}), s = tape.input(1.0);
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)softmax(x, 1); }),
                 "[softmax] axis 1 is out of range for (2,)"));
  CHECK_THROWS_AS((void)log_softmax(s), tw::ShapeError);
  CHECK_THROWS_AS((void)softmax(x > 0.0), tw::TypeError);
}

TEST_CASE("sparsemax ends where rounding puts its threshold onto an element") {
  for (double below = -0x1p-51; below <= 0x1p-51; below += 0x1p-54) {
    for (const double rest : {-1.0, -2.0, 0.5}) {
      tw::Tape tape;
      const tw::Var x =
          tape.input(xt::xarray<double>{1.0 + below, below, 1.0, 0.0, rest, rest + below});
      CHECK(sum(tw::sparsemax(x)).item() == doctest::Approx(1.0));
    }
    tw::Tape tape;
    CHECK(sum(tw::sparsemax(tape.input(xt::xarray<double>{0.0, -1.0 + below}))).item() ==
          doctest::Approx(1.0));
  }
}

TEST_CASE("sparsemax is the nearest point of the simplex, with exact zeros") {
  tw::Tape tape;
  // By hand: the support is {1.1, 0.2}, τ = (1.3 - 1)/2.
  const tw::Var z = tape.input(xt::xarray<double>{0.1, 1.1, 0.2}), p = tw::sparsemax(z);
  const double expected[] = {0.0, 0.95, 0.05};
  for (int i = 0; i < 3; ++i) {
    CHECK(static_cast<const double*>(p.data())[i] == doctest::Approx(expected[i]).epsilon(1e-15));
  }
  CHECK(static_cast<const double*>(p.data())[0] == 0.0);
  const tw::Var g = tw::backward(sum(p * tape.constant(xt::xarray<double>{5.0, 2.0, 4.0})))[z];
  CHECK(g.value<double>() == xt::xarray<double>{0.0, -1.0, 1.0});  // g - its mean on the support
  CHECK(amax(abs(tw::sparsemax(z + 1000.0) - p)).item() <= 1e-12);
  const tw::Var far = tw::sparsemax(tape.input(xt::xarray<float>{1000.0F, -1000.0F}));
  CHECK(far.value<float>() == xt::xarray<float>{1.0F, 0.0F});
  const tw::Var columns = tape.input(xt::xarray<double>{{0.1, 3.0}, {1.1, 0.0}, {0.2, -1.0}});
  CHECK(amax(abs(sum(tw::sparsemax(columns, 0), 0) - 1.0)).item() <= 1e-15);
  for (const float size : {3e7F, 1e20F}) {  // beside which 1 is no longer seen
    const tw::Var one = tw::sparsemax(tape.input(xt::xarray<float>{-size, size, 0.5F * size}));
    CHECK(one.value<float>() == xt::xarray<float>{0.0F, 1.0F, 0.0F});
  }
  CHECK(std::isnan(amax(tw::sparsemax(tape.input(xt::xarray<double>{std::nan(""), 1.0}))).item()));
}

TEST_CASE("softmin is the softmax of the negative") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<double>{{0.1, 1.1, 0.2}, {3.0, -1.0, 0.0}});
  CHECK(tw::softmin(z, 0).value<double>() == tw::softmax(-z, 0).value<double>());
  CHECK_THROWS_AS((void)tw::softmin(z, 2), tw::ShapeError);
}
