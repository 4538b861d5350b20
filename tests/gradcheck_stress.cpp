// Where a gradient checker is easily wrong itself.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/autograd/gradcheck_doctest.hpp>

#include "broken_ops.hpp"
#include "examples.hpp"

namespace tw = tapewise;

TEST_CASE("a zero beside what rounding leaves of a zero is not wrong") {
  // x² - x·x and its like: every derivative is 0, in numbers only up to rounding.
  const auto f = [](const tw::Var& x) {
    return sum(square(x) * 0.1 - (0.1 * x) * x + exp(x) * exp(-x));
  };
  for (const int order : {1, 2}) {
    for (const bool complex_step : {true, false}) {
      for (const double size : {1e-8, 1e-3, 1.0, 7.3}) {
        const auto report = tw::gradcheck(f, xt::xarray<double>{0.3 * size, -0.7 * size, size},
                                          {.order = order, .complex_step = complex_step});
        CAPTURE(report);
        CHECK(report.wrong == 0);
        CHECK(report.blamed.empty());
      }
    }
  }
}

TEST_CASE("the triplet loss of a triple that counts, to second order") {
  const auto f = [](std::span<const tw::Var> x) { return tw::triplet(x[0], x[1], x[2]); };
  for (const double size : {1e-3, 1.0, 1e3}) {
    const xt::xarray<double> a{{0.3, -0.2, 0.9}, {0.1, 0.5, -0.4}};
    const xt::xarray<double> p{{0.1, 0.6, 0.2}, {0.7, -0.1, 0.3}};
    const xt::xarray<double> n{{0.2, -0.1, 0.7}, {0.2, 0.4, -0.3}};
    const xt::xarray<double> as = size * a, ps = size * p, ns = size * n;
    for (const int order : {1, 2}) {
      const auto report = tw::gradcheck(f, {as, ps, ns}, {.order = order});
      CAPTURE(report);
      CHECK(report.wrong == 0);
      CHECK(report.blamed.empty());
    }
  }
}

TEST_CASE("one element in a thousand: 3 %, a sign, a zero") {
  const std::size_t n = 1000;
  for (const double fault : {1.03, -1.0, 0.0}) {
    for (const bool complex_step : {true, false}) {
      xt::xarray<double> x = xt::xarray<double>::from_shape({n}), factor = x;
      for (std::size_t i = 0; i < n; ++i) {
        x(i) = 0.5 + 0.001 * static_cast<double>(i);
        factor(i) = 1.0;
      }
      tw::Tape tape;
      const tw::Var v = tape.input(x, "v");
      const auto check = [&](std::size_t at) {
        xt::xarray<double> planted = factor;
        planted(at) = fault == 0.0 ? 1e-12 : fault;
        const tw::Var y = tw::record<tests::Flip>({v, tape.constant(planted)});
        return tw::gradcheck(sum(square(y)), std::vector{v}, {.complex_step = complex_step});
      };
      for (const std::size_t at : {std::size_t{0}, std::size_t{617}, n - 1}) {
        CHECK_FALSE(check(at));
      }
    }
  }
}

TEST_CASE("a small slope that was forgotten beside a large one is not passed") {
  for (const bool complex_step : {true, false}) {
    for (const double large : {1e4, 1e8, 1e16}) {
      const auto f = [&](std::span<const tw::Var> x) {
        return large * sin(x[0]) + tests::plant(exp(x[1]), 0.0);
      };
      CHECK_FALSE(tw::gradcheck(f, {0.3, 0.4}, {.complex_step = complex_step}));
    }
  }
}

