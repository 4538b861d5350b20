// Layers beyond Linear: shapes, running statistics, dropout's steps, a small network that learns.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/nn/layers.hpp>
#include <tapewise/nn/optimizer.hpp>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
namespace nn = tapewise::nn;
using doctest::Approx;
using tests::show;

namespace {

tw::Var random_input(tw::Tape& tape, const tw::Shape& shape) {
  return tape.input(tests::random_array({tw::DType::float32, shape, -1, 1}, tw::DType::float32, 5));
}

std::vector<std::string> names(const std::vector<nn::Parameter>& parameters) {
  std::vector<std::string> all;
  for (const nn::Parameter& p : parameters) all.push_back(p.name);
  return all;
}
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a conv2d layer is the op and a bias for each filter") {
  nn::Random random(1);
  const nn::Conv2d layer(4, 6, {3, 2}, random, {.walk = {.padding = 1, .groups = 2}});
  CHECK(layer.weight()->type() == tw::Type{tw::DType::float32, {6, 2, 3, 2}});
  CHECK(names(layer.parameters()) == Names{"weight", "bias"});
  tw::Tape tape;
  const tw::Var x = random_input(tape, {2, 4, 5, 5});
  const tw::Var y = layer(x);
  CHECK(y.shape() == tw::Shape{2, 6, 5, 6});
  const tw::Var w = tape.parameter(layer.weight()), b = tape.parameter(layer.bias());
  const tw::Var wanted = conv2d(x, w, {.padding = 1, .groups = 2}) + tw::reshape(b, {6, 1, 1});
  CHECK(amax(abs(y - wanted)).item() == 0.0);
  // U[-1/√12, 1/√12): 2·3·2 numbers feed a unit
  CHECK(amax(abs(w)).item() < 1 / std::sqrt(12.0));
  CHECK(amax(abs(w)).item() > 0.8 / std::sqrt(12.0));
  CHECK_THROWS_AS(nn::Conv2d(4, 6, 0, random), tw::ShapeError);
  CHECK_THROWS_AS(nn::Conv2d(4, 6, 3, random, {.walk = {.groups = 3}}), tw::ShapeError);
  CHECK_THROWS_AS((void)layer(random_input(tape, {3, 5, 5})), tw::ShapeError);
}

TEST_CASE("batch norm keeps running statistics in training and uses them afterwards") {
  nn::Mode mode;
  const nn::BatchNorm layer(2, mode, 0.25, 0.0, tw::DType::float64);
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{{1.0, 10.0}, {3.0, 30.0}, {5.0, 20.0}});
  const tw::Var y = layer(x);
  CHECK(layer.updates(tape).size() == 2);
  std::vector<tw::Var> outputs = layer.updates(tape);
  outputs.push_back(y);
  tw::Program step = tw::compile(outputs);
  step.run();
  CHECK(step.value<double>(y)(0, 0) == Approx(-2 / std::sqrt(8.0 / 3)).epsilon(1e-14));
  // from 0 and 1 a quarter of the way to means 3, 20 and unbiased variances 4, 100
  const auto buffers = layer.buffers();
  CHECK(names(buffers) == Names{"running_mean", "running_variance"});
  const auto* mean = static_cast<const double*>(buffers[0].cell->data());
  const auto* variance = static_cast<const double*>(buffers[1].cell->data());
  CHECK(mean[0] == Approx(0.75).epsilon(1e-15));
  CHECK(mean[1] == Approx(5).epsilon(1e-15));
  CHECK(variance[0] == Approx(0.75 + 1).epsilon(1e-15));
  CHECK(variance[1] == Approx(0.75 + 25).epsilon(1e-15));

  mode.set_training(false);
  tw::Tape other;
  const tw::Var z = layer(other.input(xt::xarray<double>{{1.0, 10.0}}));
  CHECK(layer.updates(other).empty());
  CHECK(z.value<double>()(0, 0) == Approx((1 - 0.75) / std::sqrt(1.75)).epsilon(1e-14));
}

