// Products that are not one call of gemm, beside sums in extended precision.
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include <tapewise/ops/kernels/blas.hpp>
#include <tapewise/ops/kernels/levels.hpp>

#include "programs.hpp"

namespace tw = tapewise;

namespace {

/// The largest error of `multiply(product, A, B, C)`, in units of rounding.
template <class T, class Multiply>
double worst_error(std::int64_t m, std::int64_t n, std::int64_t k, bool trans_a, bool add,
                   Multiply&& multiply) {
  const auto wavy = [](std::int64_t size, double phase) {
    std::vector<T> x(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<T>(std::sin(0.7 * static_cast<double>(i) + phase));
    }
    return x;
  };
  const std::vector<T> A = wavy(m * k, 0.1), B = wavy(k * n, 0.2), C = wavy(m * n, 0.3);
  std::vector<T> Y = C;
  multiply(tw::kernels::Product{m, n, k, trans_a ? 1U : 0U, 0}, A.data(), B.data(), Y.data());
  double worst = 0;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      const auto at = static_cast<std::size_t>(i * n + j);
      long double sum = add ? static_cast<long double>(C[at]) : 0.0L, size = 1;
      for (std::int64_t q = 0; q < k; ++q) {
        const auto of_a = static_cast<std::size_t>(trans_a ? q * m + i : i * k + q);
        const long double term = static_cast<long double>(A[of_a]) *
                                 static_cast<long double>(B[static_cast<std::size_t>(q * n + j)]);
        sum += term;
        size += std::abs(term);
      }
      const long double error = std::abs(static_cast<long double>(Y[at]) - sum) / size;
      worst = std::max(worst, static_cast<double>(error));
    }
  }
  return worst / static_cast<double>(std::numeric_limits<T>::epsilon());
}

/// The kernel of our own.
template <class T>
double worst_error_of_thin(std::int64_t m, std::int64_t n, std::int64_t k, bool trans_a, bool add,
                           tw::SimdLevel level) {
  return worst_error<T>(m, n, k, trans_a, add,
                        [&](const tw::kernels::Product& product, const T* A, const T* B, T* C) {
                          const tw::kernels::LevelKernels& kernels =
                              tw::kernels::level_kernels(level);
                          const tw::kernels::Leading leading{trans_a ? m : k, n, n};
                          if constexpr (std::is_same_v<T, float>) {
                            kernels.float_thin_product(product, leading, A, B, C, add);
                          } else {
                            kernels.double_thin_product(product, leading, A, B, C, add);
                          }
                        });
}

/// What all products of matrices go through.
template <class T>
double worst_error_of_multiply(std::int64_t m, std::int64_t n, std::int64_t k, bool trans_a,
                               bool add) {
  return worst_error<T>(m, n, k, trans_a, add,
                        [&](tw::kernels::Product product, const T* A, const T* B, T* C) {
                          product.simd = tw::default_simd_level();
                          tw::kernels::multiply(product, A, B, C, add);
                        });
}

/// `worst_error(T(), m, n, k, trans_a, add)` for both number types.
template <class WorstError>
void check_all_forms(std::span<const std::int64_t[3]> shapes, WorstError&& worst_error) {
  for (const auto& [m, n, k] : shapes) {
    for (const bool trans_a : {false, true}) {
      for (const bool add : {false, true}) {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        CAPTURE(trans_a);
        CAPTURE(add);
        CHECK(worst_error(double(), m, n, k, trans_a, add) < 4 + k);
        CHECK(worst_error(float(), m, n, k, trans_a, add) < 4 + k);
      }
    }
  }
}

}  // namespace

TEST_CASE("thin products are right for every size of tile, transposed or not, added or not") {
  const std::int64_t shapes[][3] = {{1, 16, 5},   {2, 17, 3},   {3, 33, 32},   {5, 64, 7},
                                    {6, 31, 200}, {7, 250, 10}, {10, 250, 70}, {13, 48, 32},
                                    {40, 100, 2}, {32, 19, 65}, {11, 16, 129}};
  for (const tw::SimdLevel level : tw::simd_levels()) {
    check_all_forms(
        shapes, [&]<class T>(T, auto... form) { return worst_error_of_thin<T>(form..., level); });
  }
}

TEST_CASE("products in pieces are right, transposed or not, added or not") {
  const int before = tw::num_threads();
  tw::set_num_threads(1);  // whose parts would be smaller than a piece
  const std::int64_t shapes[][3] = {{200, 101, 64}, {131, 250, 40}, {90, 100, 200},  // some rows
                                    {50, 130, 250}, {4001, 16, 31}, {40000, 20, 2},
                                    {64, 70, 301},  {24, 40, 2001}, {3, 250, 4000},  // some terms
                                    {301, 40, 100}, {5, 17, 3}};
  check_all_forms(shapes,
                  []<class T>(T, auto... form) { return worst_error_of_multiply<T>(form...); });
  tw::set_num_threads(before);
}

TEST_CASE("a NaN beside a thin product's matrix stays there") {
  // The last columns are read with the lanes that belong to the matrix only.
  tw::Tape tape;
  std::vector<double> b(3 * 19, 1.0);
  b[18] = NAN;
  const tw::Var A = tests::wavy(tape, {40, 3}, 0.5),
                B = tape.input(tw::ArrayView(b.data(), {tw::DType::float64, {3, 19}}));
  tw::Program program = tw::compile({tw::matmul(A, B)});
  program.run();
  const auto* y = static_cast<const double*>(program.data(0));
  for (int i = 0; i < 40 * 19; ++i) CHECK(std::isnan(y[i]) == (i % 19 == 18));
}
