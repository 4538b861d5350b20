#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tapewise/autograd/backward.hpp>
#include <tapewise/autograd/program.hpp>
#include <tapewise/nn/init.hpp>
#include <tapewise/nn/optimizer.hpp>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/conversion.hpp>
#include <vector>

#include "relative.hpp"

namespace tw = tapewise;
namespace nn = tapewise::nn;

namespace {

tw::CellPtr scalar_cell(double value) { return std::make_shared<tw::Cell>(value); }
double value_of(const tw::CellPtr& cell) {
  return tw::number_at(cell->type().dtype, cell->data(), 0);
}

/// A training step for loss(θ) with one scalar parameter.
template <class Loss>
tw::Program step_of(const tw::CellPtr& cell, nn::Optimizer& optimizer, const Loss& loss) {
  tw::Tape tape;
  const tw::Var theta = tape.parameter(cell, "theta");
  const tw::Var y = loss(theta);
  std::vector<tw::Var> outputs = optimizer.update(tw::backward(y), std::vector{theta});
  outputs.insert(outputs.begin(), y);
  return tw::compile(outputs);
}

tw::Var parabola(const tw::Var& theta) { return square(theta - 3.0); }  // gradient 2(θ - 3)

}  // namespace

TEST_CASE("gradient descent without momentum") {
  const auto theta = scalar_cell(0);
  nn::Sgd sgd(0.1);
  tw::Program step = step_of(theta, sgd, parabola);
  for (const double wanted : {0.6, 1.08, 1.464, 1.7712}) {
    step.run();
    CHECK(value_of(theta) == doctest::Approx(wanted).epsilon(1e-14));
  }
  CHECK(step.item(0) == doctest::Approx(1.536 * 1.536).epsilon(1e-14));  // before the update
}

TEST_CASE("gradient descent with momentum, by hand") {
  // g = -6, -4.8, -2.76, -.372; b = -6, -10.2, -11.94, -11.118
  const auto theta = scalar_cell(0);
  nn::Sgd sgd(0.1, 0.9);
  tw::Program step = step_of(theta, sgd, parabola);
  for (const double wanted : {0.6, 1.62, 2.814, 3.9258}) {
    step.run();
    CHECK(value_of(theta) == doctest::Approx(wanted).epsilon(1e-14));
  }
}

TEST_CASE("Adam, first step by hand") {
  // m̂ = g and v̂ = g² in step 1, whatever β is: θ - rate·g/(|g| + ε), with g = -6.
  const auto theta = scalar_cell(0);
  nn::Adam adam(0.5, 0.8, 0.99, 0.25);
  tw::Program step = step_of(theta, adam, parabola);
  step.run();
  CHECK(value_of(theta) == doctest::Approx(0.5 * 6 / 6.25).epsilon(1e-14));
}

TEST_CASE("Adam over many steps, as PyTorch writes it") {
  const double rate = 0.1, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  const auto theta = scalar_cell(-1);
  nn::Adam adam(rate);
  tw::Program step = step_of(theta, adam, parabola);
  double p = -1, m = 0, v = 0;
  for (int t = 1; t <= 50; ++t) {
    const double g = 2 * (p - 3);
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const double bias1 = 1 - std::pow(beta1, t), bias2 = 1 - std::pow(beta2, t);
    p -= rate / bias1 * m / (std::sqrt(v) / std::sqrt(bias2) + epsilon);
    step.run();
    REQUIRE(value_of(theta) == doctest::Approx(p).epsilon(1e-12));
  }
}

TEST_CASE("Adam corrects for its start in float32 too") {
  // 1 - .999 in float32 is 1.7e-5 off: the corrections must not be computed there.
  const auto theta = std::make_shared<tw::Cell>(0.0F);
  nn::Adam adam(0.001, 0.9, 0.999, 0.0);
  tw::Program step = step_of(theta, adam, parabola);
  step.run();
  CHECK(value_of(theta) == tests::relative(0.001, 3e-7));
}

TEST_CASE("a gradient that is always zero moves nothing") {
  const auto theta = scalar_cell(1.5);
  nn::Adam adam;
  tw::Program step = step_of(theta, adam, [](const tw::Var& x) { return 0.0 * x; });
  step.run();
  step.run();
  CHECK(value_of(theta) == 1.5);
}

TEST_CASE("all updates read the old values") {
  // f = a·b: both gradients are taken at the old point.
  tw::Tape tape;
  const tw::Var a = tape.parameter(2.0), b = tape.parameter(5.0);
  nn::Sgd sgd(0.1);
  const tw::Var y = a * b;
  tw::Program step = tw::compile(sgd.update(tw::backward(y), std::vector{a, b}));
  step.run();
  CHECK(a.item() == 2.0 - 0.1 * 5.0);
  CHECK(b.item() == 5.0 - 0.1 * 2.0);
  CHECK(y.item() == doctest::Approx(1.5 * 4.8));
}

