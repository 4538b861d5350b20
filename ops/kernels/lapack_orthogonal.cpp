// Eigenvalues, singular values and what is made of them, QR.
#include <tapewise/ops/kernels/lapack_tools.hpp>

namespace tapewise::kernels {

// --- eigenvalues --------------------------------------------------------------------------------

/// Eigenvectors come as columns of a column-major matrix, that is as rows.
template <class T>
Fault eigh(std::int64_t batch, std::int64_t n, const T* a, T* packed) {
  if (n == 0) return {};
  const int size = static_cast<int>(n);
  T work_size{};
  int iwork_size = 0;
  cxxlapack::syevd<int>('V', 'L', size, packed, size, packed, &work_size, -1, &iwork_size, -1);
  const int lwork = wanted(work_size);
  return in_parts(batch, 9 * n * n * n, [&](std::int64_t begin, std::int64_t end) {
    Scratch scratch(Scratch::bytes<T>(lwork) + Scratch::bytes<int>(iwork_size) +
                    Scratch::bytes<T>(n * n));
    T* work = scratch.take<T>(lwork);
    int* iwork = scratch.take<int>(iwork_size);
    T* vectors = scratch.take<T>(n * n);
    return for_each(begin, end, [&](std::int64_t b) {
      const T* from = a + b * n * n;
      T* values = packed + b * (n + n * n);
      if (!all_finite(from, n * n)) return fault(Fault::Kind::not_finite);
      symmetric_part(n, from, vectors);
      const int info = cxxlapack::syevd<int>('V', 'L', size, vectors, size, values, work, lwork,
                                             iwork, iwork_size);
      if (info > 0) return fault(Fault::Kind::no_convergence);
      transpose_copy(n, n, vectors, values + n);
      return Fault{};
    });
  });
}

// --- singular values ----------------------------------------------------------------------------

namespace {

/// Aᵀ = V·diag(s)·Uᵀ is what LAPACK sees: its first factor in columns is Vᵀ in rows, its second
/// one U in rows.
template <class T>
class SingularValues {
 public:
  /// `spare`: so many elements are wanted besides.
  SingularValues(std::int64_t m, std::int64_t n, std::int64_t spare = 0)
      : m_(static_cast<int>(m)),
        n_(static_cast<int>(n)),
        k_(std::min(m_, n_)),
        lwork_(ask(m_, n_, k_)),
        scratch_(Scratch::bytes<T>(m * n) + Scratch::bytes<T>(lwork_) +
                 Scratch::bytes<int>(8 * k_) + Scratch::bytes<T>(spare)),
        copy_(scratch_.template take<T>(m * n)),
        work_(scratch_.template take<T>(lwork_)),
        iwork_(scratch_.template take<int>(8 * k_)),
        spare_(scratch_.template take<T>(spare)) {}

  Fault operator()(const T* a, T* u, T* s, T* vt) {
    if (!all_finite(a, std::int64_t{m_} * n_)) return fault(Fault::Kind::not_finite);
    if (k_ == 0) return {};
    std::copy_n(a, std::int64_t{m_} * n_, copy_);
    const int info =
        cxxlapack::gesdd<int>('S', n_, m_, copy_, n_, s, vt, n_, u, k_, work_, lwork_, iwork_);
    return info > 0 ? fault(Fault::Kind::no_convergence) : Fault{};
  }
  T* spare() { return spare_; }

 private:
  static int ask(int m, int n, int k) {
    if (k == 0) return 0;
    T answer{};
    T nothing{};
    int none = 0;
    cxxlapack::gesdd<int>('S', n, m, &nothing, n, &nothing, &nothing, n, &nothing, k, &answer, -1,
                          &none);
    return wanted(answer);
  }

  int m_, n_, k_, lwork_;
  Scratch scratch_;
  T* copy_;
  T* work_;
  int* iwork_;
  T* spare_;
};

}  // namespace

template <class T>
Fault svd(std::int64_t batch, std::int64_t m, std::int64_t n, const T* a, T* packed) {
  const std::int64_t k = std::min(m, n);
  return in_parts(batch, 9 * m * n * k, [&](std::int64_t begin, std::int64_t end) {
    SingularValues<T> values(m, n);
    return for_each(begin, end, [&](std::int64_t b) {
      T* u = packed + b * k * (m + n + 1);
      return values(a + b * m * n, u, u + m * k, u + m * k + k);
    });
  });
}

namespace {

/// 1/s, or 0 for those that count as zero.
template <class T>
void invert_values(std::int64_t k, T cutoff, T* s) {
  const T least = k == 0 ? T(0) : cutoff * s[0];
  for (std::int64_t i = 0; i < k; ++i) s[i] = s[i] > least ? T(1) / s[i] : T(0);
}

template <class T>
void scale_rows(std::int64_t rows, std::int64_t columns, const T* factors, T* a) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) a[i * columns + j] *= factors[i];
  }
}

}  // namespace

