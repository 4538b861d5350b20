#include <doctest/doctest.h>

#include <limits>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/tapewise.hpp>
#include <vector>

#include "counted.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;
using tests::counted;
using tests::message_of;
using tests::show;
using tw::DType;
using tw::Slice;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("cast converts between all dtypes") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{-2.7, -0.0, 0.0, 0.5, 2.7});
  CHECK(show(tw::cast(x, DType::int64)) == "int64 (5,) -2 0 0 0 2");
  CHECK(show(tw::cast(x, DType::boolean)) == "bool (5,) 1 0 0 1 1");
  CHECK(show(tw::cast(x, DType::float32)) == "float32 (5,) -2.7 -0 0 0.5 2.7");
  CHECK(same_node(tw::cast(x, DType::float64), x));

  const auto n = tape.input(xt::xarray<std::int64_t>{-1, 0, 3});
  CHECK(show(tw::cast(n, DType::float32)) == "float32 (3,) -1 0 3");
  CHECK(show(tw::cast(n, DType::boolean)) == "bool (3,) 1 0 1");
  const auto b = tape.input(xt::xarray<bool>{true, false});
  CHECK(show(tw::cast(b, DType::float64)) == "(2,) 1 0");
  CHECK(show(tw::cast(b, DType::int64)) == "int64 (2,) 1 0");
  CHECK(show(tw::cast(counted(tape, {0, 2}), DType::int64)) == "int64 (0,2)");
  CHECK(show(tw::cast(tape.input(not_a_number), DType::boolean)) == "bool () 1");
}

TEST_CASE("cast to int64 refuses what does not fit") {
  tw::Tape tape;
  for (const double x : {not_a_number, inf, -inf, 0x1p63, -1e19}) {
    CAPTURE(x);
    const auto y = tw::cast(tape.input(xt::xarray<double>{0.0, x}), DType::int64);
    const int line = __LINE__ - 1;
    const std::string message = message_of<tw::DomainError>([&] { (void)y.data(); });
    CHECK(contains(message, "[cast] "));
    CHECK(contains(message, "at position 1 does not fit into int64"));
    CHECK(contains(message, "ops_shape.cpp:" + std::to_string(line)));
  }
  CHECK(show(tw::cast(tape.input(-9223372036854775808.0), DType::int64)) ==
        "int64 () -9.22337e+18");
  const auto to_complex = [&] { (void)tw::cast(tape.input(1.0), DType::complex128); };
  CHECK(contains(message_of<tw::TypeError>(to_complex), "[cast] wanted one of bool, int64"));
}

TEST_CASE("the gradient of a cast is cast back, and ends at int64") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<float>{1.5F, 2.5F});
  const auto wide = tw::cast(x, DType::float64);
  CHECK(show(tw::backward(tw::sum(wide * wide))[x]) == "float32 (2,) 3 5");
  const auto whole = tw::cast(tw::cast(x, DType::int64), DType::float32);
  CHECK(show(tw::backward(tw::sum(x * whole))[x]) == "float32 (2,) 1 2");
}

TEST_CASE("stop_gradient is the identity, and a constant to differentiation") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{2, 3});
  const auto held = tw::stop_gradient(x);
  CHECK(show(held) == "(2,) 2 3");
  CHECK(show(tw::backward(tw::sum(x * held))[x]) == "(2,) 2 3");
  x.set(xt::xarray<double>{5, 7});
  CHECK(show(held) == "(2,) 5 7");
}

TEST_CASE("reshape keeps the elements and works out one size") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 3});
  CHECK(show(tw::reshape(x, {3, 2})) == "(3,2) 0 1 2 3 4 5");
  CHECK(show(tw::reshape(x, {-1})) == "(6,) 0 1 2 3 4 5");
  CHECK(show(tw::reshape(x, {2, -1, 1})) == "(2,3,1) 0 1 2 3 4 5");
  CHECK(show(tw::reshape(x, tw::Shape{1, 6})) == "(1,6) 0 1 2 3 4 5");
  CHECK(show(tw::reshape(tape.input(4.0), {1, 1})) == "(1,1) 4");
  CHECK(show(tw::reshape(tape.input(xt::xarray<double>{4}), {})) == "() 4");
  CHECK(tw::reshape(counted(tape, {0, 3}), {5, -1, 3}).shape() == tw::Shape{5, 0, 3});
  CHECK(tw::reshape(x, {3, 2}).data() == x.data());
}

