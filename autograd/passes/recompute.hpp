#pragma once
#include <optional>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

/// Whether `recompute` has something to do even without a limit: the tape has checkpoints.
bool has_checkpoints(const Draft& draft);

/// A draft in which values are computed again instead of kept.
struct Recomputed {
  Draft draft;
  double extra_flops = 0;
};

/// Recomputation: the draft's nodes in the order of a run in which at most `limit` bytes of values
/// (beside outputs) are alive at once. Where a run would need more, it gives up the value that is
/// cheapest to have again for its bytes and the time until it is read, and computes it again, from
/// what is left, when it is read. With `checkpoints`, what those give up is given up in any case.
/// Nothing when a single op needs more than the limit.
///
/// After Kirisame et al., Dynamic Tensor Rematerialization (2021), but while planning, when the
/// next reader of every value is known.
std::optional<Recomputed> recompute(const Draft& draft, std::size_t limit, bool checkpoints);

/// The most bytes that are alive at once in the draft's own order, and the most that one op needs:
/// between them lie the limits that make a difference.
struct LimitRange {
  std::size_t least, most;
};
LimitRange limit_range(const Draft& draft);

}  // namespace tapewise::passes
