// Convolutions against loops over their definition, adjoints, shapes.
#include <doctest/doctest.h>

#include <tapewise/tapewise.hpp>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::show;

namespace {

using Image = xt::xarray<double>;

tw::Var input(tw::Tape& tape, const tw::Shape& shape, const std::vector<double>& elements) {
  tw::Array array({tw::DType::float64, shape});
  std::copy(elements.begin(), elements.end(), array.as<double>());
  return tape.input(array);
}

tw::Var random_input(tw::Tape& tape, const tw::Shape& shape, std::uint64_t seed) {
  return tape.input(
      tests::random_array({tw::DType::float64, shape, -1, 1}, tw::DType::float64, seed));
}

/// Σ over groups' channels and taps, tap by tap.
Image naive_conv(const Image& x, const Image& w, const tw::ConvOptions& o) {
  const auto n = [](std::size_t s) { return static_cast<std::int64_t>(s); };
  const auto rows = n(x.shape(2)), columns = n(x.shape(3)), a = n(w.shape(2)), b = n(w.shape(3));
  const auto out = [](std::int64_t in, std::int64_t k, std::int64_t stride, std::int64_t padding,
                      std::int64_t dilation) {
    return (in + 2 * padding - dilation * (k - 1) - 1) / stride + 1;
  };
  const auto out_rows = out(rows, a, o.stride.rows, o.padding.rows, o.dilation.rows);
  const auto out_columns = out(columns, b, o.stride.columns, o.padding.columns, o.dilation.columns);
  const std::int64_t filters = n(w.shape(0)), channels = n(w.shape(1));
  Image y = xt::zeros<double>({n(x.shape(0)), filters, out_rows, out_columns});
  for (std::int64_t i = 0; i < n(x.shape(0)); ++i)
    for (std::int64_t f = 0; f < filters; ++f)
      for (std::int64_t r = 0; r < out_rows; ++r)
        for (std::int64_t c = 0; c < out_columns; ++c)
          for (std::int64_t ch = 0; ch < channels; ++ch)
            for (std::int64_t p = 0; p < a; ++p)
              for (std::int64_t q = 0; q < b; ++q) {
                const auto row = r * o.stride.rows - o.padding.rows + p * o.dilation.rows;
                const auto col = c * o.stride.columns - o.padding.columns + q * o.dilation.columns;
                if (row < 0 || row >= rows || col < 0 || col >= columns) continue;
                const auto channel = f / (filters / o.groups) * channels + ch;
                y(i, f, r, c) += x(i, channel, row, col) * w(f, ch, p, q);
              }
  return y;
}

double largest_difference(const Image& a, const Image& b) {
  REQUIRE(a.shape() == b.shape());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a.data()[i] - b.data()[i]));
  }
  return largest;
}

struct Case {
  tw::Shape x, w;
  tw::ConvOptions options;
};
const Case cases[] = {
    {{2, 3, 5, 6}, {4, 3, 3, 2}, {}},
    {{1, 1, 4, 4}, {1, 1, 4, 4}, {}},
    {{2, 2, 7, 6}, {3, 2, 3, 3}, {.stride = {2, 3}, .padding = {1, 2}}},
    {{2, 2, 7, 9}, {3, 2, 3, 2}, {.stride = 2, .padding = 2, .dilation = {2, 3}}},
    {{2, 4, 5, 5}, {6, 2, 3, 3}, {.padding = 1, .groups = 2}},
    {{2, 4, 5, 5}, {4, 1, 3, 3}, {.padding = {0, 1}, .groups = 4}},
    {{1, 2, 3, 2}, {2, 2, 5, 3}, {.padding = 3}},           // padding beyond the image
    {{1, 40, 6, 5}, {3, 40, 3, 3}, {.padding = 1}},         // more taps than a tile has
    {{1, 2, 90, 95}, {2, 2, 3, 3}, {.padding = 1}},         // more places than a tile has
    {{1, 40, 30, 20}, {2, 40, 3, 3}, {.stride = {1, 2}}}};  // both

}  // namespace

TEST_CASE("conv2d by hand: a difference filter, not flipped") {
  tw::Tape tape;
  const tw::Var x = input(tape, {1, 1, 2, 3}, {1.0, 2.0, 4.0, 3.0, 5.0, 9.0});
  const tw::Var w = input(tape, {1, 1, 1, 2}, {-1.0, 1.0});
  CHECK(show(conv2d(x, w)) == "(1,1,2,2) 1 2 2 4");
}