TEST_CASE("dropout layers: a mask of their own, another in each run, none after training") {
  nn::Random random(3);
  nn::Mode mode;
  const nn::Sequential net(nn::Dropout(0.5, mode, random), nn::Dropout(0.5, mode, random));
  CHECK(names(net.buffers()) == Names{"0.step", "1.step"});
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<float>(xt::ones<float>({1000})));
  const tw::Var y = net(x);
  const auto updates = net.updates(tape);
  REQUIRE(updates.size() == 2);
  tw::Program step = tw::compile({y, updates[0], updates[1]});
  step.run();
  const auto first = step.value<float>(y);
  double kept = 0;
  for (const float v : first) kept += v != 0.0F ? 1 : 0;
  CHECK(std::abs(kept / 1000 - 0.25) < 0.07);  // both let it through: the masks are independent
  step.run();
  CHECK(step.value<float>(y) != first);
  CHECK(*static_cast<const std::int64_t*>(net.buffers()[0].cell->data()) == 2);
  for (const nn::Parameter& b : net.buffers()) b.cell->set(std::int64_t{0});
  step.run();
  CHECK(step.value<float>(y) == first);

  mode.set_training(false);
  CHECK(same_node(net(x), x));
  CHECK_THROWS_AS(nn::Dropout(2.0, mode, random), tw::DomainError);
}

TEST_CASE("layer norm and embedding layers are their ops with learned arrays") {
  nn::Random random(4);
  const nn::Embedding table(5, 3, random, tw::DType::float64);
  const nn::LayerNorm norm(3, 1e-5, tw::DType::float64);
  tw::Tape tape;
  const tw::Var index = tape.input(xt::xarray<std::int64_t>{{4, 0}, {1, 4}});
  const tw::Var rows = table(index);
  CHECK(rows.shape() == tw::Shape{2, 2, 3});
  CHECK(amax(abs(norm(rows) - layer_norm(rows))).item() == 0.0);
  CHECK_THROWS_AS(nn::Embedding(0, 3, random), tw::ShapeError);
  CHECK_THROWS_AS(nn::LayerNorm(0), tw::ShapeError);
}

TEST_CASE("a small convolutional network learns to tell rows from columns") {
  nn::Random random(5);
  nn::Mode mode;
  const nn::Sequential net(nn::Conv2d(1, 4, 3, random, {.walk = {.padding = 1}}),
                           nn::BatchNorm(4, mode), nn::Relu(), nn::MaxPool2d(2), nn::Flatten(),
                           nn::Linear(4 * 3 * 3, 2, random));
  constexpr std::int64_t n = 12;
  tw::Array images({tw::DType::float32, {n, 1, 6, 6}}), labels({tw::DType::int64, {n}});
  for (std::int64_t i = 0; i < n; ++i) {
    labels.as<std::int64_t>()[i] = i % 2;
    for (std::int64_t r = 0; r < 6; ++r)
      for (std::int64_t c = 0; c < 6; ++c)
        images.as<float>()[i * 36 + r * 6 + c] = (i % 2 == 0 ? r : c) == i / 2 ? 1.0F : 0.0F;
  }
  tw::Tape tape;
  const tw::Var x = tape.input(images), label = tape.input(labels);
  const tw::Var logits = net(x), loss = cross_entropy(logits, label);
  nn::Adam adam(0.02);
  std::vector<tw::Var> outputs = adam.update(tw::backward(loss), net.parameters(tape));
  for (const tw::Var& update : net.updates(tape)) outputs.push_back(update);
  outputs.push_back(loss);
  tw::Program step = tw::compile(outputs);
  step.run();
  const double before = step.item(loss);
  for (int i = 0; i < 60; ++i) step.run();
  CHECK(step.item(loss) < 0.05 * before);

  mode.set_training(false);
  const tw::Var scores = net(x);
  const auto z = scores.value<float>();
  int right = 0;
  for (std::size_t i = 0; i < n; ++i) right += (z(i, 1) > z(i, 0)) == (i % 2 == 1) ? 1 : 0;
  CHECK(right == n);
}
