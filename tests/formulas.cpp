// What the probe writes, and what it says a derivative reads.
#include <doctest/doctest.h>

#include <array>
#include <tapewise/ops/probe.hpp>
#include <tapewise/tapewise.hpp>

namespace tw = tapewise;
using tw::Notation, tw::Probe;

namespace {

Probe argument(const char* name, unsigned bit, Notation notation = Notation::plain) {
  return Probe::argument(name, bit, notation);
}

const tw::OpRecord& op_called(std::string_view name) {
  for (const tw::OpRecord* op : tw::all_ops()) {
    if (op->name == name) return *op;
  }
  FAIL("no op of this name");
  return *tw::all_ops()[0];
}

std::string partial(std::string_view name, int use, Notation notation = Notation::plain) {
  const tw::OpRecord& op = op_called(name);
  const std::array<std::string, 3> names = {"a", "b", "c"};
  const std::array<double, 4> attribute = {name == "pow" ? 3.0 : 0.0};
  return op.partial_text(use, notation, std::span(names).first(static_cast<std::size_t>(op.arity)),
                         attribute.data());
}

}  // namespace

TEST_CASE("brackets stand where they are needed, and nowhere else") {
  const Probe a = argument("a", 0), b = argument("b", 1), c = argument("c", 2);
  CHECK(((a + b) * c).text() == "(a + b)·c");
  CHECK((a + b * c).text() == "a + b·c");
  CHECK((a - (b - c)).text() == "a - (b - c)");
  CHECK((a - b - c).text() == "a - b - c");
  CHECK((a / (b * c)).text() == "a/(b·c)");
  CHECK((-(a + b)).text() == "-(a + b)");
  CHECK(pow(a + b, Probe(2)).text() == "(a + b)^2");
  CHECK((Probe(2) * exp(-a)).text() == "2·exp(-a)");
}

TEST_CASE("LaTeX and MathML") {
  const Probe a = argument("a", 0, Notation::latex), b = argument("b", 1, Notation::latex);
  CHECK(((a + b) / a).text() == "\\frac{a + b}{a}");
  CHECK((Probe(1) - a * a).text() == "1 - a \\cdot a");
  CHECK(sqrt(a).text() == "\\sqrt{a}");
  const Probe x = argument("x", 0, Notation::mathml);
  CHECK((Probe(1) / x).text() == "<mfrac><mn>1</mn><mi>x</mi></mfrac>");
  CHECK((x + Probe(1)).text() == "<mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow>");
}

TEST_CASE("derivatives are written from the rules themselves") {
  CHECK(partial("tanh", 0) == "1 - y·y");
  CHECK(partial("sigmoid", 0, Notation::latex) == "y \\cdot \\left(1 - y\\right)");
  CHECK(partial("multiply", 1) == "a");
  CHECK(partial("divide", 1) == "-y/b");
  CHECK(partial("relu", 0) == "(1 if a > 0 else 0)");
  CHECK(partial("pow", 0) == "3·a^2");
  CHECK(partial("add", 0) == "1");
}

TEST_CASE("a derivative rule tells which values it reads") {
  const auto reads = [](std::string_view name, int use) {
    const std::array<double, 4> attribute = {3.0};
    return op_called(name).reads(use, attribute.data());
  };
  CHECK(reads("tanh", 0) == tw::OpRecord::reads_y);
  CHECK(reads("sin", 0) == 1U);
  CHECK(reads("multiply", 0) == 2U);
  CHECK(reads("add", 1) == 0U);
  CHECK(reads("divide", 1) == (2U | tw::OpRecord::reads_y));
}
