// The order of steps: operands first, as recorded otherwise, guards at their condition, assigns at
// the end.
#include "programs.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::printed, tests::same_bits, tests::wavy;

namespace {

std::size_t place_of(const tw::Program& program, const char* what) {
  const std::size_t at = printed(program).find(what);
  CAPTURE(printed(program));
  REQUIRE(at != std::string::npos);
  return at;
}

constexpr tw::CompileOptions one_by_one{.advance = false, .fuse = false, .scalars = false};

}  // namespace

TEST_CASE("steps come as recorded where nothing speaks against it") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {8}, 1);
  const tw::Var a = exp(x), b = sin(x), c = tanh(x);
  const tw::Program program = tw::compile({c, b, a}, one_by_one);
  CHECK(place_of(program, "= exp") < place_of(program, "= sin"));
  CHECK(place_of(program, "= sin") < place_of(program, "= tanh"));
}

TEST_CASE("a guard stops the run before what was recorded after it") {
  tw::Tape tape;
  const tw::Var x = tape.input(1.0, "x"),
                m = tape.input(xt::xarray<double>{{1.0, 0.0}, {0.0, 1.0}}, "m");
  tw::Var y = m;
  if (x > 0.0) y = tw::inverse(m);
  tw::Program program = tw::compile({y});
  program.run();
  x.set(-1.0);
  m.set(xt::xarray<double>{{0.0, 0.0}, {0.0, 0.0}});
  CHECK_THROWS_AS(program.run(), tw::GuardError);  // and not the DomainError of a singular matrix
}

TEST_CASE("assigns wait for everything that can throw, however early they were recorded") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(xt::xarray<double>{1.0, 2.0}, "w");
  const tw::Var update = tw::assign(w, w * 2.0);
  const tw::Var m = tape.input(xt::xarray<double>{{1.0, 0.0}, {0.0, 1.0}}, "m");
  tw::Program program = tw::compile({update, tw::inverse(m)});
  m.set(xt::xarray<double>{{0.0, 0.0}, {0.0, 0.0}});
  CHECK_THROWS_AS(program.run(), tw::DomainError);
  CHECK(w.value<double>() == xt::xarray<double>{1.0, 2.0});
  m.set(xt::xarray<double>{{2.0, 0.0}, {0.0, 2.0}});
  program.run();
  CHECK(w.value<double>() == xt::xarray<double>{2.0, 4.0});
}

TEST_CASE("groups that need each other's values in turn are put in an order that works") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {40, 30}, 1), w = wavy(tape, {30, 30}, 2);
  tw::Var left = exp(x * 0.1), right = sin(x);
  for (int k = 0; k < 4; ++k) {
    const tw::Var product = matmul(left, w) * 0.05;
    left = tanh(right + product);
    right = right * left + tw::mean(product);
  }
  const std::vector<tw::Var> outputs = {left, right};
  tw::Program fused = tw::compile(outputs), plain = tw::compile(outputs, one_by_one);
  CHECK(fused.steps() < plain.steps());
  CHECK(same_bits(fused, plain, 2));
}
