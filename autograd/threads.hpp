#pragma once

namespace tapewise {

/// How many threads a run may use, in the whole process: large groups of elementwise ops, large
/// matrix products and rows of large reductions are split over them; small work stays on the
/// calling thread. Unless set: the environment's TAPEWISE_NUM_THREADS, else OPENBLAS_NUM_THREADS,
/// else OMP_NUM_THREADS, else the processors this process may run on; at most 64. The environment
/// is read at the first use; `compile` is one. A TAPEWISE_NUM_THREADS that is no number from 1 on
/// is an Error then; the other two, which are not ours, are passed over where we cannot read them.
///
/// There is one pool. OpenBLAS is set to one thread the first time it is called, and its products
/// are split over the pool like everything else, so the two never compete (this holds for other
/// users of OpenBLAS in the process, too). Results are bit-identical from run to run for a given
/// number of threads. Programs that run at the same time in several threads do not wait for the
/// pool: whoever finds it taken works alone, in the same parts.
int num_threads();
/// More than 64 count as 64. Throws Error for n < 1. Waits for a run that is using the pool.
void set_num_threads(int n);

namespace threads {

inline constexpr int max_parts = 64;

/// Calls `work(context, part)` for each part in [0, parts), part 0 on the calling thread, and
/// returns when all are done. `work` must not throw. `parts` is at most max_parts.
void for_parts(int parts, void (*work)(void* context, int part), void* context);

template <class F>
void for_parts(int parts, F&& f) {
  for_parts(
      parts, [](void* context, int part) { (*static_cast<F*>(context))(part); }, &f);
}

/// Where a part of `n` things begins when they are shared out in whole units: part `parts` is n.
constexpr long part_begin(long n, long unit, int part, int parts) {
  const long units = (n + unit - 1) / unit;
  const long at = units * part / parts * unit;
  return at < n ? at : n;
}

}  // namespace threads

}  // namespace tapewise
