#include <tapewise/ops/likelihood_loss.hpp>

#include <cmath>
#include <numbers>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/class_labels.hpp>
#include <tapewise/ops/index.hpp>
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

Var cross_entropy(const Operand& logits, const Operand& labels, const LabelOptions& labelling,
                  const LossOptions& options) {
  Composing op("cross_entropy", {logits, labels});
  const Var &z = op[0], &given = op[1];
  const double s = labelling.label_smoothing;
  if (!(s >= 0 && s <= 1)) {
    throw op.domain_error("label_smoothing is a number in [0, 1], given " + to_text(s));
  }
  const bool by_index = given.dtype() == DType::int64;
  if (by_index)
    require_index_labels(op);
  else
    op.require_same(0, 1);
  if (z.shape().is_scalar()) throw op.shape_error("logits need an axis of classes, given ()");
  const std::int64_t classes = z.shape().back();
  const Var& w = labelling.class_weights;
  const bool weighted = w.has_tape();
  if (weighted && !(w.type() == Type{z.dtype(), {classes}})) {
    throw op.shape_error("class_weights are " + to_string(Type{z.dtype(), {classes}}) + ", given " +
                         to_string(w.type()));
  }
  if (labelling.ignore_index && !by_index) {
    throw op.type_error("ignore_index needs index labels, given " + to_string(given.type()));
  }

  const Var log_p = log_softmax(z);
  const Var costs = weighted ? -log_p * w : -log_p;  // of each class
  if (!by_index) {
    const Var t = s == 0.0 ? given : (1.0 - s) * given + s / static_cast<double>(classes);
    return op.keep(reduced(sum(t * costs, -1), options));
  }
  Var label = given, counts;
  if (labelling.ignore_index) {
    counts = given != static_cast<double>(*labelling.ignore_index);
    label = where(counts, given, 0);
  }
  Var losses = at_labels(costs, label);
  if (s != 0.0) losses = (1.0 - s) * losses + (s / static_cast<double>(classes)) * sum(costs, -1);
  if (counts.has_tape()) losses = select(counts, losses);
  if (options.reduction != Reduction::mean) return op.keep(reduced(losses, options));
  if (!weighted && !counts.has_tape()) return op.keep(reduced(losses, options));
  Var weights = weighted ? take(w, label, 0) : filled(op.tape(), losses.type(), 1.0);
  if (counts.has_tape()) weights = select(counts, weights);
  const Var mean = sum(losses) / sum(weights);
  return op.keep(options.factor == 1.0 ? mean : mean * options.factor);
}

Var nll(const Operand& log_probabilities, const Operand& labels, const LossOptions& options) {
  Composing op("nll", {log_probabilities, labels});
  require_index_labels(op);
  return op.keep(reduced(-at_labels(op[0], op[1]), options));
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

Var poisson_nll(const Operand& z, const Operand& target, const LossOptions& options,
                bool log_input) {
  Composing op("poisson_nll", {z, target});
  op.require_same(0, 1);
  const Var losses = log_input ? exp(op[0]) - op[1] * op[0] : op[0] - op[1] * log(op[0]);
  return op.keep(reduced(losses, options));
}

Var kl_div(const Operand& log_q, const Operand& p, const LossOptions& options) {
  Composing op("kl_div", {log_q, p});
  op.require_same(0, 1);
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

std::vector<Example> LabelledCrossEntropy::examples() {
  const ExampleInput z{DType::float64, {3, 4}, -2, 2}, index{DType::int64, {3}, 0, 4},
      weights{DType::float64, {4}, 0.5, 2}, probability{DType::float64, {3, 4}, 0, 1};
  constexpr auto everything = [](std::span<const Var> in) {
    return cross_entropy(in[0], in[1], LabelOptions{0.1, in[2], 1});
  };
  constexpr auto each = [](std::span<const Var> in) {
    return cross_entropy(in[0], in[1], LabelOptions{0.2, in[2], {}}, {Reduction::none, 0.5});
  };
  constexpr auto smoothed = [](std::span<const Var> in) {
    return cross_entropy(in[0], in[1], LabelOptions{.label_smoothing = 0.1});
  };
  constexpr auto ignoring = [](std::span<const Var> in) {
    return cross_entropy(in[0], in[1], LabelOptions{.ignore_index = 3});
  };
  return {{{z, index, weights}, everything}, {{z, index, weights}, each},
          {{z, probability, weights}, each}, {{z, index}, smoothed},
          {{z, probability}, smoothed},      {{z, index}, ignoring}};
}

std::vector<Example> Nll::examples() {
  constexpr auto apply = [](std::span<const Var> in) { return nll(in[0], in[1]); };
  constexpr auto each = [](std::span<const Var> in) {
    return nll(in[0], in[1], {Reduction::none, 2.0});
  };
  return {{{{DType::float64, {3, 4}, -3, 0}, {DType::int64, {3}, 0, 4}}, apply},
          {{{DType::float64, {4}, -3, 0}, {DType::int64, {}, 0, 4}}, apply},
          {{{DType::float64, {2, 2, 3}, -3, 0}, {DType::int64, {2, 2}, 0, 3}}, each},
          {{{DType::float64, {0, 3}, -3, 0}, {DType::int64, {0}, 0, 3}}, each}};
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
    return poisson_nll(in[0], in[1], options);
  }>({any, above});
  examples.push_back(
      {{{DType::float64, {5}, 0.3, 2}, {DType::float64, {5}, 0, 4}},
       [](std::span<const Var> in) { return poisson_nll(in[0], in[1], {}, false); }});
  return examples;
}

std::vector<Example> KlDiv::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return kl_div(in[0], in[1], options);
  }>({{-3, 0}, unit});
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
