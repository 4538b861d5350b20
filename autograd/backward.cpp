#include <tapewise/autograd/backward.hpp>

#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/autograd/graph_table.hpp>

namespace tapewise {

namespace {

void require_differentiable_output(const Var& y) {
  if (!is_float(y.dtype())) {
    throw TypeError(y.tape().describe(
        y.id(), "[backward] only a float output has a gradient, this is " + to_string(y.type())));
  }
}

Var ones_for_scalar(const Var& y) {
  if (y.type().size() != 1) {
    throw GradientError(y.tape().describe(
        y.id(), "[backward] the output has shape " + to_string(y.shape()) +
                    ", the gradient of a scalar is wanted: reduce it first, backward(sum(y)), or "
                    "give a cotangent of that shape, backward(y, Cotangent(g))"));
  }
  return filled(y.tape(), y.type(), 1.0);
}

Var checked_cotangent(const Var& y, const Operand& given) {
  Tape& tape = y.tape();
  if (given.is_number()) return filled(tape, y.type(), given.number());
  const Var g =
      given.is_var() ? given.var() : tape.constant(*given.array(), "cotangent", given.where());
  tape.require_own(g, "backward");
  if (g.dtype() != y.dtype()) {
    throw TypeError(tape.describe(y.id(), "[backward] the output is " + to_string(y.type()) +
                                              ", the cotangent " + to_string(g.type())));
  }
  if (g.shape() != y.shape()) {
    throw ShapeError(tape.describe(y.id(), "[backward] the output is " + to_string(y.type()) +
                                               ", the cotangent " + to_string(g.type())));
  }
  return g;
}

GradientTable record_b(const Var& y, std::span<const Var> wanted, const Operand* cotangent,
                       SourceLine where) {
  Tape& tape = y.tape();
  require_differentiable_output(y);
  std::vector<NodeId> wanted_ids;
  for (const Var& w : wanted) {
    tape.require_own(w, "backward");
    wanted_ids.push_back(w.id());
  }
  Tape::Transaction transaction(tape);
  const Var seed = [&] {
    const Tape::BScope scope(tape, where);
    return cotangent == nullptr ? ones_for_scalar(y) : checked_cotangent(y, *cotangent);
  }();
  Subgraph G(tape, y.id(), wanted_ids);
  GraphTable grad(G, seed);
  if (G.size() > 0) back_propagate(G, grad);
  transaction.keep();
  return grad.finish(y, !wanted.empty());
}

}  // namespace

GradientTable backward(const Var& y, SourceLine where) { return record_b(y, {}, nullptr, where); }

GradientTable backward(const Var& y, std::initializer_list<Var> wanted, SourceLine where) {
  return record_b(y, std::span(wanted.begin(), wanted.size()), nullptr, where);
}

GradientTable backward(const Var& y, std::span<const Var> wanted, SourceLine where) {
  return record_b(y, wanted, nullptr, where);
}

GradientTable backward(const Var& y, const Cotangent& cotangent, SourceLine where) {
  return record_b(y, {}, &cotangent.value, where);
}

GradientTable backward(const Var& y, std::span<const Var> wanted, const Cotangent& cotangent,
                       SourceLine where) {
  return record_b(y, wanted, &cotangent.value, where);
}

}  // namespace tapewise
