#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

DraftId add_copy(Draft& draft, DraftId of) {
  DraftNode copy;
  copy.op = &copy_op();
  copy.type = draft.nodes[of].type;
  copy.origin = draft.nodes[of].origin;
  copy.operands_begin = static_cast<std::uint32_t>(draft.operands.size());
  copy.operands_count = 1;
  draft.operands.push_back(of);
  draft.nodes.push_back(copy);
  return static_cast<DraftId>(draft.nodes.size() - 1);
}

}  // namespace

void pin(Draft& draft) {
  std::vector<bool> assigned(draft.has.assigns ? draft.nodes.size() : 0);
  for (std::size_t id = 0; id < assigned.size(); ++id) {
    const DraftNode& node = draft.nodes[id];
    if (node.role != Role::assign) continue;
    const DraftId leaf = draft.operands_of(node)[0];
    if (assigned[leaf]) {
      throw HandleError(draft.describe(
          node,
          "[assign] " + draft.tape->var(draft.nodes[leaf].origin).name() +
              " is assigned twice in one program: compile one of the assigns, or add them up"));
    }
    assigned[leaf] = true;
  }
  for (DraftId& output : draft.outputs) {
    const DraftId memory = draft.memory_of(output);
    if (draft.nodes[memory].role == Role::cell) output = add_copy(draft, output);
  }
  for (DraftId id = 0; id < assigned.size(); ++id) {
    if (draft.nodes[id].role != Role::assign) continue;
    const DraftId value = draft.operands_of(draft.nodes[id])[1];
    const DraftId memory = draft.memory_of(value);
    if (draft.nodes[memory].role == Role::cell && assigned[memory]) {
      const DraftId copy = add_copy(draft, value);
      draft.operands_of(draft.nodes[id])[1] = copy;
    }
  }
}

}  // namespace tapewise::passes
