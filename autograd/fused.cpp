#include <tapewise/autograd/fused.hpp>

#include <algorithm>

namespace tapewise {

std::int64_t FusedGroup::External::offset(std::int64_t row, std::int64_t column) const {
  std::int64_t bytes = column * column_bytes;
  if (axes.empty()) return bytes + row * row_bytes;
  for (std::size_t a = axes.size(); a-- > 0;) {
    bytes += row % axes[a].size * axes[a].bytes;
    row /= axes[a].size;
  }
  return bytes;
}

namespace {

/// Elements on their way into one number, gathered into blocks of the size in which sums are
/// formed.
struct TotalFold {
  alignas(16) std::byte accumulator[FoldLoops::accumulator_bytes] = {};
  alignas(64) std::byte waiting[fold_block_size * 16];
  std::int64_t count = 0;

  void add(const FoldLoops& fold, const std::byte* x, std::int64_t n, std::size_t element_bytes) {
    const auto bytes = static_cast<std::int64_t>(element_bytes);
    while (n > 0) {
      if (count == 0 && n >= fold_block_size) {
        fold.block(accumulator, x, fold_block_size);
        x += fold_block_size * bytes;
        n -= fold_block_size;
        continue;
      }
      const std::int64_t part = std::min(n, fold_block_size - count);
      std::memcpy(waiting + count * bytes, x, static_cast<std::size_t>(part * bytes));
      count += part;
      x += part * bytes;
      n -= part;
      if (count == fold_block_size) flush(fold);
    }
  }
  void flush(const FoldLoops& fold) {
    if (count > 0) fold.block(accumulator, waiting, count);
    count = 0;
  }
};

/// The state of one thread that runs blocks of a group.
class BlockRunner {
 public:
  BlockRunner(const FusedGroup& group, const void* const* outside) : group_(group) {
    for (std::size_t e = 0; e < group.externals.size(); ++e) {
      base_[e] = static_cast<std::byte*>(const_cast<void*>(outside[e]));
      block_bytes_[e] = group.block_columns * group.externals[e].column_bytes;
      if (block_bytes_[e] != 0) stream_[streams_++] = e;
    }
    for (std::size_t s = 0; s < group.scratch.size(); ++s) {
      slot_[group.externals.size() + s] = scratch_ + group.scratch[s];
    }
  }

  void run_all() {
    if (group_.folds_across) {
      for (std::int64_t c = 0; c < group_.columns; c += group_.block_columns) run_panel(c);
      return;
    }
    for (std::int64_t r = 0; r < group_.rows; r += group_.block_rows) {
      go_to(r, 0);
      for (std::int64_t c = 0; c < group_.columns; c += group_.block_columns) {
        block(r, c);
        advance();
      }
    }
    if (group_.folds_total) finish_totals();
  }

 private:
  /// All rows of some columns, whose sums are formed on the way.
  void run_panel(std::int64_t column) {
    for (const FusedOp& op : group_.ops) {
      if (op.kind != FusedOp::Kind::across) continue;
      std::memset(scratch_ + op.accumulators, 0,
                  static_cast<std::size_t>(group_.block_columns) * FoldLoops::accumulator_bytes);
    }
    for (std::int64_t r = 0; r < group_.rows; r += group_.block_rows) {
      go_to(r, column);
      block(r, column);
    }
    const std::int64_t width = std::min(group_.block_columns, group_.columns - column);
    for (const FusedOp& op : group_.ops) {
      if (op.kind != FusedOp::Kind::across) continue;
      op.fold.finish(base_[op.out.slot] + column * op.out.column_bytes, scratch_ + op.accumulators,
                     width, op.count);
    }
  }

  void finish_totals() {
    std::size_t total = 0;
    for (const FusedOp& op : group_.ops) {
      if (op.kind != FusedOp::Kind::total) continue;
      TotalFold& fold = totals_[total++];
      fold.flush(op.fold);
      op.fold.finish(base_[op.out.slot], fold.accumulator, 1, op.count);
    }
  }

