#include <tapewise/autograd/passes/fused_scratch.hpp>

#include <tapewise/autograd/passes/arena.hpp>

namespace tapewise::passes {

namespace {

/// Results of so many bytes leave the caches before anybody reads them again: half of a last-level
/// cache of 32 MiB.
constexpr std::size_t streamed_from = 16U << 20U;

}  // namespace

FusedOperand FusedScratch::take(DraftId member) {
  const std::int64_t bytes = of_.element_bytes(member);
  FusedOperand operand;
  operand.slot = static_cast<std::uint16_t>(group_.externals.size() + pieces_.size());
  std::int64_t elements = group_.block_rows;
  if (of_.is_full(member)) {
    operand.row_bytes = group_.block_columns * bytes;
    operand.column_bytes = bytes;
    elements *= group_.block_columns;
  } else {
    operand.row_bytes = bytes;
  }
  const auto whole_lines = static_cast<std::size_t>((elements * bytes + 63) / 64 * 64);
  pieces_.push_back({member, operand, whole_lines, group_.ops.size(), group_.ops.size()});
  return operand;
}

FusedOperand FusedScratch::slot_of(DraftId member) const {
  for (const Piece& piece : pieces_) {
    if (piece.member == member) return piece.operand;
  }
  return {};
}

void FusedScratch::note_use(DraftId member) {
  for (Piece& piece : pieces_) {
    if (piece.member == member) piece.last_use = group_.ops.size() - 1;
  }
}

void FusedScratch::lay_out() {
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

void FusedScratch::stream_results(const FusedBlocks& blocks) {
  if (group_.block_rows > 1 && group_.block_columns < group_.columns) return;
  const auto is_streamed = [&](const FusedOp& op) {
    const bool all = op.kind == FusedOp::Kind::flat || op.kind == FusedOp::Kind::by_rows ||
                     op.kind == FusedOp::Kind::row;
    return all && op.out.column_bytes != 0 && blocks.is_result(op.out.slot);
  };
  const auto block_of = [&](const FusedOp& op) {
    return ArenaPacker::rounded(
        static_cast<std::size_t>(group_.block_rows * group_.block_columns * op.out.column_bytes));
  };
  std::size_t bytes = 0, scratch = group_.scratch_bytes;
  for (const FusedOp& op : group_.ops) {
    if (!is_streamed(op)) continue;
    bytes += static_cast<std::size_t>(group_.rows * group_.columns * op.out.column_bytes);
    scratch += block_of(op);
  }
  if (bytes < streamed_from || scratch > FusedGroup::max_scratch_bytes) return;
  group_.stream = stream_copy(of_.draft.simd);
  for (FusedOp& op : group_.ops) {
    if (!is_streamed(op)) continue;
    const std::int64_t row_bytes = group_.columns * op.out.column_bytes;
    const bool in_lines = group_.rows == 1 || row_bytes % 64 == 0;
    if (op.other_loop != nullptr && in_lines &&
        !of_.is_read_inside(blocks.member_of(op.out.slot))) {
      op.write_past(true);
      group_.past.push_back(op.out.slot);
      continue;
    }
    op.streamed = true;
    group_.streamed.push_back({op.out.slot, group_.scratch_bytes});
    group_.scratch_bytes += block_of(op);
  }
}

}  // namespace tapewise::passes
