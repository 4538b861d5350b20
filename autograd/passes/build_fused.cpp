#include <algorithm>
#include <tapewise/autograd/passes/build.hpp>

namespace tapewise::passes {

namespace {

/// Blocks are made smaller until what stays inside a group fits into the first cache.
constexpr std::int64_t largest_block = 256, smallest_block = 64;
constexpr std::size_t cache_bytes = 24 * 1024;
/// Results of so many bytes leave the caches before anybody reads them again: half of a last-level
/// cache of 32 MiB.
constexpr std::size_t streamed_from = 16U << 20U;
/// Element operations from which on several threads gain more than they cost (some 10 µs).
constexpr double large_group = 1 << 17;

/// Turns the members of a fused unit into a FusedGroup: the axes of its shape become rows and
/// columns, its operands slots, its nodes ops on blocks.
class FusedBuilder {
 public:
  FusedBuilder(const Draft& draft, const Units& units, const Units::Unit& unit,
               const Placement& placement, std::int64_t block_elements)
      : draft_(draft),
        members_(units.members_of(unit)),
        unit_(unit),
        units_(units),
        placement_(placement),
        block_elements_(block_elements) {}

  BuiltStep run() {
    list_outside();
    merge_axes();
    for (const DraftId id : members_) note_folds(id);
    choose_block();
    add_outside();
    find_pairs();
    for (const DraftId id : members_) {
      if (!leads_a_pair(id)) add_op(id);
    }
    lay_out_scratch();
    stream_results();
    group_.large = flops_ >= large_group;
    BuiltStep step;
    for (const Outside& outside : outside_) step.outside.push_back(outside.operand);
    for (const DraftId id : stored_) step.outside.push_back(id);
    step.flops = flops_;
    step.fused = std::make_unique<FusedGroup>(std::move(group_));
    return step;
  }

 private:
  bool is_member(DraftId memory) const {
    const std::uint32_t unit = units_.unit_of[memory];
    return unit != Units::none && &units_.units[unit] == &unit_;
  }
  const Shape& shape_of(DraftId id) const { return draft_.type_of(draft_.nodes[id]).shape; }
  std::int64_t element_bytes(DraftId id) const {
    return static_cast<std::int64_t>(size_of(number_of(id)));
  }
  DType number_of(DraftId id) const {
    const DType dtype = draft_.type_of(draft_.nodes[id]).dtype;
    return draft_.numbers == Numbers::complex128 && is_float(dtype) ? DType::complex128 : dtype;
  }
  bool is_full(DraftId id) const { return shape_of(id) == unit_.shape; }
  bool is_elementwise(DraftId id) const { return draft_.nodes[id].op->traits.elementwise; }
  /// Ops on one number per row read their operands in that shape.
  bool is_column(DraftId id) const { return is_elementwise(id) && !is_full(id); }

  /// Memory from outside, as the elements of the group's shape or as one number per row.
  struct Outside {
    DraftId operand;
    bool column;
    friend bool operator==(const Outside&, const Outside&) = default;
  };

  void list_outside() {
    for (const DraftId id : members_) {
      for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
        if (is_member(draft_.memory_of(operand))) continue;
        const Outside outside{operand, is_column(id) && shape_of(operand).size() > 1};
        if (std::find(outside_.begin(), outside_.end(), outside) == outside_.end()) {
          outside_.push_back(outside);
        }
      }
      if (placement_.stored[id]) stored_.push_back(id);
    }
  }

  /// From the outermost axis on: an axis joins the one before it when every operand walks through
  /// both with one stride. What is left: one row of columns, and the axes around it.
  void merge_axes() {
    const Shape& full = unit_.shape;
    for (const Outside& outside : outside_) {
      walk_.push_back(outside.column || shape_of(outside.operand).size() == 1
                          ? Strides{}
                          : broadcast_strides(shape_of(outside.operand), full));
    }
    merged_.resize(walk_.size());
    std::size_t rank = 0;
    for (std::size_t axis = 0; axis < full.rank(); ++axis) {
      if (full[axis] == 1) continue;
      bool joins = rank > 0 && axis != split_axis();
      for (const Strides& strides : walk_) {
        joins = joins && strides[last_] == strides[axis] * full[axis];
      }
      if (joins) {
        sizes_[rank - 1] *= full[axis];
      } else {
        sizes_[rank++] = full[axis];
      }
      last_ = axis;
      for (std::size_t o = 0; o < walk_.size(); ++o) merged_[o][rank - 1] = walk_[o][axis];
    }
    outer_ = rank - 1;
    group_.columns = sizes_[rank - 1];
    for (std::size_t a = 0; a < outer_; ++a) group_.rows *= sizes_[a];
  }

