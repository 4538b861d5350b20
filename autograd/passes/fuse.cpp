#include <tapewise/autograd/passes/fuse.hpp>

#include <algorithm>
#include <tapewise/autograd/fused.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

/// Rows that ops act on as a whole stay in the cache for all members of their group: in numbers of
/// 8 bytes.
constexpr std::int64_t most_row_elements = 16 * 1024;
constexpr std::size_t most_members = 40;
constexpr std::size_t most_outside = 40;

/// How the elements of a group's shape read an operand.
enum class Pattern : std::uint8_t {
  full,    ///< every element its own
  number,  ///< all the same
  column,  ///< one number per row
  row,     ///< the same row for all rows
  some,    ///< rows that repeat: the operand is broadcast along some of the outer axes
  mixed,
};

/// The pattern of an operand for rows that begin at axis `split`.
Pattern pattern_of(const Shape& operand, const Shape& full, std::size_t split) {
  const Strides strides = broadcast_strides(operand, full);
  bool outer_all = true, outer_none = true, inner_all = true, inner_none = true;
  for (std::size_t axis = 0; axis < full.rank(); ++axis) {
    if (full[axis] == 1) continue;
    const bool present = strides[axis] != 0;
    bool& all = axis < split ? outer_all : inner_all;
    bool& none = axis < split ? outer_none : inner_none;
    all = all && present;
    none = none && !present;
  }
  if (outer_all && inner_all) return Pattern::full;
  if (outer_none && inner_none) return Pattern::number;
  if (outer_all && inner_none) return Pattern::column;
  if (outer_none && inner_all) return Pattern::row;
  if (inner_all) return Pattern::some;
  return Pattern::mixed;
}

std::int64_t size_of_axes(const Shape& shape, std::size_t begin, std::size_t end) {
  std::int64_t size = 1;
  for (std::size_t axis = begin; axis < end; ++axis) size *= shape[axis];
  return size;
}

struct Group {
  Shape shape;
  std::size_t split = Units::no_split;
  std::uint32_t level = 0;
  bool across = false, rows = false;
  std::size_t totals = 0;
  std::vector<DraftId> members;
  std::vector<DraftId> outside;  // operands from outside
};

/// What a member's value is in its group.
enum class Form : std::uint8_t { none, full, column, folded };

class Fuser {
 public:
  Fuser(const Draft& draft, const CompileOptions& options)
      : draft_(draft),
        fuse_(options.fuse),
        scalars_wanted_(options.scalars && draft.numbers != Numbers::complex128),
        fewest_(std::max<std::int64_t>(options.fuse_from, 2)),
        in_scalars_(draft.nodes.size()),
        group_of_(draft.nodes.size(), none),
        form_(draft.nodes.size(), Form::none),
        level_(draft.nodes.size(), 0),
        reader_(draft.nodes.size(), none) {}

  void run() {
    for (DraftId id = 0; id < draft_.nodes.size(); ++id) visit(id);
    if (!groups_.empty()) sink();
  }
  const std::vector<Group>& groups() const { return groups_; }
  /// Runs of scalar ops, by level.
  const std::vector<std::vector<DraftId>>& scalars() const { return scalars_; }

 private:
  static constexpr std::uint32_t none = Units::none;

