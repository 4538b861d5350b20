#pragma once
#include <span>
#include <tapewise/ops/axes.hpp>
#include <tapewise/ops/kink.hpp>
#include <tapewise/ops/loss.hpp>

// Losses with a margin, losses of embeddings, overlap and weight decay.

namespace tapewise {

/// How far `multi_hinge` goes: the scores of other classes count from `z_y - margin` on, to the
/// power of 1 or 2.
struct MarginOptions {
  double margin = 1.0;
  int power = 1;
};
/// The norm of `triplet`, and whether the nearer of anchor and positive stands against the
/// negative.
struct TripletOptions {
  double margin = 1.0;
  double power = 2.0;
  double epsilon = 1e-6;  ///< added to each difference
  bool swap = false;
};

namespace ops {

struct Hinge : Composite {
  static constexpr Text name = "hinge", formula = "factor · mean max(0, 1 - y s)",
                        signature = "hinge(s, y, options={mean, factor=1}, subgradient=left)",
                        domain = "labels y = ±1", derivative = "-y where y s < 1, else 0",
                        peers = "optax.hinge_loss, keras Hinge", source = "Cortes & Vapnik 1995";
  static constexpr Text kinks = "y·s = 1";
  static std::vector<Example> examples();
};
struct SquaredHinge : Composite {
  static constexpr Text name = "squared_hinge", formula = "factor · mean max(0, 1 - y s)^2",
                        signature = "squared_hinge(s, y, options={mean, factor=1})",
                        domain = "labels y = ±1", derivative = "-2 y max(0, 1 - y s)",
                        peers = "keras SquaredHinge", source = "Tang 2013, eq. 6";
  static std::vector<Example> examples();
};
struct MultiHinge : Composite {
  static constexpr Text
      name = "multi_hinge",
      formula = "factor · mean Σ_{j≠y} max(0, z_j - z_y + margin)^power",
      signature =
          "multi_hinge(z, labels, {margin=1, power=1}, options={mean, factor=1}, subgradient=left)",
      derivative = "1 for each j over the margin, minus their number at y (power 1)",
      peers = "torch.nn.functional.multi_margin_loss (factor 1/classes)",
      source = "Weston & Watkins 1999; K, SVM output";
  static constexpr Text kinks = "z_j = z_y - margin, for power 1";
  static std::vector<Example> examples();
};
struct MarginRanking : Composite {
  static constexpr Text
      name = "margin_ranking",
      formula = "factor · mean max(0, -y (a - b) + margin)",
      signature = "margin_ranking(a, b, y, margin=0, options={mean, factor=1}, subgradient=right)",
      domain = "y = 1: a ranks higher, -1: b does",
      derivative = "-y and y where the argument is ≥ 0",
      peers = "torch.nn.functional.margin_ranking_loss", source = "Herbrich et al. 1999";
  static constexpr Text kinks = "y·(a - b) = margin";
  static std::vector<Example> examples();
};
struct Triplet : Composite {
  static constexpr Text name = "triplet",
                        formula = "factor · mean max(0, ‖a - p‖ - ‖a - n‖ + margin)",
                        signature =
                            "triplet(a, p, n, {margin=1, power=2, ε=1e-6, swap=false}, "
                            "options={mean, factor=1}, subgradient=right)",
                        domain = "vectors along the last axis",
                        derivative = "by the chain rule of its parts",
                        peers =
                            "torch.nn.functional.triplet_margin_loss, optax.triplet_margin_loss",
                        source = "Schroff et al. 2015, FaceNet, eq. 3, there squared";
  static constexpr Text kinks = "‖a - p‖ + margin = ‖a - n‖";
  static std::vector<Example> examples();
};
struct CosineSimilarity : Composite {
  static constexpr Text name = "cosine_similarity", formula = "a·b / (max(‖a‖, ε) max(‖b‖, ε))",
                        signature = "cosine_similarity(a, b, axis=-1, ε=1e-8)",
                        domain = "vectors along an axis",
                        derivative = "(b/‖b‖ - cos a/‖a‖) / ‖a‖ in a",
                        peers =
                            "torch.nn.functional.cosine_similarity, optax.cosine_similarity, keras "
                            "CosineSimilarity",
                        source = "the cosine of the angle between a and b";
  static std::vector<Example> examples();
};
struct CosineEmbedding : Composite {
  static constexpr Text
      name = "cosine_embedding",
      formula = "factor · mean (1 - cos if y = 1 else max(0, cos - margin))",
      signature =
          "cosine_embedding(a, b, y, margin=0, options={mean, factor=1}, ε=1e-12, "
          "subgradient=right)",
      domain = "y = ±1; vectors along the last axis",
      derivative = "-1, or 1 above the margin, times that of cosine_similarity",
      peers = "torch.nn.functional.cosine_embedding_loss", source = "Payne & Wenger 1998";
  static constexpr Text kinks = "cos = margin, for y = -1";
  static std::vector<Example> examples();
};
struct Dice : Composite {
  static constexpr Text name = "dice",
                        formula = "factor · mean (1 - (2 Σ p y + s)/(Σ p + Σ y + s))",
                        signature =
                            "dice(p, y, axes=all, smooth=1, "
                            "options={mean, factor=1})",
                        domain = "p, y in [0, 1]",
                        derivative =
                            "-(2 y (P + Y + s) - (2 Σ p y + s))/(P + Y + s)², "
                            "P = Σ p, Y = Σ y",
                        peers = "keras Dice, monai DiceLoss",
                        source = "Milletari et al. 2016, V-Net, there with squares";
  static std::vector<Example> examples();
};
struct WeightDecay : Composite {
  static constexpr Text name = "weight_decay", formula = "λ Σ w_i^2",
                        signature = "weight_decay({w, ...}, λ)", derivative = "2 λ w",
                        peers = "optax.add_decayed_weights (½ λ Σ w²), keras L2",
                        source = "R; Goodfellow et al., Deep Learning, 7.1.1";
  static std::vector<Example> examples();
};

}  // namespace ops

// These losses are max(0, v) of a violation v of the margin. Their last argument is the slope in v
// at v = 0: 0 (left), 1 (right) or ½ (middle). The defaults are PyTorch's.

/// max(0, 1 - y·s), element by element, for scores s and labels y = ±1 of one shape and dtype.
Var hinge(const Operand& scores, const Operand& labels, const LossOptions& options = {},
          Subgradient subgradient = Subgradient::left);
Var squared_hinge(const Operand& scores, const Operand& labels, const LossOptions& options = {});

/// Hinge of the scores z (..., classes) for index labels (...): a sum over the other classes, the
/// options over the rest. PyTorch divides by the number of classes: {Reduction::mean, 1.0/classes}.
/// Throws ShapeError or TypeError for labels that do not fit, DomainError for a power other than 1
/// and 2, and for a label out of range when computed.
Var multi_hinge(const Operand& scores, const Operand& labels, const MarginOptions& margin = {},
                const LossOptions& options = {}, Subgradient subgradient = Subgradient::left);

/// max(0, margin - y·(a - b)), element by element; y = 1 wants a above b, y = -1 b above a. By
/// default scores that are just a margin apart are pushed further, as in PyTorch; so it is with
/// `triplet` and `cosine_embedding`.
Var margin_ranking(const Operand& a, const Operand& b, const Operand& y, double margin = 0.0,
                   const LossOptions& options = {}, Subgradient subgradient = Subgradient::right);

/// max(0, d(a, p) - d(a, n) + margin) for rows of embeddings (..., d): the positive shall be nearer
/// to the anchor than the negative. Distances are power-norms. Throws ShapeError unless all have
/// one shape with at least one axis, DomainError for a power below 1.
Var triplet(const Operand& anchor, const Operand& positive, const Operand& negative,
            const TripletOptions& how = {}, const LossOptions& options = {},
            Subgradient subgradient = Subgradient::right);

/// The cosine of the angle between vectors along an axis; norms below ε count as ε, so it is 0 for
/// a zero vector. Throws ShapeError unless both have one shape and the axis.
Var cosine_similarity(const Operand& a, const Operand& b, std::int64_t axis = -1,
                      double epsilon = 1e-8);

/// 1 - cos(a, b) where y > 0, max(0, cos(a, b) - margin) elsewhere: a, b (..., d), y (...). Here ε
/// is added to the squares of the norms, as PyTorch does. Throws DomainError unless it is positive.
Var cosine_embedding(const Operand& a, const Operand& b, const Operand& y, double margin = 0.0,
                     const LossOptions& options = {}, double epsilon = 1e-12,
                     Subgradient subgradient = Subgradient::right);

/// 1 - (2Σpy + smooth)/(Σp + Σy + smooth), the overlap of probabilities with targets summed over
/// the axes given (all: one number for everything).
Var dice(const Operand& probabilities, const Operand& targets, const Axes& axes = {},
         double smooth = 1.0, const LossOptions& options = {});

/// λ Σ w² over all elements of all weights: one more child of each, so its gradient 2λw adds to
/// theirs. Throws TypeError for no weights or mixed dtypes.
Var weight_decay(std::span<const Var> weights, double lambda,
                 SourceLine where = SourceLine::here());
inline Var weight_decay(std::initializer_list<Var> weights, double lambda,
                        SourceLine where = SourceLine::here()) {
  return weight_decay(std::span(weights.begin(), weights.size()), lambda, where);
}
inline Var weight_decay(const Operand& weights, double lambda) {
  const Var w = weights.var();
  return weight_decay(std::span(&w, 1), lambda, weights.where());
}

using MarginLossOps =
    OpList<ops::Hinge, ops::SquaredHinge, ops::MultiHinge, ops::MarginRanking, ops::Triplet,
           ops::CosineSimilarity, ops::CosineEmbedding, ops::Dice, ops::WeightDecay>;
std::span<const OpRecord> records_of(MarginLossOps);

}  // namespace tapewise
