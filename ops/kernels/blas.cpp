#include <tapewise/ops/kernels/blas.hpp>

#include <cblas.h>
#include <algorithm>
#include <chrono>
#include <string_view>
#include <tapewise/autograd/profile.hpp>
#include <tapewise/autograd/threads.hpp>
#include <tapewise/ops/kernels/levels.hpp>
#include <vector>

namespace tapewise::kernels {

namespace {

/// Up to so many multiplications a loop is done before the BLAS has begun: gemm takes 35 to
/// 55 ns to begin, gemv 12 (measured with OpenBLAS 0.3.21; even at about 5x5x5 and 1x1x8).
constexpr std::int64_t tiny_matrix = 64, tiny_vector = 8;
/// Up to this size of a side the copies that gemm makes cost more than they save.
constexpr std::int64_t thin_side = 32;

CBLAS_TRANSPOSE flag(std::uint32_t transposed) {
  return transposed != 0 ? CblasTrans : CblasNoTrans;
}

template <class T>
void gemm(const Product& p, const Leading& ld, const T* a, const T* b, T* c, bool add);
template <>
void gemm(const Product& p, const Leading& ld, const float* a, const float* b, float* c, bool add) {
  cblas_sgemm(CblasRowMajor, flag(p.trans_a), flag(p.trans_b), static_cast<int>(p.m),
              static_cast<int>(p.n), static_cast<int>(p.k), 1.0F, a, static_cast<int>(ld.a), b,
              static_cast<int>(ld.b), add ? 1.0F : 0.0F, c, static_cast<int>(ld.c));
}
template <>
void gemm(const Product& p, const Leading& ld, const double* a, const double* b, double* c,
          bool add) {
  cblas_dgemm(CblasRowMajor, flag(p.trans_a), flag(p.trans_b), static_cast<int>(p.m),
              static_cast<int>(p.n), static_cast<int>(p.k), 1.0, a, static_cast<int>(ld.a), b,
              static_cast<int>(ld.b), add ? 1.0 : 0.0, c, static_cast<int>(ld.c));
}
template <>
void gemm(const Product& p, const Leading& ld, const Complex* a, const Complex* b, Complex* c,
          bool add) {
  const Complex one = 1.0, old = add ? 1.0 : 0.0;
  cblas_zgemm(CblasRowMajor, flag(p.trans_a), flag(p.trans_b), static_cast<int>(p.m),
              static_cast<int>(p.n), static_cast<int>(p.k), &one, a, static_cast<int>(ld.a), b,
              static_cast<int>(ld.b), &old, c, static_cast<int>(ld.c));
}

/// Whether a product is faster without the copies that a BLAS makes of its operands.
template <class T>
bool is_thin(const Product& p) {
  if constexpr (std::is_same_v<T, Complex>) return false;
  return p.trans_b == 0 && p.n >= 16 && std::min(p.m, p.k) <= thin_side;
}
template <class T>
void thin_product(const Product& p, const Leading& ld, const T* a, const T* b, T* c, bool add) {
  const LevelKernels& kernels = level_kernels(p.simd);
  if constexpr (std::is_same_v<T, float>) kernels.float_thin_product(p, ld, a, b, c, add);
  if constexpr (std::is_same_v<T, double>) kernels.double_thin_product(p, ld, a, b, c, add);
}

/// OpenBLAS multiplies small matrices without copying them first: up to so many multiplications,
/// and where its kernels are those for AVX-512.
constexpr std::int64_t small_product_most = 1000000;
bool has_small_products() {
  static const bool has = [] {
    const std::string_view core = openblas_get_corename();
    return core == "SkylakeX" || core == "Cooperlake";
  }();
  return has;
}

/// The rows of C and the terms of its sums that are best made at once; all of them where pieces do
/// not pay: they would be too small, or what they read or write again is too large for the caches.
/// The numbers are from 2 000 shapes, with OpenBLAS 0.3.21 on Zen 4.
struct Piece {
  std::int64_t rows, depth;
};
bool is_whole(const Product& p, const Piece& piece) {
  return piece.rows == p.m && piece.depth == p.k;
}
template <class T>
Piece piece_of(const Product& p) {
  const Piece whole{p.m, p.k};
  if (std::is_same_v<T, Complex> || p.trans_b != 0 || !has_small_products()) return whole;
  if (p.m * p.n * p.k <= small_product_most) return whole;
  constexpr auto bytes = static_cast<std::int64_t>(sizeof(T));
  const auto even = [](std::int64_t size, std::int64_t most) {
    const std::int64_t pieces = (size + most - 1) / most;
    return ((size + pieces - 1) / pieces + 7) / 8 * 8;
  };
  const bool is_flat = p.k <= thin_side;
  const std::int64_t rows = small_product_most / (p.n * p.k) / 8 * 8;
  const std::int64_t depth = small_product_most / (p.m * p.n) / 8 * 8;
  if (p.k <= 256 && rows >= (is_flat ? 8 : 24) && p.m * p.n * bytes <= (is_flat ? 12 : 1) << 20) {
    return {even(p.m, rows), p.k};
  }
  if (depth >= 40 && p.k * p.n * bytes <= 12 << 20) return {p.m, even(p.k, depth)};
  return whole;
}

template <class T>
void gemm_in_pieces(const Product& p, const Piece& piece, const Leading& ld, const T* a, const T* b,
                    T* c, bool add) {
  if (is_whole(p, piece)) return gemm(p, ld, a, b, c, add);
  for (std::int64_t row = 0; row < p.m; row += piece.rows) {
    for (std::int64_t term = 0; term < p.k; term += piece.depth) {
      Product part = p;
      part.m = std::min(piece.rows, p.m - row);
      part.k = std::min(piece.depth, p.k - term);
      const T* of_a = p.trans_a != 0 ? a + row + term * ld.a : a + row * ld.a + term;
      gemm(part, ld, of_a, b + term * ld.b, c + row * ld.c, add || term > 0);
    }
  }
}

/// On one thread, without a thin product of our own: for BLAS calls on parts of matrices.
template <class T>
void gemm_or_pieces(const Product& p, const Leading& ld, const T* a, const T* b, T* c, bool add) {
  gemm_in_pieces(p, piece_of<T>(p), ld, a, b, c, add);
}

template <class T>
void multiply_part(const Product& p, const Leading& ld, const T* a, const T* b, T* c, bool add) {
  const Piece piece = piece_of<T>(p);
  const bool is_small = has_small_products() && p.m * p.n * p.k <= small_product_most;
  if (is_thin<T>(p) && !is_small && is_whole(p, piece)) {
    return thin_product(p, ld, a, b, c, add);
  }
  gemm_in_pieces(p, piece, ld, a, b, c, add);
}

/// Multiplications from which on a product is split over threads: some 3 µs of work.
constexpr std::int64_t large_product = 128 << 10;

/// The rows or the columns of C, whichever are more, shared out over the threads.
template <class T>
void gemm_on_threads(const Product& p, const T* a, const T* b, T* c, bool add) {
  const Leading ld = {p.trans_a != 0 ? p.m : p.k, p.trans_b != 0 ? p.k : p.n, p.n};
  const bool by_rows = p.m >= p.n;
  constexpr std::int64_t unit = 16;
  const std::int64_t most = std::min((by_rows ? p.m : p.n) / unit, p.m * p.n * p.k / large_product);
  const int parts = static_cast<int>(std::clamp<std::int64_t>(most, 1, num_threads()));
  if (parts == 1) return multiply_part(p, ld, a, b, c, add);
  threads::for_parts(parts, [&](int part) {
    Product own = p;
    const std::int64_t n = by_rows ? p.m : p.n;
    const std::int64_t at = threads::part_begin(n, unit, part, parts);
    (by_rows ? own.m : own.n) = threads::part_begin(n, unit, part + 1, parts) - at;
    if (by_rows)
      multiply_part(own, ld, a + at * (p.trans_a != 0 ? 1 : ld.a), b, c + at * ld.c, add);
    else
      multiply_part(own, ld, a, b + at * (p.trans_b != 0 ? ld.b : 1), c + at, add);
  });
}

/// y = M·x or Mᵀ·x for M of rows x cols in memory.
void gemv(bool transposed, std::int64_t rows, std::int64_t cols, const float* M, const float* x,
          float* y, bool add) {
  cblas_sgemv(CblasRowMajor, flag(transposed), static_cast<int>(rows), static_cast<int>(cols), 1.0F,
              M, static_cast<int>(cols), x, 1, add ? 1.0F : 0.0F, y, 1);
}
void gemv(bool transposed, std::int64_t rows, std::int64_t cols, const double* M, const double* x,
          double* y, bool add) {
  cblas_dgemv(CblasRowMajor, flag(transposed), static_cast<int>(rows), static_cast<int>(cols), 1.0,
              M, static_cast<int>(cols), x, 1, add ? 1.0 : 0.0, y, 1);
}
void gemv(bool transposed, std::int64_t rows, std::int64_t cols, const Complex* M, const Complex* x,
          Complex* y, bool add) {
  const Complex one = 1.0, old = add ? 1.0 : 0.0;
  cblas_zgemv(CblasRowMajor, flag(transposed), static_cast<int>(rows), static_cast<int>(cols), &one,
              M, static_cast<int>(cols), x, 1, &old, y, 1);
}

/// Sums of `k` products (0: of p.k) in a register each: in memory, each term would wait for the one
/// before to be written.
template <int k, class T>
void sums_of_products(const Product& p, const T* a, const T* b, T* c, bool add) {
  const std::int64_t a_row = p.trans_a != 0 ? 1 : p.k, a_col = p.trans_a != 0 ? p.m : 1;
  const std::int64_t b_row = p.trans_b != 0 ? 1 : p.n, b_col = p.trans_b != 0 ? p.k : 1;
  const std::int64_t terms = k > 0 ? k : p.k;
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j, ++c) {
      T sum = add ? *c : T(0);
      for (std::int64_t q = 0; q < terms; ++q) {
        sum += a[i * a_row + q * a_col] * b[q * b_row + j * b_col];
      }
      *c = sum;
    }
  }
}
template <class T>
void small_product(const Product& p, const T* a, const T* b, T* c, bool add) {
  switch (p.k) {
    case 1: return sums_of_products<1>(p, a, b, c, add);
    case 2: return sums_of_products<2>(p, a, b, c, add);
    case 3: return sums_of_products<3>(p, a, b, c, add);
    case 4: return sums_of_products<4>(p, a, b, c, add);
    default: return sums_of_products<0>(p, a, b, c, add);
  }
}

