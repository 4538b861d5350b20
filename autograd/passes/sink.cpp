#include <algorithm>
#include <tapewise/autograd/passes/groups.hpp>

namespace tapewise::passes {

using Role = DraftNode::Role;

void Groups::sink() {
  std::vector<std::uint32_t> target(draft_.nodes.size(), none);  // the one group of all readers
  constexpr std::uint32_t several = none - 1;
  const auto read_by = [&](DraftId memory, std::uint32_t group) {
    target[memory] = target[memory] == none || target[memory] == group ? group : several;
  };
  std::vector<std::uint32_t> last(draft_.nodes.size(), 0);  // level of the last reader
  for (const DraftId output : draft_.outputs) {
    target[draft_.memory_of(output)] = several;
    last[draft_.memory_of(output)] = none;
  }
  for (DraftId id = static_cast<DraftId>(draft_.nodes.size()); id-- > 0;) {
    const DraftNode& node = draft_.nodes[id];
    if (node.role == Role::dead || (node.role == Role::compute && node.alias)) {
      continue;
    }
    if (group_of_[id] != none && target[id] < several && target[id] != group_of_[id]) {
      try_to_sink(id, target[id], last);
    }
    if (node.role == Role::constant) continue;
    for (const DraftId operand : draft_.operands_of(node)) {
      const DraftId memory = draft_.memory_of(operand);
      read_by(memory, group_of_[id] == none ? several : group_of_[id]);
      // A folded operand (alias) of another shape cannot become a member.
      if (memory != operand) target[memory] = several;
      last[memory] = std::max(last[memory], level_[id]);
    }
  }
  for (Group& group : groups_) std::sort(group.members.begin(), group.members.end());
}

void Groups::try_to_sink(DraftId id, std::uint32_t to, const std::vector<std::uint32_t>& last) {
  Group& from = groups_[group_of_[id]];
  Group& group = groups_[to];
  const DraftNode& node = draft_.nodes[id];
  if (!node.op->traits.elementwise || form_[id] != Form::full || group.shape != from.shape ||
      group.level <= from.level || is_crowded(group)) {
    return;
  }
  std::size_t kept = 0;
  const auto operands = draft_.operands_of(node);
  for (auto at = operands.begin(); at != operands.end(); ++at) {
    const DraftId operand = *at, memory = draft_.memory_of(operand);
    const DraftNode& source = draft_.nodes[memory];
    if (group.split != Units::no_split && pattern_of(draft_.type_of(draft_.nodes[operand]).shape,
                                                     group.shape, group.split) == Pattern::mixed) {
      return;
    }
    if (form_[memory] == Form::folded && group_of_[memory] == to) return;
    const bool again = std::find(operands.begin(), at, operand) != at;  // y·y reads y once
    if (source.role == Role::compute && last[memory] < group.level && !again) {
      kept += draft_.bytes_of(source);
    }
  }
  if (kept > draft_.bytes_of(node)) return;
  std::erase(from.members, id);
  group.members.push_back(id);
  for (const DraftId operand : draft_.operands_of(node)) {
    group.add_outside(operand);
  }
  group_of_[id] = to;
  level_[id] = group.level;
}

}  // namespace tapewise::passes
