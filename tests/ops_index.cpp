#include <doctest/doctest.h>

#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using tests::contains;
using tests::message_of;
using tests::show;
using tw::DType;
using Indices = xt::xarray<std::int64_t>;

namespace {

/// (2,1): xtensor reads `{{a}, {b}}` in two ways.
Indices column(std::int64_t a, std::int64_t b) {
  Indices indices = Indices::from_shape({2, 1});
  indices(0, 0) = a;
  indices(1, 0) = b;
  return indices;
}

}  // namespace

TEST_CASE("take puts the shape of the indices in the place of the axis") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{0, 1, 2}, {10, 11, 12}});
  CHECK(show(tw::take(x, Indices{1, 0, 1}, 0)) == "(3,3) 10 11 12 0 1 2 10 11 12");
  CHECK(show(tw::take(x, Indices{{2, 0}, {1, 1}}, 1)) == "(2,2,2) 2 0 1 1 12 10 11 11");
  CHECK(show(tw::take(x, Indices{-1}, -1)) == "(2,1) 2 12");
  CHECK(show(tw::take(x, 1, 0)) == "(3,) 10 11 12");
  CHECK(show(tw::take(x, -3, 1)) == "(2,) 0 10");
  CHECK(show(tw::take(x, xt::xarray<std::int64_t>::from_shape({0}), 1)) == "(2,0)");
  CHECK(show(tw::take(tape.input(xt::xarray<bool>{true, false}), Indices{1, 1, 0}, 0)) ==
        "bool (3,) 0 0 1");
  CHECK(show(tw::take(tape.input(xt::xarray<float>{5, 6}), Indices{1}, 0)) == "float32 (1,) 6");
  const auto indices = tape.input(Indices{0});
  CHECK(show(tw::take(xt::xarray<double>{7, 8}, indices, 0)) == "(1,) 7");
  indices.set(Indices{1});
  CHECK(show(tw::take(xt::xarray<double>{7, 8}, indices, 0)) == "(1,) 8");
}

TEST_CASE("the gradient of take adds up where an index is repeated") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}});
  const auto y = tw::take(x, Indices{2, 0, -1}, 0);
  const auto weights = tape.constant(xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}});
  CHECK(show(tw::backward(tw::sum(y * weights))[x]) == "(3,2) 3 4 0 0 6 8");
}

TEST_CASE("take_add adds at the indices") {
  tw::Tape tape;
  const auto g = tape.input(xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}});
  CHECK(show(tw::take_add(g, Indices{1, 1, 3}, 0, 4)) == "(4,2) 0 0 4 6 0 0 5 6");
  CHECK(show(tw::take_add(g, Indices{0, 0}, 1, 2)) == "(3,2) 3 0 7 0 11 0");
  CHECK(show(tw::take_add(tape.input(xt::xarray<float>{7}), 1, -1, 2)) == "float32 (1,2) 0 7");
  CHECK(show(tw::take_add(tape.input(Indices{3, 4}), Indices{-1, -1}, 0, 2)) == "int64 (2,) 0 7");
}

TEST_CASE("gather chooses one element for each place") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{0, 1, 2}, {10, 11, 12}});
  CHECK(show(tw::gather(x, column(2, 0), 1)) == "(2,1) 2 10");
  CHECK(show(tw::gather(x, Indices{{1, 1, -3, 0}, {2, 2, 0, -1}}, -1)) ==
        "(2,4) 1 1 0 0 12 12 10 12");
  CHECK(show(tw::gather(x, Indices{{1, 0, 1}}, 0)) == "(1,3) 10 1 12");
  CHECK(show(tw::gather(tape.input(Indices{4, 5}), Indices{1, 1, 0}, 0)) == "int64 (3,) 5 5 4");

  const auto y = tw::gather(x, Indices{{1, 1}, {0, 2}}, 1);
  const auto weights = tape.constant(xt::xarray<double>{{1, 2}, {3, 4}});
  CHECK(show(tw::backward(tw::sum(y * weights))[x]) == "(2,3) 0 3 0 3 0 4");
}

