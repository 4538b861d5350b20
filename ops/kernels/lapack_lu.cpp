// LU and Cholesky factorizations: inverses, solutions, determinants.
#include <tapewise/ops/kernels/lapack_tools.hpp>

namespace tapewise::kernels {

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

/// The memory to factor matrices in, one after the other.
template <class T>
struct Factors {
  explicit Factors(std::int64_t n)
      : scratch(Scratch::bytes<T>(n * n) + Scratch::bytes<int>(n)),
        lu(scratch.take<T>(n * n)),
        pivots(scratch.take<int>(n)) {}

  Scratch scratch;
  T* lu;
  int* pivots;
};

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
  return in_parts(batch, n * n * n, [&](std::int64_t begin, std::int64_t end) {
    Inverter<T> inverse(n);
    return for_each(begin, end,
                    [&](std::int64_t b) { return inverse(a + b * n * n, out + b * n * n); });
  });
}

template <class T>
Fault determinant(std::int64_t batch, std::int64_t n, const T* a, T* out) {
  return in_parts(batch, n * n * n, [&](std::int64_t begin, std::int64_t end) {
    const Factors<T> f(n);
    return for_each(begin, end, [&](std::int64_t b) {
      const Fault found = factor_lu(n, a + b * n * n, f.lu, f.pivots);
      if (found && found.kind != Fault::Kind::singular) return found;
      out[b] = determinant_of_lu(n, f.lu, f.pivots).value();
      return Fault{};
    });
  });
}

template <class T>
Fault log_determinant(std::int64_t batch, std::int64_t n, const T* a, T* log, T* sign,
                      std::int64_t stride) {
  return in_parts(batch, n * n * n, [&](std::int64_t begin, std::int64_t end) {
    const Factors<T> f(n);
    return for_each(begin, end, [&](std::int64_t b) {
      const Fault found = factor_lu(n, a + b * n * n, f.lu, f.pivots);
      const bool singular = found.kind == Fault::Kind::singular;
      if (found && (!singular || sign == nullptr)) return found;
      double s = singular ? 0.0 : permutation_sign(n, f.pivots);
      T sum = T(singular ? -std::numeric_limits<double>::infinity() : 0.0);
      for (std::int64_t i = 0; i < n && !singular; ++i) {
        const T pivot = f.lu[i * n + i];
        if (pivot < T(0)) s = -s;
        sum += log_of(pivot < T(0) ? -pivot : pivot);
      }
      if (sign == nullptr && s < 0.0) return fault(Fault::Kind::not_positive);
      log[b * stride] = sum;
      if (sign != nullptr) sign[b * stride] = T(s);
      return Fault{};
    });
  });
}

template <class T>
Fault solve(const PairedBatches& batches, bool transposed, std::int64_t n, std::int64_t k,
            const T* a, const T* b, T* x) {
  return in_parts(batches.count, n * n * (n + k), [&](std::int64_t begin, std::int64_t end) {
    const Factors<T> f(n);
    std::int64_t factored = -1;
    return for_each(begin, end, [&](std::int64_t i) {
      const auto [at_a, at_b] = batches[i];
      if (at_a != factored) {  // one A for many b is factored once
        if (const Fault found = factor_lu(n, a + at_a, f.lu, f.pivots)) return found;
        factored = at_a;
      }
      std::copy_n(b + at_b, n * k, x + i * n * k);
      solve_lu(transposed, n, k, f.lu, f.pivots, x + i * n * k);
      return Fault{};
    });
  });
}

template <class T>
Fault solve_triangular(const PairedBatches& batches, const Triangle& triangle, std::int64_t n,
                       std::int64_t k, const T* a, const T* b, T* x) {
  const auto one = [&](std::int64_t i) {
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
  };
  return in_parts(batches.count, n * n * k,
                  [&](std::int64_t begin, std::int64_t end) { return for_each(begin, end, one); });
}

// --- cofactors ----------------------------------------------------------------------------------

namespace {

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
  static thread_local std::vector<T> factors, copy;
  static thread_local std::vector<int> pivots;
  const std::int64_t elements = n * n;
  factors.resize(static_cast<std::size_t>(2 * elements + n));
  copy.resize(static_cast<std::size_t>(elements));
  pivots.resize(static_cast<std::size_t>(n));
  if (const Fault found = svd(1, n, n, a, factors.data())) return found;
  T *u = factors.data(), *s = u + elements, *vt = s + n;
  const int size = static_cast<int>(n);
  std::copy_n(u, elements, copy.data());
  T sign = determinant_in_place(size, copy.data(), pivots.data());
  std::copy_n(vt, elements, copy.data());
  sign *= determinant_in_place(size, copy.data(), pivots.data());
  for (std::int64_t i = 0; i < n; ++i) {
    T others = sign > T(0) ? T(1) : T(-1);
    for (std::int64_t j = 0; j < n; ++j) {
      if (j != i) others *= s[j];
    }
    for (std::int64_t j = 0; j < n; ++j) vt[i * n + j] *= others;
  }
  multiply({n, n, n, 0, 0}, u, vt, out);
  return {};
}
Fault cofactors_of_singular(std::int64_t, const Complex*, Complex*) {
  return fault(Fault::Kind::singular);
}

}  // namespace

template <class T>
Fault cofactors(std::int64_t batch, std::int64_t n, const T* a, T* out) {
  const auto one = [&](std::int64_t b) {
    const T* from = a + b * n * n;
    T* to = out + b * n * n;
    Inverter<T> inverse(n);
    LongProduct<T> det{};
    const Fault found = inverse(from, inverse.spare, &det);
    if (found.kind == Fault::Kind::singular) return cofactors_of_singular(n, from, to);
    transpose_copy(n, n, inverse.spare, to);
    for (std::int64_t i = 0; i < n * n; ++i) to[i] = scaled(to[i] * det.mantissa, det.exponent);
    return found;
  };
  return in_parts(batch, n * n * n,
                  [&](std::int64_t begin, std::int64_t end) { return for_each(begin, end, one); });
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
  const auto one = [&](std::int64_t b) {
    T* out = l + b * n * n;
    if (!all_finite(a + b * n * n, n * n)) return fault(Fault::Kind::not_finite);
    if (n == 0) return Fault{};
    symmetric_part(n, a + b * n * n, out);
    if (const int order = factor_symmetric(n, out); order > 0) {
      return fault(Fault::Kind::not_positive_definite, order);
    }
    for (std::int64_t i = 0; i < n; ++i) std::fill(out + i * n + i + 1, out + (i + 1) * n, T(0));
    return Fault{};
  };
  return in_parts(batch, n * n * n / 3,
                  [&](std::int64_t begin, std::int64_t end) { return for_each(begin, end, one); });
}

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
TAPEWISE_ANALYTIC(float)
TAPEWISE_ANALYTIC(double)
TAPEWISE_ANALYTIC(Complex)
#undef TAPEWISE_ANALYTIC

}  // namespace tapewise::kernels
