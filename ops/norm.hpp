#pragma once
#include <tapewise/ops/axes.hpp>
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

/// What follows a normalisation: ·weight + bias, where they are given. ε is added to the variance.
struct NormOptions {
  Var weight{}, bias{};
  double epsilon = 1e-5;
};

/// The mean of each channel and its variance, the mean of squared deviations: of shape (channels,).
struct BatchStatistics {
  Var mean, variance;
};

namespace ops {

struct BatchNorm : Composite {
  static constexpr Text name = "batch_norm",
                        formula = "γ·(x - m)/√(v + ε) + β, m and v those of the batch",
                        signature = "batch_norm(x, {weight γ=1, bias β=0, ε=1e-5})",
                        domain = "(examples, channels, ...)",
                        derivative =
                            "γ/√(v + ε)·(G - mean G - x̂·mean(G·x̂)) in x, Σ G·x̂ in γ, Σ G in β",
                        peers =
                            "torch.nn.functional.batch_norm(training=True), flax.linen.BatchNorm, "
                            "keras BatchNormalization",
                        source = "Ioffe & Szegedy 2015, algorithm 1";
  static std::vector<Example> examples();
};
struct BatchNormInference : Composite {
  static constexpr Text name = "batch_norm_inference",
                        formula = "γ·(x - m)/√(v + ε) + β, m and v given",
                        signature = "batch_norm_inference(x, m, v, {weight γ=1, bias β=0, ε=1e-5})",
                        domain = "v > -ε", derivative = "γ/√(v + ε)·G in x",
                        peers = "torch.nn.functional.batch_norm(training=False)",
                        source = "Ioffe & Szegedy 2015, algorithm 2";
  static std::vector<Example> examples();
};
struct LayerNorm : Composite {
  static constexpr Text
      name = "layer_norm",
      formula = "γ·(x - m)/√(v + ε) + β, m and v along the axes",
      signature = "layer_norm(x, axes=-1, {weight γ=1, bias β=0, ε=1e-5})",
      derivative = "γ/√(v + ε)·(G - mean G - x̂·mean(G·x̂)) in x, Σ G·x̂ in γ, Σ G in β",
      peers = "torch.nn.functional.layer_norm, flax.linen.LayerNorm, keras LayerNormalization",
      source = "Ba, Kiros & Hinton 2016";
  static std::vector<Example> examples();
};
struct RmsNorm : Composite {
  static constexpr Text name = "rms_norm", formula = "γ·x/√(mean x^2 + ε)",
                        signature = "rms_norm(x, axes=-1, {weight γ=1, ε=1e-5})",
                        derivative = "γ/r·(G - x̂·mean(G·x̂)) in x, r = √(mean x² + ε)",
                        peers = "torch.nn.functional.rms_norm, flax.linen.RMSNorm, mlx.nn.RMSNorm",
                        source = "Zhang & Sennrich 2019";
  static std::vector<Example> examples();
};
struct GroupNorm : Composite {
  static constexpr Text
      name = "group_norm",
      formula = "γ·(x - m)/√(v + ε) + β, m and v of each group of channels of an example",
      signature = "group_norm(x, groups, {weight γ=1, bias β=0, ε=1e-5})",
      domain = "(examples, channels, ...)", derivative = "that of layer_norm in each group",
      peers = "torch.nn.functional.group_norm, flax.linen.GroupNorm, keras GroupNormalization",
      source = "Wu & He 2018";
  static std::vector<Example> examples();
};

}  // namespace ops

/// Mean and variance of each channel of x (examples, channels, ...), over all other axes.
BatchStatistics batch_statistics(const Operand& x);

/// x (examples, channels, ...) with the mean and variance of each channel over the batch brought to
/// 0 and 1, then scaled and shifted by weight and bias (channels,). Gradients flow through the
/// statistics. Throws ShapeError or TypeError for operands that do not fit.
Var batch_norm(const Operand& x, const NormOptions& options = {});

/// The same with statistics given: the running ones, when a network is not being trained.
Var batch_norm_inference(const Operand& x, const Operand& mean, const Operand& variance,
                         const NormOptions& options = {});

/// x with mean 0 and variance 1 along the axes (the last by default), in each example by itself;
/// weight and bias broadcast to x.
Var layer_norm(const Operand& x, const Axes& axes = -1, const NormOptions& options = {});

/// x divided by its root mean square along the axes; weight and bias broadcast to x.
Var rms_norm(const Operand& x, const Axes& axes = -1, const NormOptions& options = {});

/// x (examples, channels, ...) normalised in each example over groups of neighbouring channels:
/// groups = channels is "instance norm". weight and bias are (channels,).
/// Throws ShapeError unless the groups divide the channels.
Var group_norm(const Operand& x, std::int64_t groups, const NormOptions& options = {});

using NormOps =
    OpList<ops::BatchNorm, ops::BatchNormInference, ops::LayerNorm, ops::RmsNorm, ops::GroupNorm>;
std::span<const OpRecord> records_of(NormOps);

}  // namespace tapewise
