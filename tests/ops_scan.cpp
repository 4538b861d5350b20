#include <doctest/doctest.h>

#include <tapewise/tapewise.hpp>

#include "counted.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;
using tests::counted;
using tests::message_of;
using tests::show;
using tw::DType;

TEST_CASE("running sums and products, exclusive and reverse") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{1, 2, 3, 4});
  CHECK(show(tw::cumsum(x, 0)) == "(4,) 1 3 6 10");
  CHECK(show(tw::cumsum(x, -1, {.exclusive = true})) == "(4,) 0 1 3 6");
  CHECK(show(tw::cumsum(x, 0, {.reverse = true})) == "(4,) 10 9 7 4");
  CHECK(show(tw::cumprod(x, 0)) == "(4,) 1 2 6 24");
  CHECK(show(tw::cumprod(x, 0, {.exclusive = true})) == "(4,) 1 1 2 6");
  CHECK(show(tw::cumprod(x, 0, {.exclusive = true, .reverse = true})) == "(4,) 24 12 4 1");
  const auto table = counted(tape, {2, 3, 2});
  CHECK(show(tw::cumsum(table, 1)) == "(2,3,2) 0 1 2 4 6 9 6 7 14 16 24 27");
  CHECK(show(tw::cumsum(table, 0)) == "(2,3,2) 0 1 2 3 4 5 6 8 10 12 14 16");
  CHECK(show(tw::cumsum(counted(tape, {4}, DType::int64), 0)) == "int64 (4,) 0 1 3 6");
  CHECK(show(tw::cumprod(counted(tape, {2, 0}), 0)) == "(2,0)");
  const auto wide = counted(tape, {2, 200});  // more columns than run at a time
  const auto sums = tw::cumsum(wide, 0).value<double>();
  for (std::size_t j = 0; j < 200; ++j) CHECK(sums(1, j) == 200.0 + 2.0 * static_cast<double>(j));
}

TEST_CASE("gradients of running products are right with zeros") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{2, 0, 3, 0, 5});
  const auto g = [&](tw::ScanOptions options) {
    return show(tw::backward(sum(tw::cumprod(x, 0, options)))[x]);
  };
  // y = (a, ab, abc, abcd, abcde): Σ = a(1 + b(1 + c(1 + d(1 + e))))
  CHECK(g({}) == "(5,) 1 8 0 0 0");
  CHECK(g({.reverse = true}) == "(5,) 0 0 0 20 1");
  // y = (1, a, ab, abc, abcd)
  CHECK(g({.exclusive = true}) == "(5,) 1 8 0 0 0");
}

TEST_CASE("gradient of a running sum is the running sum from the other end") {
  tw::Tape tape;
  const auto x = counted(tape, {4});
  const auto w = tape.constant(xt::xarray<double>{1, 10, 100, 1000});
  CHECK(show(tw::backward(sum(tw::cumsum(x, 0) * w))[x]) == "(4,) 1111 1110 1100 1000");
  CHECK(show(tw::backward(sum(tw::cumsum(x, 0, {.exclusive = true}) * w))[x]) ==
        "(4,) 1110 1100 1000 0");
}

TEST_CASE("a linear recurrence") {
  tw::Tape tape;
  const auto a = tape.input(xt::xarray<double>{9, 2, 3}),
             b = tape.input(xt::xarray<double>{1, 4, 5});
  CHECK(show(tw::linear_recurrence(a, b, 0)) == "(3,) 1 6 23");  // 1, 2·1 + 4, 3·6 + 5
  CHECK(show(tw::linear_recurrence(a, b, 0, true)) == "(3,) 127 14 5");
  const auto y = sum(tw::linear_recurrence(a, b, 0));
  CHECK(show(tw::backward(y)[a]) == "(3,) 0 4 6");
  CHECK(show(tw::backward(y)[b]) == "(3,) 9 4 1");
}

TEST_CASE("scans refuse what does not fit") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 3});
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)tw::cumsum(x, 2); }),
                 "[cumsum] axis 2 is out of range for (2,3)\n  recorded at ops_scan.cpp:"));
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)tw::cumprod(tape.input(1.0), 0); }),
                 "[cumprod] axis 0 is out of range for ()"));
  CHECK(contains(
      message_of<tw::TypeError>([&] { (void)tw::cumsum(tape.input(xt::xarray<bool>{true}), 0); }),
      "[cumsum] not defined for bool (1,)"));
  CHECK(contains(
      message_of<tw::ShapeError>([&] { (void)tw::linear_recurrence(x, counted(tape, {3}), 0); }),
      "[linear_recurrence] wanted two arrays of one shape, given (2,3) and (3,)"));
}
