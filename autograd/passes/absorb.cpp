#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

/// An elementwise op broadcasts by itself, so it need not read a broadcast copy. One operand must
/// keep the full shape of the result only in the type, which stays as it is.
bool absorb_broadcast(const Draft& draft, const DraftNode& node, DraftId& operand) {
  const DraftNode& producer = draft.nodes[operand];
  if (!node.op->traits.elementwise || producer.role != Role::compute ||
      !producer.op->traits.broadcast) {
    return false;
  }
  operand = draft.operands_of(producer)[0];
  return true;
}

bool absorb_by_attribute(Draft& draft, const DraftNode& node, std::size_t use, DraftId& operand) {
  const DraftNode& producer = draft.nodes[operand];
  if (node.op->absorb == nullptr || producer.role != Role::compute) return false;
  if (!node.op->absorb(static_cast<int>(use), *producer.op, draft.type_of(producer),
                       draft.attribute_of(producer), draft.attributes.data() + node.attribute)) {
    return false;
  }
  operand = draft.operands_of(producer)[0];
  return true;
}

}  // namespace

void absorb(Draft& draft) {
  if (!draft.has.absorbing) return;
  const std::vector<bool> guarded = guard_cone(draft);
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    const DraftNode& node = draft.nodes[id];
    if (node.role != Role::compute) continue;
    const auto operands = draft.operands_of(node);
    for (std::size_t use = 0; use < operands.size(); ++use) {
      while (absorb_broadcast(draft, node, operands[use]) ||
             (!guarded[id] && absorb_by_attribute(draft, node, use, operands[use]))) {
      }
    }
  }
}

}  // namespace tapewise::passes
