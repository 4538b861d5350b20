// Kinks and jumps: found where they are, named, and never taken for a wrong gradient.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "broken_ops.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;

namespace {

const tw::GradcheckElement& only_entry(const tw::GradcheckReport& report) {
  REQUIRE(report.entries.size() == 1);
  return report.entries[0];
}

}  // namespace

TEST_CASE("at a kink the report names node, element and both slopes") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 0.0, -2.0}, "x");
  const tw::Var h = relu(3.0 * x).named("h");
  const auto report = tw::gradcheck(sum(2.0 * h), std::vector<tw::Var>{x});
  CHECK(static_cast<bool>(report));
  CHECK(report.checked == 2);
  CHECK(report.undecidable == 1);
  const tw::GradcheckElement& e = report.entries[1];
  CHECK(e.verdict == tw::Verdict::undecidable);
  CHECK(e.reason == tw::Undecided::kink);
  REQUIRE(e.kink.has_value());
  CHECK(e.kink->op == "relu");
  CHECK(e.kink->name == "h");
  CHECK(e.kink->node == h.id());
  CHECK(e.kink->index == 1);
  CHECK(contains(e.kink->where, "gradcheck_kinks.cpp:"));
  CHECK(e.kink->left == doctest::Approx(0.0));
  CHECK(e.kink->right == doctest::Approx(6.0));
  CHECK(e.kink->between);
  std::ostringstream text;
  text << report;
  CHECK(contains(text.str(), "kink of [relu] h[1]"));
}

TEST_CASE("every kind of branch is seen at its kink, by either method") {
  using F = tw::Var (*)(const tw::Var&);
  const std::pair<F, const char*> kinks[] = {
      {[](const tw::Var& x) { return abs(x); }, "abs"},
      {[](const tw::Var& x) { return relu(-x); }, "relu"},
      {[](const tw::Var& x) { return leaky_relu(x, 0.1); }, "leaky_relu"},
      {[](const tw::Var& x) { return max(x, -0.5 * x); }, "max"},
      {[](const tw::Var& x) {
         return tw::amax(tw::concat({reshape(x, {1}), reshape(-2.0 * x, {1})}, 0), 0);
       },
       "amax"},
      {[](const tw::Var& x) { return where(x > 0.0, x, 4.0 * x); }, "greater"}};
  for (const auto& [f, op] : kinks) {
    for (const bool complex : {true, false}) {
      CAPTURE(op);
      CAPTURE(complex);
      const auto report = tw::gradcheck(f, {0.0}, {.complex_step = complex});
      CAPTURE(report);
      CHECK(static_cast<bool>(report));
      CHECK(only_entry(report).reason == tw::Undecided::kink);
      REQUIRE(only_entry(report).kink.has_value());
      CHECK(only_entry(report).kink->op == op);
      CHECK(only_entry(report).kink->between);
      // A little beside it there is none.
      for (const double x : {1e-3, -1e-3, 0.5}) {
        const auto beside = tw::gradcheck(f, {x}, {.complex_step = complex});
        CAPTURE(beside);
        CHECK(only_entry(beside).verdict == tw::Verdict::right);
      }
    }
  }
}

TEST_CASE("a jump has an infinite slope on one side") {
  const auto step = [](const tw::Var& x) { return where(x >= 0.5, x + 1.0, x); };
  const auto report = tw::gradcheck(step, {0.5});
  const tw::GradcheckElement& e = only_entry(report);
  CHECK(e.reason == tw::Undecided::kink);
  REQUIRE(e.kink.has_value());
  CHECK(std::isinf(e.kink->left));
  CHECK(e.kink->right == doctest::Approx(1.0));
}

TEST_CASE("kinks that cancel are no error: each op chose one of its subgradients") {
  // relu(x) - relu(-x) is x, but at 0 both choose slope 0.
  const auto f = [](const tw::Var& x) { return relu(x) - relu(-x) + x; };
  const auto report = tw::gradcheck(f, {0.0});
  CHECK(report.wrong == 0);
  CHECK(report.undecidable == 1);
}

TEST_CASE("branches that do not matter leave an entry decidable") {
  // The mask flips at 0.3, the two branches meet there with one slope.
  const auto f = [](const tw::Var& x) { return where(x > 0.3, x * x, 0.6 * x - 0.09); };
  const auto report = tw::gradcheck(f, {0.3});
  CAPTURE(report);
  CHECK(only_entry(report).verdict == tw::Verdict::right);
}

TEST_CASE("a subgradient outside of the two slopes is wrong, and its rule is blamed") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.0, "x");
  const tw::Var y = tests::plant(x, -2.0) * 1.0 + abs(x);
  const auto report = tw::gradcheck(y, std::vector<tw::Var>{x});
  CHECK_FALSE(static_cast<bool>(report));
  REQUIRE(report.entries[0].kink.has_value());
  CHECK_FALSE(report.entries[0].kink->between);
  REQUIRE(report.blamed.size() == 1);
  CHECK(report.blamed[0].op == "plant");
}

