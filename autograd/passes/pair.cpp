#include <algorithm>
#include <map>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

/// Whether a run begins with this value.
bool is_known(const Draft& draft, DraftId id) {
  const Role role = draft.nodes[draft.memory_of(id)].role;
  return role == Role::cell || role == Role::constant;
}

}  // namespace

void pair(const Draft& draft, Units& units) {
  if (!draft.has.by_products) return;
  const auto single = [&](DraftId id) {
    return draft.nodes[id].role == Role::compute && units.unit_of[id] == Units::none;
  };
  // Ops that have a by-product, by what to look for: its rule and their operands.
  using Wanted = std::pair<const void*, std::vector<DraftId>>;
  std::map<Wanted, DraftId> givers;
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    const DraftNode& node = draft.nodes[id];
    if (!single(id)) continue;
    if (node.op->by_product != nullptr) {
      const auto operands = draft.operands_of(node);
      givers.emplace(Wanted{node.op->by_product, {operands.begin(), operands.end()}}, id);
    }
  }
  if (givers.empty()) return;
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    const DraftNode& node = draft.nodes[id];
    if (!single(id)) continue;
    const auto operands = draft.operands_of(node);
    for (std::size_t shared = 1; shared <= operands.size(); ++shared) {
      const auto giver = givers.find(
          {node.op->key, {operands.begin(), operands.begin() + std::ptrdiff_t(shared)}});
      if (giver == givers.end()) continue;
      const auto own = operands.subspan(shared);
      if (!std::all_of(own.begin(), own.end(), [&](DraftId o) { return is_known(draft, o); }))
        break;
      const auto at = static_cast<std::uint32_t>(units.members.size());
      for (const DraftId member : {giver->second, id}) {
        units.members.push_back(member);
        units.unit_of[member] = static_cast<std::uint32_t>(units.units.size());
      }
      units.units.push_back({Units::Kind::paired, at, at + 2, {}, Units::no_split});
      givers.erase(giver);
      break;
    }
  }
}

}  // namespace tapewise::passes
