#include <tapewise/autograd/fused.hpp>

#include <algorithm>
#include <numeric>
#include <optional>
#include <tapewise/autograd/threads.hpp>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

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

/// Some of a group's rows and columns, in whole blocks.
struct Region {
  std::int64_t row, row_end, column, column_end;
};

/// Rows of a product, made panel by panel as far as they are about to be read.
class Feed {
 public:
  /// Those that a region of the group reads; no other region reads them.
  Feed(const Panels& panels, const KernelCall& call, const Region& region)
      : panels_(panels), call_(call) {
    const std::int64_t width = panels.group->columns;
    made_ = (region.row * width + region.column) / panels.columns;
    end_ = ((region.row_end - 1) * width + region.column_end) / panels.columns;
  }

  void reach(std::int64_t element) {
    while (made_ < end_ && made_ * panels_.columns < element) {
      const std::int64_t rows = std::min(panels_.at_once, end_ - made_);
      panels_.product.run_rows(call_, made_, rows);
      made_ += rows;
    }
  }

 private:
  const Panels& panels_;
  const KernelCall& call_;
  std::int64_t made_, end_;
};

/// The state of one thread that runs blocks of a group.
class BlockRunner {
 public:
  BlockRunner(const FusedGroup& group, const void* const* outside, Feed* feed = nullptr)
      : group_(group), feed_(feed) {
    const bool fetches = has_next_block(0);
    for (std::size_t e = 0; e < group.externals.size(); ++e) {
      base_[e] = static_cast<std::byte*>(const_cast<void*>(outside[e]));
      block_bytes_[e] = group.block_columns * group.externals[e].column_bytes;
      if (!fetches || block_bytes_[e] == 0 || goes_past_caches(e)) continue;
      // What is computed in place is fetched once.
      if (std::find(base_, base_ + e, base_[e]) == base_ + e) stream_[streams_++] = e;
    }
    for (std::size_t s = 0; s < group.scratch.size(); ++s) {
      slot_[group.externals.size() + s] = scratch_ + group.scratch[s];
    }
  }
  ~BlockRunner() {
#if defined(__SSE2__)
    if (group_.goes_past_caches()) _mm_sfence();  // before others are told that we are ready
#endif
  }

  void run(const Region& region) {
    if (group_.folds_across) {
      for (std::int64_t c = region.column; c < region.column_end; c += group_.block_columns) {
        run_panel(region, c);
        finish_panel(c, scratch_);
      }
      return;
    }
    run_blocks(region);
    if (!group_.folds_total) return;
    std::byte sums[FusedGroup::max_totals * FoldLoops::accumulator_bytes];
    totals_to(sums);
    finish_totals(sums);
  }

  /// As `run`, but sums go to `sums`: they are a part of the whole.
  void run_part(const Region& region, std::byte* sums) {
    if (group_.folds_across) {
      run_panel(region, 0);
      std::memcpy(sums, scratch_, group_.sums_bytes());
    } else {
      run_blocks(region);
      totals_to(sums);
    }
  }

  void finish(const std::byte* sums) {
    if (group_.folds_across)
      finish_panel(0, sums);
    else
      finish_totals(sums);
  }

 private:
  void run_blocks(const Region& region) {
    for (std::int64_t r = region.row; r < region.row_end; r += group_.block_rows) {
      go_to(r, region.column);
      for (std::int64_t c = region.column; c < region.column_end; c += group_.block_columns) {
        block(r, c, region.row_end);
        advance();
      }
    }
  }

  /// All rows of some columns, whose sums are formed on the way.
  void run_panel(const Region& region, std::int64_t column) {
    std::memset(scratch_, 0, group_.sums_bytes());
    for (std::int64_t r = region.row; r < region.row_end; r += group_.block_rows) {
      go_to(r, column);
      block(r, column, region.row_end);
    }
  }

  void finish_panel(std::int64_t column, const std::byte* sums) {
    const std::int64_t width = std::min(group_.block_columns, group_.columns - column);
    for (const FusedOp& op : group_.ops) {
      if (op.kind != FusedOp::Kind::across) continue;
      op.fold.finish(base_[op.out.slot] + column * op.out.column_bytes, sums + op.accumulators,
                     width, op.count);
    }
  }

