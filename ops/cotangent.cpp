#include <tapewise/autograd/cotangent.hpp>

#include <tapewise/autograd/leaves.hpp>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/reduce.hpp>

namespace tapewise {

namespace {

bool is_select(const Var& v) { return &v.op() == &record_of<ops::Select>(); }

/// The number that a constant scalar node holds, as an operand; any other Var as it is.
Operand number_or_var(const Var& v) {
  if (&v.op() != &constant_op() || !v.shape().is_scalar()) return v;
  return v.item();
}

bool is_number(const Operand& x, double number) { return x.is_number() && x.number() == number; }

}  // namespace

Var cotangent_sum(const Var& a, const Var& b) {
  if (!is_select(a) || !is_select(b)) return a + b;
  if (same_node(a.parent(0), b.parent(0))) return select(a.parent(0), a.parent(1) + b.parent(1));
  return select(logical_or(a.parent(0), b.parent(0)), a + b);
}

Var negated(const Var& g) { return is_select(g) ? select(g.parent(0), -g.parent(1)) : -g; }

Var cotangent_times(const Var& g, const Operand& partial) {
  if (is_number(partial, 0.0)) return {};
  if (is_number(partial, 1.0)) return g;
  if (is_select(g)) return select(g.parent(0), cotangent_times(g.parent(1), partial));
  if (partial.is_var() && is_select(partial.var())) {
    const Var& p = partial.var();
    const Operand factor = number_or_var(p.parent(1));
    return select(p.parent(0), is_number(factor, 1.0) ? Operand(g) : Operand(g * factor));
  }
  return g * partial;
}

Var cotangent_where(const Var& condition, const Var& g) { return select(condition, g); }

Var sum_of_products(const Var& a, const Var& b) { return sum(a * b); }

}  // namespace tapewise
