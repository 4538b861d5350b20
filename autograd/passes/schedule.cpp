#include <algorithm>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

std::vector<DraftId> schedule(const Draft& draft) {
  using Role = DraftNode::Role;
  const auto condition = [&](DraftId guard) { return draft.operands_of(draft.nodes[guard])[0]; };
  std::vector<DraftId> guards, order, assigns;
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    if (draft.nodes[id].role == Role::guard) guards.push_back(id);
    if (draft.nodes[id].role == Role::assign) assigns.push_back(id);
  }
  std::stable_sort(guards.begin(), guards.end(),
                   [&](DraftId a, DraftId b) { return condition(a) < condition(b); });
  // As recorded; a guard runs as soon as its condition is known.
  auto guard = guards.begin();
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    if (draft.nodes[id].role == Role::compute) order.push_back(id);
    for (; guard != guards.end() && condition(*guard) == id; ++guard) order.push_back(*guard);
  }
  order.insert(order.end(), assigns.begin(), assigns.end());
  return order;
}

}  // namespace tapewise::passes