/// C = x·yᵀ, or C + x·yᵀ: gemm would copy both first.
template <class T>
void outer_product(const Product& p, const T* x, const T* y, T* c, bool add) {
  for (std::int64_t i = 0; i < p.m; ++i, c += p.n) {
    const T factor = x[i];
    if (add) {
      for (std::int64_t j = 0; j < p.n; ++j) c[j] = c[j] + factor * y[j];
    } else {
      for (std::int64_t j = 0; j < p.n; ++j) c[j] = factor * y[j];
    }
  }
}

template <class T>
void multiply_any(const Product& p, const T* a, const T* b, T* c, bool add) {
  const bool with_vector = p.m == 1 || p.n == 1;
  if (p.m * p.n * p.k <= (with_vector ? tiny_vector : tiny_matrix)) {
    return small_product(p, a, b, c, add);
  }
  if (p.k == 1) return outer_product(p, a, b, c, add);
  use_one_blas_thread();
  if (p.n == 1) {
    return p.trans_a != 0 ? gemv(true, p.k, p.m, a, b, c, add)
                          : gemv(false, p.m, p.k, a, b, c, add);
  }
  if (p.m == 1) {
    return p.trans_b != 0 ? gemv(false, p.n, p.k, b, a, c, add)
                          : gemv(true, p.k, p.n, b, a, c, add);
  }
  gemm_on_threads(p, a, b, c, add);
}

}  // namespace

