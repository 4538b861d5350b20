#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/class_labels.hpp>
#include <tapewise/ops/comparison.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

Shape without_last(const Shape& s) { return Shape(std::span(s.begin(), s.rank() - 1)); }

Shape with_last(Shape s, std::int64_t size) {
  s.push_back(size);
  return s;
}

void require_index_labels(const Composing& op) {
  op.require_float(0);
  const Type &z = op[0].type(), &labels = op[1].type();
  if (z.shape.is_scalar() || z.shape.back() == 0) {
    throw op.shape_error("wanted an axis of classes, given " + to_string(z.shape));
  }
  if (labels.dtype != DType::int64) {
    throw op.type_error("labels are int64 indices, given " + to_string(labels));
  }
  if (!(labels.shape == without_last(z.shape))) {
    throw op.shape_error("scores " + to_string(z.shape) + " want index labels of shape " +
                         to_string(without_last(z.shape)) + ", given " + to_string(labels.shape));
  }
}

Var without_negatives(const Var& labels, std::int64_t classes) {
  return where(labels < 0, labels - classes, labels);
}

Var at_labels(const Var& scores, const Var& labels) {
  const Var checked = without_negatives(labels, scores.shape().back());
  const Var column = reshape(checked, with_last(labels.shape(), 1));
  return reshape(gather(scores, column, -1), labels.shape());
}

}  // namespace tapewise
