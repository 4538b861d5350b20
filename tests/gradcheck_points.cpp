// Where points are special: zeros, equal operands, literals of two uses.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tapewise/autograd/gradcheck_doctest.hpp>

#include "broken_ops.hpp"
#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;

TEST_CASE("the complex step goes on smoothly at 0 where the function does") {
  using F = tw::Var (*)(const tw::Var&);
  const std::pair<F, double> functions[] = {
      {[](const tw::Var& x) { return softplus(x); }, 0.5},
      {[](const tw::Var& x) { return softplus(x, 3.0); }, 0.5},
      {[](const tw::Var& x) { return tw::mish(x); }, 0.6},  // tanh(log 2)
      {[](const tw::Var& x) { return log_sigmoid(x); }, 0.5},
      {[](const tw::Var& x) { return tw::bce_with_logits(x, 0.25 + 0.0 * x); }, 0.25},
      {[](const tw::Var& x) { return tw::logaddexp(x, 2.0 * x); }, 1.5},
      {[](const tw::Var& x) { return tw::squareplus(x); }, 0.5},
      {[](const tw::Var& x) { return tw::softsign(x); }, 1.0}};
  for (const auto& [f, slope] : functions) {
    const auto right = tw::gradcheck(f, {0.0});
    CAPTURE(right);
    CHECK(right.method == "complex step");
    CHECK(right.entries[0].verdict == tw::Verdict::right);
    CHECK(right.entries[0].numeric == doctest::Approx(slope));
    for (const double factor : {-1.0, 1.03}) {
      const auto wrong = [&](const tw::Var& x) { return tests::plant(f(x), factor); };
      CHECK(tw::gradcheck(wrong, {0.0}).entries[0].verdict == tw::Verdict::wrong);
    }
  }
}

TEST_CASE("no op of the catalogue is blamed at zeros, ones and equal operands") {
  constexpr double points[] = {0.0, 1.0, -1.0, 0.5, 2.0};
  std::size_t compared = 0;
  for (const tw::OpRecord* op : tw::all_ops()) {
    if (op->examples == nullptr || op->traits.stops_gradient) continue;
    if (op->vjp == nullptr && !op->traits.composite) continue;
    const std::vector<tw::Example> examples = op->examples();
    for (std::size_t k = 0; k < examples.size(); ++k) {
      tw::Tape tape;
      std::vector<tw::Var> x = tests::example_inputs(tape, examples[k], tw::DType::float64, k);
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (!tw::is_float(x[i].dtype())) continue;
        tw::Array at(x[i].type());
        for (std::int64_t e = 0; e < at.type().size(); ++e) {
          const double u = tests::uniform(97 * k + i, static_cast<std::uint64_t>(e));
          at.as<double>()[e] = points[static_cast<std::size_t>(5.0 * u)];
        }
        x[i] = tape.input(at);
      }
      tw::GradcheckReport report;
      try {
        const tw::Var y = examples[k].apply(x);
        if (!tw::is_float(y.dtype()) || !y.node().active) continue;
        report = tw::gradcheck(y, tests::float_inputs(x));
      } catch (const tw::DomainError&) {
        continue;  // a singular matrix, say
      }
      CAPTURE(op->name);
      CAPTURE(k);
      CAPTURE(report);
      CHECK(report.blamed.empty());
      for (const auto& e : report.entries) {  // outside of the domain gradients are no numbers
        CHECK((e.verdict != tw::Verdict::wrong || std::isnan(e.analytic)));
      }
      compared += report.checked;
    }
  }
  CHECK(compared > 2000);
}

