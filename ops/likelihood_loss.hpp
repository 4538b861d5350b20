#pragma once
#include <optional>
#include <tapewise/ops/loss.hpp>

// Negative log-likelihoods and divergences beyond those of ops/loss.hpp.

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

/// How `positive` makes a positive number of any number.
enum class Positive { softplus, exp };

struct FocalOptions {
  double gamma = 2.0;  ///< 0, or at least 1
  /// Weight of positives; negatives weigh 1 - α. Negative: no weights.
  double alpha = 0.25;
};

namespace ops {

struct Bce : Composite {
  static constexpr std::string_view
      name = "bce",
      formula = "factor · mean -(y log p + (1 - y) log(1 - p))",
      signature = "bce(p, y, options={mean, factor=1})", domain = "0 ≤ p ≤ 1",
      derivative = "(p - y) / (p (1 - p)); 0 where a logarithm is cut off at -100",
      peers = "torch.nn.functional.binary_cross_entropy, keras BinaryCrossentropy",
      source = "Goodfellow et al., Deep Learning, 6.2.2.2";
  static std::vector<Example> examples();
};
struct Focal : Composite {
  static constexpr std::string_view
      name = "focal",
      formula = "factor · mean α_t (1 - p_t)^γ bce_with_logits(z, y)",
      signature = "focal(z, y, {γ=2, α=0.25}, options={mean, factor=1})",
      derivative = "by the chain rule of its parts",
      peers =
          "torchvision.ops.sigmoid_focal_loss, optax.sigmoid_focal_loss, "
          "keras BinaryFocalCrossentropy",
      source = "Lin et al. 2017, Focal loss for dense object detection, eq. 5";
  static std::vector<Example> examples();
};
struct LabelledCrossEntropy : Composite {
  static constexpr std::string_view
      name = "labelled_cross_entropy",
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
  static constexpr std::string_view name = "nll", formula = "factor · mean -log p_label",
                                    signature = "nll(log p, labels, options={mean, factor=1})",
                                    derivative = "-onehot", peers = "torch.nn.functional.nll_loss",
                                    source = "Goodfellow et al., Deep Learning, 5.5";
  static std::vector<Example> examples();
};
struct PositiveOp : Composite {
  static constexpr std::string_view name = "positive", formula = "ε + ζ(x), or ε + e^x",
                                    signature = "positive(x, softplus | exp, ε=1e-6)",
                                    derivative = "σ(x), or e^x",
                                    peers =
                                        "torch.nn.functional.softplus, "
                                        "tfp.bijectors.Softplus",
                                    source =
                                        "R, learned variances; Goodfellow et al., Deep "
                                        "Learning, 6.2.2.4";
  static std::vector<Example> examples();
};
struct GaussianNll : Composite {
  static constexpr std::string_view
      name = "gaussian_nll",
      formula = "factor · mean ½(log σ^2 + (y - μ)^2/σ^2)",
      signature = "gaussian_nll(μ, y, σ², options={mean, factor=1}, with_constant=false)",
      domain = "σ² > 0: write positive(x)",
      derivative = "(μ - y)/σ² in μ, ½(1 - (y - μ)²/σ²)/σ² in σ²",
      peers = "torch.nn.functional.gaussian_nll_loss",
      source = "Nix & Weigend 1994; Goodfellow et al., Deep Learning, 6.2.2.4";
  static std::vector<Example> examples();
};
struct PoissonNll : Composite {
  static constexpr std::string_view
      name = "poisson_nll",
      formula = "factor · mean (e^z - y z)",
      signature = "poisson_nll(z, y, options={mean, factor=1}, log_input=true)",
      domain = "y ≥ 0; rates z > 0 unless log_input", derivative = "e^z - y",
      peers = "torch.nn.functional.poisson_nll_loss, optax.poisson_nll_loss, keras Poisson",
      source = "McCullagh & Nelder, Generalized linear models, 6.2";
  static std::vector<Example> examples();
};
struct KlDiv : Composite {
  static constexpr std::string_view
      name = "kl_div",
      formula = "factor · mean p (log p - log q), 0 where p = 0",
      signature = "kl_div(log q, p, options={mean, factor=1})", domain = "p ≥ 0",
      derivative = "-p in log q, log p + 1 - log q in p",
      peers = "torch.nn.functional.kl_div, optax.kl_divergence, keras KLDivergence",
      source = "Kullback & Leibler 1951; Goodfellow et al., Deep Learning, 3.13";
  static std::vector<Example> examples();
};
struct MixtureNll : Composite {
  static constexpr std::string_view
      name = "mixture_nll",
      formula = "factor · mean -log Σ_k π_k N(y; μ_k, σ_k^2)",
      signature = "mixture_nll(z, μ, σ, y, options={mean, factor=1})",
      domain = "σ > 0: write positive(x)",
      derivative =
          "with γ the posterior of the components: π - γ in z, γ (μ - y)/σ² in μ, "
          "γ (1/σ - (y - μ)²/σ³) in σ",
      peers = "tfp.distributions.MixtureSameFamily",
      source = "Bishop 1994, Mixture density networks; Goodfellow et al., Deep Learning, 6.2.2.4";
  static std::vector<Example> examples();
};

}  // namespace ops

