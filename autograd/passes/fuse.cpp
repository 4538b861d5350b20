#include <tapewise/autograd/passes/fuse.hpp>

#include <algorithm>
#include <tapewise/autograd/huge_pages.hpp>
#include <tapewise/autograd/passes/groups.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

/// Walks over a draft once: elementwise ops and their sums into groups, ops on single numbers into
/// runs of byte-code.
class Fuser {
 public:
  Fuser(const Draft& draft, const CompileOptions& options)
      : draft_(draft),
        fuse_(options.fuse),
        scalars_wanted_(options.scalars && draft.numbers != Numbers::complex128),
        in_scalars_(draft.nodes.size()),
        // Below this size a call per op costs less than a walk through blocks.
        groups_(draft, std::max<std::int64_t>(options.fuse_from, 2)) {}

  void run() {
    for (DraftId id = 0; id < draft_.nodes.size(); ++id) visit(id);
    if (!groups_.all().empty()) groups_.sink();
  }
  const std::vector<Group>& groups() const { return groups_.all(); }
  /// The runs of scalar ops, as units: a level each. A single op is a step of its own.
  void add_scalars_to(Units& units) const {
    const auto first = static_cast<std::uint32_t>(units.units.size());
    std::vector<std::uint32_t> unit_of_level(scalars_.size(), Units::none);
    auto end = static_cast<std::uint32_t>(units.members.size());
    for (std::size_t level = 0; level < scalars_.size(); ++level) {
      if (scalars_[level] < 2) continue;
      unit_of_level[level] = static_cast<std::uint32_t>(units.units.size());
      units.units.push_back({Units::Kind::scalars, end, end, {}, Units::no_split});
      end += scalars_[level];
    }
    if (units.units.size() == first) return;
    units.members.resize(end);
    for (DraftId id = 0; id < draft_.nodes.size(); ++id) {
      if (!in_scalars_[id]) continue;
      const std::uint32_t unit = unit_of_level[groups_.level(id)];
      if (unit == Units::none) continue;
      units.unit_of[id] = unit;
      units.members[units.units[unit].end++] = id;
    }
  }

 private:
  void visit(DraftId id) {
    const DraftNode& node = draft_.nodes[id];
    if (node.role != Role::compute && node.role != Role::guard && node.role != Role::assign) return;
    std::uint32_t level = 0;
    for (const DraftId operand : draft_.operands_of(node)) {
      const DraftId memory = draft_.memory_of(operand);
      level = std::max(level, groups_.level(memory));
    }
    groups_.level(id) = level;
    if (node.role == Role::compute && node.alias) return;
    if (scalars_wanted_ && is_scalar_op(node)) return add_scalar(id);
    if (fuse_ && node.role == Role::compute && groups_.join_any(id, level)) return;
    groups_.level(id) = level + 1;
  }

  bool is_scalar_op(const DraftNode& node) const {
    if (node.role != Role::compute || !node.op->traits.elementwise ||
        draft_.type_of(node).size() != 1 || node.operands_count > 3) {
      return false;
    }
    for (const DraftId operand : draft_.operands_of(node)) {
      if (draft_.type_of(draft_.nodes[operand]).size() != 1) return false;
    }
    return true;
  }

  /// All scalar ops of one level are one run: its operands from outside are of lower levels.
  void add_scalar(DraftId id) {
    std::uint32_t level = 1;
    for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
      const DraftId memory = draft_.memory_of(operand);
      level = std::max(level, groups_.level(memory) + (in_scalars_[memory] ? 0U : 1U));
    }
    if (scalars_.size() <= level) scalars_.resize(level + 1);
    ++scalars_[level];
    in_scalars_[id] = true;
    groups_.level(id) = level;
  }

  const Draft& draft_;
  bool fuse_, scalars_wanted_;
  std::vector<bool> in_scalars_;
  std::vector<std::uint32_t> scalars_;  // how many there are, by level
  Groups groups_;
};

}  // namespace

Units fuse(const Draft& draft, const CompileOptions& options) {
  Units units;
  units.unit_of = huge_vector(draft.nodes.size(), Units::none);
  reserve_huge(units.members, draft.nodes.size());
  const auto add = [&](Units::Unit unit, const std::vector<DraftId>& members) {
    if (members.size() < 2) return;  // a step of its own
    unit.begin = static_cast<std::uint32_t>(units.members.size());
    units.members.insert(units.members.end(), members.begin(), members.end());
    unit.end = static_cast<std::uint32_t>(units.members.size());
    for (const DraftId id : members) {
      units.unit_of[id] = static_cast<std::uint32_t>(units.units.size());
    }
    units.units.push_back(unit);
  };
  Fuser fuser(draft, options);
  fuser.run();
  for (const Group& group : fuser.groups()) {
    add({Units::Kind::fused, 0, 0, group.shape, group.split}, group.members);
  }
  fuser.add_scalars_to(units);
  return units;
}

}  // namespace tapewise::passes
