// Constant folding: what depends on constants only is computed while planning.
#include "programs.hpp"

namespace tw = tapewise;
using tests::same_bits, tests::wavy;

TEST_CASE("nodes of constants are computed while planning, and give the same bits") {
  tw::Tape tape;
  const tw::Var c = tape.constant(xt::xarray<double>{0.5, -1.5, 2.5});
  const tw::Var x = wavy(tape, {3}, 1);
  const tw::Var y = x * tanh(exp(c) + 1.0);
  tw::Program folded = tw::compile({y}), plain = tw::compile({y}, {.fold = false});
  CHECK(folded.ops() == 1);
  CHECK(plain.ops() == 4);
  CHECK(same_bits(folded, plain, 1));
}

TEST_CASE("a leaf that can be set is no constant, whatever it holds") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x"), p = tape.parameter(xt::xarray<double>(3.0), "p");
  tw::Program program = tw::compile({exp(x) + exp(p)});
  CHECK(program.ops() == 3);
  program.run();
  x.set(0.0);
  p.set(0.0);
  program.run();
  CHECK(program.item() == 2.0);
}

TEST_CASE("folding reaches through shapes: a constant that is reshaped stays one") {
  tw::Tape tape;
  const tw::Var c = tape.constant(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}});
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 1.0, 1.0, 1.0});
  tw::Program program = tw::compile({x * reshape(transpose(c), {4})});
  CHECK(program.ops() == 1);
  program.run();
  const auto* values = static_cast<const double*>(program.data(0));
  CHECK(std::vector<double>(values, values + 4) == std::vector<double>{1.0, 3.0, 2.0, 4.0});
}

TEST_CASE("an op that refuses its constants does so in a run, not while planning") {
  tw::Tape tape;
  const tw::Var singular = tape.constant(xt::xarray<double>{{1.0, 2.0}, {2.0, 4.0}});
  const tw::Var y = tw::inverse(singular);
  tw::Program program = tw::compile({y});
  CHECK_THROWS_AS(program.run(), tw::DomainError);
}
