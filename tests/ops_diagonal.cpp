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
using tw::DType;

TEST_CASE("triangles of matrices") {
  tw::Tape tape;
  const auto x = counted(tape, {3, 3}) + 1.0;
  CHECK(show(tw::tril(x)) == "(3,3) 1 0 0 4 5 0 7 8 9");
  CHECK(show(tw::tril(x, 1)) == "(3,3) 1 2 0 4 5 6 7 8 9");
  CHECK(show(tw::tril(x, -1)) == "(3,3) 0 0 0 4 0 0 7 8 0");
  CHECK(show(tw::triu(x)) == "(3,3) 1 2 3 0 5 6 0 0 9");
  CHECK(show(tw::triu(x, 1)) == "(3,3) 0 2 3 0 0 6 0 0 0");
  CHECK(show(tw::triu(x, -1)) == "(3,3) 1 2 3 4 5 6 0 8 9");
  for (const std::int64_t k : {3L, 100L, INT64_MAX}) {
    CHECK(show(tw::tril(x, k)) == show(x));
    CHECK(show(tw::triu(x, -k)) == show(x));
    CHECK(show(tw::triu(x, k)) == show(x * 0.0));
    CHECK(show(tw::tril(x, -k)) == show(x * 0.0));
  }
  CHECK(show(tw::triu(counted(tape, {2, 2, 2}, DType::int64))) == "int64 (2,2,2) 0 1 0 3 4 5 0 7");
  CHECK(show(tw::tril(counted(tape, {2, 3}))) == "(2,3) 0 0 0 3 4 0");
  CHECK(show(tw::backward(sum(square(tw::triu(x))))[x]) == "(3,3) 2 4 6 0 10 12 0 0 18");
  // What is cut off does not matter, even if it is infinite.
  const auto y =
      tape.input(xt::xarray<double>{{1, std::numeric_limits<double>::infinity()}, {2, 3}});
  CHECK(show(tw::tril(y)) == "(2,2) 1 0 2 3");
}

TEST_CASE("diagonals, and matrices made of them") {
  tw::Tape tape;
  const auto x = counted(tape, {3, 4});
  CHECK(show(tw::diagonal(x)) == "(3,) 0 5 10");
  CHECK(show(tw::diagonal(x, 2)) == "(2,) 2 7");
  CHECK(show(tw::diagonal(x, -1)) == "(2,) 4 9");
  CHECK(show(tw::diagonal(x, 4)) == "(0,)");
  CHECK(show(tw::diagonal(x, -3)) == "(0,)");
  CHECK(show(tw::diagonal(x, INT64_MIN)) == "(0,)");
  CHECK(show(tw::diagonal(counted(tape, {2, 2, 2}))) == "(2,2) 0 3 4 7");
  const auto v = tape.input(xt::xarray<double>{1, 2});
  CHECK(show(tw::diag(v)) == "(2,2) 1 0 0 2");
  CHECK(show(tw::diag(v, 1)) == "(3,3) 0 1 0 0 0 2 0 0 0");
  CHECK(show(tw::diag(v, -1)) == "(3,3) 0 0 0 1 0 0 0 2 0");
  CHECK(show(tw::diag(x, 1)) == "(3,) 1 6 11");
  CHECK(show(tw::diagonal_into(v, 2, 3, 1)) == "(2,3) 0 1 0 0 0 2");
  CHECK(show(tw::backward(sum(square(tw::diagonal(x, 1))))[x]) ==
        "(3,4) 0 2 0 0 0 0 12 0 0 0 0 22");
  CHECK(show(tw::backward(sum(square(tw::diag(v))))[v]) == "(2,) 2 4");
}

TEST_CASE("trace") {
  tw::Tape tape;
  const auto x = counted(tape, {3, 4});
  CHECK(show(tw::trace(x)) == "() 15");
  CHECK(show(tw::trace(x, 1)) == "() 18");
  CHECK(show(tw::trace(counted(tape, {2, 2, 2}))) == "(2,) 3 11");
  CHECK(show(tw::trace(counted(tape, {0, 0}))) == "() 0");
  CHECK(show(tw::backward(tw::trace(x))[x]) == "(3,4) 1 0 0 0 0 1 0 0 0 0 1 0");
}

TEST_CASE("matrices are wanted") {
  tw::Tape tape;
  const auto v = counted(tape, {3});
  const auto error = [](auto&& f) { return message_of<tw::ShapeError>(f); };
  CHECK(contains(error([&] { (void)tw::tril(v); }),
                 "[tril] wanted matrices, given (3,): reshape it first\n  recorded at"));
  CHECK(contains(error([&] { (void)tw::diagonal(v); }), "[diagonal] wanted matrices, given (3,)"));
  CHECK(contains(error([&] { (void)tw::trace(v); }), "[trace] wanted matrices, given (3,)"));
  CHECK(contains(error([&] { (void)tw::diag(tape.input(1.0)); }),
                 "[diag] wanted a vector or matrices, given ()"));
  CHECK(contains(error([&] { (void)tw::diag(v, INT64_MAX); }), "[diag] no matrix has a diagonal"));
  CHECK(contains(error([&] { (void)tw::diagonal_into(v, 3, 3, 1); }),
                 "[diagonal_into] diagonal 1 of (3,3) has 2 elements, given (3,)"));
}
