// Elementwise ops at the edges: places where a careless formula gives NaN, saturation, infinities,
// empty and 0-d arrays.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tapewise/tapewise.hpp>
#include <vector>

#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::show;
using tw::Var;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = 3.14159265358979323846;

/// Value, gradient and the three different second derivatives of f at (a, b).
struct Local {
  double y, a, b, aa, ab, bb;
};
Local local(Var (*f)(const Var&, const Var&), double at_a, double at_b) {
  tw::Tape tape;
  const Var a = tape.input(at_a), b = tape.input(at_b), y = f(a, b);
  const tw::GradientTable first = tw::backward(y);
  const tw::GradientTable of_a = tw::backward(first[a]), of_b = tw::backward(first[b]);
  return {y.item(),       first[a].item(), first[b].item(),
          of_a[a].item(), of_a[b].item(),  of_b[b].item()};
}
void check(const Local& is, const Local& wanted) {
  const auto same = [](double x, double w) {
    CHECK((x == w || std::abs(x - w) <= 1e-14 * std::abs(w)));
  };
  same(is.y, wanted.y);
  same(is.a, wanted.a);
  same(is.b, wanted.b);
  same(is.aa, wanted.aa);
  same(is.ab, wanted.ab);
  same(is.bb, wanted.bb);
}

using Unary = Var (*)(const Var&);
struct Activation {
  std::string name;
  Unary f;
};
const std::vector<Activation>& activations() {
  static const std::vector<Activation> all = {
      {"sigmoid", [](const Var& x) { return sigmoid(x); }},
      {"log_sigmoid", [](const Var& x) { return log_sigmoid(x); }},
      {"hard_sigmoid", [](const Var& x) { return hard_sigmoid(x); }},
      {"tanh", [](const Var& x) { return tanh(x); }},
      {"lecun_tanh", [](const Var& x) { return lecun_tanh(x); }},
      {"bipolar_sigmoid", [](const Var& x) { return bipolar_sigmoid(x); }},
      {"hardtanh", [](const Var& x) { return hardtanh(x); }},
      {"tanhshrink", [](const Var& x) { return tanhshrink(x); }},
      {"softsign", [](const Var& x) { return softsign(x); }},
      {"relu", [](const Var& x) { return relu(x); }},
      {"relu6", [](const Var& x) { return relu6(x); }},
      {"squared_relu", [](const Var& x) { return squared_relu(x); }},
      {"leaky_relu", [](const Var& x) { return leaky_relu(x); }},
      {"prelu", [](const Var& x) { return prelu(x, 0.25); }},
      {"abs_rectifier", [](const Var& x) { return abs_rectifier(x); }},
      {"threshold", [](const Var& x) { return threshold(x, 0.5, 2.0); }},
      {"step", [](const Var& x) { return step(x); }},
      {"elu", [](const Var& x) { return elu(x); }},
      {"celu", [](const Var& x) { return celu(x); }},
      {"selu", [](const Var& x) { return selu(x); }},
      {"gelu", [](const Var& x) { return gelu(x); }},
      {"gelu tanh", [](const Var& x) { return gelu(x, tw::GeluForm::tanh); }},
      {"quick_gelu", [](const Var& x) { return quick_gelu(x); }},
      {"silu", [](const Var& x) { return silu(x); }},
      {"hard_silu", [](const Var& x) { return hard_silu(x); }},
      {"mish", [](const Var& x) { return mish(x); }},
      {"softplus", [](const Var& x) { return softplus(x); }},
      {"squareplus", [](const Var& x) { return squareplus(x); }},
      {"softshrink", [](const Var& x) { return softshrink(x); }},
      {"hardshrink", [](const Var& x) { return hardshrink(x); }},
      {"clamp", [](const Var& x) { return clamp(x, -2.0, 2.0); }},
  };
  return all;
}

}  // namespace

TEST_CASE("hypot: nothing overflows, and the tip of the cone has gradient 0") {
  const auto f = [](const Var& a, const Var& b) { return hypot(a, b); };
  check(local(f, 3, 4), {5, 0.6, 0.8, 0.128, -0.096, 0.072});
  check(local(f, 0, 0), {0, 0, 0, 0, 0, 0});
  check(local(f, 2, 0), {2, 1, 0, 0, 0, 0.5});
  check(local(f, 0, -2), {2, 0, -1, 0.5, 0, 0});
  check(local(f, 3e200, 4e200), {5e200, 0.6, 0.8, 0.128e-200, -0.096e-200, 0.072e-200});
}

