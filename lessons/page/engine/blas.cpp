// The products of ops/kernels/blas.cpp as plain loops: a page has no BLAS.
#include <tapewise/ops/kernels/blas.hpp>

#include <algorithm>

namespace tapewise::kernels {

namespace {

/// Row by row, so that the innermost loop runs along a row of C unless B is read transposed.
template <class T>
void multiply_any(const Product& p, const Leading& ld, const T* a, const T* b, T* c, bool add) {
  const std::int64_t a_row = p.trans_a != 0 ? 1 : ld.a, a_col = p.trans_a != 0 ? ld.a : 1;
  const std::int64_t b_row = p.trans_b != 0 ? 1 : ld.b, b_col = p.trans_b != 0 ? ld.b : 1;
  for (std::int64_t i = 0; i < p.m; ++i) {
    T* row = c + i * ld.c;
    if (!add) std::fill(row, row + p.n, T(0));
    for (std::int64_t q = 0; q < p.k; ++q) {
      const T x = a[i * a_row + q * a_col];
      const T* from = b + q * b_row;
      for (std::int64_t j = 0; j < p.n; ++j) row[j] += x * from[j * b_col];
    }
  }
}

template <class T>
void multiply_whole(const Product& p, const T* a, const T* b, T* c, bool add) {
  multiply_any(p, {p.trans_a != 0 ? p.m : p.k, p.trans_b != 0 ? p.k : p.n, p.n}, a, b, c, add);
}

}  // namespace

void multiply(const Product& p, const float* a, const float* b, float* c, bool add) {
  multiply_whole(p, a, b, c, add);
}
void multiply(const Product& p, const double* a, const double* b, double* c, bool add) {
  multiply_whole(p, a, b, c, add);
}
void multiply(const Product& p, const Complex* a, const Complex* b, Complex* c, bool add) {
  multiply_whole(p, a, b, c, add);
}

void multiply_tile(const Product& p, const Leading& ld, bool add, const float* a, const float* b,
                   float* c) {
  multiply_any(p, ld, a, b, c, add);
}
void multiply_tile(const Product& p, const Leading& ld, bool add, const double* a, const double* b,
                   double* c) {
  multiply_any(p, ld, a, b, c, add);
}
void multiply_tile(const Product& p, const Leading& ld, bool add, const Complex* a,
                   const Complex* b, Complex* c) {
  multiply_any(p, ld, a, b, c, add);
}

}  // namespace tapewise::kernels
