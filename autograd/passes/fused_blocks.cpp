#include <tapewise/autograd/passes/fused_blocks.hpp>

#include <algorithm>

namespace tapewise::passes {

FusedBlocks::FusedBlocks(const FusedUnit& unit, std::int64_t block_elements, FusedGroup& group)
    : of_(unit), group_(group) {
  list_outside();
  merge_axes();
  for (const DraftId id : of_.members) note_folds(id);
  choose_block(block_elements);
  add_externals();
}

void FusedBlocks::list_outside() {
  for (const DraftId id : of_.members) {
    for (const DraftId operand : of_.operands_of(id)) {
      if (of_.is_member(of_.draft.memory_of(operand))) continue;
      const Outside outside{operand, of_.is_column(id) && of_.shape_of(operand).size() > 1};
      if (std::find(outside_.begin(), outside_.end(), outside) == outside_.end()) {
        outside_.push_back(outside);
      }
    }
    if (of_.is_stored(id)) stored_.push_back(id);
  }
}

/// From the outermost axis on: an axis joins the one before it when every operand walks through
/// both with one stride. What is left: one row of columns, and the axes around it.
void FusedBlocks::merge_axes() {
  const Shape& full = of_.unit.shape;
  std::vector<Strides> walk;
  for (const Outside& outside : outside_) {
    walk.push_back(outside.column || of_.shape_of(outside.operand).size() == 1
                       ? Strides{}
                       : broadcast_strides(of_.shape_of(outside.operand), full));
  }
  merged_.resize(walk.size());
  std::size_t rank = 0, last = 0;
  for (std::size_t axis = 0; axis < full.rank(); ++axis) {
    if (full[axis] == 1) continue;
    bool joins = rank > 0 && axis != split_axis();
    for (const Strides& strides : walk) {
      joins = joins && strides[last] == strides[axis] * full[axis];
    }
    if (joins) {
      sizes_[rank - 1] *= full[axis];
    } else {
      sizes_[rank++] = full[axis];
    }
    last = axis;
    for (std::size_t o = 0; o < walk.size(); ++o) merged_[o][rank - 1] = walk[o][axis];
  }
  outer_ = rank - 1;
  group_.columns = sizes_[rank - 1];
  for (std::size_t a = 0; a < outer_; ++a) group_.rows *= sizes_[a];
}

/// The first axis of size above 1 that belongs to the rows.
std::size_t FusedBlocks::split_axis() const {
  if (of_.unit.split == Units::no_split) return Units::no_split;
  std::size_t axis = of_.unit.split;
  while (axis < of_.unit.shape.rank() && of_.unit.shape[axis] == 1) ++axis;
  return axis;
}

void FusedBlocks::note_folds(DraftId id) {
  if (of_.is_elementwise(id)) return;
  switch (of_.kind_of(id)) {
    case FusedOp::Kind::across: group_.folds_across = true; break;
    case FusedOp::Kind::row: group_.acts_on_rows = true; break;
    default: group_.folds_total = true;
  }
}

void FusedBlocks::choose_block(std::int64_t block_elements) {
  const std::int64_t rows = group_.rows, columns = group_.columns;
  if (group_.acts_on_rows || columns <= block_elements) {
    group_.block_columns = columns;
    group_.block_rows = std::max<std::int64_t>(1, block_elements / columns);
    if (group_.folds_across) {
      group_.block_rows =
          (group_.block_rows + fold_rows_size - 1) / fold_rows_size * fold_rows_size;
    }
  } else if (group_.folds_across) {
    group_.block_rows = fold_rows_size;
    group_.block_columns = block_elements / 4;
  } else {
    group_.block_rows = 1;
    group_.block_columns = block_elements;
  }
  fit_repeated_rows();
  group_.block_rows = std::min(group_.block_rows, std::max<std::int64_t>(rows, 1));
  // A single row of columns needs no more than a block.
  if (rows == 1) group_.block_rows = 1;
}

/// Rows of an operand that come again after `period` rows lie behind each other in a block when
/// blocks divide the period.
void FusedBlocks::fit_repeated_rows() {
  if (group_.folds_across) return;
  for (std::size_t o = 0; o < outside_.size(); ++o) {
    const std::int64_t period = period_of(o);
    if (period == 0) continue;
    std::int64_t fitting = std::min(group_.block_rows, period);
    while (period % fitting != 0) --fitting;
    if (2 * fitting >= group_.block_rows) group_.block_rows = fitting;
  }
}

/// After so many rows the rows of an operand come again, having been contiguous; else 0.
std::int64_t FusedBlocks::period_of(std::size_t outside) const {
  const Strides& strides = merged_[outside];
  if (outer_ < 2 || outside_[outside].column || strides[outer_] != 1) return 0;
  std::int64_t period = 1, contiguous = group_.columns;
  std::size_t axis = outer_;
  for (; axis > 0 && strides[axis - 1] == contiguous; --axis) {
    period *= sizes_[axis - 1];
    contiguous *= sizes_[axis - 1];
  }
  for (std::size_t a = 0; a < axis; ++a) {
    if (strides[a] != 0) return 0;
  }
  return axis == 0 || period == 1 ? 0 : period;
}

bool FusedBlocks::is_irregular(const FusedOperand& x) const {
  if (x.slot >= group_.externals.size() || group_.externals[x.slot].axes.empty()) return false;
  const std::int64_t period = x.slot < outside_.size() ? period_of(x.slot) : 0;
  return period == 0 || period % group_.block_rows != 0;
}

// --- slots --------------------------------------------------------------------------------------

/// How what lies outside moves with the block.
void FusedBlocks::add_externals() {
  for (std::size_t o = 0; o < outside_.size(); ++o) {
    const std::int64_t bytes = of_.element_bytes(outside_[o].operand);
    FusedGroup::External external;
    if (outside_[o].column) {
      external.row_bytes = bytes;
    } else {
      external.column_bytes = merged_[o][outer_] * bytes;
      set_rows(external, o, bytes);
    }
    group_.externals.push_back(external);
  }
  for (const DraftId id : stored_) group_.externals.push_back(result_of(id));
}

void FusedBlocks::set_rows(FusedGroup::External& external, std::size_t operand,
                           std::int64_t bytes) const {
  const Strides& strides = merged_[operand];
  bool linear = true;
  for (std::size_t a = 0; a + 1 < outer_; ++a) {
    linear = linear && strides[a] == strides[a + 1] * sizes_[a + 1];
  }
  if (outer_ == 0) return;
  external.row_bytes = strides[outer_ - 1] * bytes;
  if (linear) return;
  for (std::size_t a = 0; a < outer_; ++a) {
    external.axes.push_back({sizes_[a], strides[a] * bytes});
  }
}

FusedGroup::External FusedBlocks::result_of(DraftId id) const {
  const std::int64_t bytes = of_.element_bytes(id);
  FusedGroup::External external;
  if (of_.is_full(id)) {
    external.row_bytes = group_.columns * bytes;
    external.column_bytes = bytes;
  } else if (!of_.is_elementwise(id) && of_.kind_of(id) == FusedOp::Kind::across) {
    external.column_bytes = bytes;
  } else if (of_.is_elementwise(id) || of_.kind_of(id) == FusedOp::Kind::row) {
    external.row_bytes = bytes;
  }
  return external;
}

FusedOperand FusedBlocks::slot(std::size_t external) const {
  const FusedGroup::External& at = group_.externals[external];
  return {static_cast<std::uint16_t>(external), at.row_bytes, at.column_bytes};
}

FusedOperand FusedBlocks::operand(DraftId operand, bool in_column) const {
  const Outside outside{operand, in_column && of_.shape_of(operand).size() > 1};
  const auto found = std::find(outside_.begin(), outside_.end(), outside);
  return slot(static_cast<std::size_t>(found - outside_.begin()));
}

FusedOperand FusedBlocks::result(DraftId member) const {
  const auto found = std::find(stored_.begin(), stored_.end(), member);
  return slot(outside_.size() + static_cast<std::size_t>(found - stored_.begin()));
}

bool FusedBlocks::is_result(std::size_t slot) const {
  return slot >= outside_.size() && slot < group_.externals.size();
}

std::vector<DraftId> FusedBlocks::memory() const {
  std::vector<DraftId> nodes;
  for (const Outside& outside : outside_) nodes.push_back(outside.operand);
  nodes.insert(nodes.end(), stored_.begin(), stored_.end());
  return nodes;
}

}  // namespace tapewise::passes
