// What no output needs is neither kept nor computed.
#include "programs.hpp"

namespace tw = tapewise;
using tests::wavy;

TEST_CASE("a program has what its outputs need and nothing else of the tape") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {5}, 1, "x"), other = wavy(tape, {5}, 2, "other");
  const tw::Var y = exp(x);
  const tw::Var unused = sin(other) * y;
  const tw::Program program = tw::compile({y});
  CHECK(program.ops() == 1);
  CHECK(program.reads(x));
  CHECK_FALSE(program.reads(other));
  CHECK(tw::compile({unused}).ops() == 3);
}

TEST_CASE("of a gradient, the value itself is left out where nobody reads it") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {5}, 1, "x");
  const tw::Var y = tw::sum(square(x));
  const tw::GradientTable table = tw::backward(y, {x});
  const auto names = [](const tw::Program& program) {
    const std::string text = tests::printed(program);
    return text.find("= square") != std::string::npos;
  };
  CHECK_FALSE(names(tw::compile({table[x]})));
  CHECK(names(tw::compile({y, table[x]})));
}

TEST_CASE("what a guard looks at is computed, though no output reads it") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x"), y = tape.input(1.0, "y");
  tw::Var z = y;
  if (x * 3.0 > 1.0) z = exp(y);
  tw::Program program = tw::compile({z});
  CHECK(program.reads(x));
  program.run();
  x.set(-2.0);
  CHECK_THROWS_AS(program.run(), tw::GuardError);
}

TEST_CASE("operands of what was folded or shared are gone, too") {
  tw::Tape tape;
  const tw::Var c = tape.constant(xt::xarray<double>{1.0, 2.0}), x = wavy(tape, {2}, 1);
  CHECK(tw::compile({x + exp(sin(c))}).ops() == 1);
  CHECK(tw::compile({exp(sin(x)) * exp(sin(x))}).ops() == 3);
}
