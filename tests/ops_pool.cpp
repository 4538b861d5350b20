// Pooling against loops over the windows, ties, padding, refusals.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::show;

namespace {

tw::Var input(tw::Tape& tape, const tw::Shape& shape, const std::vector<double>& elements) {
  tw::Array array({tw::DType::float64, shape});
  std::copy(elements.begin(), elements.end(), array.as<double>());
  return tape.input(array);
}

tw::Var random_input(tw::Tape& tape, const tw::Shape& shape) {
  return tape.input(tests::random_array({tw::DType::float64, shape, -1, 1}, tw::DType::float64, 5));
}

/// What a loop over one image's windows finds: the maximum, the sum, and how many elements.
struct Window {
  double max = -std::numeric_limits<double>::infinity(), sum = 0;
  int count = 0;
};
Window naive_window(const xt::xarray<double>& x, int image, int r, int c, tw::Pair kernel,
                    tw::Pair stride, tw::Pair padding, tw::Pair dilation) {
  Window w;
  const auto rows = static_cast<std::int64_t>(x.shape(1)),
             columns = static_cast<std::int64_t>(x.shape(2));
  for (std::int64_t i = 0; i < kernel.rows; ++i) {
    for (std::int64_t j = 0; j < kernel.columns; ++j) {
      const std::int64_t row = r * stride.rows - padding.rows + i * dilation.rows;
      const std::int64_t column = c * stride.columns - padding.columns + j * dilation.columns;
      if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
      w.max = std::max(w.max, x(image, row, column));
      w.sum += x(image, row, column);
      ++w.count;
    }
  }
  return w;
}

struct Case {
  tw::Shape x;
  tw::Pair kernel, stride, padding, dilation;
};
const Case cases[] = {{{2, 6, 4}, 2, 2, 0, 1},
                      {{3, 7, 8}, {3, 2}, {2, 1}, {1, 0}, 1},
                      {{1, 5, 5}, 3, 1, 1, 1},
                      {{2, 9, 7}, 2, {3, 2}, 1, {2, 3}},
                      {{2, 4, 5}, 1, 1, 0, 1}};

}  // namespace

TEST_CASE("max_pool2d and avg_pool2d are the maximum and the mean of their windows") {
  for (const Case& c : cases) {
    CAPTURE(tw::to_string(c.x));
    tw::Tape tape;
    const tw::Var x = random_input(tape, c.x);
    const auto numbers = x.value<double>();
    const auto highest = max_pool2d(x, c.kernel, {c.stride, c.padding, c.dilation}).value<double>();
    for (int n = 0; n < static_cast<int>(highest.shape(0)); ++n)
      for (int row = 0; row < static_cast<int>(highest.shape(1)); ++row)
        for (int column = 0; column < static_cast<int>(highest.shape(2)); ++column)
          CHECK(
              highest(n, row, column) ==
              naive_window(numbers, n, row, column, c.kernel, c.stride, c.padding, c.dilation).max);
    if (!(c.dilation == tw::Pair(1))) continue;
    const auto all = avg_pool2d(x, c.kernel, {c.stride, c.padding}).value<double>();
    const auto inside = avg_pool2d(x, c.kernel, {c.stride, c.padding, false}).value<double>();
    CHECK(all.shape() == highest.shape());
    for (int n = 0; n < static_cast<int>(all.shape(0)); ++n)
      for (int row = 0; row < static_cast<int>(all.shape(1)); ++row)
        for (int column = 0; column < static_cast<int>(all.shape(2)); ++column) {
          const Window w = naive_window(numbers, n, row, column, c.kernel, c.stride, c.padding, 1);
          const auto taps = static_cast<double>(c.kernel.rows * c.kernel.columns);
          CHECK(all(n, row, column) == doctest::Approx(w.sum / taps).epsilon(1e-14));
          CHECK(inside(n, row, column) == doctest::Approx(w.sum / w.count).epsilon(1e-14));
        }
  }
}

