#include <tapewise/autograd/error.hpp>
#include <tapewise/nn/module.hpp>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/linalg.hpp>

namespace tapewise::nn {

// --- module -------------------------------------------------------------------------------------

Var Module::operator()(const Var& x, SourceLine where) const {
  Tape& tape = x.tape();
  tape.require_own(x, "module");
  Tape::Transaction transaction(tape);
  parameters(tape, where);  // the outermost module comes first: its names are the full ones
  for (const Parameter& b : buffers()) tape.input(b.cell, b.name, where);
  const Var y = forward(x, where);
  transaction.keep();
  return y;
}

std::vector<Var> Module::parameters(Tape& tape, SourceLine where) const {
  std::vector<Var> leaves;
  for (const Parameter& p : parameters()) leaves.push_back(tape.parameter(p.cell, p.name, where));
  return leaves;
}

std::vector<Var> Module::updates(Tape& tape) const {
  std::vector<Var> found;
  for (const Parameter& buffer : buffers()) {
    for (NodeId id = tape.size(); id-- > 0;) {
      if (!tape.op(id).traits.assign || tape.cell(tape.parents(id)[0]) != buffer.cell) continue;
      found.push_back(tape.var(id));
      break;
    }
  }
  return found;
}

// --- linear -------------------------------------------------------------------------------------

Linear::Linear(std::int64_t in, std::int64_t out, Random& random, const LinearOptions& options) {
  if (in < 1 || out < 1) {
    throw ShapeError("[linear] " + std::to_string(in) + " inputs and " + std::to_string(out) +
                     " outputs: there must be at least one of each");
  }
  const Fans fans{in, out};
  weight_ = make_parameter({options.dtype, {in, out}}, fans, options.weight, random);
  if (options.with_bias) {
    bias_ = make_parameter({options.dtype, {out}}, fans, options.bias, random);
  }
}

std::vector<Parameter> Linear::parameters() const {
  std::vector<Parameter> all = {{"weight", weight_}};
  if (bias_ != nullptr) all.push_back({"bias", bias_});
  return all;
}

Var Linear::forward(const Var& x, SourceLine where) const {
  const Type& weight = weight_->type();
  const auto refusal = [&] {
    return "[linear] the input is " + to_string(x.type()) + ", the weight is " + to_string(weight) +
           ": the input must be " + std::string(name_of(weight.dtype)) + " (...," +
           std::to_string(weight.shape[0]) + ")\n  at " + to_string(where);
  };
  if (x.dtype() != weight.dtype) throw TypeError(refusal());
  if (x.shape().is_scalar() || x.shape().back() != weight.shape[0]) throw ShapeError(refusal());

  Tape& tape = x.tape();
  const Var y = matmul({x, where}, tape.parameter(weight_, "weight", where));
  return bias_ == nullptr ? y : Operand(y, where) + tape.parameter(bias_, "bias", where);
}

// --- activations --------------------------------------------------------------------------------

Relu::Relu() : Function([](const Operand& x) { return relu(x); }) {}
LeakyRelu::LeakyRelu(double slope)
    : Function([slope](const Operand& x) { return leaky_relu(x, slope); }) {}
Tanh::Tanh() : Function([](const Operand& x) { return tanh(x); }) {}
Sigmoid::Sigmoid() : Function([](const Operand& x) { return sigmoid(x); }) {}
Softplus::Softplus() : Function([](const Operand& x) { return softplus(x); }) {}

// --- sequential ---------------------------------------------------------------------------------

namespace {

/// "weight" of layer 2 is "2.weight".
void append(std::vector<Parameter>& all, std::size_t layer, std::vector<Parameter> own) {
  for (Parameter& p : own) {
    all.push_back({std::to_string(layer) + "." + p.name, std::move(p.cell)});
  }
}

}  // namespace

std::vector<Parameter> Sequential::parameters() const {
  std::vector<Parameter> all;
  for (std::size_t k = 0; k < layers_.size(); ++k) append(all, k, layers_[k]->parameters());
  return all;
}

std::vector<Parameter> Sequential::buffers() const {
  std::vector<Parameter> all;
  for (std::size_t k = 0; k < layers_.size(); ++k) append(all, k, layers_[k]->buffers());
  return all;
}

Var Sequential::forward(const Var& x, SourceLine where) const {
  Var y = x;
  for (const auto& layer : layers_) y = (*layer)(y, where);
  return y;
}

}  // namespace tapewise::nn
