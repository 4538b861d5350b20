// Normalisations against loops over their definitions.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using doctest::Approx;
using tests::contains, tests::message_of;

namespace {

tw::Var random_input(tw::Tape& tape, const tw::Shape& shape, std::uint64_t seed = 5) {
  return tape.input(
      tests::random_array({tw::DType::float64, shape, -1, 2}, tw::DType::float64, seed));
}

/// (x - mean)/√(variance + ε) of the elements at these places.
std::vector<double> normalised(const xt::xarray<double>& x, const std::vector<std::size_t>& places,
                               double epsilon) {
  double mean = 0, variance = 0;
  const auto n = static_cast<double>(places.size());
  for (const std::size_t i : places) mean += x.data()[i] / n;
  for (const std::size_t i : places) variance += std::pow(x.data()[i] - mean, 2) / n;
  std::vector<double> y;
  for (const std::size_t i : places) {
    y.push_back((x.data()[i] - mean) / std::sqrt(variance + epsilon));
  }
  return y;
}

}  // namespace

TEST_CASE("batch_norm brings each channel to mean 0 and variance 1, then scales and shifts it") {
  tw::Tape tape;
  const tw::Var x = random_input(tape, {4, 3, 2, 2});
  const tw::Var gamma = tape.input(xt::xarray<double>{2.0, -1.0, 0.5}),
                beta = tape.input(xt::xarray<double>{0.1, 0.2, 0.3});
  const auto y = batch_norm(x, {gamma, beta, 1e-3}).value<double>();
  const double scale[] = {2.0, -1.0, 0.5}, shift[] = {0.1, 0.2, 0.3};
  for (std::size_t c = 0; c < 3; ++c) {
    std::vector<std::size_t> places;
    for (std::size_t n = 0; n < 4; ++n)
      for (std::size_t i = 0; i < 4; ++i) places.push_back(n * 12 + c * 4 + i);
    const auto wanted = normalised(x.value<double>(), places, 1e-3);
    for (std::size_t i = 0; i < places.size(); ++i) {
      CHECK(y.data()[places[i]] == Approx(scale[c] * wanted[i] + shift[c]).epsilon(1e-13));
    }
  }
}

TEST_CASE("a normalised batch does not feel its scale: the gradient along x is zero") {
  tw::Tape tape;
  const tw::Var x = random_input(tape, {5, 2}), w = random_input(tape, {5, 2}, 6);
  const tw::Var loss = sum(w * batch_norm(x, {.epsilon = 0.0}));
  const tw::Var slope = tw::backward(loss)[x];
  CHECK(std::abs(sum(slope * x).item()) < 1e-13);
  CHECK(std::abs(sum(slope).item()) < 1e-13);
}

TEST_CASE("with the batch's own statistics, inference is the same as training") {
  tw::Tape tape;
  const tw::Var x = random_input(tape, {4, 3, 2});
  const tw::BatchStatistics s = batch_statistics(x);
  CHECK(s.mean.shape() == tw::Shape{3});
  const tw::Var difference = batch_norm(x) - batch_norm_inference(x, s.mean, s.variance);
  CHECK(amax(abs(difference)).item() == 0.0);
}

TEST_CASE("layer_norm, rms_norm and group_norm are their definitions") {
  tw::Tape tape;
  const tw::Var x = random_input(tape, {2, 4, 3});
  const auto numbers = x.value<double>();
  const auto layer = layer_norm(x).value<double>();
  const auto plane = layer_norm(x, {1, 2}, {.epsilon = 0.5}).value<double>();
  const auto groups = group_norm(x, 2).value<double>();
  const auto check = [&](const xt::xarray<double>& y, std::size_t length, double epsilon) {
    for (std::size_t first = 0; first < 24; first += length) {
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < length; ++i) places.push_back(first + i);
      const auto wanted = normalised(numbers, places, epsilon);
      for (std::size_t i = 0; i < length; ++i) {
        CHECK(y.data()[first + i] == Approx(wanted[i]).epsilon(1e-13));
      }
    }
  };
  check(layer, 3, 1e-5);
  check(plane, 12, 0.5);
  check(groups, 6, 1e-5);

  const auto rms = rms_norm(x, -1, {.epsilon = 0.25}).value<double>();
  for (std::size_t row = 0; row < 8; ++row) {
    double square = 0;
    for (std::size_t i = 0; i < 3; ++i) square += std::pow(numbers.data()[3 * row + i], 2) / 3;
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(rms.data()[3 * row + i] ==
            Approx(numbers.data()[3 * row + i] / std::sqrt(square + 0.25)).epsilon(1e-14));
    }
  }
}

TEST_CASE("a constant row has no variance: ε keeps value and gradient finite") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<float>{{3.0F, 3.0F, 3.0F}});
  const tw::Var y = layer_norm(x);
  CHECK(tests::show(y) == "float32 (1,3) 0 0 0");
  const auto slope = tw::backward(sum(y * y))[x].value<float>();
  for (std::size_t i = 0; i < 3; ++i) CHECK(slope(0, i) == 0.0F);
}

TEST_CASE("normalisations of nothing, and refusals") {
  tw::Tape tape;
  const tw::Var none = tape.input(xt::xarray<double>::from_shape({0, 3}));
  CHECK(batch_norm(none).shape() == tw::Shape{0, 3});
  CHECK(layer_norm(none).shape() == tw::Shape{0, 3});
  CHECK(group_norm(none, 3).shape() == tw::Shape{0, 3});
  const tw::Var x = random_input(tape, {2, 4}), w = random_input(tape, {3});
  const tw::NodeId size = tape.size();
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)batch_norm(x, {.weight = w}); }),
                 "[batch_norm] the weight is one number for each channel, (4,), given (3,)"));
  CHECK_THROWS_AS((void)batch_norm_inference(x, w, w), tw::ShapeError);
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)layer_norm(x, -1, {.bias = w}); }),
                 "the bias (3,) does not broadcast to (2,4)"));
  CHECK_THROWS_AS((void)layer_norm(x, 2), tw::ShapeError);
  CHECK_THROWS_AS((void)layer_norm(x, -1, {.epsilon = -1.0}), tw::DomainError);
  CHECK_THROWS_AS((void)group_norm(x, 3), tw::ShapeError);
  CHECK_THROWS_AS((void)batch_norm(w), tw::ShapeError);
  CHECK(tape.size() == size);
}
