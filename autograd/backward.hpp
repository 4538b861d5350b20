#pragma once
#include <initializer_list>
#include <span>
#include <tapewise/autograd/gradient_table.hpp>
#include <tapewise/autograd/subgraph.hpp>

namespace tapewise {

/// Back-propagation: Algorithm 6.2 of Goodfellow, Bengio & Courville, in its form for tensors
/// (6.5.6), where the product with the local derivative is a vector-Jacobian product.
///
///     grad[u(n)] = 1
///     for j = n-1 .. 1:   grad[u(j)] = Σ_{i : j ∈ Pa(u(i))} vjp(i, use, grad[u(i)])
///
/// Generic in its table: with graph entries it records subgraph B, with number entries it computes
/// at once. `G` holds only the nodes between the wanted inputs and u(n), which is its last.
template <class Table>
void back_propagate(const Subgraph& G, Table& grad) {
  const std::size_t n = G.size() - 1;
  grad.set_to_one(n);
  for (std::size_t j = n; j-- > 0;) {
    for (const auto [i, use] : G.children(j)) {
      grad.add(j, i, use, grad.vjp(i, use));
    }
  }
}

/// The cotangent to start from, for an output that is not a scalar: a Var or an array of the
/// output's shape and dtype.
struct Cotangent {
  explicit Cotangent(const Operand& g) : value(g) {}
  Operand value;
};

/// Adds subgraph B to the tape: for every float node that `y` depends on, the nodes that compute
/// its gradient ∂y/∂node. Records only; values are computed when somebody asks.
/// Throws GradientError when `y` is not a scalar (give a Cotangent, or reduce it first) or an op on
/// the way has no derivative, TypeError when `y` is not float. The tape is unchanged then.
GradientTable backward(const Var& y, SourceLine where = SourceLine::here());
/// Only what is needed for the gradients of the `wanted` nodes.
GradientTable backward(const Var& y, std::initializer_list<Var> wanted,
                       SourceLine where = SourceLine::here());
GradientTable backward(const Var& y, std::span<const Var> wanted,
                       SourceLine where = SourceLine::here());
/// For a `y` of any shape: vector-Jacobian products with the cotangent.
/// Throws ShapeError or TypeError when the cotangent is not of the output's type.
GradientTable backward(const Var& y, const Cotangent& cotangent,
                       SourceLine where = SourceLine::here());
GradientTable backward(const Var& y, std::span<const Var> wanted, const Cotangent& cotangent,
                       SourceLine where = SourceLine::here());

}  // namespace tapewise
