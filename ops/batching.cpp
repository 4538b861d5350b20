#include <tapewise/ops/batching.hpp>

#include <tapewise/autograd/graph_walk.hpp>
#include <tapewise/ops/shape.hpp>
#include <unordered_map>

namespace tapewise {

Var record_again(const Batched& b, std::span<const Var> operands, const void* attribute) {
  const std::vector<Operand> located(operands.begin(), operands.end());
  const std::vector<OperandRef> refs(located.begin(), located.end());
  return record(*b.y.node().op, refs, attribute);
}

Var with_rank(const Batched& b, std::size_t k, std::size_t rank) {
  const Var& x = b.operands[k];
  const Shape& one = b.shape(k);
  if (!b.is_stacked(k) || one.rank() >= rank) return x;
  Shape shape = {b.n};
  for (std::size_t axis = one.rank(); axis < rank; ++axis) shape.push_back(1);
  for (const std::int64_t size : one) shape.push_back(size);
  return reshape(x, shape);
}

Var elementwise_batch(const Batched& b) {
  std::vector<Var> operands;
  for (std::size_t k = 0; k < b.operands.size(); ++k) {
    operands.push_back(with_rank(b, k, b.y.shape().rank()));
  }
  return record_again(b, operands, b.y.attribute_data());
}

namespace {

Shape stack_of(std::int64_t n, const Shape& one) {
  Shape shape = {n};
  for (const std::int64_t size : one) shape.push_back(size);
  return shape;
}

}  // namespace

Var one_by_one(const Batched& b) {
  std::vector<Operand> results;
  for (std::int64_t i = 0; i < b.n; ++i) {
    std::vector<Var> operands;
    for (std::size_t k = 0; k < b.operands.size(); ++k) {
      const Var& x = b.operands[k];
      operands.push_back(b.is_stacked(k) ? reshape(slice(x, {Slice{i, i + 1}}), b.shape(k)) : x);
    }
    const Var y = record_again(b, operands, b.y.attribute_data());
    results.emplace_back(reshape(y, stack_of(1, b.y.shape())));
  }
  return concat(results, 0);
}

Var stacked(const Var& y, const Var& x, const Var& values) {
  Tape& tape = y.tape();
  const Shape wanted = stack_of(values.shape().rank() == 0 ? 0 : values.shape()[0], x.shape());
  if (values.shape() != wanted) {
    throw ShapeError("[stacked] wanted values of shape (n, " + to_string(x.shape()) + "), given " +
                     to_string(values.shape()));
  }
  const std::int64_t n = values.shape()[0];
  const NodeId roots[] = {y.id()};
  std::unordered_map<NodeId, Var> anew = {{x.id(), values}};
  for (const NodeId id : ancestors(tape, roots, [&](NodeId p) { return p < x.id(); })) {
    if (id == x.id()) continue;
    const Var node = tape.var(id);
    std::vector<Var> operands;
    Batched b{node, {}, 0, n};
    for (std::size_t k = 0; k < node.node().parents_count; ++k) {
      const Var parent = node.parent(k);
      const auto found = anew.find(parent.id());
      operands.push_back(found == anew.end() ? parent : found->second);
      if (found != anew.end()) b.stacked |= 1U << k;
    }
    if (b.stacked == 0) continue;
    b.operands = operands;
    const OpRecord& op = *node.node().op;
    anew[id] = op.batch != nullptr && n > 0 ? op.batch(b) : one_by_one(b);
  }
  const auto found = anew.find(y.id());
  if (found == anew.end()) {
    throw HandleError("[stacked] " + y.name() + " does not depend on " + x.name());
  }
  return found->second;
}

}  // namespace tapewise