TEST_CASE("second derivatives of a power whose exponent is 0") {
  // ∂²(a^b)/∂a∂b at b = 0 is 1/a, though ∂/∂a is 0 there.
  tw::Tape tape;
  const tw::Var a = tape.input(0.5), b = tape.input(0.0);
  const tw::GradientTable first = tw::backward(pow(a, b));
  CHECK(first[a].item() == 0.0);
  CHECK(tw::backward(first[a])[b].item() == 2.0);
  CHECK(tw::backward(first[b])[a].item() == 2.0);
  CHECK(tw::backward(first[a])[a].item() == 0.0);
  const auto f = [](const tw::Var& x, const tw::Var& p) { return pow(x, p); };
  CHECK(
      tw::gradcheck(f, {xt::xarray<double>{0.5, 3.0}, xt::xarray<double>{0.0, 0.0}}, {.order = 2}));
}

TEST_CASE("the Taylor witness is no witness where every step passes many waves") {
  const auto f = [](const tw::Var& v) { return sin(square(v) * 1e9) + 0.1 * v; };
  for (double x = 1e3; x < 1.02e3; x += 1.7) {
    const auto report = tw::gradcheck(f, {x});
    CAPTURE(report);
    CHECK(report.wrong == 0);
    CHECK(report.taylor.verdict != tw::Verdict::wrong);
  }
}

TEST_CASE("along directions: x + t·v is rounded, and elements may be of very different sizes") {
  const auto wave = [](const tw::Var& v) { return tw::sinc(v) + tw::erf(1e-6 * v); };
  const auto inverse = [](const tw::Var& v) { return tw::lgamma(v); };
  for (const bool forced : {true, false}) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      xt::xarray<double> large = xt::xarray<double>::from_shape({7}), mixed = large;
      for (std::size_t i = 0; i < 7; ++i) {
        large(i) = 3e6 * (0.5 + tests::uniform(seed, i));
        mixed(i) = std::pow(10.0, 16.0 * tests::uniform(seed, i + 10) - 8.0);
      }
      const tw::GradcheckOptions along{.complex_step = !forced,
                                       .mode = tw::GradcheckMode::projections};
      for (const auto& report :
           {tw::gradcheck(wave, large, along), tw::gradcheck(inverse, mixed, along)}) {
        CAPTURE(report);
        CHECK(report.wrong == 0);
        CHECK(report.blamed.empty());
      }
      const auto planted = [&](const tw::Var& v) { return tests::plant(inverse(v), 1.03); };
      CHECK_FALSE(tw::gradcheck(planted, mixed, along));
    }
  }
}

TEST_CASE("a float32 literal that a rule shares with the graph has float32's digits") {
  const auto f = [](const tw::Var& x) { return sin(tw::elu(x, 0.7) + 0.7); };
  const auto report = tw::gradcheck(f, {-1.6F});
  CAPTURE(report);
  CHECK(report);
  CHECK_FALSE(tw::gradcheck([&](const tw::Var& x) { return tests::plant(f(x), 1.03); }, {-1.6F}));
}

