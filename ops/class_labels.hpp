#pragma once
#include <tapewise/ops/composite.hpp>

// Scores of classes (..., classes) with index labels (...), for losses written in other ops.

namespace tapewise {

/// s without its last axis, and with one more.
Shape without_last(const Shape& s);
Shape with_last(Shape s, std::int64_t size);

/// Throws ShapeError or TypeError unless operand 0 are scores and operand 1 their labels.
void require_index_labels(const Composing& op);

/// The labels; a negative one is moved out of range, as it would count from the end otherwise.
Var without_negatives(const Var& labels, std::int64_t classes);

/// scores[..., label]. A label out of range throws DomainError when computed.
Var at_labels(const Var& scores, const Var& labels);

}  // namespace tapewise