TEST_CASE("arrays are updated element by element, in their own dtype") {
  const auto cell = nn::make_zeros({tw::DType::float32, {3}});
  tw::Tape tape;
  const tw::Var theta = tape.parameter(cell);
  const float weights[] = {1, -2, 4};
  const tw::Var w = tape.constant(tw::ArrayView(weights, {tw::DType::float32, {3}}));
  const float ones[] = {1, 1, 1};
  const tw::Var y = theta * w;
  nn::Sgd sgd(0.5);
  const auto table =
      tw::backward(y, tw::Cotangent(tape.constant(tw::ArrayView(ones, {tw::DType::float32, {3}}))));
  tw::Program step = tw::compile(sgd.update(table, std::vector{theta}));
  step.run();
  const auto* values = static_cast<const float*>(cell->data());
  CHECK(values[0] == -0.5F);
  CHECK(values[1] == 1.0F);
  CHECK(values[2] == -2.0F);
}

TEST_CASE("the learning rate can be changed between runs") {
  const auto theta = scalar_cell(0);
  nn::Sgd sgd(0.1);
  tw::Program step = step_of(theta, sgd, parabola);
  step.run();
  sgd.set_learning_rate(0.5);
  CHECK(sgd.learning_rate() == 0.5);
  step.run();
  CHECK(value_of(theta) == doctest::Approx(3.0));
  sgd.set_learning_rate(0);
  step.run();
  CHECK(value_of(theta) == doctest::Approx(3.0));
}

TEST_CASE("programs of several tapes continue each other's state") {
  const auto run = [](bool two_programs) {
    const auto theta = scalar_cell(0);
    nn::Adam adam(0.1);
    tw::Program a = step_of(theta, adam, parabola);
    tw::Program b = step_of(theta, adam, parabola);
    for (int t = 0; t < 6; ++t) (two_programs && t % 2 == 1 ? b : a).run();
    return value_of(theta);
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("a parameter given twice is updated once; one without influence has gradient zero") {
  tw::Tape tape;
  const tw::Var a = tape.parameter(1.0), unused = tape.parameter(7.0);
  nn::Sgd sgd(0.1);
  const auto updates = sgd.update(tw::backward(a * 2.0), std::vector{a, a, unused});
  CHECK(updates.size() == 2);
  tw::Program step = tw::compile(updates);
  step.run();
  CHECK(a.item() == 0.8);
  CHECK(unused.item() == 7.0);
  CHECK(sgd.update(tw::backward(a * 2.0), {}).empty());
}

TEST_CASE("what cannot be learned is refused, and the tape is unchanged") {
  tw::Tape tape;
  const tw::Var a = tape.parameter(1.0), label = tape.input(std::int64_t{3}, "label");
  const tw::Var y = a * 2.0;
  const auto table = tw::backward(y);
  nn::Adam adam;
  const auto size = tape.size();
  CHECK_THROWS_WITH_AS(adam.update(table, std::vector{y}),
                       doctest::Contains("[update] only a float"), tw::TypeError);
  CHECK_THROWS_WITH_AS(adam.update(table, std::vector{a, label}),
                       doctest::Contains("this is input int64 ()"), tw::TypeError);
  tw::Tape other;
  CHECK_THROWS_AS(adam.update(table, std::vector{a, other.parameter(1.0)}), tw::HandleError);
  CHECK_THROWS_AS(adam.update(table, std::vector{tw::Var()}), tw::HandleError);
  const tw::Var later = tape.parameter(2.0);
  CHECK_THROWS_AS(adam.update(tw::backward(y, {a}), std::vector{other.parameter(1.0)}),
                  tw::HandleError);
  CHECK(later.item() == 2.0);
  CHECK(tape.size() > size);
}

TEST_CASE("settings out of range are refused") {
  CHECK_THROWS_AS(nn::Sgd(-0.1), tw::DomainError);
  CHECK_THROWS_AS(nn::Sgd(std::nan("")), tw::DomainError);
  CHECK_THROWS_AS(nn::Sgd(0.1, 1.0), tw::DomainError);
  CHECK_THROWS_AS(nn::Adam(0.1, 1.0), tw::DomainError);
  CHECK_THROWS_AS(nn::Adam(0.1, 0.9, -0.1), tw::DomainError);
  CHECK_THROWS_AS(nn::Adam(0.1, 0.9, 0.999, -1), tw::DomainError);
  nn::Sgd sgd(0.1);
  CHECK_THROWS_AS(sgd.set_learning_rate(std::numeric_limits<double>::infinity()), tw::DomainError);
  CHECK(sgd.learning_rate() == 0.1);
}