  void visit(DraftId id) {
    const DraftNode& node = draft_.nodes[id];
    if (node.role != Role::compute && node.role != Role::guard && node.role != Role::assign) return;
    std::uint32_t level = 0;
    for (const DraftId operand : draft_.operands_of(node)) {
      const DraftId memory = draft_.memory_of(operand);
      level = std::max(level, level_[memory]);
    }
    level_[id] = level;
    if (node.role == Role::compute && node.alias) return;
    if (scalars_wanted_ && is_scalar_op(node)) return add_scalar(id);
    if (fuse_ && node.role == Role::compute && join_any(id, level)) return;
    level_[id] = level + 1;
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
      level = std::max(level, level_[memory] + (in_scalars_[memory] ? 0U : 1U));
    }
    if (scalars_.size() <= level) scalars_.resize(level + 1);
    scalars_[level].push_back(id);
    in_scalars_[id] = true;
    level_[id] = level;
  }

  bool join_any(DraftId id, std::uint32_t level) {
    const DraftNode& node = draft_.nodes[id];
    const Form form = form_of(node);
    if (form == Form::none) return false;
    std::uint32_t best = none;
    const auto consider = [&](std::uint32_t group) {
      if (group == none || group == best) return;
      if (best != none && groups_[group].level <= groups_[best].level) return;
      if (can_join(groups_[group], group, id)) best = group;
    };
    for (const DraftId operand : draft_.operands_of(node)) {
      const DraftId memory = draft_.memory_of(operand);
      consider(group_of_[memory]);
      // Readers of one array go together; a number that all read is no reason to.
      if (draft_.type_of(draft_.nodes[memory]).size() > 1) consider(reader_[memory]);
    }
    if (best == none) {
      if (form != Form::full || node.op->element_loop == nullptr) return false;
      best = static_cast<std::uint32_t>(groups_.size());
      groups_.push_back({});
      groups_[best].shape = draft_.type_of(node).shape;
      groups_[best].level = level + 1;
    }
    join(groups_[best], best, id);
    return true;
  }

  /// What kind of member a node could be at all.
  Form form_of(const DraftNode& node) const {
    const OpRecord& op = *node.op;
    const auto operands = draft_.operands_of(node);
    if (operands.empty() || operands.size() > FusedOp::max_arity) return Form::none;
    const Type& operand = draft_.type_of(draft_.nodes[operands[0]]);
    if (op.traits.elementwise) {
      if (draft_.type_of(node).size() >= fewest_) return Form::full;
      // Few numbers are worth it where a group has one for each of its rows.
      const bool reads_column = std::any_of(operands.begin(), operands.end(), [&](DraftId o) {
        const DraftId memory = draft_.memory_of(o);
        return group_of_[memory] != none && form_[memory] == Form::column;
      });
      return reads_column ? Form::column : Form::none;
    }
    if (operand.size() < fewest_) return Form::none;
    return op.row_axes != nullptr || op.folded_axes != nullptr ? Form::folded : Form::none;
  }

  bool can_join(const Group& group, std::uint32_t index, DraftId id) const {
    if (is_crowded(group)) return false;
    for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
      const DraftId memory = draft_.memory_of(operand);
      if (group_of_[memory] == index) {
        if (form_[memory] == Form::folded) return false;
      } else if (level_[memory] >= group.level) {
        return false;  // made from what the group gives
      }
    }
    const DraftNode& node = draft_.nodes[id];
    if (!node.op->traits.elementwise) return fold_axes(group, index, node) != Fold::none;
    if (draft_.type_of(node).shape == group.shape) return reads_well(group, index, node);
    return is_column(group, index, node);
  }

  bool is_crowded(const Group& group) const {
    return group.members.size() >= most_members || group.outside.size() + 3 > most_outside ||
           (group.rows && !rows_fit(group, group.split, group.across));
  }
  /// Whether whole rows from axis `split` on fit into the cache for one more member; sums across
  /// rows are formed from several at a time.
  bool rows_fit(const Group& group, std::size_t split, bool across) const {
    const std::int64_t row = size_of_axes(group.shape, split, group.shape.rank()),
                       at_once = across ? fold_rows_size : 1,
                       words = draft_.numbers == Numbers::complex128 ? 2 : 1;
    return row * static_cast<std::int64_t>(group.members.size() + 1) * at_once * words <=
           most_row_elements;
  }

  /// A full elementwise op: each operand is a member's value or is read in the group's pattern.
  bool reads_well(const Group& group, std::uint32_t index, const DraftNode& node) const {
    for (const DraftId operand : draft_.operands_of(node)) {
      const DraftId memory = draft_.memory_of(operand);
      const Shape& shape = draft_.type_of(draft_.nodes[operand]).shape;
      const Pattern pattern = pattern_of(shape, group.shape, group.split);
      if (group_of_[memory] == index) {
        if (form_[memory] == Form::full && shape != group.shape) return false;
        if (form_[memory] == Form::column && pattern != Pattern::column) return false;
      } else if (group.split != Units::no_split && pattern == Pattern::mixed) {
        return false;
      }
    }
    return true;
  }

  /// An elementwise op on one number per row.
  bool is_column(const Group& group, std::uint32_t index, const DraftNode& node) const {
    if (group.split == Units::no_split) return false;
    const Shape& shape = draft_.type_of(node).shape;
    if (shape.size() != size_of_axes(group.shape, 0, group.split)) return false;
    bool reads_member = false;
    for (const DraftId operand : draft_.operands_of(node)) {
      const DraftId memory = draft_.memory_of(operand);
      const Shape& of = draft_.type_of(draft_.nodes[operand]).shape;
      if (of.size() != 1 && of != shape) return false;
      if (group_of_[memory] == index) {
        if (form_[memory] != Form::column) return false;
        reads_member = true;
      }
    }
    return reads_member;
  }

  enum class Fold : std::uint8_t { none, row, total, across };

  Fold fold_axes(const Group& group, std::uint32_t index, const DraftNode& node) const {
    const DraftId operand = draft_.operands_of(node)[0];
    const Type& type = draft_.type_of(draft_.nodes[operand]);
    const DraftId memory = draft_.memory_of(operand);
    if (type.shape != group.shape) return Fold::none;
    if (group_of_[memory] == index && form_[memory] != Form::full) return Fold::none;
    const OpRecord& op = *node.op;
    const void* attribute = draft_.attribute_of(node);
    const std::size_t rank = type.shape.rank();
    const DType number = number_of(type);
    if (op.folded_axes != nullptr && op.fold_loops(number, draft_.simd).block != nullptr) {
      const std::uint32_t axes = op.folded_axes(type, attribute);
      std::size_t leading = 0;
      while (leading < rank && (axes >> leading & 1U) != 0) ++leading;
      if (leading == rank) {
        return group.across || group.totals == FusedGroup::max_totals ? Fold::none : Fold::total;
      }
      if (axes == (1U << leading) - 1U && leading > 0) {
        const std::int64_t rows = size_of_axes(type.shape, 0, leading);
        const bool fits =
            rows >= 2 * fold_rows_size && group.totals == 0 && draft_.type_of(node).size() >= 8;
        return fits && splits_at(group, leading) && (!group.rows || rows_fit(group, leading, true))
                   ? Fold::across
                   : Fold::none;
      }
    }
    if (op.row_axes == nullptr || op.row_loop(number, draft_.simd) == nullptr) return Fold::none;
    const std::size_t axes = op.row_axes(type, attribute);
    if (axes == 0 || axes >= rank) return Fold::none;
    const std::int64_t row = size_of_axes(type.shape, rank - axes, rank);
    if (row < 2 || !rows_fit(group, rank - axes, group.across)) return Fold::none;
    return splits_at(group, rank - axes) ? Fold::row : Fold::none;
  }

  DType number_of(const Type& type) const {
    const bool complex = draft_.numbers == Numbers::complex128 && is_float(type.dtype);
    return complex ? DType::complex128 : type.dtype;
  }

  /// Whether rows may begin at this axis for all that the group reads.
  bool splits_at(const Group& group, std::size_t split) const {
    if (group.split != Units::no_split) return group.split == split;
    return std::all_of(group.outside.begin(), group.outside.end(), [&](DraftId operand) {
      return pattern_of(draft_.type_of(draft_.nodes[operand]).shape, group.shape, split) !=
             Pattern::mixed;
    });
  }

  void join(Group& group, std::uint32_t index, DraftId id) {
    const DraftNode& node = draft_.nodes[id];
    form_[id] = Form::full;
    if (!node.op->traits.elementwise) {
      const Fold fold = fold_axes(group, index, node);
      const std::size_t rank = group.shape.rank();
      const void* attribute = draft_.attribute_of(node);
      const Type& type = draft_.type_of(draft_.nodes[draft_.operands_of(node)[0]]);
      form_[id] = Form::folded;
      if (fold == Fold::total) ++group.totals;
      if (fold == Fold::across) {
        group.across = true;
        std::uint32_t axes = node.op->folded_axes(type, attribute);
        for (group.split = 0; (axes & 1U) != 0; axes >>= 1U) ++group.split;
      }
      if (fold == Fold::row) {
        group.rows = true;
        group.split = rank - node.op->row_axes(type, attribute);
        form_[id] = node.op->traits.row_to_number ? Form::column : Form::full;
      }
    } else if (draft_.type_of(node).shape != group.shape) {
      form_[id] = Form::column;
    }
    for (const DraftId operand : draft_.operands_of(node)) {
      const DraftId memory = draft_.memory_of(operand);
      if (group_of_[memory] == index) continue;
      reader_[memory] = index;
      if (std::find(group.outside.begin(), group.outside.end(), operand) == group.outside.end()) {
        group.outside.push_back(operand);
      }
    }
    group.members.push_back(id);
    group_of_[id] = index;
    level_[id] = group.level;
  }

  /// What backward reads of forward's values (y·y, say) is computed where it is read, when that
  /// keeps no more bytes alive than its result would.
  void sink() {
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

  void try_to_sink(DraftId id, std::uint32_t to, std::vector<std::uint32_t>& last) {
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
      if (group.split != Units::no_split &&
          pattern_of(draft_.type_of(draft_.nodes[operand]).shape, group.shape, group.split) ==
              Pattern::mixed) {
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
      if (std::find(group.outside.begin(), group.outside.end(), operand) == group.outside.end()) {
        group.outside.push_back(operand);
      }
    }
    group_of_[id] = to;
    level_[id] = group.level;
  }

  const Draft& draft_;
  bool fuse_, scalars_wanted_;
  std::int64_t fewest_;  // below this size a call per op costs less than a walk through blocks
  std::vector<bool> in_scalars_;
  std::vector<std::vector<DraftId>> scalars_;
  std::vector<std::uint32_t> group_of_;
  std::vector<Form> form_;
  std::vector<std::uint32_t> level_;
  std::vector<std::uint32_t> reader_;  // the last group that reads a value from outside
  std::vector<Group> groups_;
};

}  // namespace

Units fuse(const Draft& draft, const CompileOptions& options) {
  Units units;
  units.unit_of.assign(draft.nodes.size(), Units::none);
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
  for (const auto& run : fuser.scalars()) {
    add({Units::Kind::scalars, 0, 0, {}, Units::no_split}, run);
  }
  return units;
}

}  // namespace tapewise::passes
