#pragma once
#include <cstdint>
#include <tapewise/ops/kernels/simd.hpp>
#include <utility>

namespace tapewise::kernels {

/// out[i] = slots[from[i]]. A batch is put together in registers and stored at once: a wide load
/// from where narrow stores have just gone would wait until they have reached the cache.
inline void gather(const std::uint64_t* slots, const std::uint32_t* from, std::uint32_t count,
                   std::uint64_t* out) {
  constexpr std::uint32_t width = BatchLanes::width<double>;
  using Batch [[gnu::vector_size(width * sizeof(std::uint64_t))]] = std::uint64_t;
  std::uint32_t i = 0;
  for (; i + width <= count; i += width) {
    const Batch batch = [&]<std::uint32_t... k>(std::integer_sequence<std::uint32_t, k...>) {
      return Batch{slots[from[i + k]]...};
    }
    (std::make_integer_sequence<std::uint32_t, width>());
    std::memcpy(out + i, &batch, sizeof batch);
  }
  for (; i < count; ++i) out[i] = slots[from[i]];
}

}  // namespace tapewise::kernels
