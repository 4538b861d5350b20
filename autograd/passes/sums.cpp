#include <tapewise/autograd/huge_pages.hpp>
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
    : next_(huge_vector<DraftId>(draft.nodes.size(), none)), goes_on_(draft.nodes.size()) {
  constexpr DraftId several = none - 1;
  // First the one reader of each value, whoever that is.
  const auto read_by = [&](DraftId memory, DraftId reader) {
    next_[memory] = next_[memory] == none ? reader : several;
  };
  for (const DraftId output : draft.outputs) read_by(draft.memory_of(output), several);
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    const DraftNode& node = draft.nodes[id];
    if (node.role == DraftNode::Role::dead || node.role == DraftNode::Role::constant) continue;
    for (const DraftId operand : draft.operands_of(node)) read_by(draft.memory_of(operand), id);
  }
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    const DraftId reader = next_[id];
    const bool is_addition = adds_numbers(draft, id) && !guarded[id] && reader < several &&
                             adds_numbers(draft, reader) && !guarded[reader] &&
                             draft.operands_of(draft.nodes[reader])[0] == id;
    if (is_addition)
      goes_on_[reader] = true;
    else
      next_[id] = none;
  }
}

}  // namespace tapewise::passes
