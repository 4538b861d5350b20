// The shape ops on stacks of operands: the first axis stays where it is.
#include <tapewise/ops/axes.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace {

Shape stack_of(std::int64_t n, const Shape& one) {
  Shape shape = {n};
  for (const std::int64_t size : one) shape.push_back(size);
  return shape;
}
Slices stack_of(const Slices& one) {
  std::vector<Slice> slices(1);
  for (std::size_t axis = 0; axis < one.count(); ++axis) slices.push_back(one[axis]);
  return Slices(slices);
}

}  // namespace

Var ops::Reshape::batch(const Batched& b) {
  return reshape(b.operands[0], stack_of(b.n, b.y.shape()));
}
Var ops::Transpose::batch(const Batched& b) {
  const auto axes = b.attribute<Axes>();
  const std::size_t rank = b.shape(0).rank();
  std::vector<std::int64_t> shifted = {0};
  for (std::size_t k = 0; k < rank; ++k) {
    shifted.push_back(static_cast<std::int64_t>(source_axis(axes, k, rank)) + 1);
  }
  return transpose(b.operands[0], Axes(shifted));
}
Var ops::BroadcastTo::batch(const Batched& b) {
  return broadcast_to(with_rank(b, 0, b.y.shape().rank()), stack_of(b.n, b.y.shape()));
}
Var ops::SliceOp::batch(const Batched& b) {
  return slice(b.operands[0], stack_of(b.attribute<Slices>()));
}
Var ops::SliceInto::batch(const Batched& b) {
  return slice_into(b.operands[0], stack_of(b.n, b.y.shape()),
                    stack_of(b.attribute<Attribute>().slices));
}

Var ops::Concat::batch(const Batched& b) {
  std::vector<Var> parts;
  for (std::size_t k = 0; k < b.operands.size(); ++k) {
    parts.push_back(broadcast_to(b.operands[k], stack_of(b.n, b.shape(k))));
  }
  const std::size_t axis = accepted_axis(b.attribute<Attribute>().axis, b.shape(0).rank());
  return concat(parts, static_cast<std::int64_t>(axis) + 1);
}

}  // namespace tapewise
