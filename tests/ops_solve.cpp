// Inverses, linear systems and least squares, against published solutions and their definitions.
#include <doctest/doctest.h>

#include "matrices.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::distance, tests::random_matrices;
using Array = xt::xarray<double>;

TEST_CASE("the inverse of Hilbert's matrix has the integers that are known") {
  tw::Tape tape;
  const tw::Var H = tape.input(
      Array{{1.0, 1.0 / 2, 1.0 / 3}, {1.0 / 2, 1.0 / 3, 1.0 / 4}, {1.0 / 3, 1.0 / 4, 1.0 / 5}});
  CHECK(distance(inverse(H), {9, -36, 30, -36, 192, -180, 30, -180, 180}) <= 1e-10);
}

TEST_CASE("a matrix times its inverse is the identity, in batches and both precisions") {
  for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
    tw::Tape tape;
    const tw::Var A = random_matrices(tape, {2, 3, 17, 17}, 1, dtype) +
                      9.0 * tape.input(tests::random_array({dtype, {}, 1, 1}, dtype, 1)) *
                          tw::cast(tape.constant(tests::eye(17)), dtype);
    const tw::Var I = tw::broadcast_to(tw::cast(tape.constant(tests::eye(17)), dtype), A.shape());
    CHECK(distance(matmul(A, inverse(A)), I) <= (dtype == tw::DType::float32 ? 1e-5 : 1e-13));
  }
}

TEST_CASE("solve solves, for vectors and matrices, and broadcasts batches") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{2.0, 1.0}, {1.0, 3.0}});
  CHECK(distance(solve(A, tape.input(Array{3.0, 5.0})), {0.8, 1.4}) <= 1e-15);
  CHECK(solve(A, tape.input(Array{3.0, 5.0})).shape() == tw::Shape{2});

  const std::pair<tw::Shape, tw::Shape> shapes[] = {{{5, 5}, {5, 2}},
                                                    {{3, 5, 5}, {3, 5, 2}},
                                                    {{5, 5}, {3, 5, 2}},
                                                    {{3, 5, 5}, {5, 2}},
                                                    {{3, 1, 5, 5}, {2, 5, 1}}};
  for (const auto& [a, b] : shapes) {
    const tw::Var M = random_matrices(tape, a, 2) + 4.0 * tape.constant(tests::eye(5)),
                  B = random_matrices(tape, b, 3);
    const tw::Var X = solve(M, B);
    CHECK(distance(matmul(M, X), tw::broadcast_to(B, X.shape())) <= 1e-13);
  }
}

TEST_CASE("the gradient of bᵀA⁻¹b is that of the textbook") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{2.0, 1.0}, {0.0, 4.0}}), b = tape.input(Array{1.0, 2.0});
  // A⁻¹b = (1/4, 1/2), A⁻ᵀb = (1/2, 3/8): ∂/∂A = -A⁻ᵀb·(A⁻¹b)ᵀ, ∂/∂b = A⁻¹b + A⁻ᵀb
  const tw::GradientTable table = tw::backward(dot(b, solve(A, b)));
  CHECK(distance(table[A], {-0.125, -0.25, -0.09375, -0.1875}) <= 1e-15);
  CHECK(distance(table[b], {0.75, 0.875}) <= 1e-15);
}

TEST_CASE("the Jacobian of a solution in its right side is the inverse") {
  tw::Tape tape;
  const tw::Var A = random_matrices(tape, {4, 4}, 4) + 3.0 * tape.constant(tests::eye(4)),
                b = random_matrices(tape, {4}, 5);
  CHECK(distance(tw::jacobian(solve(A, b), b), inverse(A)) <= 1e-14);
}

TEST_CASE("triangular_solve reads one triangle, and no diagonal of ones") {
  tw::Tape tape;
  const double nan = std::nan("");
  const tw::Var L = tape.input(Array{{2.0, nan}, {1.0, 4.0}}),
                U = tape.input(Array{{2.0, 1.0}, {nan, 4.0}}),
                N = tape.input(Array{{nan, nan}, {3.0, nan}}), b = tape.input(Array{2.0, 9.0});
  CHECK(distance(triangular_solve(L, b), {1, 2}) <= 1e-15);
  CHECK(distance(triangular_solve(L, b, {.transposed = true}), {-0.125, 2.25}) <= 1e-15);
  CHECK(distance(triangular_solve(U, b, {.lower = false}), {-0.125, 2.25}) <= 1e-15);
  CHECK(distance(triangular_solve(N, b, {.unit_diagonal = true}), {2, 3}) <= 1e-15);
  const tw::GradientTable table =
      tw::backward(sum(triangular_solve(N, b, {.unit_diagonal = true})));
  CHECK(tests::show(table[b]) == "(2,) -2 1");
}

