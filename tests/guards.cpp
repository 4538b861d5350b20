// Comparisons used as C++ conditions while recording.
#include <doctest/doctest.h>

#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of;

TEST_CASE("a replay in which a branch would go the other way throws and names the line") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x");
  tw::Var y;
  if (x > 1.0) y = x * 3.0;
  const int line = __LINE__ - 1;
  tw::Program program = tw::compile({y});
  program.run();
  CHECK(program.item(y) == 6.0);
  x.set(0.5);
  const std::string text = message_of<tw::GuardError>([&] { program.run(); });
  CHECK(contains(text, "recorded at guards.cpp:" + std::to_string(line)));
  CHECK_THROWS_AS((void)program.item(y), tw::HandleError);
  x.set(4.0);
  program.run();
  CHECK(program.item(y) == 12.0);
}

TEST_CASE("a branch that was not taken is guarded too") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Var y = x < 1.0 ? x : x * x;
  tw::Program program = tw::compile({y});
  x.set(0.0);
  CHECK_THROWS_AS(program.run(), tw::GuardError);
}

TEST_CASE("a guard stops the updates of the run") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0), w = tape.parameter(1.0);
  const tw::Var step = x > 0.0 ? x : -x;
  tw::Program program = tw::compile({tw::assign(w, w + step)});
  program.run();
  CHECK(w.item() == 3.0);
  x.set(-1.0);
  CHECK_THROWS_AS(program.run(), tw::GuardError);
  CHECK(w.item() == 3.0);
}

TEST_CASE("a program has the guards recorded before its newest node, and no later ones") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Var before = x * x;
  REQUIRE(static_cast<bool>(x > 1.0));
  const tw::Var after = x * 5.0;
  tw::Program unguarded = tw::compile({before}), guarded = tw::compile({after});
  x.set(0.0);
  unguarded.run();
  CHECK(unguarded.item() == 0.0);
  CHECK_THROWS_AS(guarded.run(), tw::GuardError);
}

TEST_CASE("backward recorded late does not pull in later guards") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Var y = x * x;
  REQUIRE(static_cast<bool>(x > 1.0));
  tw::Program program = tw::compile({tw::backward(y)[x]});
  x.set(0.5);
  program.run();
  CHECK(program.item() == 1.0);
}

TEST_CASE("conditions on constants leave no guard, conditions on arrays are refused") {
  tw::Tape tape;
  const tw::Var c = tape.constant(2.0), v = tape.input(xt::xarray<double>{1.0, 2.0});
  CHECK(static_cast<bool>(c > 1.0));
  CHECK(tape.guards().empty());
  CHECK_THROWS_AS((void)static_cast<bool>(v > 1.0), tw::TypeError);
}

TEST_CASE("equality is a C++ condition only when asked") {
  static_assert(!std::is_constructible_v<bool, decltype(tw::Var() == tw::Var())>);
  static_assert(!std::is_convertible_v<decltype(tw::Var() > tw::Var()), bool>);
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  CHECK((x == 2.0).holds());
  CHECK(tape.guards().size() == 1);
}

TEST_CASE("rewind forgets guards") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Mark mark = tape.mark();
  REQUIRE(static_cast<bool>(x > 1.0));
  tape.rewind(mark);
  CHECK(tape.guards().empty());
}
