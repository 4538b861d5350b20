// The gradient table: entries, contributions, zeros, errors, and derivatives of derivatives.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <tapewise/autograd/numbers_table.hpp>
#include <tapewise/ops/own_op.hpp>
#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of;

namespace {

double derivative(const tw::Var& y, const tw::Var& x, int order) {
  tw::Var d = y;
  for (int k = 0; k < order; ++k) d = tw::backward(d)[x];
  return d.item();
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("the entry of a diamond is the sum of two contributions (lecture R, 2.1)") {
  tw::Tape tape;
  const tw::Var a = tape.input(2.0, "a"), b = tape.input(1.0, "b");
  const tw::Var c = (a + b).named("c"), d = (b + 1.0).named("d");
  const tw::Var e = (c * d).named("e");
  const tw::GradientTable table = tw::backward(e);
  CHECK(e.item() == 6.0);
  CHECK(table[a].item() == 2.0);
  CHECK(table[b].item() == 5.0);
  const auto terms = table.contributions(b);
  REQUIRE(terms.size() == 2);
  CHECK(terms[0].child.name() == "d");  // by descending child
  CHECK(terms[0].term.item() == 3.0);
  CHECK(terms[1].child.name() == "c");
  CHECK(terms[1].use == 1);
  CHECK(terms[1].term.item() == 2.0);
  std::ostringstream out;
  out << table;
  CHECK(contains(out.str(), "∂e/∂b = 5 = 3·1 (via d) + 2·1 (via c)"));
}

TEST_CASE("a node used twice by one child has two contributions") {
  tw::Tape tape;
  const tw::Var x = tape.input(3.0, "x");
  const tw::Var y = x * x;
  const tw::GradientTable table = tw::backward(y);
  const auto terms = table.contributions(x);
  REQUIRE(terms.size() == 2);
  CHECK(terms[0].use == 0);
  CHECK(terms[1].use == 1);
  CHECK(table[x].item() == 6.0);
}

TEST_CASE("an input that is the output has gradient one") {
  tw::Tape tape;
  const tw::Var x = tape.input(3.0), other = tape.input(4.0);
  const tw::GradientTable table = tw::backward(x);
  CHECK(table[x].item() == 1.0);
  CHECK(table[other].item() == 0.0);
  CHECK(table.contributions(x).empty());
}

TEST_CASE("backward twice, and from two outputs, gives independent tables") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Var y = x * x, z = exp(x);
  const tw::GradientTable first = tw::backward(y), second = tw::backward(y),
                          other = tw::backward(z);
  CHECK(first[x].item() == 4.0);
  CHECK(second[x].item() == 4.0);
  CHECK(other[x].item() == doctest::Approx(std::exp(2.0)).epsilon(1e-15));
}

TEST_CASE("derivatives of the first four orders are right") {
  tw::Tape tape;
  const double at = 0.7;
  const tw::Var x = tape.input(at);
  CHECK(derivative(sin(x), x, 3) == doctest::Approx(-std::cos(at)).epsilon(1e-14));
  CHECK(derivative(exp(2.0 * x), x, 3) == doctest::Approx(8.0 * std::exp(2.0 * at)).epsilon(1e-14));
  CHECK(derivative(pow(x, 5), x, 3) == doctest::Approx(60.0 * at * at).epsilon(1e-14));
  CHECK(derivative(1.0 / x, x, 3) == doctest::Approx(-6.0 / std::pow(at, 4)).epsilon(1e-13));
  CHECK(derivative(log(x), x, 4) == doctest::Approx(-6.0 / std::pow(at, 4)).epsilon(1e-13));
  CHECK(derivative(x * sin(x), x, 2) ==
        doctest::Approx(2 * std::cos(at) - at * std::sin(at)).epsilon(1e-14));
  const double t = std::tanh(at), u = 1 - t * t;
  CHECK(derivative(tanh(x), x, 3) == doctest::Approx(-2 * u * u + 4 * t * t * u).epsilon(1e-13));
}

TEST_CASE("powers and square roots are right at zero, where derivatives exist") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.0);
  CHECK(derivative(pow(x, 2), x, 1) == 0.0);
  CHECK(derivative(pow(x, 2), x, 2) == 2.0);
  CHECK(derivative(pow(x, 2), x, 3) == 0.0);
  CHECK(derivative(pow(x, 3), x, 3) == 6.0);
  CHECK(derivative(pow(x, 1), x, 2) == 0.0);
  CHECK(derivative(pow(x, 0), x, 1) == 0.0);
  CHECK(derivative(square(x), x, 2) == 2.0);
  CHECK(derivative(sqrt(x), x, 1) == infinity);
  CHECK(derivative(pow(x, 2.5), x, 2) == 0.0);
  const tw::Var p = tape.input(2.0);
  CHECK(tw::backward(pow(x, p))[p].item() == 0.0);
  CHECK(tw::backward(pow(x, p))[x].item() == 0.0);
  const tw::Var zero = tape.input(0.0);
  CHECK(tw::backward(pow(x, zero))[x].item() == 0.0);
}

TEST_CASE("where does not leak what the branch not taken would do") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.0);
  const tw::Var safe = where(x > 0.0, sqrt(x), 0.0);
  CHECK(derivative(safe, x, 1) == 0.0);
  CHECK(derivative(safe, x, 2) == 0.0);
  const tw::Var log_of = where(x > 0.0, log(x) * sqrt(x), x * 3.0);
  CHECK(derivative(log_of, x, 1) == 3.0);
  const tw::Var v = tape.input(xt::xarray<double>{-1.0, 0.0, 4.0});
  const tw::Var s = sum(where(v > 0.0, sqrt(v), 0.0));
  const xt::xarray<double> expected = {0.0, 0.0, 0.25};
  CHECK(tw::backward(s)[v].value<double>() == expected);
}