TEST_CASE("pow of two Vars at the origin has gradient 0, as in PyTorch") {
  tw::Tape tape;
  const Var a = tape.input(0.0), b = tape.input(0.0), y = pow(a, b);
  const tw::GradientTable table = tw::backward(y);
  CHECK(y.item() == 1.0);
  CHECK(table[a].item() == 0.0);
  CHECK(table[b].item() == 0.0);
}

TEST_CASE("xlogy is 0 at x = 0, with finite derivatives") {
  const auto f = [](const Var& x, const Var& y) { return xlogy(x, y); };
  check(local(f, 0, 0), {0, 0, 0, 0, 0, 0});
  check(local(f, 0, 2), {0, std::log(2.0), 0, 0, 0.5, 0});
  check(local(f, 3, 2), {3 * std::log(2.0), std::log(2.0), 1.5, 0, 0.5, -0.75});
  CHECK(local(f, 0, inf).y == 0);
  CHECK(std::isnan(local(f, 0, not_a_number).y));
  CHECK(local(f, 1, 0).y == -inf);
}

TEST_CASE("logaddexp takes infinities, alone and together") {
  const auto f = [](const Var& a, const Var& b) { return logaddexp(a, b); };
  const double log2 = std::log(2.0);
  check(local(f, 0, 0), {log2, 0.5, 0.5, 0.25, -0.25, 0.25});
  check(local(f, 1000, 1000), {1000 + log2, 0.5, 0.5, 0.25, -0.25, 0.25});
  check(local(f, 1000, -1000), {1000, 1, 0, 0, 0, 0});
  check(local(f, -inf, 3), {3, 0, 1, 0, 0, 0});
  check(local(f, inf, 3), {inf, 1, 0, 0, 0, 0});
  check(local(f, inf, -inf), {inf, 1, 0, 0, 0, 0});
  check(local(f, -inf, -inf), {-inf, 0.5, 0.5, 0, 0, 0});
  check(local(f, inf, inf), {inf, 0.5, 0.5, 0, 0, 0});
  CHECK(std::isnan(local(f, not_a_number, 1).y));
  CHECK(std::isnan(local(f, not_a_number, 1).a));
}

TEST_CASE("atan2 knows the quadrant, and has gradient 0 at the origin") {
  const auto f = [](const Var& a, const Var& b) { return atan2(a, b); };
  check(local(f, 1, -2), {pi - std::atan(0.5), -0.4, -0.2, 0.16, -0.12, -0.16});
  check(local(f, 0, 0), {0, 0, 0, 0, 0, 0});
  CHECK(local(f, -0.0, -1).y == -pi);
  check(local(f, 1e200, 1e200), {0.25 * pi, 0.5e-200, -0.5e-200, 0, 0, 0});
}

TEST_CASE("sinc and all its derivatives are exact at 0") {
  tw::Tape tape;
  const Var x = tape.input(0.0);
  Var d = sinc(x);
  // Taylor: Σ (-1)^k (πx)^2k/(2k+1)!
  const double wanted[] = {1, 0, -pi * pi / 3, 0, std::pow(pi, 4) / 5, 0, -std::pow(pi, 6) / 7};
  for (const double w : wanted) {
    CHECK(d.item() == doctest::Approx(w).epsilon(1e-14));
    d = tw::backward(d)[x];
  }
  for (const double whole : {1.0, -3.0, 1e6}) CHECK(sinc(tape.input(whole)).item() == 0.0);
}

TEST_CASE("a branch that was not taken leaks nothing, in both orders") {
  tw::Tape tape;
  const Var x = tape.input(0.0);
  const Var y = where(x > 0.0, rsqrt(x) + cbrt(x) + log2(x) + acosh(x), square(x));
  const Var first = tw::backward(y)[x];
  CHECK(first.item() == 0.0);
  CHECK(tw::backward(first)[x].item() == 2.0);
}