TEST_CASE("a planted error beside a kink is no kink, however close") {
  for (const double x : {1e-1, 1e-4, 1e-7, -1e-7}) {
    for (const bool complex : {true, false}) {
      CAPTURE(x);
      CAPTURE(complex);
      const auto f = [](const tw::Var& v) { return tests::plant(abs(v) + sin(v), 1.03); };
      const auto report = tw::gradcheck(f, {x}, {.complex_step = complex});
      CAPTURE(report);
      CHECK_FALSE(static_cast<bool>(report));
    }
  }
}

TEST_CASE("only the element that moves decides: a kink elsewhere hides nothing") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.0, 0.7}, "x");
  const tw::Var sign = tape.constant(xt::xarray<double>{1.0, -1.0});
  const auto report =
      tw::gradcheck(sum(tw::record<tests::Flip>({relu(x), sign})), std::vector<tw::Var>{x});
  CHECK(report.wrong == 1);
  CHECK(report.entries[1].verdict == tw::Verdict::wrong);
}

TEST_CASE("after steps that part tied elements, the places of the winners are as before") {
  // The complex step's noise is measured nearby, where one of two equal elements is the larger.
  for (int t = 0; t < 20; ++t) {
    CAPTURE(t);
    xt::xarray<double> x = xt::xarray<double>::from_shape({2, 2, 4, 6});
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double number = std::sin(static_cast<double>(i) * 1.7 + t);
      x.data()[i] = number > 0.5 ? 1e8 : number < -0.5 ? -3.0 : number;
    }
    const auto report = tw::gradcheck(
        [](const tw::Var& v) {
          const tw::Var y = sqrt(square(tw::max_pool1d(v, 2)) + 1.0);
          return softsign(y - tw::mean(y));
        },
        {x});
    CAPTURE(report);
    CHECK(report.blamed.empty());
    CHECK(static_cast<bool>(report));
  }
}

TEST_CASE("along directions, elements that say nothing are checked by themselves and held") {
  // Of 600 elements three sit on kinks, one on a jump, and two are where atan2 has no slope.
  const std::size_t n = 600;
  xt::xarray<double> x = xt::xarray<double>::from_shape({n}), y = x, factor = x;
  for (std::size_t i = 0; i < n; ++i) {
    x(i) = std::sin(0.7 + 0.3 * static_cast<double>(i));
    y(i) = 0.4 + 1e-3 * static_cast<double>(i);
    factor(i) = 1.0;
  }
  for (const std::size_t i : {17, 250, 599}) x(i) = 0.0;
  x(400) = 0.5;  // hardshrink jumps there
  for (const std::size_t i : {100, 101}) x(i) = y(i) = 0.0;
  factor(333) = -1.0;
  const auto f = [&](std::span<const tw::Var> v) {
    return abs(v[0]) + tw::hardshrink(v[0]) + tw::atan2(v[1], v[0]);
  };
  const auto count = [](const tw::GradcheckReport& report, std::size_t input, bool projection) {
    return std::count_if(report.entries.begin(), report.entries.end(), [&](const auto& e) {
      return e.input == input && e.projection == projection;
    });
  };
  for (const bool complex_step : {true, false}) {
    const tw::GradcheckOptions options{.complex_step = complex_step,
                                       .mode = tw::GradcheckMode::projections};
    const auto right = tw::gradcheck(f, {x, y}, options);
    CAPTURE(right);
    CHECK(right);
    CHECK(right.wrong == 0);
    CHECK(right.blamed.empty());
    CHECK(right.checked == 6);           // three directions for each input
    CHECK(count(right, 0, false) >= 3);  // a kink may be too small to be seen beside the others
    CHECK(count(right, 1, false) == 2);
    for (const tw::GradcheckElement& e : right.entries) {
      if (e.projection) continue;
      CHECK(e.verdict == tw::Verdict::undecidable);
      CHECK((x(static_cast<std::size_t>(e.index)) == 0.0 || e.index == 400));
    }
    const auto planted = [&](std::span<const tw::Var> v) {
      const tw::Var flipped = tw::record<tests::Flip>({v[1], v[1].tape().constant(factor)});
      const tw::Var both[] = {v[0], flipped};
      return f(both);
    };
    const auto wrong = tw::gradcheck(planted, {x, y}, options);
    CAPTURE(wrong);
    CHECK_FALSE(wrong);
    CHECK(wrong.worst.located == 333);
  }
}

TEST_CASE("along directions, a kink that every element reaches leaves them undecided") {
  const auto f = [](const tw::Var& x) { return relu(sum(x)) + sum(x); };
  xt::xarray<double> x = xt::xarray<double>::from_shape({100});
  for (std::size_t i = 0; i < 100; ++i) x(i) = i % 2 == 0 ? 1.0 : -1.0;
  const auto report = tw::gradcheck(f, x, {.mode = tw::GradcheckMode::projections});
  CAPTURE(report);
  CHECK(report.wrong == 0);
  CHECK(report.blamed.empty());
  CHECK(report.entries.size() < 40);  // not every element was tried
}

TEST_CASE("along directions, an array without elements says nothing") {
  const auto f = [](const tw::Var& x) { return tw::logsumexp(x); };
  const auto report = tw::gradcheck(f, xt::xarray<double>::from_shape({0}),
                                    {.mode = tw::GradcheckMode::projections});
  CAPTURE(report);
  CHECK(report.wrong == 0);
  CHECK(report.blamed.empty());
}
