// Outputs and assigned values stay what they were in the run, whatever its end writes.
#include "programs.hpp"

namespace tw = tapewise;

TEST_CASE("an output that is a leaf is its value of the last run") {
  tw::Tape tape;
  const tw::Var x = tape.input(1.0, "x");
  tw::Program program = tw::compile({x, x * 2.0});
  program.run();
  x.set(5.0);
  CHECK(program.item(0) == 1.0);
  program.run();
  CHECK(program.item(0) == 5.0);
}

TEST_CASE("a leaf that a program assigns to is read out as it was before") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(xt::xarray<double>(1.0), "w");
  tw::Program program = tw::compile({w, tw::assign(w, w + 1.0)});
  for (int k = 1; k <= 3; ++k) {
    program.run();
    CHECK(program.item(0) == k);
    CHECK(program.item(1) == k + 1);
  }
}

TEST_CASE("two parameters swap: assigns are simultaneous") {
  tw::Tape tape;
  const tw::Var a = tape.parameter(xt::xarray<double>{1.0, 2.0}, "a"),
                b = tape.parameter(xt::xarray<double>{3.0, 4.0}, "b");
  tw::Program program = tw::compile({tw::assign(a, b), tw::assign(b, a)});
  program.run();
  CHECK(a.value<double>() == xt::xarray<double>{3.0, 4.0});
  CHECK(b.value<double>() == xt::xarray<double>{1.0, 2.0});
}

TEST_CASE("a ring of three parameters turns, through a reshape as well") {
  tw::Tape tape;
  const tw::Var a = tape.parameter(xt::xarray<double>{1.0, 2.0}, "a"),
                b = tape.parameter(xt::xarray<double>{{3.0, 4.0}}, "b"),
                c = tape.parameter(xt::xarray<double>{5.0, 6.0}, "c");
  tw::Program program = tw::compile(
      {tw::assign(a, reshape(b, {2})), tw::assign(b, reshape(c, {1, 2})), tw::assign(c, a)});
  program.run();
  CHECK(a.value<double>() == xt::xarray<double>{3.0, 4.0});
  CHECK(b.value<double>() == xt::xarray<double>{{5.0, 6.0}});
  CHECK(c.value<double>() == xt::xarray<double>{1.0, 2.0});
}

TEST_CASE("two assigns to one parameter are refused, and name it") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(xt::xarray<double>(1.0), "w");
  const std::vector<tw::Var> outputs = {tw::assign(w, w + 1.0), tw::assign(w, w * 2.0)};
  CHECK_THROWS_WITH_AS((void)tw::compile(outputs), doctest::Contains("w is assigned twice"),
                       tw::HandleError);
  CHECK(w.item() == 1.0);
}