TEST_CASE("special functions at their poles and ends") {
  tw::Tape tape;
  const auto at = [&](Unary f, double x) { return f(tape.input(x)).item(); };
  const Unary lg = [](const Var& x) { return lgamma(x); };
  const Unary psi = [](const Var& x) { return digamma(x); };
  const Unary tri = [](const Var& x) { return trigamma(x); };
  const Unary einv = [](const Var& x) { return erfinv(x); };
  CHECK(at(lg, 0) == inf);
  CHECK(at(lg, -3) == inf);
  CHECK(at(lg, inf) == inf);
  CHECK(at(lg, 1) == 0);
  CHECK(at(psi, 0.0) == -inf);
  CHECK(at(psi, -0.0) == inf);
  CHECK(std::isnan(at(psi, -2)));
  CHECK(at(psi, inf) == inf);
  CHECK(at(psi, 1) == doctest::Approx(-0.57721566490153286).epsilon(1e-15));  // -γ
  CHECK(at(tri, 1) == doctest::Approx(pi * pi / 6).epsilon(1e-15));
  CHECK(at(tri, -1) == inf);
  CHECK(at(tri, inf) == 0);
  CHECK(polygamma(2, tape.input(1.0)).item() ==
        doctest::Approx(-2 * 1.2020569031595943).epsilon(1e-15));         // -2ζ(3)
  for (const double x : {-1e5 - 0.25, -0x1p31 - 0.25, -0x1p40 - 0.25}) {  // -π·(cot πx)''
    CHECK(polygamma(2, tape.input(x)).item() == doctest::Approx(4 * pi * pi * pi).epsilon(1e-9));
  }
  CHECK(at(einv, 1) == inf);
  CHECK(at(einv, -1) == -inf);
  CHECK(std::isnan(at(einv, 1.5)));
  for (const Unary f : {lg, psi, tri, einv}) CHECK(std::isnan(at(f, not_a_number)));
  CHECK(contains(message_of<tw::DomainError>([&] { polygamma(-1, tape.input(1.0)); }),
                 "[polygamma] wanted an order of 0, 1, 2, ..., given -1\n  recorded at "));
}

TEST_CASE("rounding: a half goes to the even number, signs stay, derivatives are zero") {
  tw::Tape tape;
  const Var x = tape.input(xt::xarray<double>{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.7, 1e300});
  CHECK(show(round(x)) == "(8,) -2 -2 -0 0 2 2 3 1e+300");
  CHECK(show(floor(x)) == "(8,) -3 -2 -1 0 1 2 2 1e+300");
  CHECK(show(ceil(x)) == "(8,) -2 -1 -0 1 2 3 3 1e+300");
  CHECK(show(trunc(x)) == "(8,) -2 -1 -0 0 1 2 2 1e+300");
  CHECK(show(tw::backward(sum(x * floor(x)))[x]) == show(floor(x)));
}

TEST_CASE("fmod: the sign of the dividend, derivative -trunc(a/b) in the divisor") {
  const auto f = [](const Var& a, const Var& b) { return fmod(a, b); };
  check(local(f, 7.5, 2), {1.5, 1, -3, 0, 0, 0});
  check(local(f, -7.5, 2), {-1.5, 1, 3, 0, 0, 0});
  check(local(f, 0.6, 0.2), {std::fmod(0.6, 0.2), 1, -2, 0, 0, 0});  // .2 three times is too much
  CHECK(std::isnan(local(f, 1, 0).y));
}

TEST_CASE("finite, NaN and infinite, and logic on the masks") {
  tw::Tape tape;
  const Var x = tape.input(xt::xarray<double>{0.0, not_a_number, inf, -inf, 1e308});
  CHECK(show(isfinite(x)) == "bool (5,) 1 0 0 0 1");
  CHECK(show(isnan(x)) == "bool (5,) 0 1 0 0 0");
  CHECK(show(isinf(x)) == "bool (5,) 0 0 1 1 0");
  CHECK(show(isnan(x) | isinf(x)) == "bool (5,) 0 1 1 1 0");
  CHECK(show((x > 0.0) & isfinite(x)) == "bool (5,) 0 0 0 0 1");
  CHECK(show((x > 0.0) ^ isfinite(x)) == "bool (5,) 1 0 1 0 0");
  CHECK(show(logical_not(isfinite(x))) == "bool (5,) 0 1 1 1 0");
  CHECK(contains(message_of<tw::TypeError>([&] { logical_and(x, x); }),
                 "[logical_and] operand 1 is a condition: wanted bool"));
}

TEST_CASE("activations stay finite at ±1000 in float32, with two derivatives") {
  for (const Activation& activation : activations()) {
    CAPTURE(activation.name);
    for (const std::size_t n : {std::size_t{1}, std::size_t{19}}) {  // the C library's, and SIMD
      for (const float at : {-1000.0F, 1000.0F, -100.0F, 100.0F, 0.0F}) {
        CAPTURE(at);
        tw::Tape tape;
        const Var x = tape.input(xt::xarray<float>(xt::ones<float>({n}) * at));
        const Var y = activation.f(x), first = tw::backward(sum(y))[x];
        const Var second = tw::backward(sum(first))[x];
        CHECK(std::isfinite(sum(y).item()));
        CHECK(std::isfinite(sum(first).item()));
        CHECK(std::isfinite(sum(second).item()));
      }
    }
  }
}

