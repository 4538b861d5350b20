#include <tapewise/ops/margin_loss.hpp>

#include <cmath>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/class_labels.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/loss_examples.hpp>
#include <tapewise/ops/one_hot.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace {

/// (Σ |x|^p)^(1/p) along the last axis.
Var row_norm(const Var& x, double p) {
  if (p == 2.0) return sqrt(sum(square(x), -1));
  if (p == 1.0) return sum(abs(x), -1);
  return pow(sum(pow(abs(x), p), -1), 1.0 / p);
}

void require_rows(const Composing& op) {
  if (op[0].shape().is_scalar()) throw op.shape_error("wanted vectors, given ()");
}

}  // namespace

Var hinge(const Operand& scores, const Operand& labels, const LossOptions& options,
          Subgradient subgradient) {
  Composing op("hinge", {scores, labels});
  op.require_same(0, 1);
  require_one_kink(op, subgradient);
  return op.keep(reduced(relu(1.0 - op[1] * op[0], subgradient), options));
}

Var squared_hinge(const Operand& scores, const Operand& labels, const LossOptions& options) {
  Composing op("squared_hinge", {scores, labels});
  op.require_same(0, 1);
  return op.keep(reduced(square(relu(1.0 - op[1] * op[0])), options));
}

Var multi_hinge(const Operand& scores, const Operand& labels, const MarginOptions& margin,
                const LossOptions& options, Subgradient subgradient) {
  Composing op("multi_hinge", {scores, labels});
  require_index_labels(op);
  require_one_kink(op, subgradient);
  if (margin.power != 1 && margin.power != 2) {
    throw op.domain_error("the power is 1 or 2, given " + std::to_string(margin.power));
  }
  const Var &z = op[0], &label = op[1];
  const std::int64_t classes = z.shape().back();
  const Var own = reshape(at_labels(z, label), with_last(label.shape(), 1));
  const Var over = relu(z - own + margin.margin, subgradient);
  const Var others =
      logical_not(one_hot(without_negatives(label, classes), classes, DType::boolean));
  const Var costs = select(others, margin.power == 2 ? square(over) : over);
  return op.keep(reduced(sum(costs, -1), options));
}

Var margin_ranking(const Operand& a, const Operand& b, const Operand& y, double margin,
                   const LossOptions& options, Subgradient subgradient) {
  Composing op("margin_ranking", {a, b, y});
  op.require_same(0, 1);
  op.require_same(0, 2);
  require_one_kink(op, subgradient);
  return op.keep(reduced(relu(margin - op[2] * (op[0] - op[1]), subgradient), options));
}

Var triplet(const Operand& anchor, const Operand& positive, const Operand& negative,
            const TripletOptions& how, const LossOptions& options, Subgradient subgradient) {
  Composing op("triplet", {anchor, positive, negative});
  op.require_same(0, 1);
  op.require_same(0, 2);
  require_one_kink(op, subgradient);
  require_rows(op);
  if (!(how.power >= 1)) {
    throw op.domain_error("the power of a norm is at least 1, given " + to_text(how.power));
  }
  const auto distance = [&](const Var& u, const Var& v) {
    const Var difference = u - v;
    return row_norm(how.epsilon == 0.0 ? difference : difference + how.epsilon, how.power);
  };
  Var far = distance(op[0], op[2]);
  if (how.swap) far = min(far, distance(op[1], op[2]));
  const Var violation = distance(op[0], op[1]) - far + how.margin;
  return op.keep(reduced(relu(violation, subgradient), options));
}

Var cosine_similarity(const Operand& a, const Operand& b, std::int64_t axis, double epsilon) {
  Composing op("cosine_similarity", {a, b});
  op.require_same(0, 1);
  require_rows(op);
  if (!(epsilon > 0)) throw op.domain_error("ε must be positive, given " + to_text(epsilon));
  // The square root of the larger square: that of 0 would have an infinite derivative.
  const double least = std::max(epsilon * epsilon, 1e-37);  // a number in float32, too
  const auto length = [&](const Var& x) { return sqrt(max(sum(square(x), axis), least)); };
  return op.keep(sum(op[0] * op[1], axis) / (length(op[0]) * length(op[1])));
}

Var cosine_embedding(const Operand& a, const Operand& b, const Operand& y, double margin,
                     const LossOptions& options, double epsilon, Subgradient subgradient) {
  Composing op("cosine_embedding", {a, b, y});
  require_one_kink(op, subgradient);
  if (!(epsilon > 0)) throw op.domain_error("ε must be positive, given " + to_text(epsilon));
  op.require_same(0, 1);
  op.require_same_float(0, 2);
  require_rows(op);
  if (!(op[2].shape() == without_last(op[0].shape()))) {
    throw op.shape_error("vectors " + to_string(op[0].shape()) + " want labels of shape " +
                         to_string(without_last(op[0].shape())) + ", given " +
                         to_string(op[2].shape()));
  }
  const auto square_norm = [&](const Var& x) { return sum(square(x), -1) + epsilon; };
  const Var cosine = sum(op[0] * op[1], -1) / sqrt(square_norm(op[0]) * square_norm(op[1]));
  const Var apart = relu(cosine - margin, subgradient);
  return op.keep(reduced(where(op[2] > 0.0, 1.0 - cosine, apart), options));
}

