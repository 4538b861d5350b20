#include <tapewise/ops/likelihood_loss.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/class_labels.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/loss_examples.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>

namespace tapewise {

namespace {

const double half_log_2pi = 0.5 * std::log(2.0 * std::numbers::pi);

}  // namespace

Var bce(const Operand& probabilities, const Operand& targets, const LossOptions& options) {
  Composing op("bce", {probabilities, targets});
  op.require_same(0, 1);
  const Var &p = op[0], &y = op[1];
  const auto cut = [](const Var& x) { return max(x, -100.0); };
  return op.keep(reduced(-(y * cut(log(p)) + (1.0 - y) * cut(log1p(-p))), options));
}

Var bce_with_logits(const Operand& logits, const Operand& targets, const BceOptions& how,
                    const LossOptions& options) {
  if (!how.pos_weight.has_tape()) return bce_with_logits(logits, targets, options);
  const Operand weight(how.pos_weight, logits.where());
  Composing op("bce_with_logits", {logits, targets, weight});
  op.require_same(0, 1);
  op.require_same_float(0, 2);
  const Var &z = op[0], &y = op[1], &w = op[2];
  Shape both;
  if (!broadcast(z.shape(), w.shape(), both) || !(both == z.shape())) {
    throw op.shape_error("a pos_weight " + to_string(w.shape()) +
                         " does not broadcast to the logits' shape " + to_string(z.shape()));
  }
  // Two terms that are not negative: nothing cancels.
  return op.keep(reduced(w * y * softplus(-z) + (1.0 - y) * softplus(z), options));
}

Var focal(const Operand& logits, const Operand& targets, const FocalOptions& focus,
          const LossOptions& options) {
  Composing op("focal", {logits, targets});
  op.require_same(0, 1);
  if (focus.gamma != 0.0 && !(focus.gamma >= 1.0)) {
    throw op.domain_error("γ is 0 or at least 1, given " + to_text(focus.gamma));
  }
  const Var &z = op[0], &y = op[1];
  Var loss = bce_with_logits(z, y, {Reduction::none, 1.0});
  if (focus.gamma != 0.0) {  // 1 - p_t, without a difference that cancels
    const Var missed = sigmoid(z) * (1.0 - y) + sigmoid(-z) * y;
    loss = pow(missed, focus.gamma) * loss;
  }
  if (focus.alpha >= 0) loss = (focus.alpha * y + (1.0 - focus.alpha) * (1.0 - y)) * loss;
  return op.keep(reduced(loss, options));
}

Var positive(const Operand& x, Positive how, double floor) {
  Composing op("positive", {x});
  op.require_float(0);
  if (!(floor >= 0)) throw op.domain_error("the floor is negative: " + to_text(floor));
  const Var y = how == Positive::exp ? exp(op[0]) : softplus(op[0]);
  return op.keep(floor == 0.0 ? y : y + floor);
}

Var gaussian_nll(const Operand& mean, const Operand& target, const Operand& variance,
                 const LossOptions& options, bool with_constant) {
  Composing op("gaussian_nll", {mean, target, variance});
  op.require_same(0, 1);
  op.require_same_float(0, 2);
  Shape both;
  if (!broadcast(op[0].shape(), op[2].shape(), both) || !(both == op[0].shape())) {
    throw op.shape_error("a variance " + to_string(op[2].shape()) +
                         " does not broadcast to the mean's shape " + to_string(op[0].shape()));
  }
  Var losses = 0.5 * (log(op[2]) + square(op[1] - op[0]) / op[2]);
  if (with_constant) losses = losses + half_log_2pi;
  return op.keep(reduced(losses, options));
}

Var poisson_nll(const Operand& z, const Operand& target, const PoissonOptions& how,
                const LossOptions& options) {
  Composing op("poisson_nll", {z, target});
  op.require_same(0, 1);
  if (!(how.epsilon >= 0)) {
    throw op.domain_error("ε is not negative, given " + to_text(how.epsilon));
  }
  const Var &rate = op[0], &y = op[1];
  Var losses = how.log_input ? exp(rate) - y * rate : rate - y * log(rate + how.epsilon);
  if (how.with_constant) {
    const Var many = y > 1.0, n = where(many, y, 1.0);
    losses = losses + select(many, n * log(n) - n + 0.5 * log(n) + half_log_2pi);
  }
  return op.keep(reduced(losses, options));
}

Var kl_div(const Operand& log_q, const Operand& p, const LossOptions& options, bool log_target) {
  Composing op("kl_div", {log_q, p});
  op.require_same(0, 1);
  if (log_target) {  // where p = 0, the zero is structural: -∞ has no part in it
    const Var some = op[1] > -std::numeric_limits<double>::infinity();
    return op.keep(reduced(select(some, exp(op[1]) * (op[1] - op[0])), options));
  }
  const Var losses = select(op[1] != 0.0, op[1] * (log(op[1]) - op[0]));
  return op.keep(reduced(losses, options));
}

Var mixture_nll(const Operand& weight_logits, const Operand& means, const Operand& deviations,
                const Operand& target, const LossOptions& options) {
  Composing op("mixture_nll", {weight_logits, means, deviations, target});
  const Var &z = op[0], &mu = op[1], &sigma = op[2], &y = op[3];
  for (const std::size_t k : {1U, 2U, 3U}) op.require_same_float(0, k);
  if (z.shape().is_scalar() || z.shape().back() == 0) {
    throw op.shape_error("weight logits need an axis of components, given " + to_string(z.shape()));
  }
  const Shape rows = without_last(z.shape());
  const bool vectors = mu.shape().rank() == z.shape().rank() + 1;
  const Shape wanted = vectors ? with_last(z.shape(), mu.shape().back()) : z.shape();
  const Shape wanted_y = vectors ? with_last(rows, mu.shape().back()) : rows;
  if (!(mu.shape() == wanted) || !(sigma.shape() == wanted) || !(y.shape() == wanted_y)) {
    throw op.shape_error("weight logits " + to_string(z.shape()) + " want means and deviations " +
                         to_string(wanted) + " and targets " + to_string(wanted_y) + ", given " +
                         to_string(mu.shape()) + ", " + to_string(sigma.shape()) + ", " +
                         to_string(y.shape()));
  }
  Shape row_shape = with_last(rows, 1);
  if (vectors) row_shape.push_back(mu.shape().back());
  const Var distance = (reshape(y, row_shape) - mu) / sigma;
  Var log_density = -0.5 * square(distance) - log(sigma) - half_log_2pi;
  if (vectors) log_density = sum(log_density, -1);
  return op.keep(reduced(-logsumexp(log_softmax(z) + log_density, -1), options));
}

// --- examples -----------------------------------------------------------------------------------

namespace ops {

namespace {
constexpr Range any{-2, 2}, unit{0.1, 0.9}, above{0.3, 2};
}

std::vector<Example> Bce::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return bce(in[0], in[1], options);
  }>({unit, unit});
}

