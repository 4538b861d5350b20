#pragma once
// The only file that names xsimd. It is compiled once for each SIMD level; the level's flags decide
// how wide a batch is.
#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>
#if defined(__AVX512F__)
#include <xsimd/config/xsimd_config.hpp>
#endif
#if defined(__AVX512F__) && XSIMD_VERSION_MAJOR == 8
// xsimd 8.1 has no fused multiply-add for AVX-512: its functions multiply, then add. Ours stand
// between its kernels and the functions that call them, for which its headers come one by one.
#define XSIMD_NO_DISCARD __attribute__((warn_unused_result))
#include <xsimd/arch/xsimd_scalar.hpp>

#include <xsimd/types/xsimd_batch.hpp>

namespace xsimd::kernel {
template <class A, std::floating_point T>
batch<T, A> fma(const batch<T, A>& x, const batch<T, A>& y, const batch<T, A>& z,
                requires_arch<avx512f>) noexcept {
  if constexpr (std::is_same_v<T, float>)
    return _mm512_fmadd_ps(x, y, z);
  else
    return _mm512_fmadd_pd(x, y, z);
}
template <class A, std::floating_point T>
batch<T, A> fms(const batch<T, A>& x, const batch<T, A>& y, const batch<T, A>& z,
                requires_arch<avx512f>) noexcept {
  if constexpr (std::is_same_v<T, float>)
    return _mm512_fmsub_ps(x, y, z);
  else
    return _mm512_fmsub_pd(x, y, z);
}
template <class A, std::floating_point T>
batch<T, A> fnma(const batch<T, A>& x, const batch<T, A>& y, const batch<T, A>& z,
                 requires_arch<avx512f>) noexcept {
  if constexpr (std::is_same_v<T, float>)
    return _mm512_fnmadd_ps(x, y, z);
  else
    return _mm512_fnmadd_pd(x, y, z);
}
template <class A, std::floating_point T>
batch<T, A> fnms(const batch<T, A>& x, const batch<T, A>& y, const batch<T, A>& z,
                 requires_arch<avx512f>) noexcept {
  if constexpr (std::is_same_v<T, float>)
    return _mm512_fnmsub_ps(x, y, z);
  else
    return _mm512_fnmsub_pd(x, y, z);
}
}  // namespace xsimd::kernel
#endif
#if defined(__SSE2__)
#include <xsimd/xsimd.hpp>
#endif

namespace tapewise::kernels {

#if defined(__SSE2__)

/// SIMD lanes for the elementwise loops: batches of float and double.
struct BatchLanes {
  template <class T>
  static constexpr bool has_batch = std::is_same_v<T, float> || std::is_same_v<T, double>;

  template <class T>
  using Batch = xsimd::batch<T>;
  template <class T>
  static constexpr std::size_t width = Batch<T>::size;

  template <class T>
  static Batch<T> load(const T* from) {
    return Batch<T>::load_unaligned(from);
  }
  template <class T>
  static Batch<T> repeat(T number) {
    return Batch<T>(number);
  }

  /// The same for the conditions that go with a batch of T: one bool for each lane.
  template <class T>
  using Mask = typename Batch<T>::batch_bool_type;
  template <class T>
  static Mask<T> load(const bool* from) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<T, float>) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      return Mask<T>(_mm_test_epi8_mask(bytes, bytes));
    } else {
      const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
      return Mask<T>(static_cast<__mmask8>(_mm_test_epi8_mask(bytes, bytes)));
    }
#else
    T lanes[width<T>];
    for (std::size_t i = 0; i < width<T>; ++i) lanes[i] = static_cast<T>(from[i]);
    return load(lanes) != repeat(T(0));
#endif
  }
  template <class T>
  static Mask<T> repeat(bool condition) {
    return Mask<T>(condition);
  }
  template <class T>
  static Mask<T> load_first(const bool* from, std::size_t n) {
    bool lanes[width<T>] = {};
    std::memcpy(lanes, from, n);
    return load<T>(lanes);
  }
  template <class T>
  static void store(T* to, const Batch<T>& batch) {
    batch.store_unaligned(to);
  }

  /// The same past the caches, where `to` is aligned.
  template <class T>
  static void store_past(T* to, const Batch<T>& batch) {
    if (reinterpret_cast<std::uintptr_t>(to) % sizeof(batch) != 0) return store(to, batch);
#if defined(__AVX512F__)
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), std::bit_cast<__m512i>(batch.data));
#elif defined(__AVX__)
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), std::bit_cast<__m256i>(batch.data));
#else
    _mm_stream_si128(reinterpret_cast<__m128i*>(to), std::bit_cast<__m128i>(batch.data));
#endif
  }

  /// The first `n` lanes only, n < width: the end of an array goes through the same code as the
  /// rest, so a result does not depend on where a loop was cut. The other lanes hold `other`.
  template <class T>
  static Batch<T> load_first(const T* from, std::size_t n, T other = T(0)) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<T, float>) {
      return _mm512_mask_loadu_ps(repeat(other), static_cast<__mmask16>((1U << n) - 1U), from);
    } else {
      return _mm512_mask_loadu_pd(repeat(other), static_cast<__mmask8>((1U << n) - 1U), from);
    }
#else
    T lanes[width<T>];
    std::fill(lanes, lanes + width<T>, other);
    std::memcpy(lanes, from, n * sizeof(T));
    return load(lanes);
#endif
  }
  template <class T>
  static void store_first(T* to, const Batch<T>& batch, std::size_t n) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<T, float>) {
      _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << n) - 1U), batch);
    } else {
      _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1U << n) - 1U), batch);
    }
#else
    T lanes[width<T>];
    store(lanes, batch);
    std::memcpy(to, lanes, n * sizeof(T));
#endif
  }
};

#else

/// WebAssembly, where everything is computed one number at a time: the names that kernels look up
/// before they ask whether there is a batch.
struct BatchLanes {
  template <class T>
  static constexpr bool has_batch = false;
  template <class T>
  static constexpr std::size_t width = 1;
  template <class T>
  static T load(const T* from) {
    return *from;
  }
  template <class T>
  static T repeat(T number) {
    return number;
  }
  template <class T>
  static void store(T* to, T number) {
    *to = number;
  }
  template <class T>
  static T load_first(const T* from, std::size_t n, T other = T(0)) {
    return n > 0 ? *from : other;
  }
  template <class T>
  static void store_first(T* to, T number, std::size_t n) {
    if (n > 0) *to = number;
  }
};

#endif

/// Results go past the caches, but for the end of an array.
struct PastLanes : BatchLanes {
#if defined(__SSE2__)
  template <class T>
  static void store(T* to, const Batch<T>& batch) {
    store_past(to, batch);
  }
#endif
};

}  // namespace tapewise::kernels
