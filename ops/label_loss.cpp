#include <tapewise/ops/label_loss.hpp>

#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/class_labels.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/softmax.hpp>

namespace tapewise {

namespace {

bool is_by_index(const Composing& op) { return op[1].dtype() == DType::int64; }

/// Throws unless scores (operand 0), labels (operand 1) and options fit each other.
void require_labelled(const Composing& op, const LabelOptions& labelling) {
  const Type &scores = op[0].type(), &labels = op[1].type();
  const double s = labelling.label_smoothing;
  if (!(s >= 0 && s <= 1)) {
    throw op.domain_error("label_smoothing is a number in [0, 1], given " + to_text(s));
  }
  if (is_by_index(op))
    require_index_labels(op);
  else
    op.require_same(0, 1);
  if (scores.shape.is_scalar()) throw op.shape_error("wanted an axis of classes, given ()");
  const Var& w = labelling.class_weights;
  const Type wanted{scores.dtype, {scores.shape.back()}};
  if (w.has_tape() && !(w.type() == wanted)) {
    throw op.shape_error("class_weights are " + to_string(wanted) + ", given " +
                         to_string(w.type()));
  }
  if (labelling.ignore_index && !is_by_index(op)) {
    throw op.type_error("ignore_index needs index labels, given " + to_string(labels));
  }
}

/// -Σ_c w_c t_c log p_c over labels t as the options say, from log-probabilities.
Var likelihood_of_labels(const Composing& op, const Var& log_p, const LabelOptions& labelling,
                         const LossOptions& options) {
  const Var &given = op[1], &w = labelling.class_weights;
  const bool weighted = w.has_tape();
  const double s = labelling.label_smoothing, share = s / static_cast<double>(log_p.shape().back());
  const Var costs = weighted ? -log_p * w : -log_p;  // of each class
  if (!is_by_index(op)) {
    const Var t = s == 0.0 ? given : (1.0 - s) * given + share;
    return reduced(sum(t * costs, -1), options);
  }
  Var label = given, counts;
  if (labelling.ignore_index) {
    counts = given != static_cast<double>(*labelling.ignore_index);
    label = where(counts, given, 0);
  }
  Var losses = at_labels(costs, label);
  if (s != 0.0) losses = (1.0 - s) * losses + share * sum(costs, -1);
  if (counts.has_tape()) losses = select(counts, losses);
  if (options.reduction != Reduction::mean) return reduced(losses, options);
  if (!weighted && !counts.has_tape()) return reduced(losses, options);
  Var weights = weighted ? take(w, label, 0) : filled(op.tape(), losses.type(), 1.0);
  if (counts.has_tape()) weights = select(counts, weights);
  const Var mean = sum(losses) / sum(weights);
  return options.factor == 1.0 ? mean : mean * options.factor;
}

}  // namespace

Var cross_entropy(const Operand& logits, const Operand& labels, const LabelOptions& labelling,
                  const LossOptions& options) {
  Composing op("cross_entropy", {logits, labels});
  require_labelled(op, labelling);
  return op.keep(likelihood_of_labels(op, log_softmax(op[0]), labelling, options));
}

Var nll(const Operand& log_probabilities, const Operand& labels, const LabelOptions& labelling,
        const LossOptions& options) {
  Composing op("nll", {log_probabilities, labels});
  require_index_labels(op);
  require_labelled(op, labelling);
  return op.keep(likelihood_of_labels(op, op[0], labelling, options));
}

Var nll(const Operand& log_probabilities, const Operand& labels, const LossOptions& options) {
  return nll(log_probabilities, labels, LabelOptions{}, options);
}

// --- examples -----------------------------------------------------------------------------------

namespace ops {

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
  constexpr auto everything = [](std::span<const Var> in) {
    return nll(in[0], in[1], LabelOptions{0.1, in[2], 1});
  };
  const ExampleInput weights{DType::float64, {4}, 0.5, 2};
  constexpr auto apply = [](std::span<const Var> in) { return nll(in[0], in[1]); };
  constexpr auto each = [](std::span<const Var> in) {
    return nll(in[0], in[1], {Reduction::none, 2.0});
  };
  return {{{{DType::float64, {3, 4}, -3, 0}, {DType::int64, {3}, 0, 4}}, apply},
          {{{DType::float64, {3, 4}, -3, 0}, {DType::int64, {3}, 0, 4}, weights}, everything},
          {{{DType::float64, {4}, -3, 0}, {DType::int64, {}, 0, 4}}, apply},
          {{{DType::float64, {2, 2, 3}, -3, 0}, {DType::int64, {2, 2}, 0, 3}}, each},
          {{{DType::float64, {0, 3}, -3, 0}, {DType::int64, {0}, 0, 3}}, each}};
}

}  // namespace ops

std::span<const OpRecord> records_of(LabelLossOps list) {
  return making::library_records(list, "loss");
}

}  // namespace tapewise
