#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace tapewise::kernels {

/// Copies past the caches: memory is written without being read first, and what the caches hold
/// stays there. With the widest stores of the level, whole lines if it has them: the processor can
/// then go on while they wait for memory.
inline void stream(std::byte* to, const std::byte* from, std::size_t bytes) {
#if defined(__AVX512F__)
  using Lanes = __m512i;
#elif defined(__AVX__)
  using Lanes = __m256i;
#elif defined(__SSE2__)
  using Lanes = __m128i;
#endif
  std::size_t done = 0;
#if defined(__SSE2__)
  if (reinterpret_cast<std::uintptr_t>(to) % sizeof(Lanes) == 0) {
    for (; done + sizeof(Lanes) <= bytes; done += sizeof(Lanes)) {
      Lanes lanes;
      std::memcpy(&lanes, from + done, sizeof lanes);
      auto* line = reinterpret_cast<Lanes*>(to + done);
#if defined(__AVX512F__)
      _mm512_stream_si512(line, lanes);
#elif defined(__AVX__)
      _mm256_stream_si256(line, lanes);
#else
      _mm_stream_si128(line, lanes);
#endif
    }
  }
#endif
  std::memcpy(to + done, from + done, bytes - done);
}

}  // namespace tapewise::kernels
