#include <cstring>
#include <tapewise/autograd/passes/build.hpp>
#include <tapewise/autograd/passes/fused_blocks.hpp>
#include <tapewise/autograd/passes/fused_pairs.hpp>
#include <tapewise/autograd/passes/fused_scratch.hpp>

namespace tapewise::passes {

namespace {

/// Blocks are made smaller until what stays inside a group fits into the first cache.
constexpr std::int64_t largest_block = 256, smallest_block = 64;
constexpr std::size_t cache_bytes = 24U << 10U;
/// Element operations from which on several threads gain more than they cost (some 10 µs).
constexpr double large_group = 1 << 17;

/// Turns the members of a fused unit into the ops of a FusedGroup: each gets its loop, and a slot
/// for its result and each of its operands.
class FusedBuilder {
 public:
  FusedBuilder(const FusedUnit& unit, std::int64_t block_elements)
      : of_(unit), blocks_(unit, block_elements, group_), pairs_(unit), scratch_(unit, group_) {}

  BuiltStep run() {
    for (const DraftId id : of_.members) {
      if (pairs_.leads(id)) continue;
      if (const FusedPair* pair = pairs_.of(id)) {
        add_pair(*pair);
      } else {
        add_op(id);
      }
    }
    scratch_.lay_out();
    scratch_.stream_results(blocks_);
    group_.large = flops_ >= large_group;
    return {std::make_unique<FusedGroup>(std::move(group_)), blocks_.memory(), flops_};
  }

 private:
  void add_op(DraftId id) {
    const DraftNode& node = of_.node(id);
    const auto operands = of_.operands_of(id);
    FusedOp op;
    op.op = node.op;
    op.arity = static_cast<std::uint8_t>(operands.size());
    for (std::size_t k = 0; k < operands.size(); ++k) {
      op.in[k] = operand_of(operands[k], of_.is_column(id));
    }
    op.out = out_of(id);
    if (node.op->traits.elementwise) {
      set_elementwise(op, id);
    } else {
      set_folded(op, id);
    }
    add(op, operands);
  }

  void add_pair(const FusedPair& pair) {
    const DraftNode &first = of_.node(pair.first), &second = of_.node(pair.second);
    const auto ab = of_.operands_of(pair.first);
    const DraftId operands[] = {ab.front(), ab.back(), of_.operands_of(pair.second)[1 - pair.use]};
    FusedOp op;
    op.op = second.op;
    op.first = first.op;
    op.arity = 3;
    for (std::size_t k = 0; k < 3; ++k) op.in[k] = operand_of(operands[k], false);
    op.out = out_of(pair.second);
    set_kind(op);
    op.loop = arithmetic_pair_loop(first.op->traits.arithmetic, second.op->traits.arithmetic,
                                   pair.use == 1, of_.number_of(pair.second),
                                   repeated_in(op, repeated_along_rows), of_.draft.simd);
    flops_ += 2 * static_cast<double>(of_.draft.type_of(second).size());
    add(op, operands);
  }

  void add(const FusedOp& op, std::span<const DraftId> operands) {
    group_.ops.push_back(op);
    for (const DraftId operand : operands) scratch_.note_use(of_.draft.memory_of(operand));
  }

  void set_elementwise(FusedOp& op, DraftId id) {
    const DraftNode& node = of_.node(id);
    unsigned repeated = 0;
    if (of_.is_full(id)) {
      set_kind(op);
      repeated = repeated_in(op, repeated_along_rows);
    } else {
      op.kind = FusedOp::Kind::column;
      repeated = repeated_in(op, [](const FusedOperand& in) { return in.row_bytes == 0; });
    }
    // A comparison's loop is that of what it compares.
    const bool to_mask = of_.draft.type_of(node).dtype == DType::boolean;
    const DType number = of_.number_of(to_mask ? of_.operands_of(id)[0] : id);
    op.loop = node.op->element_loop(number, repeated, false, of_.draft.simd);
    if (op.arity == 2 && op.kind == FusedOp::Kind::flat) {
      op.other_loop =
          arithmetic_loop_past(node.op->traits.arithmetic, number, repeated, of_.draft.simd);
    }
    std::memcpy(op.attribute.data(), of_.draft.attribute_of(node), node.op->attribute_bytes);
    flops_ += static_cast<double>(of_.draft.type_of(node).size());
  }

  void set_folded(FusedOp& op, DraftId id) {
    const DraftNode& node = of_.node(id);
    const DraftId operand = of_.operands_of(id)[0];
    const auto elements = static_cast<double>(of_.shape_of(operand).size());
    op.kind = of_.kind_of(id);
    if (op.kind == FusedOp::Kind::row) {
      op.row_loop = node.op->row_loop(of_.number_of(operand), of_.draft.simd);
    } else {
      op.fold = node.op->fold_loops(of_.number_of(operand), of_.draft.simd);
      group_.element_bytes = static_cast<std::size_t>(of_.element_bytes(operand));
      if (node.op->traits.mean) op.count = elements / static_cast<double>(of_.shape_of(id).size());
    }
    flops_ += elements;
  }

  /// Whether an elementwise op takes its block in one call or row by row.
  void set_kind(FusedOp& op) {
    const bool one_row = group_.block_rows == 1;
    const auto contiguous = [&](const FusedOperand& x) {
      if (one_row) return true;
      if (x.column_bytes == 0) return x.row_bytes == 0 && !blocks_.is_irregular(x);
      return x.row_bytes == group_.block_columns * x.column_bytes && !blocks_.is_irregular(x);
    };
    bool flat = contiguous(op.out);
    for (std::size_t k = 0; k < op.arity; ++k) flat = flat && contiguous(op.in[k]);
    op.kind = flat ? FusedOp::Kind::flat : FusedOp::Kind::by_rows;
  }

  static bool repeated_along_rows(const FusedOperand& in) { return in.column_bytes == 0; }
  /// Bit k says that operand k is one number for a whole call of the loop.
  template <class IsNumber>
  static unsigned repeated_in(const FusedOp& op, IsNumber&& is_number) {
    unsigned repeated = 0;
    for (std::size_t k = 0; k < op.arity; ++k) {
      if (is_number(op.in[k])) repeated |= 1U << k;
    }
    return repeated;
  }

  FusedOperand operand_of(DraftId operand, bool in_column) const {
    const DraftId memory = of_.draft.memory_of(operand);
    if (!of_.is_member(memory)) return blocks_.operand(operand, in_column);
    return of_.is_stored(memory) ? blocks_.result(memory) : scratch_.slot_of(memory);
  }
  FusedOperand out_of(DraftId id) {
    return of_.is_stored(id) ? blocks_.result(id) : scratch_.take(id);
  }

  const FusedUnit& of_;
  FusedGroup group_;
  FusedBlocks blocks_;
  FusedPairs pairs_;
  FusedScratch scratch_;
  double flops_ = 0;
};

}  // namespace

BuiltStep build_fused(const Draft& draft, const Units& units, const Units::Unit& unit,
                      const Placement& placement) {
  const FusedUnit of{draft, units, unit, placement};
  for (std::int64_t block = largest_block;; block /= 2) {
    BuiltStep step = FusedBuilder(of, block).run();
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