TEST_CASE("the gradient of a maximum goes to its place, to the first of equal ones") {
  tw::Tape tape;
  const tw::Var x = input(tape, {2, 4}, {1, 5, 2, 2, 3, 4, 2, 2});
  const tw::Var y = max_pool2d(x, 2);
  CHECK(show(y) == "(1,2) 5 2");
  CHECK(show(max_pool2d_places(x, 2)) == "int64 (1,2) 1 2");
  CHECK(show(tw::backward(sum(y * y))[x]) == "(2,4) 0 10 4 0 0 0 0 0");
  const tw::Var overlapping = max_pool1d(input(tape, {4}, {1, 5, 2, 0}), 2, 1);
  CHECK(show(overlapping) == "(3,) 5 5 2");
}

TEST_CASE("padding never wins a maximum, NaN does, and -infinity can") {
  tw::Tape tape;
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  CHECK(show(max_pool1d(input(tape, {3}, {-5, -7, -6}), 3, 1, 1)) == "(3,) -5 -5 -6");
  const auto y = max_pool1d(input(tape, {4}, {1, nan, -inf, -inf}), 2).value<double>();
  CHECK(std::isnan(y(0)));
  CHECK(y(1) == -inf);
}

TEST_CASE("avg_pool by hand, and its gradient") {
  tw::Tape tape;
  const tw::Var x = input(tape, {4}, {1, 2, 4, 9});
  CHECK(show(avg_pool1d(x, 2)) == "(2,) 1.5 6.5");
  CHECK(show(avg_pool1d(x, 2, 2, 1)) == "(3,) 0.5 3 4.5");
  CHECK(show(avg_pool1d(x, 2, 2, 1, false)) == "(3,) 1 3 9");
  CHECK(show(tw::backward(sum(avg_pool1d(x, 2, 1)))[x]) == "(4,) 0.5 1 1 0.5");
}

TEST_CASE("ceil_mode lets the last window hang over, unless it would begin in the padding") {
  tw::Tape tape;
  const tw::Var x = input(tape, {5}, {1, 2, 4, 9, 5});
  CHECK(show(max_pool1d(x, 2, 2, 0, 1, true)) == "(3,) 2 9 5");
  CHECK(show(max_pool1d(x, 2)) == "(2,) 2 9");
  // What hangs over is no element of the mean; the padding is, unless told.
  CHECK(show(avg_pool1d(x, 2, 2, 0, true, true)) == "(3,) 1.5 6.5 5");
  CHECK(show(avg_pool1d(x, 4, 3, 0, true, true)) == "(2,) 4 7");
  CHECK(show(avg_pool1d(x, 4, 4, 1, true, true)) == "(2,) 1.75 4.66667");
  CHECK(show(avg_pool1d(x, 4, 4, 1, false, true)) == "(2,) 2.33333 7");
  // A fourth window would begin at place 5, in the padding behind the five elements.
  CHECK(show(max_pool1d(x, 2, 2, 1, 1, true)) == "(3,) 1 4 9");
  CHECK(show(avg_pool1d(x, 2, 2, 1, true, true)) == "(3,) 0.5 3 7");
  CHECK(show(tw::backward(sum(avg_pool1d(x, 2, 2, 0, true, true)))[x]) == "(5,) 0.5 0.5 0.5 0.5 1");
  // A kernel larger than the image fits if it begins in it.
  CHECK(show(max_pool1d(x, 6, 6, 0, 1, true)) == "(1,) 9");
  CHECK(show(max_pool2d_places(reshape(x, {1, 5}), {1, 2}, {.ceil_mode = true})) ==
        "int64 (1,3) 1 3 4");
}