template <class T>
Fault pseudo_inverse(std::int64_t batch, std::int64_t m, std::int64_t n, double cutoff, const T* a,
                     T* out) {
  const std::int64_t k = std::min(m, n);
  return in_parts(batch, 10 * m * n * k, [&](std::int64_t begin, std::int64_t end) {
    SingularValues<T> values(m, n, k * (m + n + 1));
    T *u = values.spare(), *s = u + m * k, *vt = s + k;
    return for_each(begin, end, [&](std::int64_t b) {
      if (const Fault found = values(a + b * m * n, u, s, vt)) return found;
      invert_values(k, static_cast<T>(cutoff), s);
      scale_rows(k, n, s, vt);
      multiply({n, m, k, 1, 1}, vt, u, out + b * m * n);
      return Fault{};
    });
  });
}

template <class T>
Fault least_squares(const PairedBatches& batches, std::int64_t m, std::int64_t n, std::int64_t k,
                    double cutoff, const T* a, const T* b, T* x) {
  const std::int64_t least = std::min(m, n);
  return in_parts(batches.count, 10 * m * n * least, [&](std::int64_t begin, std::int64_t end) {
    SingularValues<T> values(m, n, least * (m + n + 1 + k));
    T *u = values.spare(), *s = u + m * least, *vt = s + least, *projected = vt + least * n;
    return for_each(begin, end, [&](std::int64_t i) {
      const auto [at_a, at_b] = batches[i];
      if (const Fault found = values(a + at_a, u, s, vt)) return found;
      invert_values(least, static_cast<T>(cutoff), s);
      multiply({least, k, m, 1, 0}, u, b + at_b, projected);
      scale_rows(least, k, s, projected);
      multiply({n, k, least, 1, 0}, vt, projected, x + i * n * k);
      return Fault{};
    });
  });
}

// --- QR -----------------------------------------------------------------------------------------

/// Householder reflections on a column-major copy.
template <class T>
Fault qr(std::int64_t batch, std::int64_t m, std::int64_t n, const T* a, T* packed) {
  const std::int64_t k = std::min(m, n);
  const int rows = static_cast<int>(m), columns = static_cast<int>(n), least = static_cast<int>(k);
  int lwork = 1;
  if (k > 0) {
    T nothing{}, factor{}, generate{};
    cxxlapack::geqrf<int>(rows, columns, &nothing, rows, &nothing, &factor, -1);
    cxxlapack::orgqr<int>(rows, least, least, &nothing, rows, &nothing, &generate, -1);
    lwork = std::max(wanted(factor), wanted(generate));
  }
  return in_parts(batch, 2 * m * n * k, [&](std::int64_t begin, std::int64_t end) {
    Scratch scratch(Scratch::bytes<T>(m * n) + Scratch::bytes<T>(k) + Scratch::bytes<T>(lwork));
    T *copy = scratch.take<T>(m * n), *tau = scratch.take<T>(k), *work = scratch.take<T>(lwork);
    return for_each(begin, end, [&](std::int64_t b) {
      const T* from = a + b * m * n;
      T *q = packed + b * k * (m + n), *r = q + m * k;
      if (!all_finite(from, m * n)) return fault(Fault::Kind::not_finite);
      if (k == 0) return Fault{};
      transpose_copy(m, n, from, copy);
      cxxlapack::geqrf<int>(rows, columns, copy, rows, tau, work, lwork);
      for (std::int64_t i = 0; i < k; ++i) {
        for (std::int64_t j = 0; j < n; ++j) r[i * n + j] = j < i ? T(0) : copy[j * m + i];
      }
      cxxlapack::orgqr<int>(rows, least, least, copy, rows, tau, work, lwork);
      transpose_copy(k, m, copy, q);
      return Fault{};
    });
  });
}

#define TAPEWISE_REAL(T)                                                                         \
  template Fault eigh(std::int64_t, std::int64_t, const T*, T*);                                 \
  template Fault svd(std::int64_t, std::int64_t, std::int64_t, const T*, T*);                    \
  template Fault qr(std::int64_t, std::int64_t, std::int64_t, const T*, T*);                     \
  template Fault pseudo_inverse(std::int64_t, std::int64_t, std::int64_t, double, const T*, T*); \
  template Fault least_squares(const PairedBatches&, std::int64_t, std::int64_t, std::int64_t,   \
                               double, const T*, const T*, T*);
TAPEWISE_REAL(float)
TAPEWISE_REAL(double)
#undef TAPEWISE_REAL

}  // namespace tapewise::kernels
