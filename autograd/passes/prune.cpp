#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

void prune(Draft& draft) {
  std::vector<bool> needed(draft.nodes.size());
  for (const DraftId output : draft.outputs) needed[output] = true;
  for (std::size_t id = draft.nodes.size(); id-- > 0;) {
    DraftNode& node = draft.nodes[id];
    if (node.role == DraftNode::Role::guard) needed[id] = true;
    if (!needed[id]) {
      node.role = DraftNode::Role::dead;
    } else if (node.role !=
               DraftNode::Role::constant) {  // a folded node needs its operands no more
      for (const DraftId operand : draft.operands_of(node)) needed[operand] = true;
    }
  }
}

}  // namespace tapewise::passes
