#pragma once
#include <optional>
#include <tapewise/ops/loss.hpp>

// Negative log-likelihoods of class labels: smoothed, weighted, ignored.

namespace tapewise {

/// What `cross_entropy` and `nll` do with labels beyond reading them.
struct LabelOptions {
  /// Labels become (1 - s)·label + s/classes.
  double label_smoothing = 0.0;
  /// A weight for each class, of shape (classes,), in the logits' dtype; none: all 1.
  Var class_weights{};
  /// Index labels equal to this count for nothing.
  std::optional<std::int64_t> ignore_index{};
};

namespace ops {

struct LabelledCrossEntropy : Composite {
  static constexpr Text name = "labelled_cross_entropy",
                        formula = "-Σ_c w_c ((1 - s) t_c + s/C) log softmax(z)_c",
                        signature =
                            "cross_entropy(z, labels, {label_smoothing=0, class_weights=none, "
                            "ignore_index=none}, options={mean, factor=1})",
                        derivative = "softmax(z) Σ_c w_c t'_c - w t', t' the smoothed labels",
                        peers =
                            "torch.nn.functional.cross_entropy, optax.smooth_labels, "
                            "keras CategoricalCrossentropy",
                        source = "Szegedy et al. 2016, section 7";
  static std::vector<Example> examples();
};
struct Nll : Composite {
  static constexpr Text
      name = "nll",
      formula = "factor · mean -w_label log p_label",
      signature =
          "nll(log p, labels, {label_smoothing=0, class_weights=none, ignore_index=none}, "
          "options={mean, factor=1})",
      derivative = "-w_label onehot", peers = "torch.nn.functional.nll_loss",
      source = "Goodfellow et al., Deep Learning, 5.5";
  static std::vector<Example> examples();
};
}  // namespace ops

/// `cross_entropy` with smoothed labels, weighted classes, ignored labels. With index labels, the
/// mean is Σ losses / Σ w_label over the labels that are not ignored, as in PyTorch (all of them
/// ignored: NaN); with probabilities it is over all examples. Throws ShapeError or TypeError for
/// shapes and dtypes that do not fit, DomainError unless 0 ≤ label_smoothing ≤ 1, and for an index
/// out of range when computed.
Var cross_entropy(const Operand& logits, const Operand& labels, const LabelOptions& labelling,
                  const LossOptions& options = {});

/// Negative log-likelihood of int64 labels (...) from log-probabilities (..., classes): what
/// follows a log_softmax. Throws as `cross_entropy` does.
Var nll(const Operand& log_probabilities, const Operand& labels, const LossOptions& options = {});
/// The same with weighted classes, ignored labels and smoothed labels, as in `cross_entropy`.
Var nll(const Operand& log_probabilities, const Operand& labels, const LabelOptions& labelling,
        const LossOptions& options = {});

using LabelLossOps = OpList<ops::LabelledCrossEntropy, ops::Nll>;
std::span<const OpRecord> records_of(LabelLossOps);

}  // namespace tapewise
