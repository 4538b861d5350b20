#pragma once
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

/// What becomes of the losses of single examples.
enum class Reduction : std::uint64_t { mean, sum, none };

/// How a loss is reduced, and the factor in front of it: the same loss is ½Σ, ¼Σ or a mean in
/// different books.
struct LossOptions {
  Reduction reduction = Reduction::mean;
  double factor = 1.0;
};

/// factor · mean or sum of the losses of single examples, or factor times each.
Var reduced(const Operand& losses, const LossOptions& options);

namespace ops {

/// Losses reduce the losses of `n` examples to one number, or leave them as they are.
struct LossRule : Structured {
  static constexpr int arity = 2;
  using Attribute = LossOptions;
  struct Params {
    std::int64_t n, classes;
    double scale;
    bool reduce, index_labels;
    SimdLevel simd;
  };
  /// Checks that both operands are floats of one type; the loss of each element.
  static Type elementwise_type(const TypeArgs& args);
  static Type reduced_type(const Type& single, const LossOptions& options);
  static Params plan_for(const KernelRequest& request, std::int64_t n);
  /// g times the factor and 1/n of the mean, in the shape `single` of the unreduced losses.
  static Var scaled_cotangent(const Vjp& v, std::int64_t n);
  static std::string attribute_text(const void* attribute);
};

/// Losses of pairs of numbers, element by element.
struct PairLossRule : LossRule {
  static Type type(const TypeArgs& args) {
    return reduced_type(elementwise_type(args), args.attribute<LossOptions>());
  }
  static Params plan(const KernelRequest& request) {
    return plan_for(request, request.in[0]->size());
  }
};

struct Mse : PairLossRule {
  static constexpr Text name = "mse", formula = "factor · mean (ŷ - y)^2",
                        signature = "mse(ŷ, y, options={mean, factor=1})",
                        derivative = "2 factor/n · (ŷ - y) in ŷ, its negative in y",
                        peers =
                            "torch.nn.functional.mse_loss, optax.squared_error, "
                            "keras mean_squared_error",
                        source = "Goodfellow et al., Deep Learning, 5.1.4";
  template <class T>
  static void kernel(const KernelCall& call);
  /// 2·(ŷ - y) and its negative
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct BceWithLogits : PairLossRule {
  static constexpr Text name = "bce_with_logits", formula = "factor · mean ζ(z) - y·z",
                        signature = "bce_with_logits(z, y, options={mean, factor=1})",
                        derivative = "σ(z) - y in z, -z in y",
                        peers =
                            "torch.nn.functional.binary_cross_entropy_with_logits, "
                            "optax.sigmoid_binary_cross_entropy",
                        source = "Goodfellow et al., Deep Learning, 6.2.2.2";
  template <class T>
  static void kernel(const KernelCall& call);
  /// σ(z) - y, and -z
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

}  // namespace ops

/// Mean squared error: factor · mean (or sum) of (ŷ - y)²; `{Reduction::sum, 0.5}` is ½Σ.
/// Both operands have one shape: broadcasting here hides mistakes. Throws ShapeError otherwise.
inline Var mse(const Operand& prediction, const Operand& target, const LossOptions& options = {}) {
  return record<ops::Mse>({prediction, target}, options);
}

/// Negative log-likelihood of Bernoulli targets y in [0, 1] from logits z:
/// -y log σ(z) - (1-y) log(1-σ(z)), element by element. Finite for z = ±1000; derivative σ(z) - y.
/// Throws ShapeError unless both have one shape.
inline Var bce_with_logits(const Operand& logits, const Operand& targets,
                           const LossOptions& options = {}) {
  return record<ops::BceWithLogits>({logits, targets}, options);
}

using LossOps = OpList<ops::Mse, ops::BceWithLogits>;
std::span<const OpRecord> records_of(LossOps);

}  // namespace tapewise
