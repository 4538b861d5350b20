#include <algorithm>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

/// Nodes outside of B that are read by assigns and by other such nodes only: how the new values of
/// parameters are computed from their gradients.
std::vector<bool> update_nodes(const Draft& draft) {
  std::vector<bool> update(draft.nodes.size());
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    const DraftNode& node = draft.nodes[id];
    update[id] = node.role == Role::compute && !draft.tape->is_in_b(node.origin);
  }
  for (const DraftId output : draft.outputs) update[output] = false;
  std::vector<bool> read(draft.nodes.size());
  for (std::size_t id = draft.nodes.size(); id-- > 0;) {
    const DraftNode& node = draft.nodes[id];
    if (node.role == Role::dead || node.role == Role::constant) continue;
    if (!read[id] || (node.role == Role::compute && node.op->traits.may_throw)) update[id] = false;
    for (const DraftId operand : draft.operands_of(node)) {
      read[operand] = true;
      if (node.role != Role::assign && !update[id]) update[operand] = false;
    }
  }
  return update;
}

}  // namespace

void advance(Draft& draft) {
  if (!draft.has.assigns) return;
  const std::vector<bool> update = update_nodes(draft);
  if (std::find(update.begin(), update.end(), true) == update.end()) return;

  // A parameter's new value waits for the last reader of the old one and for all that can throw:
  // it is written in place then. `after` is the recorded node behind which a node may stand.
  const std::size_t n = draft.nodes.size();
  std::vector<DraftId> last_reader(n, 0), after(n);
  DraftId last_throwing = 0;
  for (DraftId id = 0; id < n; ++id) {
    const DraftNode& node = draft.nodes[id];
    if (node.role == Role::dead || node.role == Role::constant || update[id]) continue;
    if (node.role == Role::assign) continue;
    if (node.role == Role::compute && node.op->traits.may_throw) {
      last_throwing = std::max(last_throwing, id);
    }
    if (node.role == Role::guard) {  // is carried out right after its condition
      last_throwing = std::max(last_throwing, draft.operands_of(node)[0]);
      continue;
    }
    for (const DraftId operand : draft.operands_of(node))
      last_reader[draft.memory_of(operand)] = id;
  }
  constexpr DraftId none = ~DraftId{0};
  std::vector<DraftId> leaf_of(n, none);  // of values that are assigned
  for (const DraftNode& node : draft.nodes) {
    if (node.role != Role::assign) continue;
    const auto operands = draft.operands_of(node);
    leaf_of[operands[1]] = operands[0];
  }
  for (DraftId id = 0; id < n; ++id) {
    const DraftNode& node = draft.nodes[id];
    const bool assign = node.role == Role::assign;
    const bool leaf = node.role == Role::cell || node.role == Role::constant;
    after[id] = leaf ? 0 : update[id] ? last_throwing : id;
    if (!update[id] && !assign) continue;
    if (leaf_of[id] != none) after[id] = std::max(after[id], last_reader[leaf_of[id]]);
    for (const DraftId operand : draft.operands_of(node)) {
      after[id] = std::max(after[id], after[operand]);
    }
  }

  // Those that feed such a value stand right before it: they are fused.
  std::vector<DraftId> latest(n, none);
  for (std::size_t id = n; id-- > 0;) {
    if (!update[id]) continue;
    if (latest[id] != none) after[id] = std::max(after[id], latest[id]);
    for (const DraftId operand : draft.operands_of(draft.nodes[id])) {
      latest[operand] = std::min(latest[operand], after[id]);
    }
  }

  std::vector<DraftId> order(n);
  for (DraftId id = 0; id < n; ++id) order[id] = id;
  std::stable_sort(order.begin(), order.end(), [&](DraftId a, DraftId b) {
    return after[a] != after[b] ? after[a] < after[b] : update[a] < update[b];
  });
  draft.reorder(order);
}

}  // namespace tapewise::passes
