// The expression language: values against plain C++, and errors by their column.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/lessons/expression/expression.hpp>
#include <tapewise/lessons/expression/functions.hpp>
#include <tapewise/tapewise.hpp>

namespace tw = tapewise;
using tw::lessons::Binding;
using tw::lessons::ExpressionError;

namespace {

double value(std::string_view source, const std::vector<Binding>& bindings = {}) {
  tw::Tape tape;
  return tw::lessons::record_expression(tape, source, bindings).output.item();
}

/// The error of a wrong expression; the tape must be as it was.
ExpressionError error_of(std::string_view source, const std::vector<Binding>& bindings = {}) {
  tw::Tape tape;
  try {
    (void)tw::lessons::record_expression(tape, source, bindings);
  } catch (const ExpressionError& error) {
    CHECK(tape.size() == 0);
    return error;
  }
  FAIL("no error for: " << source);
  return {"", 0, ""};
}

bool says(const ExpressionError& error, const std::string& what) {
  return std::string(error.what()).find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("precedence and associativity are those of arithmetic") {
  const std::vector<Binding> x = {{"x", "2"}};
  CHECK(value("1 + x*3", x) == 7.0);
  CHECK(value("10 - x - 3", x) == 5.0);
  CHECK(value("-x^2", x) == -4.0);
  CHECK(value("x^-1", x) == 0.5);
  CHECK(value("2^3^x", x) == 512.0);
  CHECK(value("16/x/4", x) == 2.0);
  CHECK(value("(1 + x)*3", x) == 9.0);
  CHECK(value("x**3", x) == 8.0);
  CHECK(value("x·3 - -1", x) == 7.0);
}

TEST_CASE("numbers are written in every usual way") {
  CHECK(value(".02 * x", {{"x", "1"}}) == 0.02);
  CHECK(value("2. * x", {{"x", "1e-3"}}) == 0.002);
  CHECK(value("1.5E+2 + x", {{"x", "-0.5"}}) == 149.5);
  CHECK(value("cos(x*pi)", {{"x", "1"}}) == doctest::Approx(-1.0));
  CHECK(value("x", {{"x", "1/3"}}) == 1.0 / 3.0);
}

TEST_CASE("a number that float64 cannot hold is an error, not another number") {
  CHECK(error_of("x*1e999", {{"x", "1"}}).column() == 3);
  CHECK(error_of("x", {{"x", "-1e999"}}).column() == 4);
  CHECK(error_of("x*" + std::string(400, '9'), {{"x", "1"}}).column() == 3);
  CHECK(value("x*1e-999", {{"x", "1"}}) == 0.0);
  CHECK(value("x*5e-324", {{"x", "1"}}) == 5e-324);
  CHECK(value("x*1e308", {{"x", "1"}}) == 1e308);
  CHECK(std::isinf(value("x", {{"x", "-inf"}})));
  CHECK(std::isnan(value("x", {{"x", "nan"}})));
  CHECK(value("inf*x", {{"inf", "2"}, {"x", "3"}}) == 6.0);  // given names come first
  CHECK(value("x", {{"x", "e/2"}}) == std::exp(1) / 2);
}

TEST_CASE("operators as documents write them, and lines that end after an operator") {
  const std::vector<Binding> ab = {{"a", "7"}, {"b", "2"}};
  CHECK(value("a × b − −1", ab) == 15.0);
  CHECK(value("a·b ⋅ 2", ab) == 28.0);
  CHECK(value("a +  # and then\n b", ab) == 9.0);
  CHECK(value("(a -\n b)^\n2", ab) == 25.0);
  CHECK(value("π*x", {{"x", "1"}}) == value("pi*x", {{"x", "1"}}));
}

TEST_CASE("the lecture's neuron, in one statement and in three") {
  const std::vector<Binding> given = {
      {"y", "0"}, {"w1", ".02"}, {"w2", ".01"}, {"x1", "3"}, {"x2", "5"}};
  CHECK(value("L = 0.5*(y - sigmoid(w1*x1^3 + w2*x2))^2", given) ==
        doctest::Approx(0.2069593553471895).epsilon(1e-15));
  tw::Tape tape;
  const auto recorded = tw::lessons::record_expression(
      tape, "u_in = w1*x1^3 + w2*x2  # the sum\nu_out = sigmoid(u_in); L = 0.5*(y - u_out)^2;",
      given);
  REQUIRE(recorded.named.size() == 3);
  CHECK(recorded.named[0].name() == "u_in");
  CHECK(recorded.named[1].item() == doctest::Approx(0.6433651456944018).epsilon(1e-15));
  CHECK(recorded.inputs.size() == 5);
  const auto table = tw::backward(recorded.output);
  CHECK(table[recorded.inputs[1]].item() == doctest::Approx(3.9856816552369736).epsilon(1e-14));
}

TEST_CASE("vectors, matrices and the matrix product: XOR of the lectures") {
  tw::Tape tape;
  const auto recorded =
      tw::lessons::record_expression(tape, "h = relu(X@W + c); y = h@w",
                                     std::vector<Binding>{{"X", "[[0,0],[0,1],[1,0],[1,1]]"},
                                                          {"W", "[[1,1],[1,1]]"},
                                                          {"c", "[0,-1]"},
                                                          {"w", "[1,-2]"}});
  CHECK(xt::all(xt::equal(recorded.output.value<double>(), xt::xarray<double>{0, 1, 1, 0})));
}

TEST_CASE("functions take their arguments by position and by name") {
  CHECK(value("leaky_relu(x, 0.5)", {{"x", "-2"}}) == -1.0);
  CHECK(value("leaky_relu(x, slope=.25)", {{"x", "-2"}}) == -0.5);
  CHECK(value("leaky_relu(x)", {{"x", "-2"}}) == -0.02);
  CHECK(value("sum(softmax(x)*[0, 0, 1])", {{"x", "[1,2,3]"}}) ==
        doctest::Approx(std::exp(3) / (std::exp(1) + std::exp(2) + std::exp(3))));
  CHECK(value("max(x, 7)", {{"x", "3"}}) == 7.0);
  CHECK(value("max(X)", {{"X", "[3, 9, 4]"}}) == 9.0);
  CHECK(value("sum(mean(X, axis=0, keepdims=1))", {{"X", "[[1,2],[3,4]]"}}) == 5.0);
  CHECK(value("mse(a, b, reduction=sum, factor=0.5)", {{"a", "[1,2]"}, {"b", "[0,0]"}}) == 2.5);
  CHECK(value("cross_entropy(Z, [1])", {{"Z", "[[0, 0]]"}}) == doctest::Approx(std::log(2)));
  CHECK(value("where(x > 0, x, 0)", {{"x", "4"}}) == 4.0);
  CHECK(value("σ(x)", {{"x", "0"}}) == 0.5);
}

TEST_CASE("every elementwise op of the catalogue can be called") {
  for (const tw::OpRecord* op : tw::all_ops()) {
    if (op->traits.elementwise) CHECK_MESSAGE(tw::lessons::find_op(op->name) == op, op->name);
  }
}

TEST_CASE("errors point at the column and say what was expected") {
  const std::vector<Binding> ab = {{"a", "1"}, {"b", "2"}};
  const ExpressionError open = error_of("L = 0.5*(a - b", ab);
  CHECK(open.column() == 15);
  CHECK(says(open, "expected an operator or \")\""));
  CHECK(says(open, "  L = 0.5*(a - b\n                ^"));

  CHECK(error_of("a + * b", ab).column() == 5);
  CHECK(says(error_of("a + * b", ab), "expected a number, a name"));
  CHECK(error_of("a b", ab).column() == 3);
  CHECK(says(error_of("a b", ab), "expected an operator"));
  CHECK(error_of("a +", ab).column() == 4);
  CHECK(error_of("exp(a", ab).column() == 6);
  CHECK(error_of("exp()", ab).column() == 1);
  CHECK(error_of("a + b)", ab).column() == 6);
  CHECK(error_of("a\n+ b $ 1", ab).column() == 5);
  CHECK(error_of("2σ", ab).column() == 2);
  CHECK(error_of("σ(a) ? b", ab).column() == 6);  // columns count characters, not bytes
  CHECK(error_of("", {}).column() == 1);
  CHECK(error_of("[1, 2", {}).column() == 6);
}

TEST_CASE("names, functions and shapes are checked where they stand") {
  const std::vector<Binding> ab = {{"a", "1"}, {"b", "2"}};
  CHECK(error_of("a + b*c", ab).column() == 7);
  CHECK(says(error_of("a + b*c", ab), "\"c\" has no value: give c=..."));
  CHECK(says(error_of("a + sigmiod(b)", ab), "did you mean sigmoid?"));
  CHECK(error_of("a + sigmiod(b)", ab).column() == 5);
  CHECK(says(error_of("a*exp", ab), "write exp(...)"));
  CHECK(says(error_of("exp(a, b)", ab), "one too many"));
  CHECK(says(error_of("leaky_relu(a, sloap=1)", ab), "no argument \"sloap\""));
  CHECK(says(error_of("a = b", ab), "has a value already"));
  const ExpressionError inner = error_of("X @ Y", {{"X", "[[1,2]]"}, {"Y", "[[1,2,3]]"}});
  CHECK(inner.column() == 3);
  CHECK(says(inner, "[matmul]"));
  CHECK(error_of("[[1,2],[3]]*a", ab).column() == 8);
  CHECK(error_of("X @ Y + @", {{"X", "[1]"}, {"Y", "[1]"}}).column() == 9);
  CHECK(error_of("sum(a, axis=b)", ab).column() == 13);  // of an argument, its own column
  CHECK(error_of("clamp(a, b, 1)", ab).column() == 10);
  CHECK(says(error_of("clamp(a, b, 1)", ab), "expected a number for low"));
  CHECK(says(error_of("relu(a, b)", ab), "expected a word for subgradient, left say"));
  CHECK(error_of("max(a, c)", ab).column() == 8);
  CHECK(says(error_of("max(a, c)", ab), "\"c\" has no value"));
  CHECK(says(error_of("a", {{"a", "[1, b]"}}), "\n  a=[1, b]\n        ^"));

  tw::Tape tape;
  CHECK_THROWS_AS((void)tw::lessons::record_expression(tape, "a", ab), tw::Error);  // b is not used
  CHECK_THROWS_AS((void)tw::lessons::read_binding("=3"), tw::Error);
  for (const char* name : {"1x", "x y", "x.y", " -x"}) {
    const std::vector<Binding> wrong = {{name, "1"}};
    CHECK_THROWS_AS((void)tw::lessons::record_expression(tape, "1 + x", wrong), tw::Error);
  }
  CHECK(tape.size() == 0);
}

TEST_CASE("long and deep expressions are recorded or refused, never too much for the stack") {
  const std::vector<Binding> x = {{"x", "1"}};
  const auto chain = [](const std::string& link, int links) {
    std::string source = "x";
    for (int k = 0; k < links; ++k) source += link;
    return source;
  };
  CHECK(value(chain("/x", 50000), x) == 1.0);
  CHECK(value(chain("+x", 50000), x) == 50001.0);
  CHECK(value("x*(" + chain("+1", 50000) + ")", x) == 50001.0);
  CHECK(value("sum(v*[" + chain(",1", 20000).substr(2) + "])", {{"v", "2"}}) == 40000.0);
  CHECK(value("x", {{"x", "1" + chain("+1", 50000).substr(1)}}) == 50001.0);
  CHECK(value(std::string(200, '(') + "x" + std::string(200, ')'), x) == 1.0);
  CHECK(value(std::string(200, '-') + "x", x) == 1.0);

  for (const char* bracket : {"(", "[", "sin(", "-", "x^", "(-x)*(", "sum(["}) {
    std::string source;
    for (int k = 0; k < 100000; ++k) source += bracket;
    const ExpressionError error = error_of(source, x);
    CHECK(says(error, "nested too deeply"));
    CHECK(std::string(error.what()).size() < 300);  // an excerpt of the line
  }
  const ExpressionError far = error_of(chain("+x", 5000) + " $ x", x);
  CHECK(far.column() == 10003);
  CHECK(says(far, "+x+x $ x\n  " + std::string(60, ' ') + "^"));
}

TEST_CASE("the place is shown in texts of several lines, with tabs, and of other letters") {
  const std::vector<Binding> ab = {{"a", "1"}, {"b", "2"}};
  CHECK(says(error_of("c = a*b\nc + d", ab), "line 2, column 5: \"d\" has no value"));
  CHECK(says(error_of("\ta + $", ab), "\n  \ta + $\n  \t    ^"));
  CHECK(says(error_of("# wegen α\n α", ab), "line 2, column 2"));
  CHECK(says(error_of("a + \xff b", ab), "expected text in UTF-8"));
  CHECK(error_of("a # \xc3", ab).column() == 5);
}

TEST_CASE("an error of a value or gradient points at the place that recorded the node") {
  const auto place = [](const std::string& source, const std::vector<Binding>& bindings) {
    tw::Tape tape;
    const auto recorded = tw::lessons::record_expression(tape, source, bindings);
    try {
      (void)recorded.output.item();
    } catch (const tw::Error& error) {
      try {
        tw::lessons::point_at_place(source, error);
      } catch (const ExpressionError& there) {
        return there.column();
      }
    }
    return std::size_t{0};
  };
  const std::vector<Binding> A = {{"A", "[[1,2],[2,4]]"}, {"α", "2"}};
  CHECK(place("α*sum(inverse(A))", A) == 7);
  CHECK(place("L = α*cross_entropy(A, [0, 2])", A) == 7);
}
