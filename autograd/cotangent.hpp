#pragma once
#include <tapewise/autograd/var.hpp>

// What the engine and the derivative rules do with cotangents. The engine knows no op; these few
// are declared here and written in ops/, where they are recorded in ordinary, differentiable ops.

namespace tapewise {

/// a + b, two contributions to one entry. Sums of structural zeros stay structural zeros.
Var cotangent_sum(const Var& a, const Var& b);
/// -g
Var negated(const Var& g);
/// g · partial. Structural zeros absorb: when either side is `select(c, a)`, the product is
/// `select(c, ...)`, so that an infinite factor at a place that was not selected does no harm.
/// An empty Var when the partial is the number 0: no contribution.
Var cotangent_times(const Var& g, const Operand& partial);
/// g where the condition holds, structurally zero elsewhere.
Var cotangent_where(const Var& condition, const Var& g);
/// g summed over the axes along which an operand of shape `to` was broadcast.
Var sum_to(const Var& g, const Shape& to);
/// An array full of one number, recorded as a broadcast constant.
Var filled(Tape& tape, const Type& type, double number);
/// Σ a·b over all elements: how gradcheck turns an array into one number.
Var sum_of_products(const Var& a, const Var& b);

}  // namespace tapewise