namespace {

/// |x|, which takes 5 for its slope at 0.
template <bool complex>
struct Outside : tw::Elementwise<1> {
  static constexpr std::string_view name = "outside", formula = "|x|", kinks = "x = 0: 5";
  static constexpr tw::Range ranges[] = {{-1, 1}};
  static constexpr bool complex_step = complex;
  template <class T>
  static T value(T x) {
    using std::abs;
    return abs(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    using tw::math::where;
    return T(where(x == T(0), T(5), T(where(x > T(0), T(1), T(-1)))));
  }
};

template <bool complex>
void a_slope_outside_is_blamed() {
  for (const std::size_t n : {std::size_t{10}, std::size_t{1000}}) {
    xt::xarray<double> x = xt::xarray<double>::from_shape({n});
    for (std::size_t i = 0; i < n; ++i) x(i) = 0.3 + 0.01 * static_cast<double>(i);
    x(n / 2) = 0.0;
    for (const auto mode : {tw::GradcheckMode::full, tw::GradcheckMode::projections}) {
      const auto wrong = [](const tw::Var& v) {
        const tw::Var y = tw::record<Outside<complex>>({v});
        return square(y) + y;
      };
      const auto report = tw::gradcheck(wrong, x, {.mode = mode});
      CAPTURE(report);
      CHECK_FALSE(report);
      REQUIRE(report.blamed.size() == 1);
      CHECK(report.blamed[0].op == "outside");
      CHECK(report.blamed[0].index == static_cast<std::int64_t>(n / 2));
      const auto right = [](const tw::Var& v) { return square(abs(v)) + abs(v); };
      CHECK(tw::gradcheck(right, x, {.mode = mode}).blamed.empty());
    }
  }
}

}  // namespace

TEST_CASE("a subgradient outside of the two slopes at one of many elements is found") {
  a_slope_outside_is_blamed<true>();
  a_slope_outside_is_blamed<false>();
}

TEST_CASE("ties that float32 has and float64 has not are no wrong gradient") {
  const xt::xarray<float> x{1.07618e-08F, 1.53671e-08F, -3.67504e-08F};
  for (const auto f : {+[](const tw::Var& v) { return tw::amin(sigmoid(v)); },
                       +[](const tw::Var& v) { return tw::amax(tw::softsign(sigmoid(v))); }}) {
    const auto report = tw::gradcheck(f, x, {.digits = true});
    CAPTURE(report);
    CHECK(report.as_recorded != tw::Verdict::wrong);
    for (const auto& e : report.entries) CHECK(*e.bound > 0.0);
  }
}

TEST_CASE("what a factorization of a badly scaled matrix loses is no wrong gradient") {
  const xt::xarray<double> x{{-0.129577, 0.441829, 4.75853e+07},
                             {0.0813199, -0.00228936, -0.0134938},
                             {-0.00038495, 0.00321057, -14684.8}};
  for (const double shift : {0.0, 1e-3, 1.0, 1e3}) {
    const xt::xarray<double> moved = x + shift;
    for (const auto f : {+[](const tw::Var& v) { return tw::pinv(v); },
                         +[](const tw::Var& v) { return tw::lstsq(v, v); }}) {
      const auto report = tw::gradcheck(f, moved);
      CAPTURE(report);
      CHECK(report.wrong == 0);
      CHECK(report.blamed.empty());
    }
  }
}

TEST_CASE("poles far out: differences pass over the waves between them") {
  const auto f = [](const tw::Var& v) {
    const tw::Var y = tw::lgamma(v);
    return y / (tw::norm(y) + 1e-3);
  };
  for (double x = -1.9157e7; x < -1.9156e7; x += 97.0625) {
    const auto report =
        tw::gradcheck(f, xt::xarray<double>{0.3692, 0.000192029, x, -283.989, 8.78175e-07});
    CAPTURE(report);
    CHECK(report.wrong == 0);
    CHECK(report.blamed.empty());
  }
}

TEST_CASE("options without sense are refused") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x"), y = square(x);
  const std::vector<tw::Var> inputs{x};
  using tests::message_of;
  const auto refused = [&](const tw::GradcheckOptions& options, const char* why) {
    CHECK(contains(message_of<tw::DomainError>([&] { tw::gradcheck(y, inputs, options); }), why));
  };
  refused({.order = 0}, "[gradcheck] the order is 1 to 3 for an output, given 0");
  refused({.order = 4}, "given 4");
  refused({.step = -1e-3}, "[gradcheck] the step is relative to the element");
  refused({.step = std::numeric_limits<double>::infinity()}, "given inf");
  refused({.projections = 0}, "[gradcheck] wanted at least one projection, given 0");
  CHECK(contains(
      message_of<tw::DomainError>([&] { tw::gradcheck(tw::backward(y), {.order = 2}); }),
      "[gradcheck] the order is 1 for a table, given 2: gradcheck(output, inputs) takes 1 to 3"));
  CHECK(
      contains(message_of<tw::DomainError>([&] { tw::gradcheck(tw::compile({y}), {.order = 2}); }),
               "the order is 1 for a program"));
}
