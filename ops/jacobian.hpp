#pragma once
#include <concepts>
#include <tapewise/autograd/functional.hpp>

// Whole matrices of derivatives: one batch of unit cotangents through one subgraph B.

namespace tapewise {

/// ∂y/∂x for recorded nodes: the element at (i..., j...) is ∂y_i/∂x_j, so the shape is that of y
/// followed by that of x. Rows are computed together: products with one operand in common become a
/// single product. Throws GradientError when y does not depend on x, TypeError unless both are
/// floats. Goodfellow et al., Deep Learning, 6.5.2.
Var jacobian(const Var& y, const Var& x);

/// ∂²y/∂x² of a scalar y: shape of x, twice. The Jacobian of the gradient.
Var hessian(const Var& y, const Var& x);

/// The same for a callable, at x.
template <std::invocable<const Var&> F>
Var jacobian(const F& f, const Var& x) {
  return jacobian(f(x), x);
}
template <std::invocable<const Var&> F>
Var hessian(const F& f, const Var& x) {
  return hessian(f(x), x);
}

}  // namespace tapewise
