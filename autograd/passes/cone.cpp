#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

std::vector<bool> guard_cone(const Draft& draft) {
  std::vector<bool> cone(draft.nodes.size());
  if (!draft.has.guards) return cone;
  for (std::size_t id = draft.nodes.size(); id-- > 0;) {
    const DraftNode& node = draft.nodes[id];
    if (!cone[id] && node.role != DraftNode::Role::guard) continue;
    for (const DraftId operand : draft.operands_of(node)) cone[operand] = true;
  }
  return cone;
}

}  // namespace tapewise::passes
