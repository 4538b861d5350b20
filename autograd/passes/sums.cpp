#include <tapewise/autograd/passes/sums.hpp>

namespace tapewise::passes {

namespace {

bool adds_numbers(const Draft& draft, DraftId id) {
  const DraftNode& node = draft.nodes[id];
  return node.role == DraftNode::Role::compute && !node.alias &&
         node.op->traits.arithmetic == Arithmetic::add && node.operands_count == 2 &&
         draft.type_of(node).dtype == DType::float64 && draft.type_of(node).size() == 1;
}

}  // namespace

Sums::Sums(const Draft& draft, const std::vector<bool>& guarded)
    : leads_on_(draft.nodes.size()), goes_on_(draft.nodes.size()) {
  // First the one reader of each value, whoever that is.
  constexpr DraftId none = ~DraftId{0}, several = none - 1;
  auto readers = draft.scratch_vector<DraftId>(draft.nodes.size(), none);
  const auto read_by = [&](DraftId memory, DraftId reader) {
    readers[memory] = readers[memory] == none ? reader : several;
  };
  for (const DraftId output : draft.outputs) read_by(draft.memory_of(output), several);
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    const DraftNode& node = draft.nodes[id];
    if (node.role == DraftNode::Role::dead || node.role == DraftNode::Role::constant) continue;
    for (const DraftId operand : draft.operands_of(node)) read_by(draft.memory_of(operand), id);
  }
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    const DraftId reader = readers[id];
    if (reader >= several || !adds_numbers(draft, id) || guarded[id]) continue;
    if (draft.operands_of(draft.nodes[reader])[0] != id) continue;
    if (!adds_numbers(draft, reader) || guarded[reader]) continue;
    leads_on_[id] = true;
    goes_on_[reader] = true;
  }
}

}  // namespace tapewise::passes