TEST_CASE("conv2d is its definition: strides, padding, dilation, groups, sizes beyond a tile") {
  for (const Case& c : cases) {
    CAPTURE(tw::to_string(c.x));
    CAPTURE(tw::to_string(c.w));
    tw::Tape tape;
    const tw::Var x = random_input(tape, c.x, 1), w = random_input(tape, c.w, 2);
    const tw::Var y = conv2d(x, w, c.options);
    const Image wanted = naive_conv(x.value<double>(), w.value<double>(), c.options);
    CHECK(largest_difference(y.value<double>(), wanted) < 1e-12);
  }
}

TEST_CASE("the three convolutions are one trilinear form: <y, x*w> = <x, y*'w> = <w, x*''y>") {
  for (const Case& c : cases) {
    CAPTURE(tw::to_string(c.x));
    CAPTURE(tw::to_string(c.w));
    tw::Tape tape;
    const tw::Var x = random_input(tape, c.x, 1), w = random_input(tape, c.w, 2);
    const tw::Var out = conv2d(x, w, c.options);
    const tw::Var y = random_input(tape, out.shape(), 3);
    const tw::GradientTable table = tw::backward(sum(out * y));
    CHECK(table[x].op().name == "conv_transpose2d");
    CHECK(table[w].op().name == "conv2d_weight");
    const double form = sum(out * y).item();
    CHECK(sum(x * table[x]).item() == doctest::Approx(form).epsilon(1e-11));
    CHECK(sum(w * table[w]).item() == doctest::Approx(form).epsilon(1e-11));
    // Against the definition, in a direction each.
    const tw::Var dx = random_input(tape, c.x, 4), dw = random_input(tape, c.w, 5);
    const Image in_x = naive_conv(dx.value<double>(), w.value<double>(), c.options);
    const Image in_w = naive_conv(x.value<double>(), dw.value<double>(), c.options);
    CHECK(sum(dx * table[x]).item() == doctest::Approx(sum(y * in_x).item()).epsilon(1e-11));
    CHECK(sum(dw * table[w]).item() == doctest::Approx(sum(y * in_w).item()).epsilon(1e-11));
  }
}

TEST_CASE("conv_transpose2d spreads each output over a kernel; output_padding is room at the end") {
  tw::Tape tape;
  const tw::Var y = input(tape, {1, 1, 2}, {1.0, 10.0});
  const tw::Var w = input(tape, {1, 1, 3}, {1.0, 2.0, 3.0});
  CHECK(show(conv_transpose1d(y, w)) == "(1,1,4) 1 12 23 30");
  CHECK(show(conv_transpose1d(y, w, {.stride = 2})) == "(1,1,5) 1 2 13 20 30");
  CHECK(show(conv_transpose1d(y, w, {.stride = 2}, 1)) == "(1,1,6) 1 2 13 20 30 0");
  CHECK(show(conv_transpose1d(y, w, {.padding = 1})) == "(1,1,2) 12 23");
  CHECK(show(conv_transpose1d(y, w, {.dilation = 2})) == "(1,1,6) 1 10 2 20 3 30");
  CHECK_THROWS_AS((void)conv_transpose1d(y, w, {}, 1), tw::ShapeError);
}

TEST_CASE("conv1d by hand") {
  tw::Tape tape;
  const tw::Var x = input(tape, {1, 4}, {1.0, 2.0, 4.0, 8.0});
  const tw::Var w = input(tape, {1, 1, 2}, {1.0, 10.0});
  CHECK(show(conv1d(x, w)) == "(1,3) 21 42 84");
  CHECK(show(conv1d(x, w, {.stride = 2})) == "(1,2) 21 84");
  CHECK(show(conv1d(x, w, {.padding = 1})) == "(1,5) 10 21 42 84 8");
  CHECK(show(conv1d(x, w, {.dilation = 2})) == "(1,2) 41 82");
}

