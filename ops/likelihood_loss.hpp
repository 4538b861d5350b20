#pragma once
#include <tapewise/ops/loss.hpp>

// Negative log-likelihoods and divergences beyond those of ops/loss.hpp.

namespace tapewise {

/// How `positive` makes a positive number of any number.
enum class Positive { softplus, exp };

/// What `bce_with_logits` does beyond the plain loss.
struct BceOptions {
  /// How much a positive target counts, for each class: floats of the logits' dtype that broadcast
  /// to their shape; none: 1.
  Var pos_weight{};
};

struct FocalOptions {
  double gamma = 2.0;  ///< 0, or at least 1
  /// Weight of positives; negatives weigh 1 - α. Negative: no weights.
  double alpha = 0.25;
};

struct PoissonOptions {
  bool log_input = true;  ///< z is the logarithm of the rate, not the rate
  /// Stirling's formula for log y!, for y > 1: y log y - y + ½ log 2πy.
  bool with_constant = false;
  double epsilon = 1e-8;  ///< added to a rate before its logarithm is taken
};

namespace ops {

struct Bce : Composite {
  static constexpr Text name = "bce", formula = "factor · mean -(y log p + (1 - y) log(1 - p))",
                        signature = "bce(p, y, options={mean, factor=1})", domain = "0 ≤ p ≤ 1",
                        derivative =
                            "(p - y) / (p (1 - p)); 0 where a logarithm is cut off at -100",
                        peers =
                            "torch.nn.functional.binary_cross_entropy, keras BinaryCrossentropy",
                        source = "Goodfellow et al., Deep Learning, 6.2.2.2";
  static std::vector<Example> examples();
};
struct WeightedBce : Composite {
  static constexpr Text name = "weighted_bce_with_logits",
                        formula = "factor · mean (w·y·ζ(-z) + (1 - y)·ζ(z))",
                        signature =
                            "bce_with_logits(z, y, {pos_weight=1}, options={mean, factor=1})",
                        derivative = "(1 - y)·σ(z) - w·y·σ(-z) in z",
                        peers =
                            "torch.nn.functional.binary_cross_entropy_with_logits(pos_weight), "
                            "tf.nn.weighted_cross_entropy_with_logits",
                        source = "King & Zeng 2001, Logistic regression in rare events data, 4.2";
  static std::vector<Example> examples();
};
struct Focal : Composite {
  static constexpr Text name = "focal",
                        formula = "factor · mean α_t (1 - p_t)^γ bce_with_logits(z, y)",
                        signature = "focal(z, y, {γ=2, α=0.25}, options={mean, factor=1})",
                        derivative = "by the chain rule of its parts",
                        peers =
                            "torchvision.ops.sigmoid_focal_loss, optax.sigmoid_focal_loss, "
                            "keras BinaryFocalCrossentropy",
                        source = "Lin et al. 2017, Focal loss for dense object detection, eq. 5";
  static std::vector<Example> examples();
};
struct PositiveOp : Composite {
  static constexpr Text name = "positive", formula = "ε + ζ(x), or ε + e^x",
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
  static constexpr Text name = "gaussian_nll", formula = "factor · mean ½(log σ^2 + (y - μ)^2/σ^2)",
                        signature =
                            "gaussian_nll(μ, y, σ², options={mean, factor=1}, with_constant=false)",
                        domain = "σ² > 0: write positive(x)",
                        derivative = "(μ - y)/σ² in μ, ½(1 - (y - μ)²/σ²)/σ² in σ²",
                        peers = "torch.nn.functional.gaussian_nll_loss",
                        source = "Nix & Weigend 1994; Goodfellow et al., Deep Learning, 6.2.2.4";
  static std::vector<Example> examples();
};
struct PoissonNll : Composite {
  static constexpr Text
      name = "poisson_nll",
      formula = "factor · mean (e^z - y z)",
      signature =
          "poisson_nll(z, y, {log_input=true, with_constant=false, ε=1e-8}, "
          "options={mean, factor=1})",
      domain = "y ≥ 0; rates z > 0 unless log_input", derivative = "e^z - y",
      peers = "torch.nn.functional.poisson_nll_loss, optax.poisson_nll_loss, keras Poisson",
      source = "McCullagh & Nelder, Generalized linear models, 6.2";
  static std::vector<Example> examples();
};
struct KlDiv : Composite {
  static constexpr Text name = "kl_div", formula = "factor · mean p (log p - log q), 0 where p = 0",
                        signature = "kl_div(log q, p, options={mean, factor=1}, log_target=false)",
                        domain = "p ≥ 0", derivative = "-p in log q, log p + 1 - log q in p",
                        peers =
                            "torch.nn.functional.kl_div, optax.kl_divergence, keras KLDivergence",
                        source = "Kullback & Leibler 1951; Goodfellow et al., Deep Learning, 3.13";
  static std::vector<Example> examples();
};
struct MixtureNll : Composite {
  static constexpr Text
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

/// `bce_with_logits` in which positive targets weigh more or less than negative ones: a weight w >
/// 1 raises recall, one below 1 precision. Finite for z = ±1000. To weigh single elements, write
/// reduced(w * bce_with_logits(z, y, {Reduction::none, 1.0}), options). Throws ShapeError unless
/// the weight broadcasts to the logits' shape.
Var bce_with_logits(const Operand& logits, const Operand& targets, const BceOptions& how,
                    const LossOptions& options = {});

/// Binary cross-entropy from logits in which well-classified examples count less:
/// α_t (1 - p_t)^γ · bce_with_logits(z, y), with p_t = p y + (1 - p)(1 - y), p = σ(z), and
/// α_t = α y + (1 - α)(1 - y). Finite for z = ±1000. Throws DomainError for γ other than 0 and
/// below 1: its gradient would not be finite.
Var focal(const Operand& logits, const Operand& targets, const FocalOptions& focus = {},
          const LossOptions& options = {});

/// A positive number from a free one, for variances, rates and scales that are learned: the floor
/// plus ζ(x) or e^x. Throws DomainError for a negative floor.
Var positive(const Operand& x, Positive how = Positive::softplus, double floor = 1e-6);

/// Negative log-likelihood of y under N(μ, σ²), element by element, without the constant ½ log 2π
/// unless asked for. The variance is any positive array that broadcasts to the others' shape;
/// `positive(x)` makes one of a free parameter. With a fixed variance of 1 this is ½(y - μ)².
Var gaussian_nll(const Operand& mean, const Operand& target, const Operand& variance,
                 const LossOptions& options = {}, bool with_constant = false);

/// Negative log-likelihood of counts y under a Poisson distribution of rate e^z, or of rate z, then
/// z - y·log(z + ε); without log y!, which does not depend on z, unless asked for.
/// Throws DomainError for a negative ε.
Var poisson_nll(const Operand& z, const Operand& target, const PoissonOptions& how = {},
                const LossOptions& options = {});

/// Kullback-Leibler divergence of q from p, element by element, from log q and p, as in PyTorch:
/// sum with factor 1/rows is the mean divergence of rows (its "batchmean"). Equals CE(p, q) - H(p),
/// so its gradient in q is that of the cross-entropy. With `log_target` the second operand is log
/// p, -∞ for p = 0.
Var kl_div(const Operand& log_q, const Operand& p, const LossOptions& options = {},
           bool log_target = false);

/// Negative log-likelihood under a mixture of K normal distributions, through logsumexp. Weights
/// are softmax(z), z of shape (..., K). For real targets y of shape (...), μ and σ are (..., K);
/// for vectors y (..., D), they are (..., K, D), the dimensions independent within a component.
/// Throws ShapeError for other shapes.
Var mixture_nll(const Operand& weight_logits, const Operand& means, const Operand& deviations,
                const Operand& target, const LossOptions& options = {});

using LikelihoodLossOps = OpList<ops::Bce, ops::WeightedBce, ops::Focal, ops::PositiveOp,
                                 ops::GaussianNll, ops::PoissonNll, ops::KlDiv, ops::MixtureNll>;
std::span<const OpRecord> records_of(LikelihoodLossOps);

}  // namespace tapewise