  void go_to(std::int64_t row, std::int64_t column) {
    for (std::size_t e = 0; e < group_.externals.size(); ++e) {
      slot_[e] = base_[e] + group_.externals[e].offset(row, column);
    }
  }
  /// To the next block of the same rows.
  void advance() {
    for (std::size_t e = 0; e < group_.externals.size(); ++e) slot_[e] += block_bytes_[e];
  }

  /// Every op of the group, on one block.
  void block(std::int64_t row, std::int64_t column) {
    const std::int64_t rows = std::min(group_.block_rows, group_.rows - row);
    const std::int64_t width = std::min(group_.block_columns, group_.columns - column);
    const auto elements = static_cast<std::size_t>((rows - 1) * group_.block_columns + width);
    // The memory of the next block is fetched while this one is computed, a stream with each op.
    std::size_t stream = column + 2 * group_.block_columns <= group_.columns ? 0 : streams_;
    std::size_t total = 0;
    for (const FusedOp& op : group_.ops) {
      if (stream < streams_) prefetch(stream_[stream++]);
      const void* in[] = {slot_[op.in[0].slot], slot_[op.in[1].slot], slot_[op.in[2].slot]};
      if (op.kind == FusedOp::Kind::flat) {
        op.loop(slot_[op.out.slot], in, elements, op.attribute.data());
      } else {
        run_other(op, in, row, rows, width, total);
      }
    }
  }

  /// Everything but the usual case of contiguous elements.
  void run_other(const FusedOp& op, const void** in, std::int64_t row, std::int64_t rows,
                 std::int64_t width, std::size_t& total) {
    switch (op.kind) {
      case FusedOp::Kind::flat: break;
      case FusedOp::Kind::column:
        op.loop(slot_[op.out.slot], in, static_cast<std::size_t>(rows), op.attribute.data());
        break;
      case FusedOp::Kind::by_rows: by_rows(op, in, row, rows, width); break;
      case FusedOp::Kind::row: op.row_loop(slot_[op.out.slot], in[0], rows, width); break;
      case FusedOp::Kind::total:
        totals_[total++].add(op.fold, static_cast<const std::byte*>(in[0]), rows * width,
                             group_.element_bytes);
        break;
      case FusedOp::Kind::across:
        op.fold.rows(scratch_ + op.accumulators, in[0], rows,
                     op.in[0].row_bytes / op.in[0].column_bytes, width);
        break;
    }
  }

  void prefetch(std::size_t external) const {
    const std::byte* next = slot_[external] + block_bytes_[external];
    for (std::int64_t i = 0; i < block_bytes_[external]; i += 64)
      __builtin_prefetch(next + i, 0, 0);
  }

  void by_rows(const FusedOp& op, const void** in, std::int64_t first, std::int64_t rows,
               std::int64_t width) {
    auto* out = slot_[op.out.slot];
    for (std::int64_t r = 0; r < rows; ++r, out += op.out.row_bytes) {
      op.loop(out, in, static_cast<std::size_t>(width), op.attribute.data());
      for (std::size_t k = 0; k < op.arity; ++k) {
        const FusedOperand& operand = op.in[k];
        std::int64_t step = operand.row_bytes;
        if (operand.slot < group_.externals.size()) {
          const auto& external = group_.externals[operand.slot];
          if (!external.axes.empty()) {
            step = external.offset(first + r + 1, 0) - external.offset(first + r, 0);
          }
        }
        in[k] = static_cast<const std::byte*>(in[k]) + step;
      }
    }
  }

  static constexpr std::size_t max_totals = 4;

  const FusedGroup& group_;
  std::byte* base_[FusedGroup::max_slots];
  std::byte* slot_[FusedGroup::max_slots];
  std::int64_t block_bytes_[FusedGroup::max_slots];
  std::size_t stream_[FusedGroup::max_slots];  // the externals that move with the block
  std::size_t streams_ = 0;
  TotalFold totals_[max_totals];
  alignas(64) std::byte scratch_[FusedGroup::max_scratch_bytes];
};

}  // namespace

void run_fused(const KernelCall& call) {
  const auto* group = call.params<const FusedGroup*>();
  BlockRunner(*group, call.in_data).run_all();
}

}  // namespace tapewise
