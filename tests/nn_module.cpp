#include <doctest/doctest.h>

#include <tapewise/nn/module.hpp>
#include <tapewise/nn/optimizer.hpp>
#include <tapewise/tapewise.hpp>
#include <vector>

namespace tw = tapewise;
namespace nn = tapewise::nn;

namespace {

const nn::LinearOptions in_double{.dtype = tw::DType::float64};

/// A layer with the weights 1, 2, 3, ... and the biases 10, 20, ...
nn::Linear counting_layer(std::int64_t in, std::int64_t out) {
  nn::Random random(0);
  nn::Linear layer(in, out, random, in_double);
  auto* w = static_cast<double*>(layer.weight()->mutable_data());
  auto* b = static_cast<double*>(layer.bias()->mutable_data());
  for (std::int64_t i = 0; i < in * out; ++i) w[i] = static_cast<double>(i + 1);
  for (std::int64_t i = 0; i < out; ++i) b[i] = static_cast<double>(10 * (i + 1));
  return layer;
}

std::vector<std::string> names(const nn::Module& module) {
  std::vector<std::string> all;
  for (const nn::Parameter& p : module.parameters()) all.push_back(p.name);
  return all;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a linear layer is x W + b") {
  const nn::Linear layer = counting_layer(2, 3);  // W = [[1,2,3],[4,5,6]], b = (10,20,30)
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{{1, 0}, {0, 1}, {2, -1}}, "x");
  const tw::Var y = layer(x);
  CHECK(y.shape() == tw::Shape{3, 3});
  CHECK(y.value<double>() == xt::xarray<double>{{11, 22, 33}, {14, 25, 36}, {8, 19, 30}});
}

TEST_CASE("a linear layer takes one example, and leading batch axes") {
  const nn::Linear layer = counting_layer(2, 3);
  tw::Tape tape;
  const tw::Var one = layer(tape.input(xt::xarray<double>{1, 1}));
  CHECK(one.value<double>() == xt::xarray<double>{15, 27, 39});
  const tw::Var many = layer(tape.input(xt::xarray<double>(xt::ones<double>({4, 5, 2}))));
  CHECK(many.shape() == tw::Shape{4, 5, 3});
  CHECK(many.value<double>()(3, 4, 2) == 39);
  CHECK(layer(tape.input(xt::xarray<double>(xt::ones<double>({0, 2})))).shape() == tw::Shape{0, 3});
}

TEST_CASE("gradients of a linear layer") {
  const nn::Linear layer = counting_layer(2, 2);
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{{1, 2}, {3, 4}});
  const tw::Var loss = sum(layer(x));
  const std::vector<tw::Var> parameters = layer.parameters(tape);
  const auto table = tw::backward(loss);
  CHECK(table[parameters[0]].value<double>() == xt::xarray<double>{{4, 4}, {6, 6}});
  CHECK(table[parameters[1]].value<double>() == xt::xarray<double>{2, 2});
  CHECK(table[x].value<double>() == xt::xarray<double>{{3, 7}, {3, 7}});
}

TEST_CASE("a layer without a bias") {
  nn::Random random(0);
  const nn::Linear layer(2, 3, random, {.dtype = tw::DType::float64, .with_bias = false});
  CHECK(names(layer) == Names{"weight"});
  CHECK(layer.bias() == nullptr);
  tw::Tape tape;
  CHECK(layer(tape.input(xt::xarray<double>{0, 0})).value<double>() == xt::xarray<double>{0, 0, 0});
}

TEST_CASE("what does not suit a layer is refused at the line of the call") {
  const nn::Linear layer = counting_layer(2, 3);
  tw::Tape tape;
  const tw::Var wide = tape.input(xt::xarray<double>(xt::ones<double>({4, 5})), "wide");
  const auto size = tape.size();
  CHECK_THROWS_WITH_AS(layer(wide),
                       doctest::Contains("[linear] the input is float64 (4,5), the "
                                         "weight is float64 (2,3): the input must be "
                                         "float64 (...,2)\n  at nn_module.cpp:"),
                       tw::ShapeError);
  CHECK(tape.size() == size);
  CHECK_THROWS_AS(layer(tape.input(1.0)), tw::ShapeError);
  CHECK_THROWS_AS(layer(tape.input(xt::xarray<float>{1, 2})), tw::TypeError);
  CHECK_THROWS_AS(layer(tw::Var()), tw::HandleError);

  nn::Random random(0);
  CHECK_THROWS_AS(nn::Linear(0, 3, random), tw::ShapeError);
  CHECK_THROWS_AS(nn::Linear(3, -1, random), tw::ShapeError);
  CHECK_THROWS_AS(nn::Linear(3, 1, random, {.dtype = tw::DType::int64}), tw::TypeError);
}