TEST_CASE("digits: catastrophic cancellation is flagged") {
  // In exact numbers the gradient is 100; in float64 the 100 is lost in 1e18 (Adept-2, issue 37).
  const auto lost = [](const tw::Var& x) { return (1e18 * x + 100.0 * x) - 1e18 * x; };
  const auto none = tw::gradcheck(lost, {0.7}, {.digits = true});
  REQUIRE(none.entries[0].digits.has_value());
  CHECK(std::abs(none.entries[0].analytic - 100.0) > 10.0);
  CHECK(*none.entries[0].digits < 0.5);
  // The value loses eight digits, the gradient none: it is 1.
  const auto value_only = [](const tw::Var& x) { return (1e8 + x) - 1e8; };
  CHECK(*tw::gradcheck(value_only, {0.7}, {.digits = true}).entries[0].digits > 14.0);
  // The gradient 2(x - y) of a difference that has lost eight digits has lost them too.
  const auto some = [](const tw::Var& x) { return square((1e8 + x) - 1e8); };
  const auto half = tw::gradcheck(some, {0.7}, {.digits = true});
  CHECK(*half.entries[0].digits > 5.0);
  CHECK(*half.entries[0].digits < 10.0);
}

TEST_CASE("outside of the domain nothing is wrong, though complex numbers go on there") {
  using F = tw::Var (*)(const tw::Var&);
  const F functions[] = {[](const tw::Var& x) { return log1p(x); },
                         [](const tw::Var& x) { return asin(x); },
                         [](const tw::Var& x) { return acos(x); }};
  for (const F f : functions) {
    const auto report = tw::gradcheck(f, {-2500.0});
    CAPTURE(report);
    CHECK(report.undecidable == 1);
    CHECK(report.wrong == 0);
    CHECK(report.blamed.empty());
  }
}

TEST_CASE("a saturated float32 gradient is not wrong: its rule's constants were rounded") {
  for (const float x : {1e4F, 1e8F}) {
    for (const bool complex_step : {true, false}) {
      const auto f = [](const tw::Var& v) { return lecun_tanh(v); };
      const auto report = tw::gradcheck(f, {x}, {.complex_step = complex_step});
      CAPTURE(report);
      CHECK(report.wrong == 0);
      CHECK(report.blamed.empty());
    }
  }
}

TEST_CASE("saturated units: 1 - y² of a y that has been rounded to 1 is no slip of the rule") {
  using F = tw::Var (*)(const tw::Var&);
  const F functions[] = {[](const tw::Var& x) { return tanh(x); },
                         [](const tw::Var& x) { return sigmoid(x); },
                         [](const tw::Var& x) { return lecun_tanh(x); },
                         [](const tw::Var& x) { return tw::bipolar_sigmoid(x); },
                         [](const tw::Var& x) { return tw::softmax(x); },
                         [](const tw::Var& x) { return 1.0 - tanh(x) * tanh(x); },
                         [](const tw::Var& x) { return tw::logsumexp(x) - sum(x); }};
  // From half saturated to far beyond; the last element sets the scale that others are judged by.
  for (const double far : {40.0, 3e4, 1e8}) {
    xt::xarray<double> x = xt::xarray<double>::from_shape({36});
    for (std::size_t i = 0; i < 35; ++i) x(i) = 8.0 + 0.4 * static_cast<double>(i);
    x(35) = far;
    for (const F f : functions) {
      for (const bool complex_step : {true, false}) {
        for (const int order : {1, 2}) {
          const auto right = tw::gradcheck(f, x, {.order = order, .complex_step = complex_step});
          CAPTURE(right);
          CHECK(right.wrong == 0);
          CHECK(right.blamed.empty());
        }
        const auto wrong = [&](const tw::Var& v) { return tests::plant(f(v), 1.03); };
        CHECK_FALSE(tw::gradcheck(wrong, x, {.complex_step = complex_step}));
      }
    }
  }
}

TEST_CASE("units of which a few are saturated to the last digit") {
  using F = tw::Var (*)(const tw::Var&);
  const F functions[] = {[](const tw::Var& x) { return tanh(x); },
                         [](const tw::Var& x) { return sigmoid(x); },
                         [](const tw::Var& x) { return lecun_tanh(x); }};
  for (const double size : {40.0, 400.0, 2e4}) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      xt::xarray<double> x = xt::xarray<double>::from_shape({35});
      for (std::size_t i = 0; i < 35; ++i) x(i) = size * (2.0 * tests::uniform(seed, i) - 1.0);
      for (const F f : functions) {
        const auto report = tw::gradcheck(f, x, {.order = seed % 3 == 0 ? 1 : 2});
        CAPTURE(report);
        CHECK(report.wrong == 0);
        CHECK(report.blamed.empty());
      }
    }
  }
}

