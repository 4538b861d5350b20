#pragma once
#include <cstdint>
#include <tapewise/autograd/complex.hpp>
#include <tapewise/autograd/simd_level.hpp>

// The products of the BLAS, row-major. blas.cpp is the only file that names the BLAS itself.

namespace tapewise::kernels {

/// A matrix product C = op(A)·op(B): sizes, and which operands are read transposed. op(A) is
/// m x k and op(B) is k x n; an operand read transposed lies in memory as its transpose.
struct Product {
  std::int64_t m = 0, n = 0, k = 0;
  std::uint32_t trans_a = 0, trans_b = 0;
  SimdLevel simd = SimdLevel::sse2;  ///< of products that do not go through the BLAS
};

/// How many elements lie between the rows of A, B and C in memory.
struct Leading {
  std::int64_t a, b, c;
};

/// Writes C, contiguous, or adds to what it holds. Tiny products, thin ones and those with a vector
/// do not go through gemm.
void multiply(const Product& p, const float* a, const float* b, float* c, bool add = false);
void multiply(const Product& p, const double* a, const double* b, double* c, bool add = false);
void multiply(const Product& p, const Complex* a, const Complex* b, Complex* c, bool add = false);

/// The same on parts of larger matrices, on the calling thread; `add` to what C holds.
void multiply_tile(const Product& p, const Leading& ld, bool add, const float* a, const float* b,
                   float* c);
void multiply_tile(const Product& p, const Leading& ld, bool add, const double* a, const double* b,
                   double* c);
void multiply_tile(const Product& p, const Leading& ld, bool add, const Complex* a,
                   const Complex* b, Complex* c);

/// A triangle of a row-major n x n matrix; the other one is not read.
struct Triangle {
  std::uint32_t lower = 1, transposed = 0, unit_diagonal = 0;
};

/// x (n x k) becomes A⁻¹·x, or A⁻ᵀ·x, for a triangular A without a zero on its diagonal.
void solve_triangle(const Triangle& t, std::int64_t n, std::int64_t k, const float* a, float* x);
void solve_triangle(const Triangle& t, std::int64_t n, std::int64_t k, const double* a, double* x);
void solve_triangle(const Triangle& t, std::int64_t n, std::int64_t k, const Complex* a,
                    Complex* x);

/// Work is split over our own threads: OpenBLAS's pool would compete with ours. Called before
/// the BLAS or LAPACK is.
void use_one_blas_thread();

}  // namespace tapewise::kernels