TEST_CASE("divisor_override replaces the number of elements") {
  tw::Tape tape;
  const tw::Var x = input(tape, {1, 5}, {1, 2, 4, 9, 5});
  const tw::AvgPoolOptions halves{.stride = {1, 2}, .ceil_mode = true, .divisor_override = 2};
  CHECK(show(avg_pool2d(x, {1, 3}, halves)) == "(1,2) 3.5 9");
  CHECK(show(avg_pool1d(x, 2, 2, 0, true, false, 1)) == "(1,2) 3 13");
  CHECK_THROWS_AS((void)avg_pool2d(x, {1, 3}, {.divisor_override = -1}), tw::DomainError);
}

TEST_CASE("ceil_mode against loops over the windows") {
  for (const Case& c : cases) {
    tw::Tape tape;
    const tw::Var x = random_input(tape, c.x);
    const auto numbers = x.value<double>();
    const auto windows = [](std::int64_t in, std::int64_t k, std::int64_t s, std::int64_t p,
                            std::int64_t d) {
      std::int64_t count = 0;  // those that begin before the padding at the end, up to the first
      while (count * s < in + p) {  // that reaches the end
        ++count;
        if ((count - 1) * s - p + d * (k - 1) + 1 >= in + p) break;
      }
      return count;
    };
    const auto y = max_pool2d(x, c.kernel, {c.stride, c.padding, c.dilation, true}).value<double>();
    CHECK(static_cast<std::int64_t>(y.shape(1)) ==
          windows(c.x[1], c.kernel.rows, c.stride.rows, c.padding.rows, c.dilation.rows));
    CHECK(static_cast<std::int64_t>(y.shape(2)) == windows(c.x[2], c.kernel.columns,
                                                           c.stride.columns, c.padding.columns,
                                                           c.dilation.columns));
    const bool plain = c.dilation == tw::Pair(1);
    const tw::AvgPoolOptions inside{c.stride, c.padding, false, true};
    const auto means = plain ? avg_pool2d(x, c.kernel, inside).value<double>() : y;
    for (int n = 0; n < static_cast<int>(y.shape(0)); ++n)
      for (int row = 0; row < static_cast<int>(y.shape(1)); ++row)
        for (int column = 0; column < static_cast<int>(y.shape(2)); ++column) {
          const Window w =
              naive_window(numbers, n, row, column, c.kernel, c.stride, c.padding, c.dilation);
          CHECK(y(n, row, column) == w.max);
          if (plain) {
            CHECK(means(n, row, column) == doctest::Approx(w.sum / w.count).epsilon(1e-14));
          }
        }
  }
}

TEST_CASE("no images give no windows; kernels that do not fit are refused") {
  tw::Tape tape;
  const tw::Var none = tape.input(xt::xarray<double>::from_shape({0, 4, 4}));
  CHECK(max_pool2d(none, 2).shape() == tw::Shape{0, 2, 2});
  CHECK(avg_pool2d(none, 2).shape() == tw::Shape{0, 2, 2});
  const tw::Var x = random_input(tape, {1, 3, 3});
  const tw::NodeId size = tape.size();
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)max_pool2d(x, 4); }),
                 "a kernel 4x4 does not fit into an image 3x3"));
  CHECK_THROWS_AS((void)avg_pool2d(x, 4), tw::ShapeError);
  CHECK_THROWS_AS((void)avg_pool2d(x, 0), tw::ShapeError);
  CHECK_THROWS_AS((void)max_pool2d(x, 0), tw::ShapeError);
  CHECK_THROWS_AS((void)max_pool2d(x, 2, {.stride = -1}), tw::ShapeError);
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)max_pool2d(x, 2, {.padding = 2}); }),
                 "has no element of the image"));
  CHECK(tape.size() == size);
  CHECK_THROWS_AS((void)max_pool2d(tape.input(1.0), 1), tw::ShapeError);
  CHECK_THROWS_AS((void)max_pool1d(tape.input(1.0), 1), tw::ShapeError);
  CHECK_THROWS_AS((void)max_pool2d(cast(x, tw::DType::int64), 2), tw::TypeError);
}
