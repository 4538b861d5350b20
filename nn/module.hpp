#pragma once
#include <functional>
#include <memory>
#include <string>
#include <tapewise/autograd/tape.hpp>
#include <tapewise/nn/init.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace tapewise::nn {

/// A learned array and its name within a module: "weight", or "2.weight" in a Sequential.
struct Parameter {
  std::string name;
  CellPtr cell;
};

/// Whether a network is being trained: layers that were given the same Mode see the same switch.
/// Recordings made before it is turned stay as they are.
class Mode {
 public:
  bool training() const { return *training_; }
  void set_training(bool training) { *training_ = training; }

 private:
  std::shared_ptr<bool> training_ = std::make_shared<bool>(true);
};

/// A part of a network. It holds cells, not Vars, so its parameters outlive any tape, and the same
/// module can be recorded on several. A copy of a module shares the parameters.
class Module {
 public:
  virtual ~Module() = default;

  /// Records the module on the tape of `x`; its parameters become leaves there, labelled with their
  /// names. Throws ShapeError or TypeError when `x` does not suit; the tape is unchanged then.
  Var operator()(const Var& x, SourceLine where = SourceLine::here()) const;

  /// The parameters, in a fixed order.
  virtual std::vector<Parameter> parameters() const { return {}; }
  /// The same as leaves of a tape: what `backward` and an optimizer's `update` want.
  std::vector<Var> parameters(Tape& tape, SourceLine where = SourceLine::here()) const;

  /// Arrays that a module keeps but does not learn by gradients: running statistics, a step.
  virtual std::vector<Parameter> buffers() const { return {}; }
  /// The assigns to the buffers that the last recording of this module left on the tape: compile
  /// them along with the optimizer's updates. None when it was not recorded for training.
  std::vector<Var> updates(Tape& tape) const;

 protected:
  Module() = default;
  Module(const Module&) = default;
  Module& operator=(const Module&) = default;

  /// What a module is: the recording, from `x` on. `where` is the line of the call, for recordings
  /// that have no better line of their own: write `Operand(x, where)` or call `part(x, where)`.
  virtual Var forward(const Var& x, SourceLine where) const = 0;
};

/// How a Linear is made.
struct LinearOptions {
  DType dtype = DType::float32;
  Initializer weight = init::fan_in_uniform();
  Initializer bias = init::fan_in_uniform();
  bool with_bias = true;
};

/// x W + b: x (..., in), "weight" W (in, out), "bias" b (out,), result (..., out).
/// Source: Goodfellow et al., Deep Learning, 6.1 (there as Wᵀx + b, one example at a time).
class Linear : public Module {
 public:
  /// Throws ShapeError unless `in` and `out` are positive, TypeError unless the dtype is a float.
  Linear(std::int64_t in, std::int64_t out, Random& random, const LinearOptions& options = {});

  using Module::parameters;
  std::vector<Parameter> parameters() const override;
  const CellPtr& weight() const { return weight_; }
  /// Null for a layer without a bias.
  const CellPtr& bias() const { return bias_; }

 protected:
  Var forward(const Var& x, SourceLine where) const override;

 private:
  CellPtr weight_, bias_;
};

/// A layer without parameters: a function of one Var.
class Function : public Module {
 public:
  template <class F>
  requires(std::is_invocable_r_v<Var, const F&, const Operand&> ||
           std::is_invocable_r_v<Var, const F&, const Var&>) explicit Function(F f) {
    if constexpr (std::is_invocable_r_v<Var, const F&, const Operand&>) {
      function_ = std::move(f);
    } else {
      function_ = [f = std::move(f)](const Operand& x) { return f(x.var()); };
    }
  }

 protected:
  Var forward(const Var& x, SourceLine where) const override { return function_({x, where}); }

 private:
  std::function<Var(const Operand&)> function_;
};

/// Activations as layers: relu, leaky_relu, tanh, sigmoid, softplus of ops/activation.hpp.
struct Relu : Function {
  Relu();
};
struct LeakyRelu : Function {
  explicit LeakyRelu(double slope = 0.01);
};
struct Tanh : Function {
  Tanh();
};
struct Sigmoid : Function {
  Sigmoid();
};
struct Softplus : Function {
  Softplus();
};

/// Modules one after the other:
///
///     Sequential net(Linear(784, 128, random), Relu(), Linear(128, 10, random));
///
/// A layer can be any module, or a function of one Var. Parameters are named by the position of
/// their layer: "0.weight", "0.bias", "2.weight", "2.bias".
class Sequential : public Module {
 public:
  template <class... Layers>
  requires(sizeof...(Layers) != 1 ||
           !(std::is_base_of_v<Sequential, Layers> && ...)) explicit Sequential(Layers... layers) {
    (add(std::move(layers)), ...);
  }

  /// One more layer at the end.
  template <class Layer>
  Sequential& add(Layer layer) {
    if constexpr (std::is_convertible_v<Layer, std::shared_ptr<const Module>>) {
      layers_.push_back(std::move(layer));
    } else if constexpr (std::is_base_of_v<Module, Layer>) {
      layers_.push_back(std::make_shared<const Layer>(std::move(layer)));
    } else {
      layers_.push_back(std::make_shared<const Function>(std::move(layer)));
    }
    return *this;
  }

  using Module::parameters;
  std::vector<Parameter> parameters() const override;
  std::vector<Parameter> buffers() const override;
  std::size_t size() const { return layers_.size(); }

 protected:
  Var forward(const Var& x, SourceLine where) const override;

 private:
  std::vector<std::shared_ptr<const Module>> layers_;
};

}  // namespace tapewise::nn
