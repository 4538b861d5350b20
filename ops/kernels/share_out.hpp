#pragma once
#include <algorithm>
#include <cstdint>
#include <tapewise/autograd/threads.hpp>

namespace tapewise::kernels {

/// Calls `some(part, begin, end)` for parts of n things, each on a thread of its own as far as
/// `work`, the number of elements looked at in all, is worth it. `some` must not throw. Returns the
/// number of parts, at most threads::max_parts.
template <class F>
int share_out(std::int64_t n, std::int64_t work, F&& some) {
  constexpr std::int64_t work_of_a_part = 32 << 10;
  const std::int64_t most = std::min<std::int64_t>({n, num_threads(), threads::max_parts});
  const int parts =
      static_cast<int>(std::max<std::int64_t>(std::min(most, work / work_of_a_part), 1));
  if (parts == 1) {
    some(0, std::int64_t{0}, n);
  } else {
    threads::for_parts(parts, [&](int part) {
      some(part, std::int64_t{threads::part_begin(n, 1, part, parts)},
           std::int64_t{threads::part_begin(n, 1, part + 1, parts)});
    });
  }
  return parts;
}

}  // namespace tapewise::kernels
