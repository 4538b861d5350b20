#include <doctest/doctest.h>

#include <limits>
#include <tapewise/tapewise.hpp>

#include "counted.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;
using tests::counted;
using tests::message_of;
using tests::show;
using tw::DType, tw::PadMode;

TEST_CASE("pad with a number, in every dtype") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 2});
  CHECK(show(tw::pad(x, {{1, 0}, {0, 1}})) == "(3,3) 0 0 0 0 1 0 2 3 0");
  CHECK(show(tw::pad(x, {{0, 0}, {2, 0}}, -1)) == "(2,4) -1 -1 0 1 -1 -1 2 3");
  CHECK(show(tw::pad(counted(tape, {2}, DType::int64), {{1, 1}}, 7)) == "int64 (4,) 7 0 1 7");
  CHECK(show(tw::pad(counted(tape, {2}, DType::float32), {{0, 1}}, 0.5)) == "float32 (3,) 0 1 0.5");
  CHECK(show(tw::pad(tape.input(xt::xarray<bool>{false}), {{1, 1}}, 1)) == "bool (3,) 1 0 1");
  CHECK(show(tw::pad(tape.input(3.0), {})) == "() 3");
  CHECK(show(tw::pad(counted(tape, {0}), {{1, 2}}, 4)) == "(3,) 4 4 4");
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(show(tw::pad(x, {{1, 0}, {0, 0}}, -inf)) == "(3,2) -inf -inf 0 1 2 3");
}

TEST_CASE("pad with the array's own elements") {
  tw::Tape tape;
  const auto x = counted(tape, {4});
  CHECK(show(tw::pad(x, {{2, 1}}, PadMode::edge)) == "(7,) 0 0 0 1 2 3 3");
  CHECK(show(tw::pad(x, {{3, 2}}, PadMode::reflect)) == "(9,) 3 2 1 0 1 2 3 2 1");
  CHECK(show(tw::pad(x, {{1, 5}}, PadMode::wrap)) == "(10,) 3 0 1 2 3 0 1 2 3 0");
  CHECK(show(tw::pad(counted(tape, {2, 2}), {{1, 0}, {0, 1}}, PadMode::edge)) ==
        "(3,3) 0 1 1 0 1 1 2 3 3");
  CHECK(show(tw::backward(sum(tw::pad(x, {{2, 0}}, PadMode::reflect)))[x]) == "(4,) 1 2 2 1");
}

TEST_CASE("the gradient of a border is dropped") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 2});
  const auto y = sum(square(tw::pad(x, {{1, 1}, {1, 1}}, 3)));
  CHECK(show(tw::backward(y)[x]) == "(2,2) 0 2 4 6");
}

TEST_CASE("pad refuses what does not fit") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 3});
  const auto size = tape.size();
  const auto error = [](auto&& f) { return message_of<tw::ShapeError>(f); };
  CHECK(contains(error([&] {
                   (void)tw::pad(x, {{1, 1}});
                 }),
                 "[pad] wanted a pair of widths for each axis of (2,3), given ((1,1))"));
  CHECK(contains(error([&] {
                   (void)tw::pad(x, {{1, -1}, {0, 0}});
                 }),
                 "[pad] a width is negative: ((1,-1),(0,0)), use slice to cut"));
  CHECK(contains(error([&] { (void)tw::pad(x, {{INT64_MAX, 1}, {0, 0}}); }), "larger than memory"));
  CHECK(contains(error([&] {
                   (void)tw::pad(x, {{2, 0}, {0, 0}}, PadMode::reflect);
                 }),
                 "[pad] the 2 elements along axis 0 of (2,3) do not make a border of 2"));
  CHECK(tape.size() == size);
  const auto n = counted(tape, {2}, DType::int64);
  CHECK(contains(message_of<tw::TypeError>([&] { (void)tw::pad(n, {{1, 1}}, 0.5); }), "pad"));
}
