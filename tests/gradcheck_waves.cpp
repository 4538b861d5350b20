// Waves that differences cannot follow: of functions far out, and finer than any step.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/autograd/gradcheck_doctest.hpp>

#include "broken_ops.hpp"

namespace tw = tapewise;

TEST_CASE("functions that go up and down, at all magnitudes: nothing right is wrong or blamed") {
  // Beyond 2^52 numbers are whole, beyond 2^53 even: samples of such a function look smooth.
  using F = tw::Var (*)(const tw::Var&);
  const F functions[] = {[](const tw::Var& x) { return sin(x); },
                         [](const tw::Var& x) { return x * cos(x); },
                         [](const tw::Var& x) { return tw::tan(x); },
                         [](const tw::Var& x) { return tw::sinc(x); },
                         [](const tw::Var& x) { return tw::lgamma(x); },
                         [](const tw::Var& x) { return tw::digamma(x); },
                         [](const tw::Var& x) { return tw::round(x) + x; },
                         [](const tw::Var& x) { return tw::fmod(x, 3.0); },
                         [](const tw::Var& x) { return tw::fmod(x, 4.0); }};
  std::size_t planted = 0, found = 0;
  for (const F f : functions) {
    for (int power = 0; power < 40; ++power) {
      for (const double mantissa : {1.3127, -1.7132}) {
        const double x = mantissa * std::pow(10.0, power);
        for (const int order : {1, 2}) {
          for (const bool complex_step : {true, false}) {
            const auto report =
                tw::gradcheck(f, {x}, {.order = order, .complex_step = complex_step});
            CAPTURE(x);
            CAPTURE(report);
            CHECK(report.wrong == 0);
            CHECK(report.blamed.empty());
          }
        }
        for (const double factor : {1.03, -1.0}) {
          const auto wrong = [&](const tw::Var& v) { return tests::plant(f(v), factor); };
          const auto report = tw::gradcheck(wrong, {x}, {.complex_step = false});
          CAPTURE(report);
          CHECK(report.entries[0].verdict != tw::Verdict::right);
          if (power < 3) ++planted;
          if (power < 3 && report.wrong == 1) ++found;
        }
      }
    }
  }
  CHECK(found == planted);
}