TEST_CASE("the first values of a layer are PyTorch's: uniform up to 1/√in") {
  nn::Random random(4);
  const nn::Linear layer(100, 50, random);
  CHECK(layer.weight()->type() == tw::Type{tw::DType::float32, {100, 50}});
  for (const nn::Parameter& p : layer.parameters()) {
    float largest = 0;
    const auto* values = static_cast<const float*>(p.cell->data());
    for (std::int64_t i = 0; i < p.cell->type().size(); ++i) {
      largest = std::max(largest, std::abs(values[i]));
    }
    CHECK(largest <= 0.1F);
    CHECK(largest > 0.09F);
  }
}

TEST_CASE("a sequence names its parameters by position, also when nested") {
  nn::Random random(0);
  const nn::Sequential inner(nn::Linear(3, 3, random), nn::Tanh());
  const nn::Sequential net(nn::Linear(2, 3, random), nn::Relu(), inner, nn::Linear(3, 1, random));
  CHECK(names(net) == Names{"0.weight", "0.bias", "2.0.weight", "2.0.bias", "3.weight", "3.bias"});
  CHECK(net.size() == 4);

  tw::Tape tape;
  const tw::Var y = net(tape.input(xt::xarray<float>{1, 2}));
  CHECK(y.shape() == tw::Shape{1});
  Names labels;
  for (const tw::Var& p : net.parameters(tape)) labels.push_back(p.name());
  CHECK(labels == names(net));
}

TEST_CASE("a sequence takes functions, and keeps the line of the call") {
  const nn::Sequential net([](const tw::Var& x) { return x * 2.0; }, nn::LeakyRelu(0.5),
                           nn::Sigmoid(), nn::Softplus());
  CHECK(net.parameters().empty());
  tw::Tape tape;
  const tw::Var x = tape.input(-3.0);
  const auto line = tw::SourceLine::here();
  const tw::Var y = net(x);
  CHECK(y.item() == doctest::Approx(std::log1p(std::exp(1 / (1 + std::exp(3.0))))).epsilon(1e-14));
  CHECK(y.node().where.line == line.line + 1);
  CHECK(tw::to_string(y.node().where).starts_with("nn_module.cpp:"));
}

TEST_CASE("a copy shares the parameters; shared layers are learned once") {
  const nn::Linear layer = counting_layer(2, 2);
  nn::Linear copy = layer;
  CHECK(copy.weight() == layer.weight());

  const nn::Sequential twice(layer, nn::Relu(), std::move(copy));
  tw::Tape tape;
  const tw::Var loss = sum(twice(tape.input(xt::xarray<double>{1, 1})));
  const auto parameters = twice.parameters(tape);
  REQUIRE(parameters.size() == 4);
  CHECK(same_node(parameters[0], parameters[2]));
  nn::Sgd sgd(0.1);
  CHECK(sgd.update(tw::backward(loss), parameters).size() == 2);
}

TEST_CASE("parameters survive the tape's clear and end") {
  const nn::Linear layer = counting_layer(1, 1);  // x + 10
  nn::Sgd sgd(0.5);
  tw::Tape tape;
  for (int turn = 0; turn < 3; ++turn) {
    tape.clear();
    const tw::Var y = sum(layer(tape.input(xt::xarray<double>{0})));
    const auto parameters = layer.parameters(tape);
    tw::Program step = tw::compile(sgd.update(tw::backward(y), parameters));
    step.run();
  }
  tw::Tape other;
  CHECK(layer(other.input(xt::xarray<double>{2})).value<double>()(0) == 2 * 1 + (10 - 3 * 0.5));
}

TEST_CASE("XOR is learned") {
  nn::Random random(1);
  const nn::LinearOptions options{
      .dtype = tw::DType::float64, .weight = nn::init::glorot_uniform(), .bias = nn::init::zeros()};
  const nn::Sequential net(nn::Linear(2, 8, random, options), nn::Tanh(),
                           nn::Linear(8, 1, random, options));
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{{0, 0}, {0, 1}, {1, 0}, {1, 1}}, "x");
  xt::xarray<double> truth = xt::zeros<double>({4, 1});
  truth(1, 0) = truth(2, 0) = 1;
  const tw::Var wanted = tape.constant(truth);
  const tw::Var y = net(x);
  const tw::Var loss = sum(square(y - wanted));
  const auto parameters = net.parameters(tape);
  nn::Adam adam(0.05);
  std::vector<tw::Var> outputs = adam.update(tw::backward(loss, parameters), parameters);
  outputs.push_back(loss);
  tw::Program step = tw::compile(outputs);
  for (int t = 0; t < 500; ++t) step.run();
  CHECK(step.item(loss) < 1e-3);
  const auto learned = y.value<double>();  // at the parameters as they are now
  CHECK(learned(0, 0) < 0.1);
  CHECK(learned(1, 0) > 0.9);
  CHECK(learned(2, 0) > 0.9);
  CHECK(learned(3, 0) < 0.1);
}