  void totals_to(std::byte* sums) {
    std::size_t total = 0;
    for (const FusedOp& op : group_.ops) {
      if (op.kind != FusedOp::Kind::total) continue;
      TotalFold& fold = totals_[total];
      fold.flush(op.fold);
      std::memcpy(sums + FoldLoops::accumulator_bytes * total++, fold.accumulator,
                  FoldLoops::accumulator_bytes);
    }
  }

  void finish_totals(const std::byte* sums) {
    for (const FusedOp& op : group_.ops) {
      if (op.kind != FusedOp::Kind::total) continue;
      op.fold.finish(base_[op.out.slot], sums, 1, op.count);
      sums += FoldLoops::accumulator_bytes;
    }
  }

  void go_to(std::int64_t row, std::int64_t column) {
    for (std::size_t e = 0; e < group_.externals.size(); ++e) {
      slot_[e] = base_[e] + group_.externals[e].offset(row, column);
    }
    for (const FusedGroup::Streamed& s : group_.streamed) slot_[s.external] = scratch_ + s.scratch;
  }
  /// To the next block of the same rows.
  void advance() {
    for (std::size_t e = 0; e < group_.externals.size(); ++e) slot_[e] += block_bytes_[e];
    for (const FusedGroup::Streamed& s : group_.streamed) slot_[s.external] = scratch_ + s.scratch;
  }
  /// Whether a whole block of the same rows follows the one at this column.
  bool has_next_block(std::int64_t column) const {
    return column + 2 * group_.block_columns <= group_.columns;
  }
  bool goes_past_caches(std::size_t external) const {
    return std::find(group_.past.begin(), group_.past.end(), external) != group_.past.end() ||
           std::any_of(group_.streamed.begin(), group_.streamed.end(),
                       [=](const FusedGroup::Streamed& s) { return s.external == external; });
  }