TEST_CASE("reshape says which sizes do not fit") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 3});
  const auto error = [&](const tw::Sizes& sizes) {
    return message_of<tw::ShapeError>([&] { (void)tw::reshape(x, sizes); });
  };
  const auto size_before = tape.size();
  CHECK(contains(error({4, 2}),
                 "[reshape] the numbers of elements differ: (2,3) into (4,2), "
                 "6 != 8\n  recorded at ops_shape.cpp:"));
  CHECK(contains(error({4, -1}), "no size in the place of -1 fits: (2,3) into (4,-1)"));
  CHECK(contains(error({-1, 0}), "no size in the place of -1 fits"));
  CHECK(contains(error({-1, -1}), "only one size may be -1"));
  CHECK(contains(error({-2, 3}), "a size is negative: (2,3) into (-2,3)"));
  CHECK(contains(error({1, 1, 1, 1, 1, 1, 1, 2, 3}), "at most 8 axes, 9 are wanted"));
  CHECK(contains(error({std::int64_t{1} << 40, std::int64_t{1} << 40}), "larger than memory"));
  CHECK(tape.size() == size_before);
}

TEST_CASE("transpose reverses the axes or puts them in the order given") {
  tw::Tape tape;
  CHECK(show(tw::transpose(counted(tape, {2, 3}))) == "(3,2) 0 3 1 4 2 5");
  CHECK(show(tw::transpose(counted(tape, {3}))) == "(3,) 0 1 2");
  CHECK(show(tw::transpose(tape.input(7.0))) == "() 7");
  CHECK(show(tw::transpose(counted(tape, {0, 4}))) == "(4,0)");
  const auto x = counted(tape, {2, 1, 3}, DType::int64);
  CHECK(show(tw::transpose(x, {2, 0, 1})) == "int64 (3,2,1) 0 3 1 4 2 5");
  CHECK(show(tw::transpose(x, {0, -2, -1})) == "int64 (2,1,3) 0 1 2 3 4 5");
  CHECK(show(tw::transpose(tape.input(xt::xarray<bool>{{true, false}, {true, true}}))) ==
        "bool (2,2) 1 1 0 1");
  CHECK(show(tw::swap_last(counted(tape, {2, 2, 2}))) == "(2,2,2) 0 2 1 3 4 6 5 7");
}

