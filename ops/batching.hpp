#pragma once
#include <tapewise/ops/scheme.hpp>

// How ops act on stacks of operands: what batching rules are written with.

namespace tapewise {

/// Operand k with the rank it must have to broadcast beside one of rank `rank`: a stacked one keeps
/// its first axis first.
Var with_rank(const Batched& b, std::size_t k, std::size_t rank);

/// The same op again, on these operands.
Var record_again(const Batched& b, std::span<const Var> operands, const void* attribute);

/// Elementwise ops broadcast, so a stack needs no more than axes of size 1 in the right places.
Var elementwise_batch(const Batched& b);

/// One after the other, for ops without a rule.
Var one_by_one(const Batched& b);

/// The value that `y` would have for each of `n` values of `x`, stacked along a new first axis:
/// what was recorded between x and y is recorded once more, for all of them at once. `values` has
/// the shape (n, shape of x); nodes that do not depend on x are shared. An op without a batching
/// rule is recorded n times. Throws HandleError unless y depends on x, ShapeError for other shapes.
Var stacked(const Var& y, const Var& x, const Var& values);

}  // namespace tapewise