TEST_CASE("lstsq fits a line, and finds the shortest solution of those that fit") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{1.0, 0.0}, {1.0, 1.0}, {1.0, 2.0}});
  CHECK(distance(lstsq(A, tape.input(Array{6.0, 0.0, 0.0})), {5, -3}) <= 1e-14);
  const tw::Var row = tape.input(Array(xt::ones<double>({1, 2}))),
                ones = tape.input(Array{{1.0, 1.0}, {1.0, 1.0}});
  CHECK(distance(lstsq(row, tape.input(Array{2.0})), {1, 1}) <= 1e-15);
  CHECK(distance(lstsq(ones, tape.input(Array{1.0, 3.0})), {1, 1}) <= 1e-15);
}

TEST_CASE("lstsq of a square matrix is solve, gradients included") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{2.0, 1.0}, {0.0, 4.0}}), b = tape.input(Array{1.0, 2.0});
  const tw::GradientTable table = tw::backward(dot(b, lstsq(A, b)));
  CHECK(distance(table[A], {-0.125, -0.25, -0.09375, -0.1875}) <= 1e-15);
  CHECK(distance(table[b], {0.75, 0.875}) <= 1e-15);
}

TEST_CASE("the pseudo-inverse has Penrose's four properties, of any rank") {
  tw::Tape tape;
  const tw::Var tall = random_matrices(tape, {2, 5, 3}, 6), wide = random_matrices(tape, {3, 5}, 7);
  const tw::Var flat = matmul(random_matrices(tape, {4, 2}, 8), random_matrices(tape, {2, 4}, 9));
  for (const tw::Var& A : {tall, wide, flat}) {
    const tw::Var P = pinv(A);
    const tw::Var AP = matmul(A, P), PA = matmul(P, A);
    CHECK(distance(matmul(AP, A), A) <= 1e-13);
    CHECK(distance(matmul(PA, P), P) <= 1e-12);
    CHECK(distance(AP, swap_last(AP)) <= 1e-13);
    CHECK(distance(PA, swap_last(PA)) <= 1e-13);
  }
  const tw::Var A = tape.input(Array{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  CHECK(distance(pinv(A), {-4.0 / 3, -1.0 / 3, 2.0 / 3, 13.0 / 12, 1.0 / 3, -5.0 / 12}) <= 1e-14);
}

TEST_CASE("singular matrices are named, with the line and the way out") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{{1.0, 2.0}, {3.0, 4.0}}, {{1.0, 2.0}, {2.0, 4.0}}});
  const std::string found = message_of<tw::DomainError>([&] { (void)inverse(A).data(); });
  const std::string line = "ops_solve.cpp:" + std::to_string(__LINE__ - 1);
  CHECK(contains(found, "[inverse] matrix (1,) of the batch (2,) is singular"));
  CHECK(contains(found, "pinv"));
  CHECK(contains(found, line));
  const tw::Var b = tape.input(Array{1.0, 1.0}), one = tape.input(Array{{1.0, 2.0}, {2.0, 4.0}});
  CHECK(contains(message_of<tw::DomainError>([&] { (void)solve(one, b).data(); }),
                 "[solve] the matrix is singular: no pivot but 0 for column 1: lstsq"));
  const tw::Var L = tape.input(Array{{0.0, 2.0}, {2.0, 4.0}});
  CHECK(contains(message_of<tw::DomainError>([&] { (void)triangular_solve(L, b).data(); }),
                 "[triangular_solve] the matrix is singular: no pivot but 0 for column 0"));

  tw::Program program = tw::compile({inverse(one)});
  one.set(Array{{1.0, 2.0}, {3.0, 4.0}});
  program.run();
  CHECK(static_cast<const double*>(program.data(0))[0] == doctest::Approx(-2.0));
  one.set(Array{{1.0, 2.0}, {2.0, 4.0}});
  CHECK(contains(message_of<tw::DomainError>([&] { program.run(); }), "singular"));
}

TEST_CASE("matrices that are not finite are refused, not turned into NaN") {
  tw::Tape tape;
  const double inf = HUGE_VAL;
  const tw::Var A = tape.input(Array{{1.0, inf}, {0.0, 1.0}}), b = tape.input(Array{1.0, 1.0});
  const std::string wanted = "the matrix has an element that is infinite or NaN";
  for (const auto& y :
       {inverse(A), solve(A, b), pinv(A), lstsq(A, b), triangular_solve(A, b, {.lower = false})}) {
    CHECK(contains(message_of<tw::DomainError>([&] { (void)y.data(); }), wanted));
  }
}

TEST_CASE("operands that do not fit are refused while recording") {
  tw::Tape tape;
  const tw::Var A = random_matrices(tape, {2, 3, 3}, 10), v = random_matrices(tape, {2, 3}, 11),
                w = random_matrices(tape, {3, 4}, 12), s = random_matrices(tape, {}, 13),
                n = tape.input(xt::xarray<std::int64_t>{{1, 2}, {3, 4}});
  const std::size_t before = tape.size();
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)inverse(w); }),
                 "[inverse] wanted square matrices, given (3,4): 3 != 4"));
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)inverse(s); }), "two axes at least"));
  CHECK(contains(message_of<tw::TypeError>([&] { (void)inverse(n); }), "cast it to a float dtype"));
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)solve(A, v); }),
                 "a stack of vectors needs a last axis of size 1"));
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)solve(A, s); }), "is a scalar"));
  CHECK(tape.size() == before);
}