/// Negative log-likelihood of Bernoulli targets y in [0, 1] from probabilities p, element by
/// element; logarithms are cut off at -100, as in PyTorch. From logits, bce_with_logits keeps the
/// digits that p near 0 or 1 has lost. Throws ShapeError unless both have one shape.
Var bce(const Operand& probabilities, const Operand& targets, const LossOptions& options = {});

/// Binary cross-entropy from logits in which well-classified examples count less:
/// α_t (1 - p_t)^γ · bce_with_logits(z, y), with p_t = p y + (1 - p)(1 - y), p = σ(z), and
/// α_t = α y + (1 - α)(1 - y). Finite for z = ±1000. Throws DomainError for γ other than 0 and
/// below 1: its gradient would not be finite.
Var focal(const Operand& logits, const Operand& targets, const FocalOptions& focus = {},
          const LossOptions& options = {});

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

/// A positive number from a free one, for variances, rates and scales that are learned: the floor
/// plus ζ(x) or e^x. Throws DomainError for a negative floor.
Var positive(const Operand& x, Positive how = Positive::softplus, double floor = 1e-6);

/// Negative log-likelihood of y under N(μ, σ²), element by element, without the constant ½ log 2π
/// unless asked for. The variance is any positive array that broadcasts to the others' shape;
/// `positive(x)` makes one of a free parameter. With a fixed variance of 1 this is ½(y - μ)².
Var gaussian_nll(const Operand& mean, const Operand& target, const Operand& variance,
                 const LossOptions& options = {}, bool with_constant = false);

/// Negative log-likelihood of counts y under a Poisson distribution of rate e^z (or z itself,
/// without `log_input`), without log y!, which does not depend on z.
Var poisson_nll(const Operand& z, const Operand& target, const LossOptions& options = {},
                bool log_input = true);

/// Kullback-Leibler divergence of q from p, element by element, from log q and p, as in PyTorch:
/// sum with factor 1/rows is the mean divergence of rows. Equals CE(p, q) - H(p), so its gradient
/// in q is that of the cross-entropy.
Var kl_div(const Operand& log_q, const Operand& p, const LossOptions& options = {});

/// Negative log-likelihood under a mixture of K normal distributions, through logsumexp. Weights
/// are softmax(z), z of shape (..., K). For real targets y of shape (...), μ and σ are (..., K);
/// for vectors y (..., D), they are (..., K, D), the dimensions independent within a component.
/// Throws ShapeError for other shapes.
Var mixture_nll(const Operand& weight_logits, const Operand& means, const Operand& deviations,
                const Operand& target, const LossOptions& options = {});

using LikelihoodLossOps =
    OpList<ops::Bce, ops::Focal, ops::LabelledCrossEntropy, ops::Nll, ops::PositiveOp,
           ops::GaussianNll, ops::PoissonNll, ops::KlDiv, ops::MixtureNll>;
std::span<const OpRecord> records_of(LikelihoodLossOps);

}  // namespace tapewise
