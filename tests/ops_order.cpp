#include <doctest/doctest.h>

#include <limits>
#include <tapewise/tapewise.hpp>

#include "counted.hpp"
#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;
using tests::counted;
using tests::message_of;
using tests::show;
using tw::DType;

namespace {
const double inf = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();
}  // namespace

TEST_CASE("sort along any axis, in both directions, equal elements in their order") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{3, 1, 3, 2}, {0, 5, -1, 0}});
  CHECK(show(tw::sort(x).values) == "(2,4) 1 2 3 3 -1 0 0 5");
  CHECK(show(tw::sort(x).indices) == "int64 (2,4) 1 3 0 2 2 0 3 1");
  CHECK(show(tw::sort(x, -1, true).indices) == "int64 (2,4) 0 2 3 1 1 0 3 2");
  CHECK(show(tw::sort(x, 0).values) == "(2,4) 0 1 -1 0 3 5 3 2");
  CHECK(show(tw::argsort(x, 0)) == "int64 (2,4) 1 0 1 1 0 1 0 0");
  CHECK(show(tw::sort(counted(tape, {3, 0})).values) == "(3,0)");
  CHECK(show(tw::sort(tape.input(xt::xarray<std::int64_t>{4, -4})).values) == "int64 (2,) -4 4");
}

TEST_CASE("NaN counts as larger than any number") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{not_a_number, inf, -inf, 0, not_a_number});
  CHECK(show(tw::argsort(x)) == "int64 (5,) 2 3 1 0 4");
  CHECK(show(tw::argsort(x, 0, true)) == "int64 (5,) 0 4 1 3 2");
  CHECK(show(tw::topk(x, 2).indices) == "int64 (2,) 0 4");
}

TEST_CASE("the gradient of a sorted value goes where it came from") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{3, 1, 3, 2});
  const auto w = tape.constant(xt::xarray<double>{1, 10, 100, 1000});
  CHECK(show(tw::backward(sum(tw::sort(x).values * w))[x]) == "(4,) 100 1 1000 10");
  const auto top = tw::topk(x, 2);
  CHECK(show(top.values) == "(2,) 3 3");
  CHECK(show(tw::backward(sum(square(top.values)))[x]) == "(4,) 6 0 6 0");
  CHECK(show(tw::topk(x, 2, 0, false).values) == "(2,) 1 2");
  CHECK(show(tw::topk(x, 0).values) == "(0,)");
}

TEST_CASE("topk agrees with a full sort on many numbers") {
  tw::Tape tape;
  const auto x =
      tape.input(tests::random_array({DType::int64, {7, 101}, -20, 20}, DType::int64, 3));
  for (const bool largest : {true, false}) {
    const auto all = tw::argsort(x, 1, largest);
    for (const std::int64_t k : {1, 2, 13, 100, 101}) {
      CAPTURE(k);
      CHECK(show(tw::topk(x, k, 1, largest).indices) == show(slice(all, {{}, {0, k}})));
    }
  }
}

TEST_CASE("sorting refuses what does not fit, and leaves the tape as it was") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 3});
  const auto number = tape.input(1.0);
  const auto size = tape.size();
  const auto error = [](auto&& f) { return message_of<tw::ShapeError>(f); };
  CHECK(contains(error([&] { (void)tw::sort(x, 2); }),
                 "[sort] axis 2 is out of range for (2,3)\n  recorded at ops_order.cpp:"));
  CHECK(contains(error([&] { (void)tw::argsort(number); }),
                 "[argsort] axis -1 is out of range for ()"));
  CHECK(contains(error([&] { (void)tw::topk(x, 4); }),
                 "[topk] 4 elements are wanted of the 3 along axis -1 of (2,3)"));
  CHECK(contains(error([&] { (void)tw::topk(x, -1); }), "[topk] k is negative: -1"));
  CHECK(tape.size() == size);
  CHECK(contains(
      message_of<tw::TypeError>([&] { (void)tw::sort(tape.input(xt::xarray<bool>{true})); }),
      "[sort] not defined for bool (1,)"));
}