TEST_CASE("the derivatives of sigmoid and tanh are formed from the result, as decided") {
  tw::Tape tape;
  // Where 1 - y has digits left they count, in float32 and on the side of 0 all of them.
  const tw::Var x = tape.input(xt::xarray<float>{-80.0F, -10.0F, 10.0F, 16.0F, 18.0F});
  const auto slope = tw::backward(sum(sigmoid(x)))[x].value<float>();
  CHECK(static_cast<double>(slope(0)) / std::exp(-80.0) == doctest::Approx(1).epsilon(1e-6));
  CHECK(static_cast<double>(slope(1)) / 4.5395807735951673e-05 == doctest::Approx(1).epsilon(1e-6));
  CHECK(static_cast<double>(slope(2)) / 4.5395807735951673e-05 == doctest::Approx(1).epsilon(1e-3));
  CHECK(slope(3) > 0.0F);
  CHECK(slope(4) == 0.0F);
  const tw::Var z = tape.input(xt::xarray<double>{18.0, 20.0});
  const auto of_tanh = tw::backward(sum(tanh(z)))[z].value<double>();
  CHECK(of_tanh(0) > 0.0);
  CHECK(of_tanh(1) == 0.0);
  // Losses on logits do not go through them.
  const tw::Var loss = bce_with_logits(x, 0.0 * x, {tw::Reduction::sum, 1.0});
  CHECK(tw::backward(loss)[x].value<float>()(4) == 1.0F);
}

TEST_CASE("NaN passes every activation") {
  for (const Activation& activation : activations()) {
    CAPTURE(activation.name);
    tw::Tape tape;
    CHECK(std::isnan(activation.f(tape.input(not_a_number)).item()));
    const Var many = activation.f(tape.input(xt::xarray<float>(
        xt::ones<float>({std::size_t{19}}) * std::numeric_limits<float>::quiet_NaN())));
    for (std::int64_t i = 0; i < 19; ++i) {
      CHECK(std::isnan(tw::number_at(tw::DType::float32, many.data(), i)));
    }
  }
}

TEST_CASE("activations of empty and 0-d arrays") {
  for (const Activation& activation : activations()) {
    CAPTURE(activation.name);
    tw::Tape tape;
    const Var empty = tape.input(xt::xarray<float>(xt::zeros<float>({0, 3})));
    CHECK(show(activation.f(empty)) == "float32 (0,3)");
    CHECK(show(tw::backward(sum(activation.f(empty)))[empty]) == "float32 (0,3)");
    const Var scalar = tape.input(0.75);
    CHECK(activation.f(scalar).shape().is_scalar());
  }
}

TEST_CASE("the left tails keep their digits") {
  tw::Tape tape;
  // Ratios, because Approx takes a tolerance of numbers below 1 as an absolute one.
  const auto is = [](const Var& y, double wanted, double tolerance) {
    CHECK(y.item() / wanted == doctest::Approx(1.0).epsilon(tolerance));
  };
  is(gelu(tape.input(-10.0)), -7.619853024160526e-23, 1e-13);  // -10·Φ(-10) (mpmath)
  is(softplus(tape.input(-40.0)), std::exp(-40.0), 1e-14);
  is(squareplus(tape.input(-1e8)), 1e-8, 1e-14);
  is(tanhshrink(tape.input(1e-4)), 1e-12 / 3, 1e-8);
  const Var x = tape.input(-9.0F);
  is(tw::backward(expm1(x))[x], 1.2340980408667955e-4, 1e-6);  // e^-9 (mpmath)
}

TEST_CASE_TEMPLATE("second derivatives of asin, acos and atanh keep their digits near 0", T, float,
                   double) {
  const double eps = std::numeric_limits<T>::epsilon();
  for (const double x : {1e-6, -3e-4, 0.02, 0.4, 0.6, -0.97}) {
    CAPTURE(x);
    const auto second = [&](Var (*f)(const Var&)) {
      tw::Tape tape;
      const T number = static_cast<T>(x);
      const Var leaf = tape.input(tw::ArrayView(&number, {tw::dtype_of<T>, {}}));
      const Var slope = tw::backward(f(leaf))[leaf];
      return tw::backward(slope)[leaf].item();
    };
    const double at = static_cast<T>(x), left = (1 - at) * (1 + at);
    const double asin_second = at / (left * std::sqrt(left));
    const auto close = [&](double a, double b) { return std::abs(a - b) <= 8 * eps * std::abs(b); };
    CHECK(close(second([](const Var& v) { return asin(v); }), asin_second));
    CHECK(close(second([](const Var& v) { return acos(v); }), -asin_second));
    CHECK(close(second([](const Var& v) { return atanh(v); }), 2 * at / (left * left)));
  }
}
