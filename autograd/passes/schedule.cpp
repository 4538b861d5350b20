#include <algorithm>
#include <queue>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

/// Nodes outside of groups are units of their own.
void add_single_units(const Draft& draft, Units& units) {
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    const DraftNode& node = draft.nodes[id];
    const bool computed = node.role == Role::compute && !node.alias;
    if (units.unit_of[id] != Units::none) continue;
    if (!computed && node.role != Role::guard && node.role != Role::assign) continue;
    units.unit_of[id] = static_cast<std::uint32_t>(units.units.size());
    const auto at = static_cast<std::uint32_t>(units.members.size());
    units.members.push_back(id);
    units.units.push_back({Units::Kind::single, at, at + 1, {}, Units::no_split});
  }
}

/// When a unit was recorded: a guard with its condition, anything else with its first member.
/// Assigns come last, after all that can throw.
struct Recorded {
  bool assign;
  DraftId id;
  bool guard;
  std::uint32_t unit;
  friend bool operator>(const Recorded& a, const Recorded& b) {
    if (a.assign != b.assign) return a.assign;
    if (a.id != b.id) return a.id > b.id;
    if (a.guard != b.guard) return b.guard;
    return a.unit > b.unit;
  }
};

Recorded recorded(const Draft& draft, const Units& units, std::uint32_t unit) {
  const DraftId first = units.members[units.units[unit].begin];
  const DraftNode& node = draft.nodes[first];
  const bool guard = node.role == Role::guard;
  return {node.role == Role::assign, guard ? draft.operands_of(node)[0] : first, guard, unit};
}

}  // namespace

void schedule(const Draft& draft, Units& units) {
  add_single_units(draft, units);
  const std::size_t n = units.units.size();
  if (n < 2) return;

  // For each unit, the units that read it; as a list per unit, in one array.
  std::vector<std::uint32_t> waits(n, 0), readers_begin(n + 1, 0), readers;
  const auto for_each_edge = [&](auto&& edge) {
    for (std::uint32_t unit = 0; unit < n; ++unit) {
      for (const DraftId id : units.members_of(units.units[unit])) {
        for (const DraftId operand : draft.operands_of(draft.nodes[id])) {
          const std::uint32_t from = units.unit_of[draft.memory_of(operand)];
          if (from != Units::none && from != unit) edge(from, unit);
        }
      }
    }
  };
  for_each_edge([&](std::uint32_t from, std::uint32_t to) {
    ++readers_begin[from + 1];
    ++waits[to];
  });
  for (std::size_t u = 0; u < n; ++u) readers_begin[u + 1] += readers_begin[u];
  readers.resize(readers_begin[n]);
  std::vector<std::uint32_t> next(readers_begin.begin(), readers_begin.end() - 1);
  for_each_edge([&](std::uint32_t from, std::uint32_t to) { readers[next[from]++] = to; });

  // As recorded, as far as the groups allow.
  std::priority_queue<Recorded, std::vector<Recorded>, std::greater<>> ready;
  for (std::uint32_t unit = 0; unit < n; ++unit) {
    if (waits[unit] == 0) ready.push(recorded(draft, units, unit));
  }
  std::vector<Units::Unit> ordered;
  std::vector<std::uint32_t> position(n);
  ordered.reserve(n);
  while (!ready.empty()) {
    const std::uint32_t unit = ready.top().unit;
    ready.pop();
    position[unit] = static_cast<std::uint32_t>(ordered.size());
    ordered.push_back(units.units[unit]);
    for (std::uint32_t k = readers_begin[unit]; k < readers_begin[unit + 1]; ++k) {
      if (--waits[readers[k]] == 0) ready.push(recorded(draft, units, readers[k]));
    }
  }
  units.units = std::move(ordered);
  for (std::uint32_t& unit : units.unit_of) {
    if (unit != Units::none) unit = position[unit];
  }
}

}  // namespace tapewise::passes