  /// Every op of the group, on one block.
  void block(std::int64_t row, std::int64_t column, std::int64_t row_end) {
    const std::int64_t rows = std::min(group_.block_rows, row_end - row);
    const std::int64_t width = std::min(group_.block_columns, group_.columns - column);
    const auto elements = static_cast<std::size_t>((rows - 1) * group_.block_columns + width);
    if (feed_ != nullptr) feed_->reach((row + rows - 1) * group_.columns + column + width);
    // The memory of the next block is fetched while this one is computed, a stream with each op.
    std::size_t stream = has_next_block(column) ? 0 : streams_;
    std::size_t total = 0;
    for (const FusedOp& op : group_.ops) {
      if (stream < streams_) prefetch(stream_[stream++]);
      const void* in[] = {slot_[op.in[0].slot], slot_[op.in[1].slot], slot_[op.in[2].slot]};
      if (op.kind == FusedOp::Kind::flat) {
        op.loop(slot_[op.out.slot], in, elements, op.attribute.data());
      } else {
        run_other(op, in, row, rows, width, total);
      }
      if (op.streamed) {
        const auto& external = group_.externals[op.out.slot];
        group_.stream(base_[op.out.slot] + external.offset(row, column), slot_[op.out.slot],
                      elements * static_cast<std::size_t>(external.column_bytes));
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

  const FusedGroup& group_;
  Feed* feed_;  ///< null: all operands are there
  std::byte* base_[FusedGroup::max_slots];
  std::byte* slot_[FusedGroup::max_slots];
  std::int64_t block_bytes_[FusedGroup::max_slots];
  std::size_t stream_[FusedGroup::max_slots];  // the externals that move with the block
  std::size_t streams_ = 0;
  TotalFold totals_[FusedGroup::max_totals];
  alignas(64) std::byte scratch_[FusedGroup::max_scratch_bytes];
};

/// How a group is shared out: along rows or columns, in multiples of `unit`.
struct Division {
  bool by_rows;
  std::int64_t unit;
  int parts;
  bool joins_sums;  ///< the parts' sums are parts of the same sums

  /// Of columns, parts are multiples of `whole`.
  explicit Division(const FusedGroup& g, std::int64_t whole = 1)
      : by_rows(false), unit(g.block_columns), parts(1) {
    const std::int64_t row_blocks = g.rows / g.block_rows, panels = g.columns / g.block_columns;
    by_rows = g.acts_on_rows || (g.folds_across ? panels < 2 : row_blocks >= panels);
    unit = by_rows ? g.block_rows : std::lcm(g.block_columns, whole);
    // Sums are formed in blocks of a fixed size, counted from the first element.
    const std::int64_t elements = by_rows ? g.block_rows * g.columns : g.block_columns;
    if (g.folds_total) unit *= fold_block_size / std::gcd(fold_block_size, elements);
    joins_sums = g.folds_total || (g.folds_across && by_rows);
    if (g.folds_total && !by_rows && g.rows > 1) return;
    const std::int64_t units = (by_rows ? g.rows : g.columns) / unit;
    parts = static_cast<int>(std::clamp<std::int64_t>(units, 1, num_threads()));
    if (joins_sums) {
      const auto fit = max_sums_bytes / std::max<std::size_t>(g.sums_bytes(), 1);
      parts = std::clamp(static_cast<int>(fit), 1, parts);
    }
  }
  Region region(const FusedGroup& g, int part) const {
    const std::int64_t n = by_rows ? g.rows : g.columns;
    const std::int64_t begin = threads::part_begin(n, unit, part, parts);
    const std::int64_t end = threads::part_begin(n, unit, part + 1, parts);
    return by_rows ? Region{begin, end, 0, g.columns} : Region{0, g.rows, begin, end};
  }
  static constexpr std::size_t max_sums_bytes = 32U << 10U;
};

void run_divided(const FusedGroup& group, const void* const* outside, const Division& division,
                 const Panels* panels = nullptr, const KernelCall* product = nullptr) {
  alignas(64) std::byte sums[Division::max_sums_bytes];
  const std::size_t sums_bytes = group.sums_bytes();
  threads::for_parts(division.parts, [&](int part) {
    const Region region = division.region(group, part);
    std::optional<Feed> feed;
    if (panels != nullptr) feed.emplace(*panels, *product, region);
    BlockRunner runner(group, outside, feed ? &*feed : nullptr);
    if (division.joins_sums)
      runner.run_part(region, sums + sums_bytes * static_cast<std::size_t>(part));
    else
      runner.run(region);
  });
  if (!division.joins_sums) return;
  std::size_t total = 0;
  for (const FusedOp& op : group.ops) {
    const bool across = op.kind == FusedOp::Kind::across;
    if (!across && op.kind != FusedOp::Kind::total) continue;
    const std::size_t at = across ? op.accumulators : FoldLoops::accumulator_bytes * total++;
    for (int part = 1; part < division.parts; ++part) {
      op.fold.merge(sums + at, sums + sums_bytes * static_cast<std::size_t>(part) + at,
                    across ? group.columns : 1);
    }
  }
  BlockRunner(group, outside).finish(sums);
}

}  // namespace

std::size_t FusedGroup::sums_bytes() const {
  std::size_t bytes = 0;
  for (const FusedOp& op : ops) {
    if (op.kind == FusedOp::Kind::total) bytes += FoldLoops::accumulator_bytes;
    if (op.kind == FusedOp::Kind::across) {
      bytes =
          op.accumulators + static_cast<std::size_t>(block_columns) * FoldLoops::accumulator_bytes;
    }
  }
  return bytes;
}

void run_fused(const KernelCall& call) {
  const auto& group = *call.params<const FusedGroup*>();
  if (group.large && num_threads() > 1) {
    const Division division(group);
    if (division.parts > 1) return run_divided(group, call.in_data, division);
  }
  BlockRunner(group, call.in_data).run({0, group.rows, 0, group.columns});
}

void run_panels(const KernelCall& call) {
  const auto& panels = *call.params<const Panels*>();
  const FusedGroup& group = *panels.group;
  const KernelCall product{call.out_data, call.in_data, panels.product.params};
  const void* const* outside = call.in_data + panels.operands;
  if (num_threads() == 1) {
    const Region all = {0, group.rows, 0, group.columns};
    Feed feed(panels, product, all);
    return BlockRunner(group, outside, &feed).run(all);
  }
  // Each thread makes the rows that it reads; where threads share rows, the product comes first.
  const bool one_row = group.rows == 1;
  const Division division(group, one_row ? panels.columns : 1);
  const bool apart =
      division.by_rows ? division.unit * group.columns % panels.columns == 0 : one_row;
  if (group.large && division.parts > 1 && apart) {
    return run_divided(group, outside, division, &panels, &product);
  }
  panels.product.run(product);
  const FusedGroup* alone = &group;
  run_fused({nullptr, outside, &alone});
}

}  // namespace tapewise