TEST_CASE("a curve of another scale than the element: ∛Σ|x|³ far below 1, differences alone") {
  const auto f = [](std::span<const tw::Var> x) {
    return tw::triplet(x[0], 2.0 * x[1], x[2], {.margin = 2.0, .power = 3.0, .epsilon = 0.0});
  };
  for (const double size : {1e-10, 1e-8, 1e-6, 1e-3}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      xt::xarray<double> x[3];
      for (std::uint64_t k = 0; k < 3; ++k) {
        x[k] = xt::xarray<double>::from_shape({4, 3});
        for (std::size_t i = 0; i < 12; ++i) {
          x[k].flat(i) = size * (2.0 * tests::uniform(3 * seed + k, i) - 1.0);
        }
      }
      const auto report = tw::gradcheck(f, {x[0], x[1], x[2]}, {.complex_step = false});
      CAPTURE(report);
      CHECK(report.wrong == 0);
      CHECK(report.blamed.empty());
    }
  }
}

TEST_CASE("eigenvectors of a nearly diagonal matrix: their signs turn with what is off diagonal") {
  const auto f = [](const tw::Var& x) {
    const auto [values, vectors] = tw::eigh(x);
    return square(vectors) * tw::reshape(values, {1, 3});
  };
  for (const double off : {1e-9, 1e-7, 1e-4, 0.1}) {
    const xt::xarray<double> x{
        {2.0, 0.3 * off, -0.7 * off}, {0.3 * off, 6.0, 0.9 * off}, {-0.7 * off, 0.9 * off, 10.0}};
    for (const double size : {1e-4, 1.0, 1e4, 1e8}) {
      const xt::xarray<double> scaled = size * x;
      const auto report = tw::gradcheck(f, scaled);
      CAPTURE(report);
      CHECK(report.wrong == 0);
      CHECK(report.blamed.empty());
    }
  }
}

TEST_CASE("a loss outside of its domain is undecidable: neither side is a number") {
  const auto f = [](std::span<const tw::Var> x) {
    return tw::focal(x[0], x[1], {1.5, -1.0});  // targets are in [0, 1]
  };
  for (const bool complex_step : {true, false}) {
    const auto report =
        tw::gradcheck(f, {xt::xarray<double>{3e3, -1e4, 20.0}, xt::xarray<double>{7e3, 0.4, 2e3}},
                      {.complex_step = complex_step});
    CAPTURE(report);
    CHECK(report.wrong == 0);
    CHECK(report.blamed.empty());
    CHECK(report.undecidable > 0);
    for (const tw::GradcheckElement& e : report.entries) {
      if (e.verdict == tw::Verdict::undecidable) CHECK(e.reason == tw::Undecided::non_finite);
    }
  }
}

TEST_CASE("the Taylor witness moves each element by its own size, and stops at jumps") {
  const xt::xarray<double> x{3e-8, -2e-5, 0.4, 7e3, 2.3e7, 0.0};
  const auto log_of = [](const tw::Var& v) { return log(square(v) + 1e-20); };
  const auto soft = [](const tw::Var& v) { return tw::softsign(v) + tanh(v); };
  const auto steps = [](const tw::Var& v) { return tw::round(v) + 0.1 * v; };
  CHECK(tw::gradcheck(log_of, x).taylor.verdict != tw::Verdict::wrong);
  CHECK(tw::gradcheck(soft, x).taylor.verdict != tw::Verdict::wrong);
  CHECK(tw::gradcheck(steps, x).taylor.verdict != tw::Verdict::wrong);
  const xt::xarray<double> at_kinks{0.0, 0.0, 1.0};
  const auto kinked = tw::gradcheck([](const tw::Var& v) { return relu(v) + 0.1 * v; }, at_kinks);
  CHECK(kinked.taylor.verdict == tw::Verdict::undecidable);
  for (const double factor : {1.03, -1.0}) {
    const auto planted = [&](const tw::Var& v) { return tests::plant(soft(v), factor); };
    CHECK(tw::gradcheck(planted, x).taylor.verdict == tw::Verdict::wrong);
  }
}