Var dice(const Operand& probabilities, const Operand& targets, const Axes& axes, double smooth,
         const LossOptions& options) {
  Composing op("dice", {probabilities, targets});
  op.require_same(0, 1);
  const Var both = 2.0 * sum(op[0] * op[1], axes) + smooth;
  const Var all = sum(op[0], axes) + sum(op[1], axes) + smooth;
  return op.keep(reduced(1.0 - both / all, options));
}

Var weight_decay(std::span<const Var> weights, double lambda, SourceLine where) {
  if (weights.empty()) {
    throw TypeError("[weight_decay] no weights: weight_decay({w, ...}, λ)\n  at " +
                    to_string(where));
  }
  Composing op("weight_decay", {Operand(weights[0], where)});
  op.require_float(0);
  Var total = sum(square(weights[0]));
  for (const Var& w : weights.subspan(1)) total = total + sum(square(w));
  return op.keep(lambda * total);
}

// --- examples -----------------------------------------------------------------------------------

namespace ops {

namespace {
constexpr Range any{-2, 2}, unit{0.1, 0.9};
ExampleInput input(const Shape& shape, const Range& range = any) {
  return {DType::float64, shape, range.low, range.high};
}
}  // namespace

std::vector<Example> Hinge::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return hinge(in[0], in[1], options);
  }>({any, any});
}

std::vector<Example> SquaredHinge::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return squared_hinge(in[0], in[1], options);
  }>({any, any});
}

std::vector<Example> MultiHinge::examples() {
  constexpr auto apply = [](std::span<const Var> in) { return multi_hinge(in[0], in[1]); };
  constexpr auto squared = [](std::span<const Var> in) {
    return multi_hinge(in[0], in[1], {0.5, 2}, {Reduction::none, 0.5});
  };
  return {{{input({3, 4}), {DType::int64, {3}, 0, 4}}, apply},
          {{input({4}), {DType::int64, {}, 0, 4}}, apply},
          {{input({2, 2, 3}), {DType::int64, {2, 2}, 0, 3}}, squared},
          {{input({0, 3}), {DType::int64, {0}, 0, 3}}, squared}};
}

std::vector<Example> MarginRanking::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return margin_ranking(in[0], in[1], in[2], 0.5, options);
  }>({any, any, any});
}

std::vector<Example> Triplet::examples() {
  // One of them scaled: moving all three together would leave every distance as it is.
  constexpr auto apply = [](std::span<const Var> in) { return triplet(in[0], 2.0 * in[1], in[2]); };
  constexpr auto swapped = [](std::span<const Var> in) {
    return triplet(in[0], 2.0 * in[1], in[2], {.margin = 2.0, .swap = true},
                   {Reduction::none, 0.5});
  };
  constexpr auto cubic = [](std::span<const Var> in) {
    return triplet(in[0], 2.0 * in[1], in[2], {.margin = 2.0, .power = 3.0, .epsilon = 0.0});
  };
  const ExampleInput x = input({4, 3}), row = input({3});
  return {{{x, x, x}, apply}, {{x, x, x}, swapped}, {{x, x, x}, cubic}, {{row, row, row}, apply}};
}

std::vector<Example> CosineSimilarity::examples() {
  constexpr auto apply = [](std::span<const Var> in) { return cosine_similarity(in[0], in[1]); };
  constexpr auto first = [](std::span<const Var> in) { return cosine_similarity(in[0], in[1], 0); };
  return {{{input({4}), input({4})}, apply},
          {{input({2, 3}), input({2, 3})}, apply},
          {{input({3, 2}), input({3, 2})}, first},
          {{input({0, 3}), input({0, 3})}, apply}};
}

std::vector<Example> CosineEmbedding::examples() {
  constexpr auto apply = [](std::span<const Var> in) {
    return cosine_embedding(in[0], in[1], in[2], 0.2);
  };
  constexpr auto each = [](std::span<const Var> in) {
    return cosine_embedding(in[0], in[1], in[2], -0.5, {Reduction::none, 0.5});
  };
  return {{{input({5, 3}), input({5, 3}), input({5})}, apply},
          {{input({3}), input({3}), input({})}, apply},
          {{input({5, 3}), input({5, 3}), input({5})}, each}};
}

std::vector<Example> Dice::examples() {
  constexpr auto apply = [](std::span<const Var> in) { return dice(in[0], in[1]); };
  constexpr auto each = [](std::span<const Var> in) {
    return dice(in[0], in[1], {-1, -2}, 0.5, {Reduction::none, 2.0});
  };
  return {{{input({5}, unit), input({5}, unit)}, apply},
          {{input({2, 2, 3}, unit), input({2, 2, 3}, unit)}, each},
          {{input({0}, unit), input({0}, unit)}, apply}};
}

std::vector<Example> WeightDecay::examples() {
  constexpr auto apply = [](std::span<const Var> in) { return weight_decay(in, 0.1); };
  return {{{input({3})}, apply},
          {{input({2, 3}), input({3}), input({})}, apply},
          {{input({0})}, apply}};
}

}  // namespace ops

std::span<const OpRecord> records_of(MarginLossOps list) {
  return making::library_records(list, "loss");
}

}  // namespace tapewise