TEST_CASE("transposes of any size and dtype put each element in its place") {
  tw::Tape tape;
  for (const DType dtype : {DType::float32, DType::float64, DType::boolean}) {
    for (const auto& size :
         {std::pair{1, 9}, {3, 5}, {4, 4}, {5, 4}, {33, 7}, {35, 66}, {64, 129}}) {
      const int rows = size.first, columns = size.second;
      CAPTURE(rows);
      CAPTURE(columns);
      const auto x = counted(tape, {rows, 2, columns}, dtype);
      const auto y = tw::transpose(x);
      std::int64_t wrong = 0;
      for (std::int64_t c = 0, at = 0; c < columns; ++c) {
        for (std::int64_t k = 0; k < 2; ++k) {
          for (std::int64_t r = 0; r < rows; ++r, ++at) {
            wrong += tw::number_at(dtype, y.data(), at) !=
                     tw::number_at(dtype, x.data(), (r * 2 + k) * columns + c);
          }
        }
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("every order of four axes agrees with index arithmetic, there and back") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 5, 3, 4});
  const tw::Strides from = tw::row_major_strides(x.shape());
  std::vector<std::int64_t> axes = {0, 1, 2, 3};
  do {
    const tw::Axes order{std::span<const std::int64_t>(axes)};
    const auto y = tw::transpose(x, order);
    const auto* value = static_cast<const double*>(y.data());
    const tw::Strides to = tw::row_major_strides(y.shape());
    std::int64_t wrong = 0;
    for (std::int64_t at = 0; at < y.type().size(); ++at) {
      std::int64_t source = 0;
      for (std::size_t k = 0; k < 4; ++k) {
        source += at / to[k] % y.shape()[k] * from[static_cast<std::size_t>(axes[k])];
      }
      wrong += value[at] != static_cast<double>(source);
    }
    CHECK(wrong == 0);
    const auto g = tw::backward(tw::sum(y * y))[x];
    CHECK(show(g) == show(2.0 * x));
  } while (std::next_permutation(axes.begin(), axes.end()));
}

TEST_CASE("transpose refuses axes that are no order of the array's") {
  tw::Tape tape;
  const auto x = counted(tape, {2, 3});
  const auto error = [&](const tw::Axes& axes) {
    return message_of<tw::ShapeError>([&] { (void)tw::transpose(x, axes); });
  };
  CHECK(contains(error({0}), "[transpose] axes=0 names 1 of the 2 axes of (2,3)"));
  CHECK(contains(error({0, 2}), "[transpose] axis 2 is out of range for (2,3)"));
  CHECK(contains(error({1, -1}), "axis -1 of (2,3) is given twice: axes=1,-1"));
  CHECK(contains(error({0, 1}), "no exception"));
  CHECK(contains(error({0}), "recorded at ops_shape.cpp:"));
  const auto of_vector = [&] { (void)tw::swap_last(counted(tape, {3})); };
  CHECK(contains(message_of<tw::ShapeError>(of_vector), "is out of range for (3,)"));
}

TEST_CASE("broadcast_to repeats as NumPy does") {
  tw::Tape tape;
  CHECK(show(tw::broadcast_to(counted(tape, {3}), {2, 3})) == "(2,3) 0 1 2 0 1 2");
  CHECK(show(tw::broadcast_to(counted(tape, {2, 1}), {2, 3})) == "(2,3) 0 0 0 1 1 1");
  CHECK(show(tw::broadcast_to(counted(tape, {2, 1}, DType::int64), {2, 2, 2})) ==
        "int64 (2,2,2) 0 0 1 1 0 0 1 1");
  CHECK(show(tw::broadcast_to(tape.input(5.0), {2, 2})) == "(2,2) 5 5 5 5");
  CHECK(show(tw::broadcast_to(counted(tape, {1, 2}), {0, 2})) == "(0,2)");
  const auto x = counted(tape, {2, 3});
  CHECK(same_node(tw::broadcast_to(x, {2, 3}), x));
  const auto column = counted(tape, {2, 1});
  CHECK(show(tw::backward(tw::sum(tw::broadcast_to(column, {4, 2, 3}) * x))[column]) ==
        "(2,1) 12 48");

  const auto narrow = [&] { (void)tw::broadcast_to(x, {3}); };
  CHECK(contains(message_of<tw::ShapeError>(narrow),
                 "[broadcast_to] (2,3) does not broadcast to (3,)\n  recorded at ops_shape.cpp:"));
  const auto unlike = [&] { (void)tw::broadcast_to(x, {2, 4}); };
  CHECK(contains(message_of<tw::ShapeError>(unlike), "(2,3) does not broadcast to (2,4)"));
  const auto shrunk = [&] { (void)tw::broadcast_to(x, {1, 3}); };
  CHECK(contains(message_of<tw::ShapeError>(shrunk), "(2,3) does not broadcast to (1,3)"));
}

TEST_CASE("concat joins along any axis") {
  tw::Tape tape;
  const auto a = counted(tape, {2, 2});
  const auto b = counted(tape, {2, 1});
  CHECK(show(tw::concat({a, b}, 1)) == "(2,3) 0 1 0 2 3 1");
  CHECK(show(tw::concat({a, xt::xarray<double>{{9, 8}}, a}, -2)) == "(5,2) 0 1 2 3 9 8 0 1 2 3");
  CHECK(show(tw::concat({a, counted(tape, {2, 0})}, 1)) == "(2,2) 0 1 2 3");
  CHECK(show(tw::concat({counted(tape, {1}, DType::int64), counted(tape, {2}, DType::int64)}, 0)) ==
        "int64 (3,) 0 0 1");
  const std::vector<tw::Var> parts = {b, a, b};
  const auto y = tw::concat(parts, 1);
  CHECK(show(y) == "(2,4) 0 0 1 0 1 2 3 1");
  const auto weights = tape.constant(xt::xarray<double>{{1, 2, 3, 4}, {5, 6, 7, 8}});
  const auto gradient = tw::backward(tw::sum(y * weights));
  CHECK(show(gradient[a]) == "(2,2) 2 3 6 7");
  CHECK(show(gradient[b]) == "(2,1) 5 13");
}

TEST_CASE("concat of hundreds of parts is recorded as a tree") {
  tw::Tape tape;
  std::vector<tw::Var> parts;
  parts.reserve(200);
  for (int k = 0; k < 200; ++k) parts.push_back(tape.input(xt::xarray<double>{double(k)}));
  const auto y = tw::concat(parts, 0);
  CHECK(show(tw::slice(y, {{0, 200, 66}})) == "(4,) 0 66 132 198");
  const auto gradient = tw::backward(tw::sum(y * y));
  CHECK(show(gradient[parts[150]]) == "(1,) 300");

  parts.push_back(counted(tape, {2, 2}));
  const auto size_before = tape.size();
  CHECK_THROWS_AS((void)tw::concat(parts, 0), tw::ShapeError);
  CHECK(tape.size() == size_before);
}

TEST_CASE("concat says which parts do not fit") {
  tw::Tape tape;
  const auto a = counted(tape, {2, 3});
  const auto error = [&](const tw::Var& b, std::int64_t axis) {
    return message_of<tw::Error>([&] { (void)tw::concat({a, b}, axis); });
  };
  CHECK(contains(error(counted(tape, {2, 4}), 0),
                 "[concat] parts differ in another axis than 0: (2,3) and (2,4)"));
  CHECK(contains(error(counted(tape, {2}), 0), "(2,3) and (2,)"));
  CHECK(contains(error(counted(tape, {2, 3}, DType::float32), 0),
                 "dtypes differ: float64 and float32: write cast"));
  CHECK(contains(error(a, 2), "axis 2 is out of range for (2,3)\n  recorded at ops_shape.cpp:"));
  const auto none = [] { (void)tw::concat(std::vector<tw::Var>{}, 0); };
  CHECK(contains(message_of<tw::ShapeError>(none), "there is nothing to join"));
  CHECK(contains(message_of<tw::ShapeError>(none), "ops_shape.cpp:"));
}

TEST_CASE("slice chooses what NumPy chooses") {
  tw::Tape tape;
  const auto x = counted(tape, {6});
  constexpr auto none = Slice::none;
  const auto chosen = [&](const Slice& s) { return show(tw::slice(x, {s})); };
  CHECK(chosen({}) == "(6,) 0 1 2 3 4 5");
  CHECK(chosen({1, 4}) == "(3,) 1 2 3");
  CHECK(chosen({-2}) == "(2,) 4 5");
  CHECK(chosen({none, -4}) == "(2,) 0 1");
  CHECK(chosen({none, none, 2}) == "(3,) 0 2 4");
  CHECK(chosen({1, none, 3}) == "(2,) 1 4");
  CHECK(chosen({none, none, -1}) == "(6,) 5 4 3 2 1 0");
  CHECK(chosen({4, 0, -2}) == "(2,) 4 2");
  CHECK(chosen({-2, none, -3}) == "(2,) 4 1");
  CHECK(chosen({0, none, -1}) == "(1,) 0");
  CHECK(chosen({2, 2}) == "(0,)");
  CHECK(chosen({4, 1}) == "(0,)");
  CHECK(chosen({1, 4, -1}) == "(0,)");
  CHECK(chosen({-100, 100}) == "(6,) 0 1 2 3 4 5");
  CHECK(chosen({100, -100, -4}) == "(2,) 5 1");
  CHECK(chosen({7}) == "(0,)");
  CHECK(chosen({3, INT64_MAX, INT64_MAX}) == "(1,) 3");
  CHECK(chosen({3, none, INT64_MIN}) == "(1,) 3");
}

TEST_CASE("slice works along several axes, the last ones whole") {
  tw::Tape tape;
  const auto x = counted(tape, {3, 4}, DType::float32);
  CHECK(show(tw::slice(x, {{1, 3}})) == "float32 (2,4) 4 5 6 7 8 9 10 11");
  CHECK(show(tw::slice(x, {{}, {1, 3}})) == "float32 (3,2) 1 2 5 6 9 10");
  CHECK(show(tw::slice(x, {{.step = -2}, {.step = -3}})) == "float32 (2,2) 11 8 3 0");
  CHECK(show(tw::slice(x, {{5, 9}, {1, 3}})) == "float32 (0,2)");
  CHECK(show(tw::slice(x, {})) == show(x));
  CHECK(show(tw::slice(tape.input(3.0), {})) == "() 3");

  const auto g = tw::backward(tw::sum(tw::slice(x, {{2, 0, -1}, {0, 2}}) * 3.0))[x];
  CHECK(show(g) == "float32 (3,4) 0 0 0 0 3 3 0 0 3 3 0 0");
}

TEST_CASE("slice_into is the adjoint of slice") {
  tw::Tape tape;
  const auto g = tape.input(xt::xarray<double>{1, 2});
  CHECK(show(tw::slice_into(g, {5}, {{3, 0, -2}})) == "(5,) 0 2 0 1 0");
  CHECK(show(tw::slice_into(tape.input(xt::xarray<double>{{1, 2}}), {2, 2}, {{1}})) ==
        "(2,2) 0 0 1 2");
  CHECK(show(tw::slice_into(counted(tape, {0}), {2}, {{1, 1}})) == "(2,) 0 0");
  CHECK(show(tw::slice_into(tape.input(4.0), {}, {})) == "() 4");
  const auto misfit = [&] { (void)tw::slice_into(g, {5}, {{0, 3}}); };
  CHECK(contains(message_of<tw::ShapeError>(misfit),
                 "[slice_into] [0:3] of (5,) has shape (3,), given (2,)"));
}

TEST_CASE("slice says what is wrong with the slices") {
  tw::Tape tape;
  const auto x = counted(tape, {3, 4});
  const auto error = [&](const tw::Slices& slices) {
    return message_of<tw::ShapeError>([&] { (void)tw::slice(x, slices); });
  };
  CHECK(contains(error({{}, {}, {}}), "[slice] 3 slices are more than (3,4) has axes"));
  CHECK(contains(error({{}, {0, 1, 0}}), "[slice] the step along axis 1 of (3,4) is 0"));
  CHECK(contains(error({{}, {0, 1, 0}}), "recorded at ops_shape.cpp:"));
}

TEST_CASE("filled gives arrays of one number in every dtype") {
  tw::Tape tape;
  CHECK(show(tw::filled(tape, {DType::float64, {2, 2}}, 0.5)) == "(2,2) 0.5 0.5 0.5 0.5");
  CHECK(show(tw::filled(tape, {DType::float32, {}}, 1)) == "float32 () 1");
  CHECK(show(tw::filled(tape, {DType::int64, {3}}, -2)) == "int64 (3,) -2 -2 -2");
  CHECK(show(tw::filled(tape, {DType::boolean, {2}}, 1)) == "bool (2,) 1 1");
  CHECK(show(tw::filled(tape, {DType::float64, {0, 2}}, 1)) == "(0,2)");
}
