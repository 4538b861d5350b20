// matmul against a triple loop, in every form.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of;

namespace {

tw::Var random(tw::Tape& tape, const tw::Shape& shape, tw::DType dtype, std::uint64_t seed) {
  return tape.input(tests::random_array({tw::DType::float64, shape, -1, 1}, dtype, seed));
}

/// Element (batch, i, j) of the product of two arrays seen as (batches, rows, columns).
double by_hand(const tw::Var& a, const tw::Var& b, std::int64_t a_at, std::int64_t b_at,
               std::int64_t k, std::int64_t n, std::int64_t i, std::int64_t j) {
  double sum = 0;
  for (std::int64_t q = 0; q < k; ++q) {
    sum += tw::number_at(a.dtype(), a.data(), a_at + i * k + q) *
           tw::number_at(b.dtype(), b.data(), b_at + q * n + j);
  }
  return sum;
}

}  // namespace

TEST_CASE("products of matrices of all sizes agree with a triple loop") {
  const std::int64_t sizes[][3] = {{1, 1, 1},   {2, 3, 4},   {8, 8, 8},    {8, 8, 9},
                                   {1, 40, 30}, {40, 30, 1}, {33, 17, 65}, {64, 100, 10}};
  for (const auto& size : sizes) {
    const std::int64_t m = size[0], k = size[1], n = size[2];
    for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
      CAPTURE(m);
      CAPTURE(k);
      CAPTURE(n);
      tw::Tape tape;
      const tw::Var a = random(tape, {m, k}, dtype, 1), b = random(tape, {k, n}, dtype, 2);
      const tw::Var c = matmul(a, b);
      REQUIRE(c.shape() == tw::Shape{m, n});
      double worst = 0;
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          const double ours = tw::number_at(dtype, c.data(), i * n + j);
          worst = std::max(worst, std::abs(ours - by_hand(a, b, 0, 0, k, n, i, j)));
        }
      }
      CHECK(worst <= (dtype == tw::DType::float32 ? 1e-5 : 1e-13));
    }
  }
}

TEST_CASE("vectors are rows on the left and columns on the right") {
  tw::Tape tape;
  const tw::Var v = tape.input(xt::xarray<double>{1.0, 2.0}),
                w = tape.input(xt::xarray<double>{3.0, -1.0});
  const tw::Var M = tape.input(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}});
  CHECK(tests::show(matmul(v, w)) == "() 1");
  CHECK(tests::show(matmul(M, v)) == "(2,) 5 11");
  CHECK(tests::show(matmul(v, M)) == "(2,) 7 10");
}

TEST_CASE("leading axes are batches and broadcast") {
  const std::pair<tw::Shape, tw::Shape> shapes[] = {{{5, 2, 3}, {5, 3, 4}},
                                                    {{5, 2, 3}, {3, 4}},
                                                    {{2, 3}, {5, 3, 4}},
                                                    {{5, 2, 3}, {1, 3, 4}},
                                                    {{1, 2, 3}, {5, 3, 4}}};
  for (const auto& [sa, sb] : shapes) {
    tw::Tape tape;
    const tw::Var a = random(tape, sa, tw::DType::float64, 3),
                  b = random(tape, sb, tw::DType::float64, 4);
    const tw::Var c = matmul(a, b);
    REQUIRE(c.shape() == tw::Shape{5, 2, 4});
    for (std::int64_t batch = 0; batch < 5; ++batch) {
      const std::int64_t a_at = sa.size() == 6 ? 0 : batch * 6,
                         b_at = sb.size() == 12 ? 0 : batch * 12;
      for (std::int64_t e = 0; e < 8; ++e) {
        CHECK(tw::number_at(c.dtype(), c.data(), batch * 8 + e) ==
              doctest::Approx(by_hand(a, b, a_at, b_at, 3, 4, e / 4, e % 4)).epsilon(1e-14));
      }
    }
  }
  tw::Tape tape;
  const tw::Var a = random(tape, {2, 1, 2, 3}, tw::DType::float64, 5),
                b = random(tape, {4, 3, 2}, tw::DType::float64, 6);
  CHECK(matmul(a, b).shape() == tw::Shape{2, 4, 2, 2});
}

TEST_CASE("sizes of zero give empty products, and an inner size of zero gives zeros") {
  tw::Tape tape;
  const auto make = [&](const tw::Shape& s) { return random(tape, s, tw::DType::float64, 7); };
  CHECK(tests::show(matmul(make({0, 3}), make({3, 2}))) == "(0,2)");
  CHECK(tests::show(matmul(make({2, 0}), make({0, 2}))) == "(2,2) 0 0 0 0");
  CHECK(tests::show(matmul(make({0}), make({0}))) == "() 0");
  CHECK(tests::show(matmul(make({0, 2, 3}), make({3, 1}))) == "(0,2,1)");
}

