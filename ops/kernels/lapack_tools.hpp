#pragma once
// Private to the files of LAPACK's routines.
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <limits>
#include <memory>
#include <tapewise/ops/kernels/blas.hpp>
#include <tapewise/ops/kernels/lapack.hpp>
#include <tapewise/ops/kernels/share_out.hpp>
#include <vector>
#include <xflens/cxxblas/cxxblas.cxx>
#include <xflens/cxxlapack/cxxlapack.cxx>

// LAPACK reads columns: to it a row-major A is Aᵀ. Each function says how it gets along with that.

namespace tapewise::kernels {

/// The numbers that LAPACK's bindings take in place of ours: the same bytes.
template <class T>
T* raw(T* x) {
  return x;
}
inline std::complex<double>* raw(Complex* x) { return reinterpret_cast<std::complex<double>*>(x); }

/// Memory to work in: kept by its thread and used again, so that only the first call allocates.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes) {
    static thread_local std::vector<std::byte> memory;
    if (memory.size() < bytes + slack) memory.resize(bytes + slack);
    next_ = memory.data();
    left_ = memory.size();
  }
  template <class N>
  N* take(std::int64_t n) {
    void* at = next_;
    const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(N);
    std::align(alignment, bytes, at, left_);
    next_ = static_cast<std::byte*>(at) + bytes;
    left_ -= bytes;
    return static_cast<N*>(at);
  }
  /// Bytes for n numbers of type N, wherever they begin.
  template <class N>
  static std::size_t bytes(std::int64_t n) {
    return static_cast<std::size_t>(n) * sizeof(N) + alignment;
  }

 private:
  static constexpr std::size_t alignment = 64, slack = 64;
  std::byte* next_;
  std::size_t left_;
};

inline double magnitude(float x) { return std::abs(static_cast<double>(x)); }
inline double magnitude(double x) { return std::abs(x); }
inline double magnitude(Complex x) { return std::abs(x.re) + std::abs(x.im); }

template <class T>
bool all_finite(const T* a, std::int64_t n) {
  return std::all_of(a, a + n, [](T x) { return std::isfinite(magnitude(x)); });
}

inline Fault fault(Fault::Kind kind, std::int64_t place = 0) { return {kind, 0, place}; }

/// `some(begin, end)` for parts of a batch, which are worked through in the memory of their thread.
/// The first fault of all.
template <class F>
Fault in_parts(std::int64_t batch, std::int64_t work_of_one, F&& some) {
  use_one_blas_thread();
  Fault found[threads::max_parts];
  const int parts = share_out(
      batch, batch * work_of_one / 4,
      [&](int part, std::int64_t begin, std::int64_t end) { found[part] = some(begin, end); });
  return *std::find_if(found, found + parts - 1, [](const Fault& f) { return bool(f); });
}

/// `one(b)` for each matrix b of a part of a batch, up to the first fault.
template <class F>
Fault for_each(std::int64_t begin, std::int64_t end, F&& one) {
  for (std::int64_t b = begin; b < end; ++b) {
    if (Fault found = one(b)) {
      found.matrix = b;
      return found;
    }
  }
  return {};
}

/// A m x n, row-major on one side and column-major on the other.
template <class T>
void transpose_copy(std::int64_t m, std::int64_t n, const T* from, T* to) {
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) to[j * m + i] = from[i * n + j];
  }
}

/// ½(A + Aᵀ)
template <class T>
void symmetric_part(std::int64_t n, const T* a, T* out) {
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      out[i * n + j] = out[j * n + i] = T(0.5) * (a[i * n + j] + a[j * n + i]);
    }
  }
}

/// What a routine asks to work in: its answer to a call with lwork = -1.
template <class T>
int wanted(T answer) {
  return static_cast<int>(std::ceil(magnitude(answer)));
}

}  // namespace tapewise::kernels
