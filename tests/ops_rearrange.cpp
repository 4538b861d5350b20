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

namespace {
template <class F>
std::string shape_error(F&& f) {
  return message_of<tw::ShapeError>(f);
}
}  // namespace

TEST_CASE("permute, squeeze and expand_dims") {
  tw::Tape tape;
  const auto x = counted(tape, {1, 2, 1, 3});
  CHECK(show(tw::permute(x, {3, 1, 0, 2})) == "(3,2,1,1) 0 3 1 4 2 5");
  CHECK(tw::squeeze(x).shape() == tw::Shape{2, 3});
  CHECK(tw::squeeze(x, 0).shape() == tw::Shape{2, 1, 3});
  CHECK(tw::squeeze(x, {0, -2}).shape() == tw::Shape{2, 3});
  CHECK(tw::squeeze(tape.input(1.0)).shape() == tw::Shape{});
  CHECK(tw::expand_dims(x, {0, -1}).shape() == tw::Shape{1, 1, 2, 1, 3, 1});
  CHECK(tw::expand_dims(tape.input(1.0), {0, 1}).shape() == tw::Shape{1, 1});
  CHECK(contains(shape_error([&] { (void)tw::squeeze(x, 1); }),
                 "[squeeze] axis 1 of (1,2,1,3) has not size 1\n  recorded at ops_rearrange.cpp:"));
  CHECK(contains(shape_error([&] { (void)tw::squeeze(x, 4); }),
                 "[squeeze] axis 4 is out of range for (1,2,1,3)"));
  CHECK(contains(shape_error([&] { (void)tw::expand_dims(x, {0, 0}); }), "is given twice"));
  CHECK(contains(shape_error([&] { (void)tw::expand_dims(x, {}); }), "no axis is named"));
  CHECK(contains(shape_error([&] {
                   (void)tw::expand_dims(x, {0, 1, 2, 3, 4});
                 }),
                 "more than 8 axes"));
}

TEST_CASE("stack") {
  tw::Tape tape;
  const auto a = counted(tape, {2, 2}), b = a + 10.0;
  CHECK(show(tw::stack({a, b})) == "(2,2,2) 0 1 2 3 10 11 12 13");
  CHECK(show(tw::stack({a, b}, 1)) == "(2,2,2) 0 1 10 11 2 3 12 13");
  CHECK(show(tw::stack({a, b}, -1)) == "(2,2,2) 0 10 1 11 2 12 3 13");
  const auto x = tape.input(2.0F);
  CHECK(show(tw::stack({1.0, x, 3.0})) == "float32 (3,) 1 2 3");
  const auto c = tape.input(xt::xarray<double>{1, 2});
  CHECK(show(tw::backward(sum(tw::stack({c, square(c)}, 1)))[c]) == "(2,) 3 5");
  const auto size = tape.size();
  CHECK(contains(message_of<tw::TypeError>([&] {
                   (void)tw::stack({a, x});
                 }),
                 "[stack] dtypes differ: float64 and float32"));
  CHECK(contains(shape_error([&] {
                   (void)tw::stack({a, b}, 3);
                 }),
                 "[stack] axis 3 is out of range for a stack of (2,2)"));
  CHECK(contains(shape_error([&] {
                   (void)tw::stack({a, c});
                 }),
                 "[stack] wanted arrays of one shape, given (2,2) and (2,)"));
  CHECK(contains(shape_error([&] { (void)tw::stack(std::span<const tw::Operand>{}); }),
                 "[stack] there is nothing to stack"));
  CHECK(tape.size() == size);
}

TEST_CASE("split into equal parts and into sizes") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 6});
  const auto parts = tw::split(x, 3, 1);
  REQUIRE(parts.size() == 3);
  CHECK(show(parts[1]) == "(2,2) 2 3 8 9");
  const auto sizes = tw::split(x, {1, 0, 5}, -1);
  REQUIRE(sizes.size() == 3);
  CHECK(show(sizes[0]) == "(2,1) 0 6");
  CHECK(show(sizes[1]) == "(2,0)");
  CHECK(sizes[2].shape() == tw::Shape{2, 5});
  CHECK(show(tw::backward(sum(parts[0] * parts[2]))[x]) == "(2,6) 4 5 0 0 0 1 10 11 0 0 6 7");
  CHECK(contains(shape_error([&] { (void)tw::split(x, 4, 1); }),
                 "[split] 4 equal parts are wanted of the 6 elements along axis 1 of (2,6)"));
  CHECK(contains(shape_error([&] { (void)tw::split(x, 0, 1); }), "[split] 0 equal parts"));
  CHECK(contains(shape_error([&] {
                   (void)tw::split(x, {2, 3}, 1);
                 }),
                 "[split] parts of sizes 2,3 are not the 6 elements along axis 1 of (2,6)"));
  CHECK(contains(shape_error([&] { (void)tw::split(x, {7, -1}, 1); }), "parts of sizes 7,-1"));
}

