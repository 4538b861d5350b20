#include <tapewise/ops/kernels/lapack.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <limits>
#include <memory>
#include <tapewise/ops/kernels/blas.hpp>
#include <vector>
#include <xflens/cxxblas/cxxblas.cxx>
#include <xflens/cxxlapack/cxxlapack.cxx>

// LAPACK reads columns: to it a row-major A is Aᵀ. Each function says how it gets along with that.

namespace tapewise::kernels {

namespace {

/// The numbers that LAPACK's bindings take in place of ours: the same bytes.
template <class T>
T* raw(T* x) {
  return x;
}
std::complex<double>* raw(Complex* x) { return reinterpret_cast<std::complex<double>*>(x); }

/// Memory to work in: kept by its thread and used again, so that only the first call allocates.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes) {
    use_one_blas_thread();
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

double magnitude(float x) { return std::abs(static_cast<double>(x)); }
double magnitude(double x) { return std::abs(x); }
double magnitude(Complex x) { return std::abs(x.re) + std::abs(x.im); }

template <class T>
bool all_finite(const T* a, std::int64_t n) {
  return std::all_of(a, a + n, [](T x) { return std::isfinite(magnitude(x)); });
}

Fault fault(Fault::Kind kind, std::int64_t place = 0) { return {kind, 0, place}; }

/// `one(b)` for each matrix b of a batch, up to the first fault.
template <class F>
Fault for_each(std::int64_t batch, F&& one) {
  for (std::int64_t b = 0; b < batch; ++b) {
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

}  // namespace

// --- LU -----------------------------------------------------------------------------------------

namespace {

/// Rows are columns to LAPACK, so this is P·L·U = Aᵀ: A = Uᵀ·Lᵀ·Pᵀ.
template <class T>
Fault factor_lu(std::int64_t n, const T* a, T* lu, int* pivots) {
  if (!all_finite(a, n * n)) return fault(Fault::Kind::not_finite);
  std::copy_n(a, n * n, lu);
  if (n == 0) return {};
  const int size = static_cast<int>(n);
  const int info = cxxlapack::getrf<int>(size, size, raw(lu), size, pivots);
  return info > 0 ? fault(Fault::Kind::singular, info - 1) : Fault{};
}

/// x (n x k) becomes A⁻¹·x, or A⁻ᵀ·x.
template <class T>
void solve_lu(bool transposed, std::int64_t n, std::int64_t k, const T* lu, const int* pivots,
              T* x) {
  // In rows, the array holds Uᵀ below and on the diagonal and Lᵀ, with ones there, above it.
  const auto swap_rows = [&](std::int64_t i) {
    const std::int64_t j = pivots[i] - 1;
    if (j != i) std::swap_ranges(x + i * k, x + (i + 1) * k, x + j * k);
  };
  const Triangle ut{1, transposed ? 1U : 0U, 0}, lt{0, transposed ? 1U : 0U, 1};
  if (transposed) {  // Aᵀ = P·L·U
    for (std::int64_t i = 0; i < n; ++i) swap_rows(i);
    solve_triangle(lt, n, k, lu, x);
    solve_triangle(ut, n, k, lu, x);
  } else {
    solve_triangle(ut, n, k, lu, x);
    solve_triangle(lt, n, k, lu, x);
    for (std::int64_t i = n; i-- > 0;) swap_rows(i);
  }
}

/// The sign of the permutation that the pivots are.
double permutation_sign(std::int64_t n, const int* pivots) {
  bool odd = false;
  for (std::int64_t i = 0; i < n; ++i) odd ^= pivots[i] != i + 1;
  return odd ? -1.0 : 1.0;
}

float scaled(float x, int exponent) { return std::ldexp(x, exponent); }
double scaled(double x, int exponent) { return std::ldexp(x, exponent); }
Complex scaled(Complex x, int exponent) {
  return {std::ldexp(x.re, exponent), std::ldexp(x.im, exponent)};
}

/// A product that neither overflows nor vanishes on its way: mantissa·2^exponent.
template <class T>
struct LongProduct {
  T mantissa;
  int exponent = 0;

  void multiply_by(T x) {
    int e = 0;
    mantissa = mantissa * x;
    (void)std::frexp(magnitude(mantissa), &e);
    mantissa = scaled(mantissa, -e);
    exponent += e;
  }
  T value() const { return scaled(mantissa, exponent); }
};

template <class T>
LongProduct<T> determinant_of_lu(std::int64_t n, const T* lu, const int* pivots) {
  LongProduct<T> det{T(permutation_sign(n, pivots))};
  for (std::int64_t i = 0; i < n; ++i) det.multiply_by(lu[i * n + i]);
  return det;
}

/// The memory to invert in, for a batch.
template <class T>
struct Inverter {
  explicit Inverter(std::int64_t n)
      : size(static_cast<int>(n)),
        lwork(static_cast<int>(std::max<std::int64_t>(n * 64, 1))),
        scratch(Scratch::bytes<int>(n) + Scratch::bytes<T>(lwork) + Scratch::bytes<T>(n * n)),
        pivots(scratch.take<int>(n)),
        work(scratch.take<T>(lwork)),
        spare(scratch.take<T>(n * n)) {}

  /// (Aᵀ)⁻¹ in columns is A⁻¹ in rows.
  Fault operator()(const T* a, T* out, LongProduct<T>* det = nullptr) {
    if (const Fault found = factor_lu(size, a, out, pivots)) return found;
    if (det != nullptr) *det = determinant_of_lu(size, out, pivots);
    if (size > 0) cxxlapack::getri<int>(size, raw(out), size, pivots, raw(work), lwork);
    return {};
  }

  int size, lwork;
  Scratch scratch;
  int* pivots;
  T* work;
  T* spare;  ///< room for a matrix
};

float log_of(float x) { return std::log(x); }
double log_of(double x) { return std::log(x); }
Complex log_of(Complex x) {
  const std::complex<double> y = std::log(std::complex<double>(x.re, x.im));
  return {y.real(), y.imag()};
}

}  // namespace

template <class T>
Fault invert(std::int64_t batch, std::int64_t n, const T* a, T* out) {
  Inverter<T> inverse(n);
  return for_each(batch, [&](std::int64_t b) { return inverse(a + b * n * n, out + b * n * n); });
}

template <class T>
Fault determinant(std::int64_t batch, std::int64_t n, const T* a, T* out) {
  Scratch scratch(Scratch::bytes<T>(n * n) + Scratch::bytes<int>(n));
  T* lu = scratch.take<T>(n * n);
  int* pivots = scratch.take<int>(n);
  return for_each(batch, [&](std::int64_t b) {
    const Fault found = factor_lu(n, a + b * n * n, lu, pivots);
    if (found && found.kind != Fault::Kind::singular) return found;
    out[b] = determinant_of_lu(n, lu, pivots).value();
    return Fault{};
  });
}

template <class T>
Fault log_determinant(std::int64_t batch, std::int64_t n, const T* a, T* log, T* sign,
                      std::int64_t stride) {
  Scratch scratch(Scratch::bytes<T>(n * n) + Scratch::bytes<int>(n));
  T* lu = scratch.take<T>(n * n);
  int* pivots = scratch.take<int>(n);
  return for_each(batch, [&](std::int64_t b) {
    const Fault found = factor_lu(n, a + b * n * n, lu, pivots);
    const bool singular = found.kind == Fault::Kind::singular;
    if (found && (!singular || sign == nullptr)) return found;
    double s = singular ? 0.0 : permutation_sign(n, pivots);
    T sum = T(singular ? -std::numeric_limits<double>::infinity() : 0.0);
    for (std::int64_t i = 0; i < n && !singular; ++i) {
      const T pivot = lu[i * n + i];
      if (pivot < T(0)) s = -s;
      sum += log_of(pivot < T(0) ? -pivot : pivot);
    }
    if (sign == nullptr && s < 0.0) return fault(Fault::Kind::not_positive);
    log[b * stride] = sum;
    if (sign != nullptr) sign[b * stride] = T(s);
    return Fault{};
  });
}

template <class T>
Fault solve(const PairedBatches& batches, bool transposed, std::int64_t n, std::int64_t k,
            const T* a, const T* b, T* x) {
  Scratch scratch(Scratch::bytes<T>(n * n) + Scratch::bytes<int>(n));
  T* lu = scratch.take<T>(n * n);
  int* pivots = scratch.take<int>(n);
  std::int64_t factored = -1;
  return for_each(batches.count, [&](std::int64_t i) {
    const auto [at_a, at_b] = batches[i];
    if (at_a != factored) {  // one A for many b is factored once
      if (const Fault found = factor_lu(n, a + at_a, lu, pivots)) return found;
      factored = at_a;
    }
    std::copy_n(b + at_b, n * k, x + i * n * k);
    solve_lu(transposed, n, k, lu, pivots, x + i * n * k);
    return Fault{};
  });
}

template <class T>
Fault solve_triangular(const PairedBatches& batches, const Triangle& triangle, std::int64_t n,
                       std::int64_t k, const T* a, const T* b, T* x) {
  return for_each(batches.count, [&](std::int64_t i) {
    const auto [at_a, at_b] = batches[i];
    for (std::int64_t row = 0; row < n; ++row) {
      const T* of_row = a + at_a + row * n;
      const std::int64_t unread = triangle.unit_diagonal != 0 ? 1 : 0;
      const bool finite = triangle.lower != 0 ? all_finite(of_row, row + 1 - unread)
                                              : all_finite(of_row + row + unread, n - row - unread);
      if (!finite) return fault(Fault::Kind::not_finite);
      if (triangle.unit_diagonal == 0 && magnitude(of_row[row]) == 0.0) {
        return fault(Fault::Kind::singular, row);
      }
    }
    std::copy_n(b + at_b, n * k, x + i * n * k);
    solve_triangle(triangle, n, k, a + at_a, x + i * n * k);
    return Fault{};
  });
}

// --- Cholesky -----------------------------------------------------------------------------------

namespace {

/// The lower triangle in rows is the upper one in columns, where A = Uᵀ·U with U = Lᵀ.
template <class T>
int factor_symmetric(std::int64_t n, T* l) {
  return cxxlapack::potrf<int>('U', static_cast<int>(n), l, static_cast<int>(n));
}
/// LAPACK conjugates; the analytic continuation does not.
int factor_symmetric(std::int64_t n, Complex* l) {
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t i = j; i < n; ++i) {
      Complex sum = l[i * n + j];
      for (std::int64_t q = 0; q < j; ++q) sum += -(l[i * n + q] * l[j * n + q]);
      if (i > j) {
        l[i * n + j] = sum / l[j * n + j];
      } else {
        if (!(sum.re > 0.0)) return static_cast<int>(j) + 1;
        const std::complex<double> root = std::sqrt(std::complex<double>(sum.re, sum.im));
        l[j * n + j] = {root.real(), root.imag()};
      }
    }
  }
  return 0;
}

}  // namespace

template <class T>
Fault cholesky(std::int64_t batch, std::int64_t n, const T* a, T* l) {
  use_one_blas_thread();
  return for_each(batch, [&](std::int64_t b) {
    T* out = l + b * n * n;
    if (!all_finite(a + b * n * n, n * n)) return fault(Fault::Kind::not_finite);
    if (n == 0) return Fault{};
    symmetric_part(n, a + b * n * n, out);
    if (const int order = factor_symmetric(n, out); order > 0) {
      return fault(Fault::Kind::not_positive_definite, order);
    }
    for (std::int64_t i = 0; i < n; ++i) std::fill(out + i * n + i + 1, out + (i + 1) * n, T(0));
    return Fault{};
  });
}

// --- eigenvalues and singular values ------------------------------------------------------------

/// Eigenvectors come as columns of a column-major matrix, that is as rows.
template <class T>
Fault eigh(std::int64_t batch, std::int64_t n, const T* a, T* packed) {
  if (n == 0) return {};
  const int size = static_cast<int>(n);
  T work_size{};
  int iwork_size = 0;
  cxxlapack::syevd<int>('V', 'L', size, packed, size, packed, &work_size, -1, &iwork_size, -1);
  const int lwork = wanted(work_size);
  Scratch scratch(Scratch::bytes<T>(lwork) + Scratch::bytes<int>(iwork_size) +
                  Scratch::bytes<T>(n * n));
  T* work = scratch.take<T>(lwork);
  int* iwork = scratch.take<int>(iwork_size);
  T* vectors = scratch.take<T>(n * n);
  return for_each(batch, [&](std::int64_t b) {
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
}

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

/// det of a matrix that is overwritten: 1 or -1 for an orthogonal one.
template <class T>
T determinant_in_place(int n, T* a, int* pivots) {
  cxxlapack::getrf<int>(n, n, a, n, pivots);
  return determinant_of_lu(n, a, pivots).value();
}

/// det(U)·det(V)·U·diag(Π_{j≠i} s_j)·Vᵀ, which no zero among the s disturbs.
template <class T>
Fault cofactors_of_singular(std::int64_t n, const T* a, T* out) {
  // Kept by the thread: Scratch is taken by what is called here.
  static thread_local std::vector<T> u, s, vt, scaled, copy;
  static thread_local std::vector<int> pivots;
  const auto elements = static_cast<std::size_t>(n * n), rows = static_cast<std::size_t>(n);
  u.resize(elements);
  vt.resize(elements);
  s.resize(rows);
  pivots.resize(rows);
  if (const Fault found = SingularValues<T>(n, n)(a, u.data(), s.data(), vt.data())) return found;
  scaled = vt;
  copy = u;
  const int size = static_cast<int>(n);
  T sign = determinant_in_place(size, copy.data(), pivots.data());
  copy = vt;
  sign *= determinant_in_place(size, copy.data(), pivots.data());
  for (std::int64_t i = 0; i < n; ++i) {
    T others = sign > T(0) ? T(1) : T(-1);
    for (std::int64_t j = 0; j < n; ++j) {
      if (j != i) others *= s[static_cast<std::size_t>(j)];
    }
    for (std::int64_t j = 0; j < n; ++j) scaled[static_cast<std::size_t>(i * n + j)] *= others;
  }
  multiply({n, n, n, 0, 0}, u.data(), scaled.data(), out);
  return {};
}
Fault cofactors_of_singular(std::int64_t, const Complex*, Complex*) {
  return fault(Fault::Kind::singular);
}

}  // namespace

template <class T>
Fault cofactors(std::int64_t batch, std::int64_t n, const T* a, T* out) {
  return for_each(batch, [&](std::int64_t b) {
    const T* from = a + b * n * n;
    T* to = out + b * n * n;
    Inverter<T> inverse(n);
    LongProduct<T> det{};
    const Fault found = inverse(from, inverse.spare, &det);
    if (found.kind == Fault::Kind::singular) return cofactors_of_singular(n, from, to);
    transpose_copy(n, n, inverse.spare, to);
    for (std::int64_t i = 0; i < n * n; ++i) to[i] = scaled(to[i] * det.mantissa, det.exponent);
    return found;
  });
}

template <class T>
Fault svd(std::int64_t batch, std::int64_t m, std::int64_t n, const T* a, T* packed) {
  const std::int64_t k = std::min(m, n);
  SingularValues<T> values(m, n);
  return for_each(batch, [&](std::int64_t b) {
    T* u = packed + b * k * (m + n + 1);
    return values(a + b * m * n, u, u + m * k, u + m * k + k);
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
  SingularValues<T> values(m, n, k * (m + n + 1));
  T *u = values.spare(), *s = u + m * k, *vt = s + k;
  return for_each(batch, [&](std::int64_t b) {
    if (const Fault found = values(a + b * m * n, u, s, vt)) return found;
    invert_values(k, static_cast<T>(cutoff), s);
    scale_rows(k, n, s, vt);
    multiply({n, m, k, 1, 1}, vt, u, out + b * m * n);
    return Fault{};
  });
}

template <class T>
Fault least_squares(const PairedBatches& batches, std::int64_t m, std::int64_t n, std::int64_t k,
                    double cutoff, const T* a, const T* b, T* x) {
  const std::int64_t least = std::min(m, n);
  SingularValues<T> values(m, n, least * (m + n + 1 + k));
  T *u = values.spare(), *s = u + m * least, *vt = s + least, *projected = vt + least * n;
  return for_each(batches.count, [&](std::int64_t i) {
    const auto [at_a, at_b] = batches[i];
    if (const Fault found = values(a + at_a, u, s, vt)) return found;
    invert_values(least, static_cast<T>(cutoff), s);
    multiply({least, k, m, 1, 0}, u, b + at_b, projected);
    scale_rows(least, k, s, projected);
    multiply({n, k, least, 1, 0}, vt, projected, x + i * n * k);
    return Fault{};
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
  Scratch scratch(Scratch::bytes<T>(m * n) + Scratch::bytes<T>(k) + Scratch::bytes<T>(lwork));
  T *copy = scratch.take<T>(m * n), *tau = scratch.take<T>(k), *work = scratch.take<T>(lwork);
  return for_each(batch, [&](std::int64_t b) {
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
}

#define TAPEWISE_REAL(T)                                                                         \
  template Fault eigh(std::int64_t, std::int64_t, const T*, T*);                                 \
  template Fault svd(std::int64_t, std::int64_t, std::int64_t, const T*, T*);                    \
  template Fault qr(std::int64_t, std::int64_t, std::int64_t, const T*, T*);                     \
  template Fault pseudo_inverse(std::int64_t, std::int64_t, std::int64_t, double, const T*, T*); \
  template Fault least_squares(const PairedBatches&, std::int64_t, std::int64_t, std::int64_t,   \
                               double, const T*, const T*, T*);
#define TAPEWISE_ANALYTIC(T)                                                                       \
  template Fault invert(std::int64_t, std::int64_t, const T*, T*);                                 \
  template Fault determinant(std::int64_t, std::int64_t, const T*, T*);                            \
  template Fault log_determinant(std::int64_t, std::int64_t, const T*, T*, T*, std::int64_t);      \
  template Fault cofactors(std::int64_t, std::int64_t, const T*, T*);                              \
  template Fault solve(const PairedBatches&, bool, std::int64_t, std::int64_t, const T*, const T*, \
                       T*);                                                                        \
  template Fault solve_triangular(const PairedBatches&, const Triangle&, std::int64_t,             \
                                  std::int64_t, const T*, const T*, T*);                           \
  template Fault cholesky(std::int64_t, std::int64_t, const T*, T*);
TAPEWISE_REAL(float)
TAPEWISE_REAL(double)
TAPEWISE_ANALYTIC(float)
TAPEWISE_ANALYTIC(double)
TAPEWISE_ANALYTIC(Complex)
#undef TAPEWISE_REAL
#undef TAPEWISE_ANALYTIC

}  // namespace tapewise::kernels
