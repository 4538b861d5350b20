#pragma once
#include <cstdint>
#include <tapewise/autograd/complex.hpp>

// The products of the BLAS, row-major. blas.cpp is the only file that names the BLAS itself.

namespace tapewise::kernels {

/// A matrix product C = op(A)·op(B): sizes, and which operands are read transposed. op(A) is
/// m x k and op(B) is k x n; an operand read transposed lies in memory as its transpose.
struct Product {
  std::int64_t m = 0, n = 0, k = 0;
  std::uint32_t trans_a = 0, trans_b = 0;
};

/// How many elements lie between the rows of A, B and C in memory.
struct Leading {
  std::int64_t a, b, c;
};

/// Writes C, contiguous. Tiny products and those with a vector do not go through gemm.
void multiply(const Product& p, const float* a, const float* b, float* c);
void multiply(const Product& p, const double* a, const double* b, double* c);
void multiply(const Product& p, const Complex* a, const Complex* b, Complex* c);

/// The same on parts of larger matrices, on the calling thread; `add` to what C holds.
void multiply_tile(const Product& p, const Leading& ld, bool add, const float* a, const float* b,
                   float* c);
void multiply_tile(const Product& p, const Leading& ld, bool add, const double* a, const double* b,
                   double* c);
void multiply_tile(const Product& p, const Leading& ld, bool add, const Complex* a,
                   const Complex* b, Complex* c);

}  // namespace tapewise::kernels
