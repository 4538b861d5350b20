#pragma once
// Private to the files of losses.
#include <algorithm>
#include <tapewise/autograd/op.hpp>
#include <tapewise/autograd/threads.hpp>
#include <tapewise/ops/loss.hpp>
#include <tapewise/ops/math.hpp>
#include <type_traits>

namespace tapewise::ops {

/// Writes the losses of n examples, or their scaled sum. `work` is the number of elements behind
/// all of them: enough of it is shared out over the threads. The sums are taken in pieces that do
/// not depend on the number of threads.
template <class T, class Loss>
void reduce_losses(const KernelCall& call, std::int64_t work, Loss&& loss) {
  const auto& p = call.params<LossRule::Params>();
  const T scale = math::number<T>(p.scale);
  T* out = call.out<T>();
  using Total = std::conditional_t<std::is_same_v<T, float>, double, T>;
  const auto sum_of = [&](std::int64_t begin, std::int64_t end) {
    Total sum(0);
    for (std::int64_t i = begin; i < end; ++i) {
      if (p.reduce)
        sum += Total(loss(i));
      else
        out[i] = loss(i) * scale;
    }
    return sum;
  };
  constexpr int pieces = 32;
  constexpr std::int64_t work_of_a_part = 16 << 10, work_in_one_piece = 256;
  if (work < work_in_one_piece) {
    const Total sum = sum_of(0, p.n);
    if (p.reduce) out[0] = T(sum * Total(p.scale));
    return;
  }
  const int parts = static_cast<int>(
      std::clamp<std::int64_t>(work / work_of_a_part, 1, std::min(pieces, num_threads())));
  Total sums[pieces] = {};
  threads::for_parts(parts, [&](int part) {
    for (int piece = pieces * part / parts; piece < pieces * (part + 1) / parts; ++piece) {
      sums[piece] = sum_of(p.n * piece / pieces, p.n * (piece + 1) / pieces);
    }
  });
  if (!p.reduce) return;
  Total sum(0);
  for (const Total& piece : sums) sum += piece;
  out[0] = T(sum * Total(p.scale));
}

}  // namespace tapewise::ops