void use_one_blas_thread() {
  static const bool done = (openblas_set_num_threads(1), true);
  (void)done;
}

void multiply(const Product& p, const float* a, const float* b, float* c, bool add) {
  multiply_any(p, a, b, c, add);
}
void multiply(const Product& p, const double* a, const double* b, double* c, bool add) {
  multiply_any(p, a, b, c, add);
}
void multiply(const Product& p, const Complex* a, const Complex* b, Complex* c, bool add) {
  multiply_any(p, a, b, c, add);
}

void multiply_tile(const Product& p, const Leading& ld, bool add, const float* a, const float* b,
                   float* c) {
  use_one_blas_thread();
  gemm_or_pieces(p, ld, a, b, c, add);
}
void multiply_tile(const Product& p, const Leading& ld, bool add, const double* a, const double* b,
                   double* c) {
  use_one_blas_thread();
  gemm_or_pieces(p, ld, a, b, c, add);
}
void multiply_tile(const Product& p, const Leading& ld, bool add, const Complex* a,
                   const Complex* b, Complex* c) {
  use_one_blas_thread();
  gemm_or_pieces(p, ld, a, b, c, add);
}

namespace {

CBLAS_UPLO uplo(const Triangle& t) { return t.lower != 0 ? CblasLower : CblasUpper; }
CBLAS_DIAG diagonal(const Triangle& t) { return t.unit_diagonal != 0 ? CblasUnit : CblasNonUnit; }

void trsm(const Triangle& t, int n, int k, const float* a, float* x) {
  cblas_strsm(CblasRowMajor, CblasLeft, uplo(t), flag(t.transposed), diagonal(t), n, k, 1.0F, a, n,
              x, k);
}
void trsm(const Triangle& t, int n, int k, const double* a, double* x) {
  cblas_dtrsm(CblasRowMajor, CblasLeft, uplo(t), flag(t.transposed), diagonal(t), n, k, 1.0, a, n,
              x, k);
}
void trsm(const Triangle& t, int n, int k, const Complex* a, Complex* x) {
  const Complex one = 1.0;
  cblas_ztrsm(CblasRowMajor, CblasLeft, uplo(t), flag(t.transposed), diagonal(t), n, k, &one, a, n,
              x, k);
}

template <class T>
void solve_any(const Triangle& t, std::int64_t n, std::int64_t k, const T* a, T* x) {
  if (n == 0 || k == 0) return;
  use_one_blas_thread();
  trsm(t, static_cast<int>(n), static_cast<int>(k), a, x);
}

}  // namespace

void solve_triangle(const Triangle& t, std::int64_t n, std::int64_t k, const float* a, float* x) {
  solve_any(t, n, k, a, x);
}
void solve_triangle(const Triangle& t, std::int64_t n, std::int64_t k, const double* a, double* x) {
  solve_any(t, n, k, a, x);
}
void solve_triangle(const Triangle& t, std::int64_t n, std::int64_t k, const Complex* a,
                    Complex* x) {
  solve_any(t, n, k, a, x);
}

}  // namespace tapewise::kernels

namespace tapewise {

namespace {

template <class T>
double gemm_rate() {
  constexpr std::int64_t n = 512;
  const std::vector<T> a(n * n, T(1)), b(n * n, T(1));
  std::vector<T> c(n * n);
  double best = 1e9;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    kernels::multiply({n, n, n, 0, 0}, a.data(), b.data(), c.data());
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
  }
  return 2.0 * static_cast<double>(n * n * n) / best;
}

}  // namespace

double measure_gemm(bool double_precision) {
  return double_precision ? gemm_rate<double>() : gemm_rate<float>();
}

}  // namespace tapewise