std::vector<Example> WeightedBce::examples() {
  auto examples = loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return bce_with_logits(in[0], in[1], BceOptions{in[2]}, options);
  }>({any, unit, above});
  examples.push_back(
      {{{DType::float64, {4, 3}, -4, 4},
        {DType::float64, {4, 3}, 0, 1},
        {DType::float64, {3}, 0.3, 4}},
       [](std::span<const Var> in) { return bce_with_logits(in[0], in[1], BceOptions{in[2]}); }});
  return examples;
}

std::vector<Example> Focal::examples() {
  auto examples = loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return focal(in[0], in[1], {}, options);
  }>({any, unit});
  examples.push_back(
      {{{DType::float64, {5}, -2, 2}, {DType::float64, {5}, 0, 1}}, [](std::span<const Var> in) {
         return focal(in[0], in[1], {1.5, -1.0});
       }});
  return examples;
}

std::vector<Example> PositiveOp::examples() {
  return {{{{DType::float64, {5}, -3, 3}}, [](std::span<const Var> in) { return positive(in[0]); }},
          {{{DType::float64, {2, 3}, -3, 3}},
           [](std::span<const Var> in) { return positive(in[0], Positive::exp, 0.0); }},
          {{{DType::float64, {}, -3, 3}},
           [](std::span<const Var> in) { return positive(in[0], Positive::exp); }}};
}

std::vector<Example> GaussianNll::examples() {
  auto examples = loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return gaussian_nll(in[0], in[1], in[2], options, true);
  }>({any, any, above});
  constexpr auto apply = [](std::span<const Var> in) { return gaussian_nll(in[0], in[1], in[2]); };
  const ExampleInput x{DType::float64, {2, 3}, -2, 2};
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 1}}) {
    examples.push_back({{x, x, {DType::float64, shape, 0.3, 2}}, apply});
  }
  return examples;
}

std::vector<Example> PoissonNll::examples() {
  auto examples = loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return poisson_nll(in[0], in[1], {}, options);
  }>({any, above});
  examples.push_back(
      {{{DType::float64, {5}, 0.3, 2}, {DType::float64, {5}, 0, 4}}, [](std::span<const Var> in) {
         return poisson_nll(in[0], in[1], {false, true, 1e-8});
       }});
  return examples;
}

std::vector<Example> KlDiv::examples() {
  auto examples = loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return kl_div(in[0], in[1], options);
  }>({{-3, 0}, unit});
  const auto of_logs = loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return kl_div(in[0], in[1], options, true);
  }>({{-3, 0}, {-3, 0}});
  examples.insert(examples.end(), of_logs.begin(), of_logs.end());
  return examples;
}

std::vector<Example> MixtureNll::examples() {
  constexpr auto apply = [](std::span<const Var> in) {
    return mixture_nll(in[0], in[1], in[2], in[3]);
  };
  constexpr auto each = [](std::span<const Var> in) {
    return mixture_nll(in[0], in[1], in[2], in[3], {Reduction::none, 0.5});
  };
  const auto inputs = [](const Shape& z, const Shape& mu, const Shape& y) {
    return std::vector<ExampleInput>{{DType::float64, z, -2, 2},
                                     {DType::float64, mu, -2, 2},
                                     {DType::float64, mu, 0.3, 2},
                                     {DType::float64, y, -2, 2}};
  };
  return {{inputs({3}, {3}, {}), apply},
          {inputs({4, 3}, {4, 3}, {4}), apply},
          {inputs({4, 3}, {4, 3, 2}, {4, 2}), each},
          {inputs({0, 3}, {0, 3}, {0}), each}};
}

}  // namespace ops

std::span<const OpRecord> records_of(LikelihoodLossOps list) {
  return making::library_records(list, "loss");
}

}  // namespace tapewise
