#include <tapewise/autograd/passes/groups.hpp>

#include <tapewise/autograd/fused.hpp>

namespace tapewise::passes {

namespace {

/// Rows that ops act on as a whole stay in the cache for all members of their group: in numbers of
/// 8 bytes.
constexpr std::int64_t most_row_elements = 16 << 10;
constexpr std::size_t most_members = 40;
constexpr std::size_t most_outside = 40;

std::int64_t size_of_axes(const Shape& shape, std::size_t begin, std::size_t end) {
  std::int64_t size = 1;
  for (std::size_t axis = begin; axis < end; ++axis) size *= shape[axis];
  return size;
}

}  // namespace

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

Groups::Groups(const Draft& draft, std::int64_t fewest)
    : draft_(draft),
      fewest_(fewest),
      level_(draft.scratch_vector<std::uint32_t>(draft.nodes.size())) {}

bool Groups::join_any(DraftId id, std::uint32_t level) {
  if (group_of_.empty()) {  // a graph of single numbers never comes here
    group_of_.assign(draft_.nodes.size(), none);
    form_.assign(draft_.nodes.size(), Form::none);
    reader_.assign(draft_.nodes.size(), none);
  }
  const DraftNode& node = draft_.nodes[id];
  const Form form = form_of(node);
  if (form == Form::none) return false;
  std::uint32_t best = none;
  const auto consider = [&](std::uint32_t group) {
    if (group == none || group == best) return;
    if (best != none && groups_[group].level <= groups_[best].level) return;
    if (can_join(group, id)) best = group;
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
  join(best, id);
  return true;
}

/// What kind of member a node could be at all.
Form Groups::form_of(const DraftNode& node) const {
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

bool Groups::can_join(std::uint32_t index, DraftId id) const {
  const Group& group = groups_[index];
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
  if (!node.op->traits.elementwise) return fold_axes(index, node) != Fold::none;
  if (draft_.type_of(node).shape == group.shape) return reads_well(index, node);
  return is_column(index, node);
}

bool Groups::is_crowded(const Group& group) const {
  return group.members.size() >= most_members || group.outside.size() + 3 > most_outside ||
         (group.rows && !rows_fit(group, group.split, group.across));
}
/// Whether whole rows from axis `split` on fit into the cache for one more member; sums across
/// rows are formed from several at a time.
bool Groups::rows_fit(const Group& group, std::size_t split, bool across) const {
  const std::int64_t row = size_of_axes(group.shape, split, group.shape.rank()),
                     at_once = across ? fold_rows_size : 1,
                     words = draft_.numbers == Numbers::complex128 ? 2 : 1;
  return row * static_cast<std::int64_t>(group.members.size() + 1) * at_once * words <=
         most_row_elements;
}

/// A full elementwise op: each operand is a member's value or is read in the group's pattern.
bool Groups::reads_well(std::uint32_t index, const DraftNode& node) const {
  const Group& group = groups_[index];
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
bool Groups::is_column(std::uint32_t index, const DraftNode& node) const {
  const Group& group = groups_[index];
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

Groups::Fold Groups::fold_axes(std::uint32_t index, const DraftNode& node) const {
  const Group& group = groups_[index];
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

DType Groups::number_of(const Type& type) const {
  const bool complex = draft_.numbers == Numbers::complex128 && is_float(type.dtype);
  return complex ? DType::complex128 : type.dtype;
}

/// Whether rows may begin at this axis for all that the group reads.
bool Groups::splits_at(const Group& group, std::size_t split) const {
  if (group.split != Units::no_split) return group.split == split;
  return std::all_of(group.outside.begin(), group.outside.end(), [&](DraftId operand) {
    return pattern_of(draft_.type_of(draft_.nodes[operand]).shape, group.shape, split) !=
           Pattern::mixed;
  });
}

void Groups::join(std::uint32_t index, DraftId id) {
  Group& group = groups_[index];
  const DraftNode& node = draft_.nodes[id];
  if (!node.op->traits.elementwise) {
    form_[id] = join_folded(index, node);
  } else {
    form_[id] = draft_.type_of(node).shape == group.shape ? Form::full : Form::column;
  }
  for (const DraftId operand : draft_.operands_of(node)) {
    const DraftId memory = draft_.memory_of(operand);
    if (group_of_[memory] == index) continue;
    reader_[memory] = index;
    group.add_outside(operand);
  }
  group.members.push_back(id);
  group_of_[id] = index;
  level_[id] = group.level;
}

/// What a group becomes with a sum or a row op in it.
Form Groups::join_folded(std::uint32_t index, const DraftNode& node) {
  Group& group = groups_[index];
  const Fold fold = fold_axes(index, node);
  const void* attribute = draft_.attribute_of(node);
  const Type& type = draft_.type_of(draft_.nodes[draft_.operands_of(node)[0]]);
  if (fold == Fold::row) {
    group.rows = true;
    group.split = group.shape.rank() - node.op->row_axes(type, attribute);
    return node.op->traits.row_to_number ? Form::column : Form::full;
  }
  if (fold == Fold::total) ++group.totals;
  if (fold == Fold::across) {
    group.across = true;
    std::uint32_t axes = node.op->folded_axes(type, attribute);
    for (group.split = 0; (axes & 1U) != 0; axes >>= 1U) ++group.split;
  }
  return Form::folded;
}

}  // namespace tapewise::passes
