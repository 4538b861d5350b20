#include <numeric>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

/// How often each value is read, through aliases, or held by an output.
std::vector<std::uint32_t> count_readers(const Draft& draft) {
  std::vector<std::uint32_t> readers(draft.nodes.size(), 0);
  for (const DraftNode& node : draft.nodes) {
    const bool reads = node.role == Role::guard || node.role == Role::assign ||
                       (node.role == Role::compute && !node.alias);
    if (!reads) continue;
    for (const DraftId operand : draft.operands_of(node)) ++readers[draft.memory_of(operand)];
  }
  for (const DraftId output : draft.outputs) ++readers[draft.memory_of(output)];
  return readers;
}

}  // namespace

void accumulate(Draft& draft) {
  if (!draft.has.accumulating) return;
  prune(draft);  // what is read by dead nodes only is not read
  std::vector<std::uint32_t> readers = count_readers(draft);
  const std::vector<bool> guarded = guard_cone(draft);
  std::vector<DraftId> same_as(draft.nodes.size());
  std::iota(same_as.begin(), same_as.end(), 0);
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    DraftNode& sum = draft.nodes[id];
    for (DraftId& operand : draft.operands_of(sum)) operand = same_as[operand];
    if (sum.role != Role::compute || sum.op->traits.arithmetic != Arithmetic::add) continue;
    const auto operands = draft.operands_of(sum);
    // The product is the later of the two, so that the other is there when it is computed.
    const DraftId product = std::max(operands[0], operands[1]),
                  other = std::min(operands[0], operands[1]);
    DraftNode& node = draft.nodes[product];
    const auto own = [&](DraftId operand) {
      const DraftNode& of = draft.nodes[operand];
      return of.role == Role::compute && !of.alias && readers[operand] == 1 && of.type == sum.type;
    };
    if (product == other || guarded[id] || !own(product) || !own(other)) continue;
    if (node.op->accumulating == nullptr) continue;
    const auto begin = static_cast<std::uint32_t>(draft.operands.size());
    const auto factors = draft.operands_of(node);
    std::vector<DraftId> all = {other};
    all.insert(all.end(), factors.begin(), factors.end());
    draft.operands.insert(draft.operands.end(), all.begin(), all.end());
    node.op = &node.op->accumulating();
    node.operands_begin = begin;
    node.operands_count = static_cast<std::uint16_t>(all.size());
    readers[product] = readers[id];
    same_as[id] = product;
  }
  for (DraftId& output : draft.outputs) output = same_as[output];
}

}  // namespace tapewise::passes