TEST_CASE("any leading axes count as images, none too, and no images are no work") {
  tw::Tape tape;
  const tw::Var x = random_input(tape, {2, 3, 2, 4, 4}, 1), w = random_input(tape, {5, 2, 3, 3}, 2);
  const tw::Var all = conv2d(x, w);
  CHECK(all.shape() == tw::Shape{2, 3, 5, 2, 2});
  const tw::Var one = conv2d(tw::reshape(slice(x, {{1, 2}, {2, 3}}), {2, 4, 4}), w);
  CHECK(amax(abs(tw::reshape(slice(all, {{1, 2}, {2, 3}}), {5, 2, 2}) - one)).item() == 0.0);

  const tw::Var none = tape.input(xt::xarray<double>::from_shape({0, 2, 4, 4}));
  const tw::Var y = conv2d(none, w);
  CHECK(y.shape() == tw::Shape{0, 5, 2, 2});
  CHECK(sum(abs(tw::backward(sum(y))[w])).item() == 0.0);
}

TEST_CASE("convolutions give the same bits with any number of threads, and in float32") {
  tw::Tape tape;
  const tw::Var x = random_input(tape, {6, 8, 20, 20}, 1), w = random_input(tape, {16, 8, 3, 3}, 2);
  const tw::Var y = conv2d(x, w, {.padding = 1});
  const tw::GradientTable table = tw::backward(sum(y * y));
  tw::Program program = tw::compile({y, table[x], table[w]});
  const int before = tw::num_threads();
  std::vector<Image> values[2];
  for (const int threads : {1, 2}) {
    tw::set_num_threads(threads);
    program.run();
    for (const tw::Var& v : {y, table[x], table[w]}) {
      values[threads - 1].push_back(program.value<double>(v));
    }
  }
  tw::set_num_threads(before);
  for (std::size_t k = 0; k < 3; ++k) CHECK(values[0][k] == values[1][k]);

  const tw::Var narrow =
      conv2d(cast(x, tw::DType::float32), cast(w, tw::DType::float32), {.padding = 1});
  CHECK(amax(abs(cast(narrow, tw::DType::float64) - y)).item() < 1e-4);
}

TEST_CASE("second derivatives: the Hessian of a convolution in x is zero, in x and w it is not") {
  tw::Tape tape;
  const tw::Var x = random_input(tape, {1, 2, 3, 3}, 1), w = random_input(tape, {2, 2, 2, 2}, 2);
  const tw::Var y = sum(conv2d(x, w));
  const tw::Var slope = tw::backward(y)[x];
  const tw::GradientTable second = tw::backward(sum(slope));
  CHECK(sum(abs(second[x])).item() == 0.0);
  CHECK(sum(second[w]).item() == 4 * 16.0);  // each of 16 weights meets 4 places
}

TEST_CASE("shapes that do not fit are refused where they are recorded") {
  tw::Tape tape;
  const tw::Var x = random_input(tape, {1, 3, 4, 4}, 1), w = random_input(tape, {2, 3, 5, 5}, 2);
  const tw::NodeId size = tape.size();
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)conv2d(x, w); }),
                 "[conv2d] a kernel 5x5 does not fit into an image 4x4"));
  const tw::Var small = random_input(tape, {2, 3, 2, 2}, 2);
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)conv2d(x, small, {.groups = 2}); }),
                 "have 3 channels, weights (2,3,2,2) in 2 groups want 6"));
  CHECK_THROWS_AS((void)conv2d(x, small, {.groups = 3}), tw::ShapeError);
  CHECK_THROWS_AS((void)conv2d(x, small, {.groups = 0}), tw::ShapeError);
  CHECK_THROWS_AS((void)conv2d(x, small, {.stride = 0}), tw::ShapeError);
  CHECK_THROWS_AS((void)conv2d(x, small, {.padding = -1}), tw::ShapeError);
  CHECK_THROWS_AS((void)conv2d(x, small, {.dilation = 0}), tw::ShapeError);
  CHECK_THROWS_AS((void)conv2d(tw::reshape(x, {12, 4}), small), tw::ShapeError);
  CHECK_THROWS_AS((void)conv1d(tape.input(1.0), small), tw::ShapeError);
  CHECK_THROWS_AS((void)conv2d(x, cast(small, tw::DType::float32)), tw::TypeError);
  CHECK_THROWS_AS((void)conv2d_weight(x, x, 2), tw::ShapeError);
  CHECK(tape.size() == size + 4);  // small, a reshape, a scalar and a cast
}
