#pragma once
#include <tapewise/ops/kernels/rows.hpp>
#include <tapewise/ops/loss.hpp>

namespace tapewise {

namespace ops {

struct CrossEntropyGradient;

struct CrossEntropy : LossRule {
  static constexpr Text name = "cross_entropy", formula = "factor · mean (log Σ e^z_j - z_label)",
                        signature = "cross_entropy(z, labels, options={mean, factor=1})",
                        derivative = "softmax(z) - onehot(label) in z",
                        peers =
                            "torch.nn.functional.cross_entropy, "
                            "optax.softmax_cross_entropy, "
                            "keras CategoricalCrossentropy(from_logits)",
                        source = "Goodfellow et al., Deep Learning, 6.2.2.3";
  static constexpr bool may_throw = true;
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  /// Value and gradient in one pass over the rows share each exponential.
  using ByProduct = CrossEntropyGradient;
  struct PairParams {
    Params loss;
    std::int64_t g_stride;
  };
  static PairParams plan_with_by_product(const KernelRequest& request);
  template <class T>
  static void kernel_with_by_product(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// g·(softmax(z) - onehot(label)), or g·(Σt·softmax(z) - t) for probabilities t; one g for all rows
/// or one for each.
struct CrossEntropyGradient : Structured {
  static constexpr Text name = "cross_entropy_gradient", formula = "g·(softmax(z) - onehot(label))",
                        signature = "cross_entropy_gradient(z, labels, g)",
                        derivative = "with p = softmax(z) and cotangent u: p·(gu - Σ gu·p) in z",
                        source = CrossEntropy::source;
  static constexpr int arity = 3;
  static constexpr bool may_throw = true;
  struct Params {
    std::int64_t n, classes, g_stride;
    bool index_labels;
    SimdLevel simd;
  };
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

}  // namespace ops

/// Negative log-likelihood of a category from logits (..., classes): log Σ_j e^z_j - z_label.
/// Labels are int64 class indices (...), or probabilities (one-hot, say) (..., classes).
/// Finite for logits of ±1000; derivative softmax(z) - onehot. Throws ShapeError when the shapes do
/// not fit, and DomainError in a run for an index that is not in [0, classes).
inline Var cross_entropy(const Operand& logits, const Operand& labels,
                         const LossOptions& options = {}) {
  return record<ops::CrossEntropy>({logits, labels}, options);
}

/// What cross_entropy gives to its logits: g·(softmax(z) - onehot(label)), with one cotangent g for
/// all rows, shape (), or one for each, shape (...). Errors as cross_entropy's.
inline Var cross_entropy_gradient(const Operand& logits, const Operand& labels, const Operand& g) {
  return record<ops::CrossEntropyGradient>({logits, labels, g});
}

using CrossEntropyOps = OpList<ops::CrossEntropy, ops::CrossEntropyGradient>;
std::span<const OpRecord> records_of(CrossEntropyOps);

}  // namespace tapewise
