#include <tapewise/nn/optimizer.hpp>

#include <cmath>
#include <string>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/nn/init.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/elementary.hpp>
#include <unordered_set>

namespace tapewise::nn {

namespace {

void require(bool condition, const char* who, const char* what, double given) {
  if (condition) return;
  throw DomainError("[" + std::string(who) + "] " + what + ", given " + std::to_string(given));
}

void require_rate(double rate) {
  require(std::isfinite(rate) && rate >= 0, "optimizer",
          "the learning rate must be finite and not negative", rate);
}

}  // namespace

// --- optimizer ----------------------------------------------------------------------------------

Optimizer::Optimizer(double learning_rate) {
  require_rate(learning_rate);
  rate_ = std::make_shared<Cell>(learning_rate);
}

double Optimizer::learning_rate() const { return *static_cast<const double*>(rate_->data()); }

void Optimizer::set_learning_rate(double rate) {
  require_rate(rate);
  rate_->set(rate);
}

std::vector<Var> Optimizer::update(const GradientTable& table, std::span<const Var> parameters) {
  if (parameters.empty()) return {};
  Tape& tape = parameters[0].tape();
  std::vector<Var> different;
  std::unordered_set<NodeId> seen;
  for (const Var& p : parameters) {
    tape.require_own(p, "update");
    if (!p.op().traits.leaf || !p.node().active) {
      throw TypeError(tape.describe(
          p.id(), "[update] only a float input or parameter can be learned, this is " +
                      std::string(p.op().name) + " " + to_string(p.type())));
    }
    if (seen.insert(p.id()).second) different.push_back(p);
  }
  Tape::Transaction transaction(tape);
  std::vector<Var> updates = record(table, different);
  transaction.keep();
  return updates;
}

Var Optimizer::rate(Tape& tape) const { return tape.input(rate_, "learning_rate"); }

Var Optimizer::state(const Var& parameter, std::string_view name) {
  Tape& tape = parameter.tape();
  const CellPtr& cell = tape.cell(parameter.id());
  Kept& kept = kept_[cell.get()];
  kept.parameter = cell;
  const std::string label = parameter.name() + "." + std::string(name);
  for (const auto& [known, state] : kept.states) {
    if (known == name) return tape.input(state, label);
  }
  kept.states.emplace_back(name, make_zeros(cell->type()));
  return tape.input(kept.states.back().second, label);
}

// --- stochastic gradient descent ----------------------------------------------------------------

Sgd::Sgd(double learning_rate, double momentum) : Optimizer(learning_rate), momentum_(momentum) {
  require(momentum >= 0 && momentum < 1, "sgd", "the momentum must be in [0, 1)", momentum);
}

std::vector<Var> Sgd::record(const GradientTable& table, std::span<const Var> parameters) {
  std::vector<Var> updates;
  for (const Var& theta : parameters) {
    Var direction = table[theta];
    if (momentum_ > 0) {
      const Var b = state(theta, "momentum");
      direction = momentum_ * b + direction;
      updates.push_back(assign(b, direction));
    }
    updates.push_back(assign(theta, theta - cast(rate(theta.tape()), theta.dtype()) * direction));
  }
  return updates;
}

// --- Adam ---------------------------------------------------------------------------------------

Adam::Adam(double learning_rate, double beta1, double beta2, double epsilon)
    : Optimizer(learning_rate),
      beta1_(beta1),
      beta2_(beta2),
      epsilon_(epsilon),
      steps_(std::make_shared<Cell>(0.0)) {
  require(beta1 >= 0 && beta1 < 1, "adam", "beta1 must be in [0, 1)", beta1);
  require(beta2 >= 0 && beta2 < 1, "adam", "beta2 must be in [0, 1)", beta2);
  require(std::isfinite(epsilon) && epsilon >= 0, "adam", "epsilon must be finite and not negative",
          epsilon);
}

std::vector<Var> Adam::record(const GradientTable& table, std::span<const Var> parameters) {
  // The corrections are numbers, in double; they are moved from m and v, which are large, to the
  // step size and ε.
  Tape& tape = parameters[0].tape();
  const Var steps = tape.input(steps_, "adam.steps");
  const Var t = steps + 1.0;
  const Var correction = sqrt(1.0 - pow(beta2_, t));
  const Var exact_size = rate(tape) * correction / (1.0 - pow(beta1_, t));
  const Var exact_epsilon = epsilon_ * correction;

  std::vector<Var> updates = {assign(steps, t)};
  for (const Var& theta : parameters) {
    const Var g = table[theta];
    const Var size = cast(exact_size, theta.dtype()), epsilon = cast(exact_epsilon, theta.dtype());
    const Var m = state(theta, "m"), v = state(theta, "v");
    const Var new_m = beta1_ * m + (1.0 - beta1_) * g;
    const Var new_v = beta2_ * v + (1.0 - beta2_) * square(g);
    updates.push_back(assign(m, new_m));
    updates.push_back(assign(v, new_v));
    updates.push_back(assign(theta, theta - size * new_m / (sqrt(new_v) + epsilon)));
  }
  return updates;
}

}  // namespace tapewise::nn
