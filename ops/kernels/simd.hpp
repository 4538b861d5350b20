#pragma once
// The only file that names xsimd.
#include <cstring>
#include <xsimd/xsimd.hpp>

namespace tapewise::kernels {

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
  template <class T>
  static void store(T* to, const Batch<T>& batch) {
    batch.store_unaligned(to);
  }
};

}  // namespace tapewise::kernels
