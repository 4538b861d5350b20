#pragma once
#include <tapewise/nn/module.hpp>
#include <tapewise/ops/conv.hpp>
#include <tapewise/ops/pool.hpp>

// Layers beyond Linear. The ops do the work: ops/conv.hpp, ops/norm.hpp, ops/random.hpp,
// ops/net.hpp.

namespace tapewise::nn {

struct Conv2dOptions {
  ConvOptions walk{};  ///< stride, padding, dilation, groups
  DType dtype = DType::float32;
  Initializer weight = init::fan_in_uniform();
  Initializer bias = init::fan_in_uniform();
  bool with_bias = true;
};

/// conv2d(x, W) + b: x (..., in, rows, columns), "weight" W (out, in/groups, a, b), "bias" b
/// (out,).
class Conv2d : public Module {
 public:
  /// Throws ShapeError unless in and out are positive multiples of the groups and the kernel is at
  /// least 1x1.
  Conv2d(std::int64_t in, std::int64_t out, Pair kernel, Random& random,
         const Conv2dOptions& options = {});

  using Module::parameters;
  std::vector<Parameter> parameters() const override;
  const CellPtr& weight() const { return weight_; }
  /// Null for a layer without a bias.
  const CellPtr& bias() const { return bias_; }

 protected:
  Var forward(const Var& x, SourceLine where) const override;

 private:
  ConvOptions walk_;
  CellPtr weight_, bias_;
};

/// The largest and the mean element of windows: max_pool2d, avg_pool2d.
struct MaxPool2d : Function {
  explicit MaxPool2d(Pair kernel, const MaxPoolOptions& options = {});
};
struct AvgPool2d : Function {
  explicit AvgPool2d(Pair kernel, const AvgPoolOptions& options = {});
};

/// x (examples, ...) as (examples, n).
struct Flatten : Function {
  Flatten();
};

/// batch_norm with "weight" γ and "bias" β (channels,). In training it uses the statistics of the
/// batch and leaves assigns that move the running ones (buffers "running_mean" and
/// "running_variance") by `momentum` towards them, the variance as n/(n - 1) of the batch's, as
/// PyTorch does; else it uses the running ones.
class BatchNorm : public Module {
 public:
  /// Throws ShapeError unless there is a channel.
  BatchNorm(std::int64_t channels, Mode mode, double momentum = 0.1, double epsilon = 1e-5,
            DType dtype = DType::float32);

  using Module::parameters;
  std::vector<Parameter> parameters() const override;
  std::vector<Parameter> buffers() const override;

 protected:
  Var forward(const Var& x, SourceLine where) const override;

 private:
  Mode mode_;
  double momentum_, epsilon_;
  CellPtr weight_, bias_, mean_, variance_;
};

/// layer_norm along the last axis, with "weight" γ and "bias" β (size,).
class LayerNorm : public Module {
 public:
  /// Throws ShapeError unless the size is positive.
  explicit LayerNorm(std::int64_t size, double epsilon = 1e-5, DType dtype = DType::float32);

  using Module::parameters;
  std::vector<Parameter> parameters() const override;

 protected:
  Var forward(const Var& x, SourceLine where) const override;

 private:
  double epsilon_;
  CellPtr weight_, bias_;
};

/// dropout in training, nothing else. Each layer draws a seed of its own from `random`; the buffer
/// "step" counts the runs of programs that carry its update out, each of which sees another mask.
/// Setting it back replays them.
class Dropout : public Module {
 public:
  /// Throws DomainError unless 0 ≤ rate ≤ 1.
  Dropout(double rate, Mode mode, Random& random);

  std::vector<Parameter> buffers() const override { return {{"step", step_}}; }

 protected:
  Var forward(const Var& x, SourceLine where) const override;

 private:
  double rate_;
  Mode mode_;
  std::uint64_t seed_;
  CellPtr step_;
};

/// Rows of "weight" (count, width) for int64 indices (...): (..., width).
class Embedding : public Module {
 public:
  /// Throws ShapeError unless count and width are positive.
  Embedding(std::int64_t count, std::int64_t width, Random& random, DType dtype = DType::float32,
            const Initializer& weight = init::normal(0.0, 1.0));

  using Module::parameters;
  std::vector<Parameter> parameters() const override { return {{"weight", weight_}}; }

 protected:
  Var forward(const Var& x, SourceLine where) const override;

 private:
  CellPtr weight_;
};

}  // namespace tapewise::nn