  /// The first axis of size above 1 that belongs to the rows.
  std::size_t split_axis() const {
    if (unit_.split == Units::no_split) return Units::no_split;
    std::size_t axis = unit_.split;
    while (axis < unit_.shape.rank() && unit_.shape[axis] == 1) ++axis;
    return axis;
  }

  void note_folds(DraftId id) {
    const DraftNode& node = draft_.nodes[id];
    if (node.op->traits.elementwise) return;
    switch (kind_of(id)) {
      case FusedOp::Kind::across: group_.folds_across = true; break;
      case FusedOp::Kind::row: group_.acts_on_rows = true; break;
      default: group_.folds_total = true;
    }
  }

  FusedOp::Kind kind_of(DraftId id) const {
    const DraftNode& node = draft_.nodes[id];
    const Type& operand = draft_.type_of(draft_.nodes[draft_.operands_of(node)[0]]);
    if (node.op->folded_axes != nullptr) {
      const std::uint32_t axes = node.op->folded_axes(operand, draft_.attribute_of(node));
      if (axes == (1U << operand.shape.rank()) - 1U) return FusedOp::Kind::total;
      if ((axes & 1U) != 0) return FusedOp::Kind::across;
    }
    return FusedOp::Kind::row;
  }

  void choose_block() {
    const std::int64_t rows = group_.rows, columns = group_.columns;
    if (group_.acts_on_rows || columns <= block_elements_) {
      group_.block_columns = columns;
      group_.block_rows = std::max<std::int64_t>(1, block_elements_ / columns);
      if (group_.folds_across) {
        group_.block_rows =
            (group_.block_rows + fold_rows_size - 1) / fold_rows_size * fold_rows_size;
      }
    } else if (group_.folds_across) {
      group_.block_rows = fold_rows_size;
      group_.block_columns = block_elements_ / 4;
    } else {
      group_.block_rows = 1;
      group_.block_columns = block_elements_;
    }
    fit_repeated_rows();
    group_.block_rows = std::min(group_.block_rows, std::max<std::int64_t>(rows, 1));
    // A single row of columns needs no more than a block.
    if (rows == 1) group_.block_rows = 1;
  }