TEST_CASE("scatter_add adds one element from each place") {
  tw::Tape tape;
  const auto g = tape.input(xt::xarray<double>{{1, 2}, {3, 4}});
  CHECK(show(tw::scatter_add(g, Indices{{1, 1}, {0, -1}}, 1, 3)) == "(2,3) 0 3 0 3 0 4");
  CHECK(show(tw::scatter_add(g, Indices{{0, 0}, {0, 1}}, 0, 2)) == "(2,2) 4 2 0 4");
}

TEST_CASE("one_hot marks the labels in any dtype") {
  tw::Tape tape;
  const auto labels = tape.input(Indices{2, 0, -1});
  CHECK(show(tw::one_hot(labels, 3)) == "(3,3) 0 0 1 1 0 0 0 0 1");
  CHECK(show(tw::one_hot(labels, 3, DType::float32)) == "float32 (3,3) 0 0 1 1 0 0 0 0 1");
  CHECK(show(tw::one_hot(labels, 3, DType::boolean)) == "bool (3,3) 0 0 1 1 0 0 0 0 1");
  CHECK(show(tw::one_hot(tape.input(std::int64_t{1}), 2, DType::int64)) == "int64 (2,) 0 1");
  CHECK(tw::one_hot(tape.input(Indices::from_shape({0})), 4).shape() == tw::Shape{0, 4});
}

TEST_CASE("an index out of range is named, with its place and the line that recorded it") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{0, 1, 2}, {10, 11, 12}});
  const auto error = [](const tw::Var& v) {
    return message_of<tw::DomainError>([&] { (void)v.data(); });
  };
  const auto taken = tw::take(x, Indices{0, 3}, 1);
  const std::string line = "ops_index.cpp:" + std::to_string(__LINE__ - 1);
  CHECK(
      contains(error(taken), "[take] index 3 at position 1 is out of range for axis 1 of size 3"));
  CHECK(contains(error(taken), line));
  CHECK(contains(error(tw::take(x, -3, 0)),
                 "[take] index -3 at position 0 is out of range for axis 0 of size 2"));
  CHECK(contains(error(tw::gather(x, column(0, 7), -1)),
                 "[gather] index 7 at position 1 is out of range for axis 1 of size 3"));
  CHECK(contains(error(tw::take_add(x, Indices{0, 4}, 0, 4)),
                 "[take_add] index 4 at position 1 is out of range for axis 0 of size 4"));
  CHECK(contains(error(tw::scatter_add(x, Indices{{0, 1, 9}, {0, 0, 0}}, 0, 2)),
                 "[scatter_add] index 9 at position 2 is out of range for axis 0 of size 2"));
  CHECK(contains(error(tw::one_hot(tape.input(Indices{0, 10}), 10)),
                 "[one_hot] index 10 at position 1 is out of range for axis 1 of size 10"));
  CHECK(contains(error(tw::take(x, INT64_MIN, 0)), "index -9223372036854775808"));
  const auto empty = tape.input(xt::xarray<double>::from_shape({0, 2}));
  CHECK(contains(error(tw::take(empty, 0, 0)), "index 0 at position 0 is out of range"));
}