namespace {

/// The slope that ln|Γ| would have without its poles, which is as large as what is left out.
struct NoPoles : tw::Elementwise<1> {
  static constexpr std::string_view name = "no_poles", formula = "ln|Γ(x)|";
  static constexpr tw::Range ranges[] = {{-9, -1}};
  static constexpr bool simd = false, complex_step = false;
  template <class T>
  static T value(T x) {
    using tw::math::lgamma;
    return lgamma(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    using tw::math::digamma;
    return digamma(T(1) - x);
  }
};

}  // namespace

TEST_CASE("long steps that agree pass no slope of a curve without the poles that they step over") {
  for (int power = 1; power < 20; ++power) {
    for (const double fraction : {0.25, 0.4}) {
      const double x = -std::pow(10.0, power) - fraction;
      const auto f = [](const tw::Var& v) { return tw::record<NoPoles>({v}); };
      const auto report = tw::gradcheck(f, {x});
      CAPTURE(report);
      CHECK(report.entries[0].verdict != tw::Verdict::right);
      CHECK(!report);
    }
  }
}

TEST_CASE("a wave whose period is a unit in the last place is no reason for blame") {
  // sinc of whole numbers is 0, and its slope ±1/x; from 2^52 on there are no others.
  for (const double x : {0x1p52 + 1.0, 3e15, 1e17}) {
    for (const double near : {1.0, 0.3}) {
      const auto f = [&](const tw::Var& v) { return tw::sinc(v) + near * square(v); };
      const auto report = tw::gradcheck(f, xt::xarray<double>{x, x + 2.0, 0.5});
      CAPTURE(report);
      CHECK(report.wrong == 0);
      CHECK(report.blamed.empty());
    }
  }
}

TEST_CASE("a ripple finer than differences can see is undecidable, not wrong") {
  const auto f = [](const tw::Var& x) { return sin(1e12 * x) * 1e-12 + x; };
  for (const double x : {0.1, 0.3, 0.7, 1.9}) {
    const auto report = tw::gradcheck(f, {x}, {.complex_step = false});
    CAPTURE(report);
    CHECK(report.wrong == 0);
    CHECK(report.blamed.empty());
  }
}

TEST_CASE("differences of fast waves, far out: their error is only estimated") {
  std::size_t checked = 0;
  for (int k = 0; k < 300; ++k) {
    const double x = 1e8 * (0.01 * k - 1.5);
    const auto f = [](const tw::Var& v) { return sin(v); };
    const auto report = tw::gradcheck(f, {x}, {.complex_step = false});
    CAPTURE(report);
    CHECK(report.wrong == 0);
    CHECK(report.blamed.empty());
    checked += report.checked;
    const auto wrong = [](const tw::Var& v) { return tests::plant(sin(v), 1.03); };
    CHECK_FALSE(tw::gradcheck(wrong, {x}, {.complex_step = false}));
  }
  CHECK(checked > 100);
}

TEST_CASE("differences pass no gradient that agrees with a curve without its finest wave") {
  // Of slope 1 + a·cos(kx), a = 3 %, differences see the 1 alone: kx has lost its digits.
  const double k = 1.57245e14, a = 0.031126;
  for (double x = 0.5; x < 0.7; x += 0.01) {
    for (const double factor : {1.0, 1.03}) {
      const auto f = [&](const tw::Var& v) {
        return tests::plant(v + (a / k) * sin(k * v), factor);
      };
      const auto report = tw::gradcheck(f, {x}, {.complex_step = false});
      CAPTURE(report);
      CHECK(report.entries[0].verdict != tw::Verdict::right);
      if (factor == 1.0) CHECK(report.wrong == 0);
    }
  }
}

TEST_CASE("a wave that the complex step follows and differences do not see through is no witness") {
  // The planted error makes the slope that of the curve without its wave.
  const double a = 0.03;
  std::size_t wrong = 0, cases = 0;
  for (const double k : {1e14, 9.7e14, 3e15}) {
    for (double x = 0.5; x < 0.7; x += 0.003) {
      for (const double factor : {1.0, 1.03, 0.97}) {
        const auto f = [&](const tw::Var& v) {
          return tests::plant(v + (a / k) * sin(k * v), factor);
        };
        const auto report = tw::gradcheck(f, {x});
        CAPTURE(report);
        CAPTURE(factor);
        CHECK((report.entries[0].verdict == tw::Verdict::right) == (factor == 1.0));
        if (factor == 1.0) {
          CHECK(report.wrong == 0);
          CHECK(report.blamed.empty());
        } else {
          ++cases;
          wrong += report ? 0 : 1;
        }
      }
    }
  }
  CHECK(wrong == cases);
}

TEST_CASE("float32 that puts an element elsewhere on a wave is no wrong gradient") {
  // -1.4e7 · 122 is off by 64 in float32: sinc of it has another slope, and so has its neighbours'.
  for (int k = 0; k < 20; ++k) {
    tw::Tape tape;
    const xt::xarray<float> numbers = {{3.78004e7F, 2.23685e-5F}, {-1.4301e7F, 0.132959F}},
                            slopes = {{-82097.4F, -9.7e-8F},
                                      {121.88F + 0.003F * static_cast<float>(k), 19.8039F}};
    const std::vector<tw::Var> in = {tape.input(numbers), tape.input(slopes)};
    const tw::Var y = softplus(sinc(tw::prelu(in[0], in[1])));
    const auto report = tw::gradcheck(y, in, {.complex_step = false});
    CAPTURE(report);
    CHECK(report.as_recorded != tw::Verdict::wrong);
    CHECK(report.wrong == 0);
  }
}