TEST_CASE("the -∞ of a mask rounds nothing: causal attention is right, entry by entry") {
  const auto f = [](std::span<const tw::Var> x) {
    return tw::scaled_dot_product_attention(x[0], x[1], x[2], {.causal = true});
  };
  const xt::xarray<double> q{{0.3, 1.0}, {0.2, 0.6}, {-0.4, 1.0}};
  const xt::xarray<double> k{{1.0, 0.3}, {-1.0, 0.2}, {0.5, 0.1}};
  const xt::xarray<double> v{{1.0, 0.0}, {0.4, 0.3}, {1.0, 0.2}};
  const auto report = tw::gradcheck(f, {q, k, v});
  CAPTURE(report);
  CHECK(report.checked == 18);
  for (const tw::GradcheckElement& e : report.entries) CHECK(e.rounding < 1e-14);
}

TEST_CASE("float32 factorizations of badly scaled matrices lose digits without being wrong") {
  const xt::xarray<float> x{{0.0044F, -1.37e-7F, 1.126e-6F},
                            {0.004644604F, 0.003792322F, 69.577F},
                            {-23972.3F, 20709422.0F, -1265851.1F}};
  const auto f = [](const tw::Var& v) { return tw::qr(v).q; };
  for (const int order : {1, 2}) {
    const auto report = tw::gradcheck(f, x, {.order = order});
    CAPTURE(report);
    CHECK(report.as_recorded != tw::Verdict::wrong);
    CHECK(report.wrong == 0);
    CHECK(report.blamed.empty());
  }
}

TEST_CASE("rules are tried along directions that suit small elements beside large ones") {
  // Without a complex step, and with more elements than are taken one by one.
  xt::xarray<double> x = xt::xarray<double>::from_shape({40});
  for (std::size_t i = 0; i < 40; ++i) x(i) = std::pow(10.0, 8.0 - 0.4 * static_cast<double>(i));
  const auto f = [](const tw::Var& v) { return tw::digamma(v); };
  for (const int order : {1, 2}) {
    const auto report = tw::gradcheck(f, x, {.order = order});
    CAPTURE(report);
    CHECK(report.wrong == 0);
    CHECK(report.blamed.empty());
  }
}

TEST_CASE("powers of negative numbers are checked at whole exponents, and undecidable in these") {
  for (const double exponent : {2.0, 3.0, -1.0, -2.0}) {
    tw::Tape tape;
    const tw::Var x = tape.input(-2.0, "x"), p = tape.input(exponent, "p");
    const tw::Var y = pow(x, p);
    const std::vector<tw::Var> base = {x}, all = {x, p};
    CHECK(tw::gradcheck(y, base));
    const tw::GradcheckReport both = tw::gradcheck(y, all);
    CAPTURE(both);
    for (const auto& entry : both.entries) CHECK(entry.verdict != tw::Verdict::wrong);
  }
}

TEST_CASE("slopes too small for the imaginary part of a number are not called wrong") {
  for (const double slope : {1e-320, 1e-300, 1e-230, 1e-200}) {
    tw::Tape tape;
    const tw::Var x = tape.input(1.0, "x");
    const std::vector<tw::Var> inputs = {x};
    const tw::GradcheckReport report = tw::gradcheck(slope * x, inputs);
    CAPTURE(report);
    for (const auto& entry : report.entries) CHECK(entry.verdict != tw::Verdict::wrong);
  }
}