TEST_CASE("the gradient is g times the transpose of the other operand") {
  tw::Tape tape;
  const tw::Var A = random(tape, {3, 4}, tw::DType::float64, 8),
                B = random(tape, {4, 2}, tw::DType::float64, 9);
  const tw::Var g = random(tape, {3, 2}, tw::DType::float64, 10);
  const tw::GradientTable table = tw::backward(matmul(A, B), tw::Cotangent(g));
  for (std::int64_t i = 0; i < 3; ++i) {
    for (std::int64_t j = 0; j < 4; ++j) {
      double expected = 0;
      for (std::int64_t n = 0; n < 2; ++n) {
        expected += tw::number_at(g.dtype(), g.data(), i * 2 + n) *
                    tw::number_at(B.dtype(), B.data(), j * 2 + n);
      }
      CHECK(tw::number_at(A.dtype(), table[A].data(), i * 4 + j) ==
            doctest::Approx(expected).epsilon(1e-14));
    }
  }
}

TEST_CASE("one matrix for all batches gets its gradient as one product") {
  for (const bool vector : {false, true}) {
    CAPTURE(vector);
    tw::Tape tape;
    const tw::Var A = random(tape, {2, 3, 4, 5}, tw::DType::float64, 14),
                  B = random(tape, vector ? tw::Shape{5} : tw::Shape{5, 2}, tw::DType::float64, 15);
    const tw::Var C = matmul(A, B);
    const tw::Var g = random(tape, C.shape(), tw::DType::float64, 16);
    const tw::GradientTable table = tw::backward(C, tw::Cotangent(g));
    const std::int64_t n = vector ? 1 : 2;
    for (std::int64_t q = 0; q < 5; ++q) {
      for (std::int64_t j = 0; j < n; ++j) {
        double expected = 0;
        for (std::int64_t row = 0; row < 24; ++row) {
          expected += tw::number_at(A.dtype(), A.data(), row * 5 + q) *
                      tw::number_at(g.dtype(), g.data(), row * n + j);
        }
        CHECK(tw::number_at(B.dtype(), table[B].data(), q * n + j) ==
              doctest::Approx(expected).epsilon(1e-13));
      }
    }
    CHECK(tw::compile({table[B]}).steps() == 1);
  }
}

TEST_CASE("batches whose rows the BLAS cannot count together are multiplied one by one") {
  const std::int64_t many = std::int64_t{1} << 30;
  const tw::Type a{tw::DType::float32, {3, many, 1}}, b{tw::DType::float32, {1, 1}},
      c{tw::DType::float32, {3, many, 1}};
  const tw::Type* in[] = {&a, &b};
  const tw::ops::Matmul::Attribute attribute;
  const auto plan = tw::ops::Matmul::plan({in, c, &attribute});
  CHECK(plan.batches == 3);
  CHECK(plan.product.m == many);
}

TEST_CASE("a program reads transposes as flags: fewer steps, the same values") {
  tw::Tape tape;
  const tw::Var A = random(tape, {30, 20}, tw::DType::float64, 11),
                B = random(tape, {30, 25}, tw::DType::float64, 12);
  const tw::Var C = matmul(transpose(A), B);
  tw::Program with = tw::compile({C}), without = tw::compile({C}, {.absorb = false});
  CHECK(with.steps() == 1);
  CHECK(without.steps() == 2);
  with.run();
  without.run();
  const auto a = with.view<double>(C), b = without.view<double>(C);
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    worst = std::max(worst, std::abs(a.flat(i) - b.flat(i)));
  CHECK(worst <= 1e-13);
}

TEST_CASE("operands that do not fit are named with their shapes and the line") {
  tw::Tape tape;
  const auto make = [&](const tw::Shape& s) { return random(tape, s, tw::DType::float64, 13); };
  const tw::Var a = make({2, 3}), b = make({4, 5}), s = make({}),
                n = tape.input(xt::xarray<std::int64_t>{1, 2, 3});
  const std::string inner = message_of<tw::ShapeError>([&] { (void)matmul(a, b); });
  const std::string line = "ops_linalg.cpp:" + std::to_string(__LINE__ - 1);
  CHECK(contains(inner, "[matmul] inner sizes differ: (2,3) x (4,5): 3 != 4"));
  CHECK(contains(inner, line));
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)matmul(a, s); }), "a scalar is no matrix"));
  CHECK(contains(message_of<tw::ShapeError>([&] {
                   (void)matmul(make({2, 2, 3}), make({3, 3, 2}));
                 }),
                 "batch"));
  CHECK(contains(message_of<tw::TypeError>([&] { (void)matmul(a, n); }),
                 "[matmul] not defined for int64 (3,)"));
  CHECK(contains(message_of<tw::TypeError>([&] { (void)matmul(a, cast(a, tw::DType::float32)); }),
                 "cast"));
}
