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
  constexpr int pieces = 32;
  constexpr std::int64_t work_of_a_part = 16 << 10;
  const int parts = static_cast<int>(
      std::clamp<std::int64_t>(work / work_of_a_part, 1, std::min(pieces, num_threads())));
  using Total = std::conditional_t<std::is_same_v<T, float>, double, T>;
  Total sums[pieces] = {};
  threads::for_parts(parts, [&](int part) {
    for (int piece = pieces * part / parts; piece < pieces * (part + 1) / parts; ++piece) {
      const std::int64_t end = p.n * (piece + 1) / pieces;
      for (std::int64_t i = p.n * piece / pieces; i < end; ++i) {
        if (p.reduce)
          sums[piece] += Total(loss(i));
        else
          out[i] = loss(i) * scale;
      }
    }
  });
  if (!p.reduce) return;
  Total sum(0);
  for (const Total& piece : sums) sum += piece;
  out[0] = T(sum * Total(p.scale));
}

}  // namespace tapewise::ops
