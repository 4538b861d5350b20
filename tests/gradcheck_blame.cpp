// Who is to blame: rules that are wrong on purpose are named, and nobody else.
#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <tapewise/ops/check_catalogue.hpp>

#include "broken_ops.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;
using tests::Fault;

namespace {

tw::GradcheckReport check(const tw::Var& y, const std::vector<tw::Var>& x) {
  return tw::gradcheck(y, x);
}

template <class R>
bool is_clean(tw::DType dtype) {
  return static_cast<bool>(tw::check_op(tw::own_record<R>(), dtype));
}

template <class Right, class... Broken>
void only_the_right_one_is_clean() {
  for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
    CAPTURE(tw::name_of(dtype));
    CHECK(is_clean<Right>(dtype));
    const bool broken_are_clean[] = {is_clean<Broken>(dtype)...};
    for (const bool clean : broken_are_clean) CHECK_FALSE(clean);
  }
}

}  // namespace

TEST_CASE("a broken rule of each kind makes the check of the catalogue dirty") {
  using enum Fault;
  SUBCASE("elementwise") {
    using namespace tests;
    only_the_right_one_is_clean<BrokenElementwise<none>, BrokenElementwise<off_by_3_percent>,
                                BrokenElementwise<wrong_sign>, BrokenElementwise<missing>>();
  }
  SUBCASE("elementwise with an attribute") {
    using namespace tests;
    only_the_right_one_is_clean<BrokenAttribute<none>, BrokenAttribute<off_by_3_percent>,
                                BrokenAttribute<wrong_sign>, BrokenAttribute<missing>>();
  }
  SUBCASE("structured") {
    using namespace tests;
    only_the_right_one_is_clean<BrokenStructured<none>, BrokenStructured<off_by_3_percent>,
                                BrokenStructured<wrong_sign>, BrokenStructured<missing>,
                                BrokenStructured<not_summed>>();
  }
  SUBCASE("several results") {
    using namespace tests;
    only_the_right_one_is_clean<BrokenMoments<none>, BrokenMoments<off_by_3_percent>,
                                BrokenMoments<wrong_sign>, BrokenMoments<missing>>();
  }
  SUBCASE("composite") {
    using namespace tests;
    only_the_right_one_is_clean<BrokenComposite<none>, BrokenComposite<off_by_3_percent>,
                                BrokenComposite<wrong_sign>, BrokenComposite<missing>>();
  }
}

TEST_CASE("a wrong rule deep in a graph is blamed, with its use and line; what lies above is not") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.3, -0.8, 1.2}, "x");
  const tw::Var w = tape.input(xt::xarray<double>{1.5, 0.4, -0.9}, "w");
  const tw::Var h = tanh(w * x).named("h");
  const tw::Var bad =
      tw::record<tests::BrokenElementwise<Fault::off_by_3_percent>>({w, h}).named("bad");
  const tw::Var y = sum(exp(bad) * h).named("y");
  const auto report = check(y, {x, w});
  CHECK_FALSE(static_cast<bool>(report));
  CHECK(report.wrong == 3);  // w's entries; x's go through the other operand, which is right
  REQUIRE(report.blamed.size() == 1);
  const tw::GradcheckBlame& b = report.blamed[0];
  CHECK(b.op == "broken_elementwise");
  CHECK(b.node == bad.id());
  CHECK(b.name == "bad");
  CHECK(b.use == 0);
  CHECK(contains(b.where, "gradcheck_blame.cpp:"));
  CHECK(b.analytic == doctest::Approx(1.03 * b.numeric).epsilon(1e-9));
  std::ostringstream text;
  text << report;
  CHECK(contains(text.str(), "to blame: [broken_elementwise] operand 1"));
}

TEST_CASE("of two uses of one op, the wrong one is blamed") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.7, "x");
  const tw::Var right = tests::plant(sin(x), 1.0);
  const tw::Var wrong = tests::plant(exp(x), -1.0).named("wrong");
  const auto report = check(right * wrong, {x});
  REQUIRE(report.blamed.size() == 1);
  CHECK(report.blamed[0].node == wrong.id());
  CHECK(report.blamed[0].name == "wrong");
}

TEST_CASE("the same node as two operands: each use is held by itself") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.7, "x");
  const auto report = check(tw::record<tests::BrokenElementwise<Fault::wrong_sign>>({x, x}), {x});
  REQUIRE(report.blamed.size() == 1);
  CHECK(report.blamed[0].use == 0);
}

TEST_CASE("large operands are tried along random directions, then one by one") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>(xt::ones<double>({40, 50}) * 0.3), "X");
  const tw::Var row = tape.input(xt::xarray<double>(xt::ones<double>({50}) * 0.5), "row");
  const tw::Var bad = tw::record<tests::BrokenStructured<Fault::not_summed>>({x, row}).named("bad");
  const auto report = check(mean(square(bad)), {x, row});
  REQUIRE(report.blamed.size() == 1);
  CHECK(report.blamed[0].use == 1);
  CHECK(report.blamed[0].index >= 0);
}

TEST_CASE("stop_gradient in the way is named for what it is") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.7, "x");
  const auto report = check(x * stop_gradient(sin(x)), {x});
  CHECK(report.wrong == 1);
  REQUIRE(report.blamed.size() == 1);
  CHECK(report.blamed[0].op == "stop_gradient");
  CHECK(report.blamed[0].stops_gradient);
}

TEST_CASE("a wrong second derivative blames a rule used in B") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.7, "x");
  // The gradient of x·plant(x²) reads the plant's own output, whose partial is wrong there.
  const tw::Var y = x * tests::plant(square(x), 1.03);
  CHECK_FALSE(static_cast<bool>(tw::gradcheck(y, std::vector<tw::Var>{x}, {.order = 2})));
}

TEST_CASE("one wrong element is blamed among thousands, of which many sit on kinks") {
  // Along directions and at kinks the error hides between the slopes of two sides.
  const std::size_t n = 4000, at = 1333;
  xt::xarray<double> x = xt::xarray<double>::from_shape({n}), factor = xt::ones<double>({n});
  for (std::size_t i = 0; i < n; ++i) x(i) = i % 7 == 0 ? 0.0 : 0.3 + std::sin(double(i));
  factor(at) = 1.03;
  const tw::GradcheckOptions along{.mode = tw::GradcheckMode::projections};
  const auto flipped = [&](const tw::Var& v) {
    return sum(relu(v) + square(tw::record<tests::Flip>({v, v.tape().constant(factor)})));
  };
  const auto one = tw::gradcheck(flipped, x, along);
  CAPTURE(one);
  CHECK_FALSE(one);
  REQUIRE(one.blamed.size() == 1);
  CHECK(one.blamed[0].op == "flip");
  CHECK(one.blamed[0].index == at);
  const xt::xarray<double> zeros = xt::zeros<double>({n});
  for (const double planted : {1.0, 1.03}) {
    const auto f = [&](const tw::Var& v) { return sum(abs(v) + tests::plant(v, planted)); };
    const auto report = tw::gradcheck(f, zeros, along);
    CAPTURE(report);
    CHECK(report.blamed.size() == (planted == 1.0 ? 0 : 1));
  }
}
