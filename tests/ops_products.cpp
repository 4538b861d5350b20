// Products that are not one call of gemm, beside sums in extended precision.
#include <array>
#include <cmath>
#include <vector>

#include "programs.hpp"

namespace tw = tapewise;

namespace {

template <class T>
double worst_error(std::int64_t m, std::int64_t n, std::int64_t k, bool trans_a, bool add,
                   tw::SimdLevel level) {
  tw::Tape tape;
  const tw::Shape shape_a = trans_a ? tw::Shape{k, m} : tw::Shape{m, k};
  const tw::Var a = tests::wavy<T>(tape, shape_a, 0.1), b = tests::wavy<T>(tape, {k, n}, 0.2),
                c = tests::wavy<T>(tape, {m, n}, 0.3);
  const tw::Var product = tw::matmul(trans_a ? tw::transpose(a) : a, b);
  // A value that only the sum reads is what a product may be added to.
  const tw::Var y = add ? c * 2.0 + product : product;
  tw::Program program = tw::compile({y}, {.simd = level});
  program.run();
  const auto *A = static_cast<const T*>(a.data()), *B = static_cast<const T*>(b.data()),
             *C = static_cast<const T*>(c.data());
  const auto* Y = static_cast<const T*>(program.data(0));
  double worst = 0;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      long double sum = add ? 2.0L * static_cast<long double>(C[i * n + j]) : 0.0L, size = 1;
      for (std::int64_t q = 0; q < k; ++q) {
        const long double term = static_cast<long double>(trans_a ? A[q * m + i] : A[i * k + q]) *
                                 static_cast<long double>(B[q * n + j]);
        sum += term;
        size += std::abs(term);
      }
      const long double error = std::abs(static_cast<long double>(Y[i * n + j]) - sum) / size;
      worst = std::max(worst, static_cast<double>(error));
    }
  }
  return worst / static_cast<double>(std::numeric_limits<T>::epsilon());
}

}  // namespace

TEST_CASE("thin products are right for every size of tile, transposed or not, added or not") {
  const std::int64_t shapes[][3] = {{1, 16, 5},   {2, 17, 3},   {3, 33, 32},   {5, 64, 7},
                                    {6, 31, 200}, {7, 250, 10}, {10, 250, 70}, {13, 48, 32},
                                    {40, 100, 2}, {32, 19, 65}, {11, 16, 129}};
  for (const tw::SimdLevel level : tw::simd_levels()) {
    for (const auto& [m, n, k] : shapes) {
      for (const bool trans_a : {false, true}) {
        for (const bool add : {false, true}) {
          CAPTURE(m);
          CAPTURE(n);
          CAPTURE(k);
          CAPTURE(trans_a);
          CAPTURE(add);
          CHECK(worst_error<double>(m, n, k, trans_a, add, level) < 4 + k);
          CHECK(worst_error<float>(m, n, k, trans_a, add, level) < 4 + k);
        }
      }
    }
  }
}

TEST_CASE("products in pieces of some rows are right, transposed or not, added or not") {
  const int before = tw::num_threads();
  tw::set_num_threads(1);  // whose parts would be smaller than a piece
  for (const auto& [m, n, k] : {std::array<std::int64_t, 3>{200, 101, 64},
                                {131, 250, 40},
                                {301, 40, 100},
                                {90, 100, 200},
                                {50, 130, 250}}) {
    for (const bool trans_a : {false, true}) {
      for (const bool add : {false, true}) {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        CAPTURE(trans_a);
        CAPTURE(add);
        CHECK(worst_error<double>(m, n, k, trans_a, add, tw::default_simd_level()) < 4 + k);
        CHECK(worst_error<float>(m, n, k, trans_a, add, tw::default_simd_level()) < 4 + k);
      }
    }
  }
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
