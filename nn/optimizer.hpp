#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <tapewise/autograd/gradient_table.hpp>
#include <tapewise/autograd/tape.hpp>
#include <unordered_map>
#include <vector>

namespace tapewise::nn {

/// Turns gradients into new parameters, by nodes of the graph: a program of the loss and the
/// updates is a training step.
///
///     std::vector<Var> outputs = adam.update(backward(loss, parameters), parameters);
///     outputs.push_back(loss);
///     Program step = compile(outputs);
///
/// What is remembered from step to step (averages, the count of steps) lies in cells of the
/// optimizer, so programs of several tapes, one for each batch size say, continue each other.
/// An optimizer counts one step per run: give it all parameters in one call of `update`; a second
/// group with other settings takes a second optimizer.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;  // two would advance the same state
  Optimizer& operator=(const Optimizer&) = delete;

  /// Records the updates on the parameters' tape and returns the assign nodes, to be compiled. All
  /// read the old values and take effect together at the end of a run. A parameter that the loss
  /// does not depend on has gradient zero; one given twice is updated once.
  /// Throws HandleError or TypeError for a Var that is not a leaf of the table's tape or has no
  /// gradient; the tape is unchanged then.
  std::vector<Var> update(const GradientTable& table, std::span<const Var> parameters);

  /// The learning rate, which every program that contains updates reads anew in each run.
  double learning_rate() const;
  /// Throws DomainError unless it is finite and not negative.
  void set_learning_rate(double rate);

 protected:
  explicit Optimizer(double learning_rate);

  /// The assign nodes for parameters that differ from each other.
  virtual std::vector<Var> record(const GradientTable& table, std::span<const Var> parameters) = 0;

  /// The learning rate as a float64 node.
  Var rate(Tape& tape) const;
  /// An array of the parameter's type, zero at first, that lives as long as the optimizer.
  Var state(const Var& parameter, std::string_view name);

 private:
  struct Kept {
    CellPtr parameter;  // keeps its address from being used again
    std::vector<std::pair<std::string, CellPtr>> states;
  };

  CellPtr rate_;
  std::unordered_map<const Cell*, Kept> kept_;
};

/// Stochastic gradient descent, with momentum as PyTorch defines it:
/// b ← momentum·b + g, θ ← θ - rate·b; b is 0 at first. Without momentum θ ← θ - rate·g.
/// Source: Goodfellow et al., Deep Learning, algorithms 8.1 and 8.2, with v = -rate·b.
class Sgd : public Optimizer {
 public:
  /// Throws DomainError unless the rate is finite and not negative and 0 ≤ momentum < 1.
  explicit Sgd(double learning_rate, double momentum = 0.0);

 protected:
  std::vector<Var> record(const GradientTable& table, std::span<const Var> parameters) override;

 private:
  double momentum_;
};

/// m ← β1·m + (1 - β1)·g, v ← β2·v + (1 - β2)·g², θ ← θ - rate·m̂/(√v̂ + ε), with the averages
/// corrected for their start at zero: m̂ = m/(1 - β1ᵗ), v̂ = v/(1 - β2ᵗ) in step t = 1, 2, ...
/// Source: Kingma & Ba 2015, "Adam: a method for stochastic optimization", algorithm 1, computed in
/// the order of the last lines of their section 2 with ε̂ = ε·√(1 - β2ᵗ): the same numbers.
class Adam : public Optimizer {
 public:
  /// Throws DomainError unless the rate is finite and not negative, 0 ≤ β < 1, and ε ≥ 0.
  explicit Adam(double learning_rate = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
                double epsilon = 1e-8);

 protected:
  std::vector<Var> record(const GradientTable& table, std::span<const Var> parameters) override;

 private:
  double beta1_, beta2_, epsilon_;
  CellPtr steps_;  // done so far
};

}  // namespace tapewise::nn