  /// Rows of an operand that come again after `period` rows lie behind each other in a block when
  /// blocks divide the period.
  void fit_repeated_rows() {
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
  std::int64_t period_of(std::size_t outside) const {
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

  /// Slots of what lies outside: how each moves with the block.
  void add_outside() {
    for (std::size_t o = 0; o < outside_.size(); ++o) {
      const std::int64_t bytes = element_bytes(outside_[o].operand);
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

  void set_rows(FusedGroup::External& external, std::size_t operand, std::int64_t bytes) {
    const auto& strides = merged_[operand];
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

  FusedGroup::External result_of(DraftId id) const {
    const std::int64_t bytes = element_bytes(id);
    FusedGroup::External external;
    if (is_full(id)) {
      external.row_bytes = group_.columns * bytes;
      external.column_bytes = bytes;
    } else if (!is_elementwise(id) && kind_of(id) == FusedOp::Kind::across) {
      external.column_bytes = bytes;
    } else if (is_elementwise(id) || kind_of(id) == FusedOp::Kind::row) {
      external.row_bytes = bytes;
    }
    return external;
  }
  // --- pairs: two ops of arithmetic in one loop ---

  struct Pair {
    DraftId first, second;
    std::size_t use;  ///< which operand of the second the first's value is
  };

  bool is_arithmetic(DraftId id) const {
    const DraftNode& node = draft_.nodes[id];
    return node.op->traits.arithmetic != Arithmetic::none && is_full(id) &&
           (number_of(id) == DType::float32 || number_of(id) == DType::float64);
  }

  /// How often members read a value.
  std::size_t reads_of(DraftId memory) const {
    std::size_t reads = 0;
    for (const DraftId id : members_) {
      for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
        reads += draft_.memory_of(operand) == memory ? 1U : 0U;
      }
    }
    return reads;
  }

  /// Whether a result between two members is written over what the first of them reads.
  bool is_overwritten_between(DraftId first, DraftId second) const {
    for (const DraftId operand : draft_.operands_of(draft_.nodes[first])) {
      const Place& read = placement_.places[draft_.memory_of(operand)];
      for (const DraftId between : stored_) {
        const Place& written = placement_.places[between];
        if (between > first && between < second && written.kind == read.kind &&
            written.at == read.at) {
          return true;
        }
      }
    }
    return false;
  }

  void find_pairs() {
    for (const DraftId second : members_) {
      if (!is_arithmetic(second)) continue;
      const auto operands = draft_.operands_of(draft_.nodes[second]);
      for (std::size_t use = operands.size(); use-- > 0;) {
        const DraftId first = operands[use];
        if (!is_member(first) || placement_.stored[first] || !is_arithmetic(first) ||
            number_of(first) != number_of(second) || is_second(first) || reads_of(first) != 1 ||
            is_overwritten_between(first, second)) {
          continue;
        }
        pairs_.push_back({first, second, use});
        break;
      }
    }
  }

  bool leads_a_pair(DraftId id) const {
    return std::any_of(pairs_.begin(), pairs_.end(), [&](const Pair& p) { return p.first == id; });
  }
  bool is_second(DraftId id) const { return pair_of(id) != nullptr; }
  const Pair* pair_of(DraftId second) const {
    for (const Pair& pair : pairs_) {
      if (pair.second == second) return &pair;
    }
    return nullptr;
  }

  void add_pair(const Pair& pair) {
    const DraftNode &first = draft_.nodes[pair.first], &second = draft_.nodes[pair.second];
    const auto ab = draft_.operands_of(first);
    const DraftId operands[] = {ab[0], ab[1], draft_.operands_of(second)[1 - pair.use]};
    FusedOp op;
    op.op = second.op;
    op.first = first.op;
    op.arity = 3;
    for (std::size_t k = 0; k < 3; ++k) op.in[k] = operand_of(operands[k], false);
    op.out = out_of(pair.second);
    set_kind(op);
    op.loop = arithmetic_pair_loop(
        first.op->traits.arithmetic, second.op->traits.arithmetic, pair.use == 1,
        number_of(pair.second),
        repeated_in(op, [](const FusedOperand& in) { return in.column_bytes == 0; }), draft_.simd);
    flops_ += 2 * static_cast<double>(draft_.type_of(second).size());
    group_.ops.push_back(op);
    for (const DraftId operand : operands) note_use(draft_.memory_of(operand));
  }

  // --- ops ---

  void add_op(DraftId id) {
    if (const Pair* pair = pair_of(id)) return add_pair(*pair);
    const DraftNode& node = draft_.nodes[id];
    const auto operands = draft_.operands_of(node);
    FusedOp op;
    op.op = node.op;
    op.arity = static_cast<std::uint8_t>(operands.size());
    for (std::size_t k = 0; k < operands.size(); ++k)
      op.in[k] = operand_of(operands[k], is_column(id));
    op.out = out_of(id);
    const DType number = number_of(draft_.type_of(node).dtype == DType::boolean ? operands[0] : id);
    if (node.op->traits.elementwise) {
      if (is_full(id)) {
        set_full(op, node, number);
      } else {
        op.kind = FusedOp::Kind::column;
        op.loop = loop_of(
            node, number, [&](const FusedOperand& in) { return in.row_bytes == 0; }, op);
      }
      std::memcpy(op.attribute.data(), draft_.attribute_of(node), node.op->attribute_bytes);
      flops_ += static_cast<double>(draft_.type_of(node).size());
    } else {
      op.kind = kind_of(id);
      const auto elements = draft_.type_of(draft_.nodes[operands[0]]).size();
      if (op.kind == FusedOp::Kind::row) {
        op.row_loop = node.op->row_loop(number_of(operands[0]), draft_.simd);
      } else {
        op.fold = node.op->fold_loops(number_of(operands[0]), draft_.simd);
        group_.element_bytes = static_cast<std::size_t>(element_bytes(operands[0]));
        if (node.op->traits.mean) {
          op.count =
              static_cast<double>(elements) / static_cast<double>(draft_.type_of(node).size());
        }
      }
      flops_ += static_cast<double>(elements);
    }
    group_.ops.push_back(op);
    for (const DraftId operand : operands) note_use(draft_.memory_of(operand));
  }

  void set_full(FusedOp& op, const DraftNode& node, DType number) {
    set_kind(op);
    op.loop = loop_of(
        node, number, [](const FusedOperand& in) { return in.column_bytes == 0; }, op);
  }

  /// Whether an elementwise op takes its block in one call or row by row.
  void set_kind(FusedOp& op) {
    const bool one_row = group_.block_rows == 1;
    const auto contiguous = [&](const FusedOperand& x, std::int64_t bytes) {
      if (one_row) return true;
      if (x.column_bytes == 0) return x.row_bytes == 0 && !irregular(x);
      return x.row_bytes == group_.block_columns * bytes && !irregular(x);
    };
    bool flat = contiguous(op.out, op.out.column_bytes);
    for (std::size_t k = 0; k < op.arity; ++k) {
      flat = flat && contiguous(op.in[k], op.in[k].column_bytes);
    }
    op.kind = flat ? FusedOp::Kind::flat : FusedOp::Kind::by_rows;
  }
  /// Whether the rows of a block do not lie at equal distances.
  bool irregular(const FusedOperand& x) const {
    if (x.slot >= group_.externals.size() || group_.externals[x.slot].axes.empty()) return false;
    const std::int64_t period = x.slot < outside_.size() ? period_of(x.slot) : 0;
    return period == 0 || period % group_.block_rows != 0;
  }

  template <class IsNumber>
  static unsigned repeated_in(const FusedOp& op, IsNumber&& is_number) {
    unsigned repeated = 0;
    for (std::size_t k = 0; k < op.arity; ++k) {
      if (is_number(op.in[k])) repeated |= 1U << k;
    }
    return repeated;
  }
  template <class IsNumber>
  ElementLoop loop_of(const DraftNode& node, DType number, IsNumber&& is_number,
                      const FusedOp& op) {
    return node.op->element_loop(number, repeated_in(op, is_number), false, draft_.simd);
  }

  FusedOperand operand_of(DraftId operand, bool in_column) {
    const DraftId memory = draft_.memory_of(operand);
    if (is_member(memory)) return slot_of(memory);
    const Outside outside{operand, in_column && shape_of(operand).size() > 1};
    const auto at = static_cast<std::size_t>(std::find(outside_.begin(), outside_.end(), outside) -
                                             outside_.begin());
    const auto& external = group_.externals[at];
    return {static_cast<std::uint16_t>(at), external.row_bytes, external.column_bytes};
  }

  FusedOperand slot_of(DraftId member) {
    for (std::size_t s = 0; s < stored_.size(); ++s) {
      if (stored_[s] != member) continue;
      const auto& external = group_.externals[outside_.size() + s];
      return {static_cast<std::uint16_t>(outside_.size() + s), external.row_bytes,
              external.column_bytes};
    }
    for (const Scratch& piece : pieces_) {
      if (piece.member == member) return piece.operand;
    }
    return {};
  }

  // --- scratch memory: values that stay inside ---

  struct Scratch {
    DraftId member;
    FusedOperand operand;
    std::size_t bytes, made, last_use;
  };

  FusedOperand out_of(DraftId id) {
    if (placement_.stored[id]) return slot_of(id);
    const std::int64_t bytes = element_bytes(id);
    FusedOperand operand;
    operand.slot = static_cast<std::uint16_t>(group_.externals.size() + pieces_.size());
    std::int64_t elements = group_.block_rows;
    if (is_full(id)) {
      operand.row_bytes = group_.block_columns * bytes;
      operand.column_bytes = bytes;
      elements *= group_.block_columns;
    } else {
      operand.row_bytes = bytes;
    }
    const auto whole_lines = static_cast<std::size_t>((elements * bytes + 63) / 64 * 64);
    pieces_.push_back({id, operand, whole_lines, group_.ops.size(), group_.ops.size()});
    return operand;
  }

  void note_use(DraftId member) {
    for (Scratch& piece : pieces_) {
      if (piece.member == member) piece.last_use = group_.ops.size() - 1;
    }
  }

  void lay_out_scratch() {
    std::size_t top = 0;
    // Accumulators of columns live as long as a panel of rows.
    for (FusedOp& op : group_.ops) {
      if (op.kind != FusedOp::Kind::across) continue;
      op.accumulators = top;
      top += ArenaPacker::rounded(static_cast<std::size_t>(group_.block_columns) *
                                  FoldLoops::accumulator_bytes);
    }
    ArenaPacker packer;
    group_.scratch.resize(pieces_.size());
    for (std::size_t o = 0; o < group_.ops.size(); ++o) {
      for (std::size_t p = 0; p < pieces_.size(); ++p) {
        if (pieces_[p].made == o) group_.scratch[p] = top + packer.take(pieces_[p].bytes);
      }
      for (std::size_t p = 0; p < pieces_.size(); ++p) {
        if (pieces_[p].last_use == o) packer.give_back(group_.scratch[p] - top, pieces_[p].bytes);
      }
    }
    group_.scratch_bytes = top + packer.size();
  }

  /// Results that are too many for the caches go past them, where a block's lie side by side: they
  /// are formed in scratch memory and copied out.
  void stream_results() {
    if (group_.block_rows > 1 && group_.block_columns < group_.columns) return;
    const auto is_result = [&](const FusedOp& op) {
      const bool all = op.kind == FusedOp::Kind::flat || op.kind == FusedOp::Kind::by_rows ||
                       op.kind == FusedOp::Kind::row;
      return all && op.out.column_bytes != 0 && op.out.slot >= outside_.size() &&
             op.out.slot < group_.externals.size();
    };
    const auto block_of = [&](const FusedOp& op) {
      return ArenaPacker::rounded(
          static_cast<std::size_t>(group_.block_rows * group_.block_columns * op.out.column_bytes));
    };
    std::size_t bytes = 0, scratch = group_.scratch_bytes;
    for (const FusedOp& op : group_.ops) {
      if (!is_result(op)) continue;
      bytes += static_cast<std::size_t>(group_.rows * group_.columns * op.out.column_bytes);
      scratch += block_of(op);
    }
    if (bytes < streamed_from || scratch > FusedGroup::max_scratch_bytes) return;
    group_.stream = stream_copy(draft_.simd);
    for (FusedOp& op : group_.ops) {
      if (!is_result(op)) continue;
      op.streamed = true;
      group_.streamed.push_back({op.out.slot, group_.scratch_bytes});
      group_.scratch_bytes += block_of(op);
    }
  }

  const Draft& draft_;
  std::span<const DraftId> members_;
  const Units::Unit& unit_;
  const Units& units_;
  const Placement& placement_;
  std::int64_t block_elements_;
  FusedGroup group_;
  std::vector<Outside> outside_;
  std::vector<DraftId> stored_;
  std::vector<Strides> walk_, merged_;
  std::array<std::int64_t, Shape::max_rank> sizes_{};
  std::size_t last_ = 0, outer_ = 0;
  std::vector<Scratch> pieces_;
  std::vector<Pair> pairs_;
  double flops_ = 0;
};

}  // namespace

BuiltStep build_fused(const Draft& draft, const Units& units, const Units::Unit& unit,
                      const Placement& placement) {
  for (std::int64_t block = largest_block;; block /= 2) {
    BuiltStep step = FusedBuilder(draft, units, unit, placement, block).run();
    if (step.fused->scratch_bytes > cache_bytes && block > smallest_block) continue;
    const FusedGroup& group = *step.fused;
    if (group.scratch_bytes > FusedGroup::max_scratch_bytes ||
        group.externals.size() + group.scratch.size() > FusedGroup::max_slots) {
      throw Error("[compile] a fused group of " + std::to_string(group.ops.size()) +
                  " ops does not fit into its memory: compile with {.fuse = false}, and report it");
    }
    return step;
  }
}

}  // namespace tapewise::passes
