// Losses, layers and random ops, as expressions call them.
#include <tapewise/lessons/expression/catalogue.hpp>

namespace tapewise::lessons {

namespace {

using namespace parameters;

constexpr Value x{"x"}, prediction{"prediction|ŷ"}, target{"target|y"}, logits{"logits|z"}, w{"w"},
    a{"a"}, b{"b"};
constexpr Whole labels{"labels"};
constexpr Loss loss{};
constexpr Real margin{"margin", 1.0};
constexpr Optional weight{"weight|γ"}, bias{"bias|β"};
constexpr Real epsilon{"epsilon|ε", 1e-5};
constexpr PairOf stride2d{"stride", 1}, padding2d{"padding", 0}, dilation2d{"dilation", 1};
constexpr Integer stride{"stride", 1}, padding{"padding", 0}, dilation{"dilation", 1},
    groups{"groups", 1};
constexpr Integer last_axis{"axis", -1};
constexpr Choice<Ties> ties{"ties", {{{"share", Ties::share}, {"first", Ties::first}}}};
constexpr Choice<Subgradient>::Word left{"left", Subgradient::left},
    right{"right", Subgradient::right}, middle{"middle", Subgradient::middle};
constexpr Choice<Subgradient> at_kink_left{"subgradient", {{left, right, middle}}},
    at_kink_right{"subgradient", {{right, left, middle}}},
    at_kink_middle{"subgradient", {{middle, left, right}}};

/// Labels as classes, or as a distribution for each row.
Var labelled_cross_entropy(const Operand& z, const Operand& y, const LossOptions& options,
                           double smoothing, const Var& weights) {
  const bool classes = y.var().shape().rank() < z.var().shape().rank();
  const Operand given = classes ? as_whole(y, "labels") : y;
  if (smoothing == 0 && !weights.has_tape()) return cross_entropy(z, given, options);
  return cross_entropy(z, given, LabelOptions{smoothing, weights, {}}, options);
}

/// Labels are classes.
Var labelled_nll(const Operand& log_probabilities, const Operand& y, const LossOptions& options,
                 double smoothing, const Var& weights) {
  if (smoothing == 0 && !weights.has_tape()) return nll(log_probabilities, y, options);
  return nll(log_probabilities, y, LabelOptions{smoothing, weights, {}}, options);
}

Var weight_decay_of(const std::vector<Operand>& weights, double lambda) {
  std::vector<Var> all;
  for (const Operand& one : weights) all.push_back(one.var());
  return weight_decay(std::span<const Var>(all), lambda);
}

template <Var (*f)(const Operand&, const Operand&, const Conv1dOptions&)>
Var convolved(const Operand& of, const Operand& with, std::int64_t s, std::int64_t p,
              std::int64_t d, std::int64_t g) {
  return f(of, with, {s, p, d, g});
}

FunctionTable all_functions() {
  FunctionTable all;
  // losses of real numbers
  all["mse"] = adapted(mse, prediction, target, loss);
  all["mae"] = adapted(mae, prediction, target, loss, at_kink_middle);
  all["mape"] = adapted(mape, prediction, target, loss, Real{"epsilon|ε", 1e-7}, at_kink_middle);
  all["msle"] = adapted(msle, prediction, target, loss);
  all["huber"] = adapted(huber, prediction, target, Real{"delta|δ", 1.0}, loss);
  all["smooth_l1"] = adapted(smooth_l1, prediction, target, Real{"beta|β", 1.0}, loss);
  all["log_cosh"] = adapted(log_cosh, prediction, target, loss);
  // likelihoods
  all["bce"] = adapted(bce, Value{"probabilities|p"}, Value{"targets|y"}, loss);
  all["bce_with_logits"] = adapted(
      [](const Operand& z, const Operand& y, const LossOptions& options, const Var& pos_weight) {
        return pos_weight.has_tape() ? bce_with_logits(z, y, BceOptions{pos_weight}, options)
                                     : bce_with_logits(z, y, options);
      },
      logits, Value{"targets|y"}, loss, Optional{"pos_weight"});
  all["focal"] = adapted(
      [](const Operand& z, const Operand& y, double gamma, double alpha,
         const LossOptions& options) {
        return focal(z, y, {gamma, alpha}, options);
      },
      logits, Value{"targets|y"}, Real{"gamma|γ", 2.0}, Real{"alpha|α", 0.25}, loss);
  all["cross_entropy"] = adapted(labelled_cross_entropy, logits, Value{"labels"}, loss,
                                 Real{"label_smoothing", 0.0}, Optional{"class_weights"});
  all["nll"] = adapted(labelled_nll, Value{"log_probabilities"}, labels, loss,
                       Real{"label_smoothing", 0.0}, Optional{"class_weights"});
  all["positive"] =
      adapted(positive, x,
              Choice<Positive>{"how", {{{"softplus", Positive::softplus}, {"exp", Positive::exp}}}},
              Real{"epsilon|ε", 1e-6});
  all["gaussian_nll"] = adapted(gaussian_nll, Value{"mean|μ"}, target, Value{"variance"}, loss,
                                Flag{"with_constant"});
  all["poisson_nll"] = adapted(
      [](const Operand& z, const Operand& y, bool log_input, bool constant, double eps,
         const LossOptions& options) {
        return poisson_nll(z, y, {log_input, constant, eps}, options);
      },
      logits, target, Flag{"log_input", true}, Flag{"with_constant"}, Real{"epsilon|ε", 1e-8},
      loss);
  all["kl_div"] = adapted(kl_div, Value{"log_q"}, Value{"p"}, loss, Flag{"log_target"});
  all["mixture_nll"] =
      adapted(mixture_nll, logits, Value{"means|μ"}, Value{"deviations|σ"}, target, loss);
  // margins
  all["hinge"] = adapted(hinge, Value{"scores|s"}, Value{"labels|y"}, loss, at_kink_left);
  all["squared_hinge"] = adapted(squared_hinge, Value{"scores|s"}, Value{"labels|y"}, loss);
  all["multi_hinge"] = adapted(
      [](const Operand& z, const Operand& y, double by, std::int64_t power,
         const LossOptions& options, Subgradient subgradient) {
        return multi_hinge(z, y, {by, static_cast<int>(power)}, options, subgradient);
      },
      Value{"scores|z"}, labels, margin, Integer{"power", 1}, loss, at_kink_left);
  all["margin_ranking"] =
      adapted(margin_ranking, a, b, Value{"y"}, Real{"margin", 0.0}, loss, at_kink_right);
  all["triplet"] = adapted(
      [](const Operand& anchor, const Operand& near, const Operand& far, double by, double power,
         double eps, bool swap, const LossOptions& options, Subgradient subgradient) {
        return triplet(anchor, near, far, {by, power, eps, swap}, options, subgradient);
      },
      Value{"anchor|a"}, Value{"positive|p"}, Value{"negative|n"}, margin, Real{"power", 2.0},
      Real{"epsilon|ε", 1e-6}, Flag{"swap"}, loss, at_kink_right);
  all["cosine_similarity"] = adapted(cosine_similarity, a, b, last_axis, Real{"epsilon|ε", 1e-8});
  all["cosine_embedding"] = adapted(cosine_embedding, a, b, Value{"y"}, Real{"margin", 0.0}, loss,
                                    Real{"epsilon|ε", 1e-12}, at_kink_right);
  all["dice"] = adapted(dice, Value{"probabilities|p"}, Value{"targets|y"}, AxesOf{},
                        Real{"smooth", 1.0}, loss);
  all["weight_decay"] = adapted(weight_decay_of, Several{"w, ..."}, Real{"lambda|λ"});
  // convolutions and pools
  all["conv1d"] = adapted(convolved<conv1d>, x, w, stride, padding, dilation, groups);
  all["conv_transpose1d"] = adapted(
      [](const Operand& y, const Operand& of, std::int64_t s, std::int64_t p, std::int64_t d,
         std::int64_t g, std::int64_t output) {
        return conv_transpose1d(y, of, {s, p, d, g}, output);
      },
      Value{"y"}, w, stride, padding, dilation, groups, Integer{"output_padding", 0});
  all["conv2d"] = adapted(
      [](const Operand& of, const Operand& with, Pair s, Pair p, Pair d, std::int64_t g) {
        return conv2d(of, with, {s, p, d, g});
      },
      x, w, stride2d, padding2d, dilation2d, groups);
  all["conv_transpose2d"] = adapted(
      [](const Operand& y, const Operand& with, Pair s, Pair p, Pair d, std::int64_t g,
         Pair output) {
        return conv_transpose2d(y, with, {s, p, d, g}, output);
      },
      Value{"y"}, w, stride2d, padding2d, dilation2d, groups, PairOf{"output_padding", 0});
  all["conv2d_weight"] = adapted(
      [](const Operand& of, const Operand& y, Pair kernel, Pair s, Pair p, Pair d, std::int64_t g) {
        return conv2d_weight(of, y, kernel, {s, p, d, g});
      },
      x, Value{"y"}, PairOf{"kernel"}, stride2d, padding2d, dilation2d, groups);
  all["max_pool1d"] = adapted(max_pool1d, x, Integer{"kernel"}, Integer{"stride", 0}, padding,
                              dilation, Flag{"ceil_mode"});
  all["avg_pool1d"] =
      adapted(avg_pool1d, x, Integer{"kernel"}, Integer{"stride", 0}, padding,
              Flag{"count_padding", true}, Flag{"ceil_mode"}, Integer{"divisor_override", 0});
  all["max_pool2d"] = adapted(
      [](const Operand& of, Pair kernel, Pair s, Pair p, Pair d, bool ceil) {
        return max_pool2d(of, kernel, {s, p, d, ceil});
      },
      x, PairOf{"kernel"}, PairOf{"stride", 0}, padding2d, dilation2d, Flag{"ceil_mode"});
  all["max_pool2d_places"] = adapted(
      [](const Operand& of, Pair kernel, Pair s, Pair p, Pair d, bool ceil) {
        return max_pool2d_places(of, kernel, {s, p, d, ceil});
      },
      x, PairOf{"kernel"}, PairOf{"stride", 0}, padding2d, dilation2d, Flag{"ceil_mode"});
  all["avg_pool2d"] = adapted(
      [](const Operand& of, Pair kernel, Pair s, Pair p, bool count, bool ceil,
         std::int64_t divisor) {
        return avg_pool2d(of, kernel, {s, p, count, ceil, divisor});
      },
      x, PairOf{"kernel"}, PairOf{"stride", 0}, padding2d, Flag{"count_padding", true},
      Flag{"ceil_mode"}, Integer{"divisor_override", 0});
  // layers
  all["batch_norm"] = adapted(
      [](const Operand& of, const Var& g, const Var& shift, double eps) {
        return batch_norm(of, {g, shift, eps});
      },
      x, weight, bias, epsilon);
  all["batch_norm_inference"] = adapted(
      [](const Operand& of, const Operand& m, const Operand& v, const Var& g, const Var& shift,
         double eps) {
        return batch_norm_inference(of, m, v, {g, shift, eps});
      },
      x, Value{"mean|m"}, Value{"variance|v"}, weight, bias, epsilon);
  all["layer_norm"] = adapted(
      [](const Operand& of, const Axes& axes, const Var& g, const Var& shift, double eps) {
        return layer_norm(of, axes, {g, shift, eps});
      },
      x, AxesOf{-1}, weight, bias, epsilon);
  all["rms_norm"] = adapted(
      [](const Operand& of, const Axes& axes, const Var& g, double eps) {
        return rms_norm(of, axes, {g, {}, eps});
      },
      x, AxesOf{-1}, weight, epsilon);
  all["group_norm"] = adapted(
      [](const Operand& of, std::int64_t count, const Var& g, const Var& shift, double eps) {
        return group_norm(of, count, {g, shift, eps});
      },
      x, Integer{"groups"}, weight, bias, epsilon);
  all["embedding"] = adapted(embedding, Whole{"indices"}, Value{"table|W"});
  all["scaled_dot_product_attention"] = adapted(
      [](const Operand& q, const Operand& key, const Operand& v, const Var& mask, bool causal,
         double scale) {
        return scaled_dot_product_attention(q, key, v, {mask, causal, scale});
      },
      Value{"queries|Q"}, Value{"keys|K"}, Value{"values|V"}, Optional{"mask"}, Flag{"causal"},
      Real{"scale", 0.0});
  all["maxout"] = adapted(maxout, Value{"z"}, Integer{"pieces"}, last_axis, ties);
  all["glu"] = adapted(glu, x, last_axis);
  // random, by a seed
  all["dropout"] = adapted([](const Operand& of, double rate, std::uint64_t seed,
                              std::int64_t step) { return dropout(of, rate, seed, step); },
                           x, Real{"rate"}, Seed{}, Integer{"step", 0});
  all["random_mask"] = adapted(
      [](const Operand& step, const auto& shape, double rate, std::uint64_t seed) {
        return random_mask(step, Shape(std::span<const std::int64_t>(shape)), rate, seed);
      },
      Whole{"step"}, Integers{"shape"}, Real{"rate"}, Seed{});
  all["uniform_like"] =
      adapted([](const Operand& of, double low, double high, std::uint64_t seed,
                 std::int64_t step) { return uniform_like(of, low, high, seed, step); },
              x, Real{"low"}, Real{"high"}, Seed{}, Integer{"step", 0});
  all["rrelu"] =
      adapted([](const Operand& of, std::uint64_t seed, std::int64_t step, double lower,
                 double upper) { return rrelu(of, seed, step, lower, upper); },
              x, Seed{}, Integer{"step", 0}, Real{"lower", 1.0 / 8.0}, Real{"upper", 1.0 / 3.0});
  return all;
}

}  // namespace

const FunctionTable& network_functions() {
  static const FunctionTable all = all_functions();
  return all;
}

}  // namespace tapewise::lessons
