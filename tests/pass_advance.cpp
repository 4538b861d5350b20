// New parameter values are computed as soon as nobody reads the old ones.
#include "programs.hpp"

namespace tw = tapewise;

namespace {

/// A chain of layers with a step of gradient descent on each.
struct Training {
  tw::Tape tape;
  std::vector<tw::Var> weights, outputs;

  explicit Training(int layers) {
    tw::Var h = tests::wavy(tape, {8, 40}, 1);
    for (int k = 0; k < layers; ++k) {
      std::vector<double> w(1600, 0.01 * (k + 1));
      weights.push_back(tape.parameter(tw::ArrayView(w.data(), {tw::DType::float64, {40, 40}})));
      h = tanh(matmul(h, weights.back()));
    }
    const tw::Var loss = tw::sum(square(h));
    const tw::GradientTable table = tw::backward(loss, weights);
    for (const tw::Var& w : weights) outputs.push_back(tw::assign(w, w - 0.1 * table[w]));
    outputs.push_back(loss);
  }
};

}  // namespace

TEST_CASE("gradients of advanced updates share one place in memory") {
  Training few(2), many(8);
  const auto gradients = [](Training& t, bool advance) {
    return tw::compile(t.outputs, {.advance = advance}).arena_bytes();
  };
  constexpr std::size_t gradient = 1600 * 8, activation = 8 * 40 * 8;
  // Six more layers: six more kept activations, and without the pass six more gradients.
  CHECK(gradients(many, true) <= gradients(few, true) + 6 * 2 * activation);
  CHECK(gradients(many, false) >= gradients(few, false) + 6 * gradient);
}

TEST_CASE("advanced updates give the parameters the same bits") {
  Training a(5), b(5);
  tw::Program early = tw::compile(a.outputs), late = tw::compile(b.outputs, {.advance = false});
  for (int step = 0; step < 3; ++step) {
    early.run();
    late.run();
  }
  for (std::size_t k = 0; k < a.weights.size(); ++k) {
    CHECK(a.weights[k].value<double>() == b.weights[k].value<double>());
  }
}

TEST_CASE("an update does not move before what can throw") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(xt::xarray<double>{2.0, 3.0}, "w");
  const tw::Var labels = tape.input(xt::xarray<std::int64_t>{0, 1});
  const tw::Var y = tw::sum(square(w));
  const tw::Var update = tw::assign(w, w - 0.1 * tw::backward(y, {w})[w]);
  const tw::Var z = tape.input(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}});
  const tw::Var late = tw::cross_entropy(z, labels);
  tw::Program program = tw::compile({update, late});
  labels.set(xt::xarray<std::int64_t>{0, 7});
  CHECK_THROWS_AS(program.run(), tw::DomainError);
  CHECK(w.value<double>() == xt::xarray<double>{2.0, 3.0});
}