TEST_CASE("a split into very many parts costs n log n elements with its gradient, not n²") {
  for (const std::int64_t n : {9, 64, 1000}) {
    CAPTURE(n);
    tw::Tape tape;
    const auto x = counted(tape, {2, 2 * n});
    const std::vector<tw::Var> parts = tw::split(x, n, 1);
    REQUIRE(parts.size() == static_cast<std::size_t>(n));
    tw::Var sum;
    for (std::int64_t k = 0; k < n; ++k) {
      const tw::Var& part = parts[static_cast<std::size_t>(k)];
      CHECK(part.shape() == tw::Shape{2, 2});
      if (k == n - 1) CHECK(tw::number_at(DType::float64, part.data(), 3) == double(4 * n - 1));
      const tw::Var term = double(k + 1) * tw::sum(part);
      sum = sum.has_tape() ? sum + term : term;
    }
    const tw::Var slope = tw::backward(sum)[x];
    for (std::int64_t k = 0; k < 2 * n; ++k) {
      CHECK(tw::number_at(DType::float64, slope.data(), k) == double(k / 2 + 1));
    }
    std::int64_t elements = 0;
    for (tw::NodeId id = 0; id < tape.size(); ++id) elements += tape.type(id).size();
    CHECK(elements < 40 * 4 * n * (n < 64 ? 2 : n < 512 ? 3 : 4));
  }
}

TEST_CASE("flip and roll") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 3});
  CHECK(show(tw::flip(x)) == "(2,3) 5 4 3 2 1 0");
  CHECK(show(tw::flip(x, -1)) == "(2,3) 2 1 0 5 4 3");
  CHECK(show(tw::flip(tape.input(4.0))) == "() 4");
  CHECK(show(tw::roll(x, 1, 1)) == "(2,3) 2 0 1 5 3 4");
  CHECK(show(tw::roll(x, -1, 1)) == "(2,3) 1 2 0 4 5 3");
  CHECK(show(tw::roll(x, 7, -1)) == "(2,3) 2 0 1 5 3 4");
  CHECK(show(tw::roll(x, 3, 1)) == "(2,3) 0 1 2 3 4 5");
  CHECK(show(tw::roll(x, 2)) == "(2,3) 4 5 0 1 2 3");
  CHECK(show(tw::roll(counted(tape, {0, 2}), 1, 0)) == "(0,2)");
  CHECK(show(tw::roll(x, INT64_MIN, 1)) == show(tw::roll(x, INT64_MIN % 3, 1)));
  const auto w = tape.constant(xt::xarray<double>{1, 10, 100});
  CHECK(show(tw::backward(sum(tw::roll(x, 1, 1) * w))[x]) == "(2,3) 10 100 1 10 100 1");
  CHECK(contains(shape_error([&] {
                   (void)tw::flip(x, {0, 0});
                 }),
                 "[flip] axis 0 of (2,3) is given twice"));
  CHECK(contains(shape_error([&] { (void)tw::roll(x, 1, 2); }),
                 "[roll] axis 2 is out of range for (2,3)"));
}

TEST_CASE("tile and repeat") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 2});
  CHECK(show(tw::tile(x, {1, 2})) == "(2,4) 0 1 0 1 2 3 2 3");
  CHECK(show(tw::tile(x, {2})) == "(2,4) 0 1 0 1 2 3 2 3");  // the last axis
  CHECK(show(tw::tile(x, {2, 1, 1})) == "(2,2,2) 0 1 2 3 0 1 2 3");
  CHECK(show(tw::tile(x, {2, 2})) == "(4,4) 0 1 0 1 2 3 2 3 0 1 0 1 2 3 2 3");
  CHECK(show(tw::tile(tape.input(5.0), {2})) == "(2,) 5 5");
  CHECK(show(tw::tile(x, {0, 1})) == "(0,2)");
  CHECK(show(tw::repeat(x, 2, 1)) == "(2,4) 0 0 1 1 2 2 3 3");
  CHECK(show(tw::repeat(x, 2, 0)) == "(4,2) 0 1 0 1 2 3 2 3");
  CHECK(show(tw::repeat(x, 0, 0)) == "(0,2)");
  CHECK(show(tw::backward(sum(tw::repeat(x, 3, 0)))[x]) == "(2,2) 3 3 3 3");
  CHECK(show(tw::backward(sum(square(tw::tile(x, {3, 2}))))[x]) == "(2,2) 0 12 24 36");
  const auto size = tape.size();
  CHECK(contains(shape_error([&] {
                   (void)tw::tile(x, {2, -1});
                 }),
                 "[tile] a number of copies is negative: -1"));
  CHECK(contains(shape_error([&] { (void)tw::repeat(x, -1, 0); }),
                 "[repeat] a number of copies is negative: -1"));
  CHECK(tape.size() == size);
}
