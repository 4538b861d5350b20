// What a sweep has left is read here; sweep.cpp computes it.
#include <algorithm>
#include <bit>
#include <tapewise/autograd/sweep.hpp>

namespace tapewise {

void NumericGradients::require_fit(const Var& node) const {
  Tape& tape = output().tape();
  tape.require_own(node, "sweep");
  if (!tape.is_active(node.id())) {
    throw TypeError(tape.describe(node.id(), "[sweep] " + std::string(node.op().name) + " " +
                                                 to_string(node.type()) +
                                                 " has no gradient: only float nodes that depend "
                                                 "on an input or parameter have"));
  }
  if (!wanted_.empty() && !std::binary_search(wanted_.begin(), wanted_.end(), node.id())) {
    throw GradientError(tape.describe(
        node.id(), "[sweep] this node was not among the wanted ones: name it in sweep(y, {...})"));
  }
}

const Var& NumericGradients::output() const {
  if (!done_) throw HandleError("[sweep] there are no gradients: run the sweep");
  output_.tape().require_own(output_, "sweep");
  return output_;
}

double NumericGradients::output_value() const {
  (void)output();
  return output_value_;
}

double NumericGradients::operator[](const Var& node) const {
  require_fit(node);
  if (node.type().size() != 1) {
    throw ShapeError(output_.tape().describe(
        node.id(), "[sweep] the gradient has shape " + to_string(node.shape()) +
                       ", one number is wanted: use value(node)"));
  }
  return numbers(node)[0];
}

std::span<const double> NumericGradients::numbers(const Var& node) const {
  require_fit(node);
  const auto size = static_cast<std::size_t>(node.type().size());
  if (node.id() > output_.id() || needed_[node.id()] == 0) {
    if (zeros_.size() < size) zeros_.resize(size);
    return {zeros_.data(), size};
  }
  const double& entry = gradients_[node.id()];
  if (node.shape().is_scalar()) return {&entry, 1};
  return arrays_[std::bit_cast<std::uint64_t>(entry)];
}

}  // namespace tapewise