TEST_CASE("shapes and dtypes that do not fit are refused while recording") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{0, 1, 2}, {10, 11, 12}});
  const auto error = [](auto f) { return message_of<tw::Error>(f); };
  const auto size_before = tape.size();
  CHECK(contains(error([&] { (void)tw::take(x, Indices{0}, 2); }),
                 "[take] axis 2 is out of range for (2,3)\n  recorded at ops_index.cpp:"));
  CHECK(contains(error([&] { (void)tw::take(x, xt::xarray<double>{0}, 0); }),
                 "[take] indices are int64, given float64 (1,): write cast(indices"));
  CHECK(contains(error([&] { (void)tw::take(x, 0.5, 0); }), "indices are int64"));
  CHECK(contains(error([&] {
                   (void)tw::take(x, Indices::from_shape({1, 1, 1, 1, 1, 1, 1, 1}), 0);
                 }),
                 "more than 8 axes: (2,3) with indices (1,1,1,1,1,1,1,1)"));
  CHECK(contains(error([&] {
                   (void)tw::gather(x, Indices::from_shape({1, 1}), 1);
                 }),
                 "[gather] x and indices differ in another axis than 1: (2,3) and (1,1)"));
  CHECK(contains(error([&] { (void)tw::gather(x, Indices{0}, 1); }), "(2,3) and (1,)"));
  CHECK(contains(error([&] { (void)tw::take_add(x, Indices{0}, 1, 4); }),
                 "[take_add] indices (1,) do not stand at axis 1 of (2,3)"));
  CHECK(contains(error([&] {
                   (void)tw::take_add(x, Indices{0, 1}, 0, -4);
                 }),
                 "the size is negative: -4"));
  CHECK(contains(error([&] {
                   (void)tw::scatter_add(x, Indices::from_shape({1, 1}), 1, 4);
                 }),
                 "[scatter_add] g and indices differ in shape: (2,3) and (1,1)"));
  CHECK(contains(error([&] { (void)tw::one_hot(x, 4); }),
                 "[one_hot] indices are int64, given float64 (2,3)"));
  CHECK(tape.size() == size_before);
  const auto mask = tape.input(xt::xarray<bool>{true});
  CHECK(contains(error([&] { (void)tw::take_add(mask, Indices{0}, 0, 2); }),
                 "nothing can be added up in bool (1,)"));
}

TEST_CASE("a program meets a bad index of its run, and recovers") {
  tw::Tape tape;
  const auto indices = tape.input(Indices{0, 1});
  const auto y = tw::take(tape.input(xt::xarray<double>{3, 4}), indices, 0);
  tw::Program program = tw::compile({y});
  program.run();
  CHECK(program.value<double>(y) == xt::xarray<double>{3, 4});
  indices.set(Indices{0, 2});
  CHECK(contains(message_of<tw::DomainError>([&] { program.run(); }),
                 "[take] index 2 at position 1 is out of range for axis 0 of size 2"));
  indices.set(Indices{1, -2});
  program.run();
  CHECK(program.value<double>(y) == xt::xarray<double>{4, 3});
}

TEST_CASE("masked_fill fills where the mask holds") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, 2}, {3, 4}});
  const auto mask = tape.input(xt::xarray<bool>{true, false});
  CHECK(show(tw::masked_fill(x, mask, -9)) == "(2,2) -9 2 -9 4");
  CHECK(show(tw::masked_fill(x, x > 2.0, 0)) == "(2,2) 1 2 0 0");
  const auto value = tape.input(7.0);
  const auto y = sum(square(tw::masked_fill(x, mask, value)));
  CHECK(show(tw::backward(y)[x]) == "(2,2) 0 4 0 8");
  CHECK(show(tw::backward(y)[value]) == "() 28");
  const auto column = reshape(tape.input(xt::xarray<double>{1, 2}), {2, 1});
  const auto size = tape.size();
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)tw::masked_fill(column, mask, 0); }),
                 "[masked_fill] mask (2,) and value do not broadcast to (2,1)"));
  CHECK(contains(message_of<tw::TypeError>([&] { (void)tw::masked_fill(x, x, 0); }),
                 "[masked_fill] the mask is of dtype bool, given float64 (2,2)"));
  CHECK(tape.size() == size);
}

TEST_CASE("scatter_add onto an array adds to what is there") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{10, 20, 30}});
  const auto g = tape.input(xt::xarray<double>{{1, 2, 3, 4}});
  const auto places = tape.input(xt::xarray<std::int64_t>{{0, 2, 0, -1}});
  CHECK(show(tw::scatter_add(x, places, g, 1)) == "(1,3) 14 20 36");
  const auto y = sum(square(tw::scatter_add(x, places, g, -1)));
  CHECK(show(tw::backward(y)[x]) == "(1,3) 28 40 72");
  CHECK(show(tw::backward(y)[g]) == "(1,4) 28 72 28 72");
  const auto two = tape.input(xt::xarray<double>{{10, 20, 30}, {0, 0, 0}});
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)tw::scatter_add(two, places, g, 1); }),
                 "[scatter_add] x and g differ in another axis than 1: (2,3) and (1,4)"));
}