TEST_CASE("ties of max and min share the gradient, kinks take the documented side") {
  tw::Tape tape;
  const tw::Var a = tape.input(2.0), b = tape.input(2.0), zero = tape.input(0.0);
  const tw::GradientTable larger = tw::backward(max(a, b)), smaller = tw::backward(min(a, b));
  CHECK(larger[a].item() == 0.5);
  CHECK(larger[b].item() == 0.5);
  CHECK(smaller[a].item() == 0.5);
  CHECK(tw::backward(relu(zero))[zero].item() == 0.0);
  CHECK(tw::backward(abs(zero))[zero].item() == 0.0);
}

TEST_CASE("NaN passes through max, min and relu") {
  tw::Tape tape;
  const tw::Var nan = tape.input(std::nan("")), one = tape.input(1.0);
  CHECK(std::isnan(max(nan, one).item()));
  CHECK(std::isnan(max(one, nan).item()));
  CHECK(std::isnan(min(nan, one).item()));
  CHECK(std::isnan(relu(nan).item()));
}

TEST_CASE("only what leads to the wanted nodes is recorded") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x"), y = tape.input(3.0, "y");
  const tw::Var z = exp(x) * sin(y);
  const tw::NodeId before = tape.size();
  const tw::GradientTable some = tw::backward(z, {x});
  const auto recorded = tape.size() - before;
  const tw::GradientTable all = tw::backward(z);
  CHECK(tape.size() - before - recorded > recorded);
  CHECK(some[x].item() == doctest::Approx(all[x].item()).epsilon(1e-15));
  CHECK(contains(message_of<tw::GradientError>([&] { (void)some[y]; }), "wanted"));
}

TEST_CASE("entries that do not depend on the output are zeros of the node's shape") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0), w = tape.input(xt::xarray<float>{1.0F, 2.0F});
  const tw::Var zeros = tw::backward(x * x)[w];
  CHECK(zeros.type() == w.type());
  CHECK(sum(zeros).item() == 0.0);
}

TEST_CASE("the table refuses nodes that cannot have an entry") {
  tw::Tape tape, elsewhere;
  const tw::Var x = tape.input(2.0), n = tape.input(std::int64_t{3}), c = tape.constant(1.0, "c");
  const tw::GradientTable table = tw::backward(x * c);
  CHECK_THROWS_AS((void)table[n], tw::TypeError);
  CHECK(contains(message_of<tw::TypeError>([&] { (void)table[c]; }), "\"c\""));
  CHECK_THROWS_AS((void)table[elsewhere.input(1.0)], tw::HandleError);
}

TEST_CASE("an output that is no scalar wants a cotangent") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0}, "x");
  const tw::Var y = (x * x).named("y");
  const tw::NodeId before = tape.size();
  const std::string text = message_of<tw::GradientError>([&] { (void)tw::backward(y); });
  CHECK(contains(text, "(2,)"));
  CHECK(contains(text, "backward(sum(y))"));
  CHECK(contains(text, "\"y\""));
  CHECK(tape.size() == before);
  const tw::GradientTable table = tw::backward(y, tw::Cotangent(xt::xarray<double>{1.0, 10.0}));
  const xt::xarray<double> expected = {2.0, 40.0};
  CHECK(table[x].value<double>() == expected);
  CHECK_THROWS_AS((void)tw::backward(y, tw::Cotangent(xt::xarray<double>{1.0})), tw::ShapeError);
  CHECK_THROWS_AS((void)tw::backward(x > 1.0), tw::TypeError);
}

TEST_CASE("a table whose nodes were rewound throws") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Mark mark = tape.mark();
  const tw::GradientTable table = tw::backward(x * x);
  tape.rewind(mark);
  CHECK_THROWS_AS((void)table[x], tw::HandleError);
}

TEST_CASE("a table that was never made says so") {
  std::ostringstream out;
  CHECK_THROWS_AS((void)tw::GradientTable().nodes(), tw::HandleError);
  CHECK_THROWS_AS(out << tw::GradientTable(), tw::HandleError);
}

TEST_CASE("stop_gradient is a constant to differentiation") {
  tw::Tape tape;
  const tw::Var x = tape.input(3.0);
  CHECK(tw::backward(x * stop_gradient(x))[x].item() == 3.0);
}

TEST_CASE("the same table in numbers, without a subgraph B") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.5, 1.5}), w = tape.input(2.0);
  const tw::Var y = sum(tanh(x * w) + x);
  const tw::NodeId before = tape.size();
  const auto numbers = tw::numeric_gradients(y, std::vector<tw::Var>{x, w});
  CHECK(tape.size() == before);
  for (std::size_t i = 0; i < 2; ++i) {
    const double t = std::tanh((i == 0 ? 0.5 : 1.5) * 2.0);
    CHECK(numbers[0][i] == doctest::Approx(1 + 2.0 * (1 - t * t)).epsilon(1e-14));
  }
}

TEST_CASE("the nodes of B carry the line of the node they belong to") {
  tw::Tape tape;
  const tw::Var x = tape.input(3.0);
  const tw::Var y = sin(x);
  const int line = __LINE__ - 1;
  const tw::Var g = tw::backward(y)[x];
  CHECK(g.node().in_b);
  CHECK(g.node().where.line == static_cast<std::uint32_t>(line));
  CHECK_FALSE(y.node().in_b);
}
