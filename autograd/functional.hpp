#pragma once
#include <tapewise/autograd/backward.hpp>
#include <utility>

// Derivatives of plain callables on Vars. Everything is recorded on the tape of the arguments, so
// the results nest: grad(grad(f)) is the second derivative.

namespace tapewise {

/// The gradient of a scalar function in its first argument, as a function of the same arguments.
/// Calling it throws GradientError when the value is not a scalar, TypeError when the argument is
/// not a float that depends on an input or parameter.
template <class F>
auto grad(F f) {
  return
      [f](const Var& x, const auto&... others) -> Var { return backward(f(x, others...), {x})[x]; };
}

/// The same beside the value: a pair {f(x), ∇f(x)}.
template <class F>
auto value_and_grad(F f) {
  return [f](const Var& x, const auto&... others) -> std::pair<Var, Var> {
    const Var y = f(x, others...);
    return {y, backward(y, {x})[x]};
  };
}

/// The vector-Jacobian product gᵀ·∂f/∂x at x: `g` has the shape of f(x), the result that of x.
template <class F>
Var vjp(const F& f, const Var& x, const Operand& g) {
  const Var wanted[] = {x};
  return backward(f(x), wanted, Cotangent(g))[x];
}

/// ∂y/∂x·v for recorded nodes. By differentiating twice: the vjp is linear in its cotangent u, so
/// its own vjp with v is the jvp, whatever u is.
Var push_forward(const Var& y, const Var& x, const Operand& v);

/// The Jacobian-vector product ∂f/∂x·v at x: `v` has the shape of x, the result that of f(x).
template <class F>
Var jvp(const F& f, const Var& x, const Operand& v) {
  return push_forward(f(x), x, v);
}

/// The Hessian of a scalar function times v: the gradient of ∇f(x)·v. Both have the shape of x.
template <class F>
Var hvp(const F& f, const Var& x, const Operand& v) {
  const Var wanted[] = {x};
  return backward(grad(f)(x), wanted, Cotangent(v))[x];
}

}  // namespace tapewise
