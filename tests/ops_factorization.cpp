// Factorizations, against published ones and what they are defined by.
#include <doctest/doctest.h>

#include "matrices.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::distance, tests::random_matrices;
using Array = xt::xarray<double>;

namespace {

tw::Var identity_like(const tw::Var& columns) {
  const auto n = static_cast<std::size_t>(columns.shape().back());
  tw::Shape shape = columns.shape();
  shape.set(shape.rank() - 2, shape.back());
  return tw::broadcast_to(tw::cast(columns.tape().constant(tests::eye(n)), columns.dtype()), shape);
}

tw::Var with_row_axis(const tw::Var& s) {
  tw::Shape shape(std::span(s.shape().begin(), s.shape().rank() - 1));
  shape.push_back(1);
  shape.push_back(s.shape().back());
  return reshape(s, shape);
}

/// QᵀQ is the identity.
double unorthogonal(const tw::Var& Q) {
  return distance(matmul(swap_last(Q), Q), identity_like(Q));
}

const tw::Shape shapes[] = {{5, 5}, {7, 4}, {4, 7}, {2, 3, 6, 5}, {1, 1}, {3, 1}, {1, 3}, {40, 30}};

}  // namespace

TEST_CASE("cholesky finds the factor that was multiplied") {
  tw::Tape tape;
  const tw::Var A =
      tape.input(Array{{4.0, 12.0, -16.0}, {12.0, 37.0, -43.0}, {-16.0, -43.0, 98.0}});
  CHECK(distance(cholesky(A), {2, 0, 0, 6, 1, 0, -8, 5, 3}) <= 1e-13);
  for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
    const tw::Var X = random_matrices(tape, {2, 3, 20, 30}, 1, dtype);
    const tw::Var S = matmul(X, swap_last(X)), L = cholesky(S);
    CHECK(distance(matmul(L, swap_last(L)), S) <= (dtype == tw::DType::float32 ? 2e-5 : 1e-13));
  }
}

TEST_CASE("the gradient of cholesky is symmetric: of log det it is the inverse") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{4.0, 2.0}, {2.0, 3.0}});
  const tw::Var logdet = 2.0 * sum(log(einsum("ii->i", cholesky(A))));
  CHECK(distance(tw::backward(logdet)[A], {3.0 / 8, -2.0 / 8, -2.0 / 8, 4.0 / 8}) <= 1e-15);
}

TEST_CASE("cholesky and eigh read the symmetric part, so any matrix can be checked") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{4.0, 1.0}, {3.0, 3.0}}),
                S = tape.input(Array{{4.0, 2.0}, {2.0, 3.0}});
  CHECK(distance(cholesky(A), cholesky(S)) == 0);
  CHECK(distance(eigh(A).values, eigh(S).values) == 0);
  const tw::Var inputs[] = {A};
  CHECK(static_cast<bool>(tw::gradcheck(cholesky(A), inputs)));
  CHECK(static_cast<bool>(tw::gradcheck(eigh(A).vectors, inputs)));
}

TEST_CASE("a matrix that is not positive definite is named") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{{4.0, 2.0}, {2.0, 3.0}}, {{1.0, 2.0}, {2.0, 3.0}}});
  const std::string found = message_of<tw::DomainError>([&] { (void)cholesky(A).data(); });
  CHECK(contains(found,
                 "[cholesky] matrix (1,) of the batch (2,) is not positive definite: its "
                 "leading minor of order 2"));
  const tw::Var semi = tape.input(Array(0.0 * tests::eye(1)));
  CHECK(contains(message_of<tw::DomainError>([&] { (void)cholesky(semi).data(); }), "order 1"));
}

TEST_CASE("eigenvalues of the discrete Laplacian are those of the textbook") {
  tw::Tape tape;
  const std::size_t n = 12;
  Array T = xt::zeros<double>({n, n});
  std::vector<double> expected;
  for (std::size_t i = 0; i < n; ++i) {
    T(i, i) = 2;
    if (i + 1 < n) T(i, i + 1) = T(i + 1, i) = -1;
    expected.push_back(2 - 2 * std::cos(static_cast<double>(i + 1) * std::acos(-1.0) / (n + 1)));
  }
  CHECK(distance(eigh(tape.input(T)).values, expected) <= 1e-14);
}

TEST_CASE("eigenvectors diagonalise and are orthonormal, in batches and both precisions") {
  for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
    tw::Tape tape;
    const tw::Var X = random_matrices(tape, {2, 3, 15, 15}, 2, dtype);
    const tw::Var S = X + swap_last(X);
    const auto [w, V] = eigh(S);
    const double allowed = dtype == tw::DType::float32 ? 2e-5 : 1e-13;
    CHECK(distance(matmul(V * with_row_axis(w), swap_last(V)), S) <= allowed);
    CHECK(unorthogonal(V) <= allowed);
  }
}

TEST_CASE("the gradient of an eigenvalue is its eigenvector times itself") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{2.0, 1.0}, {1.0, 2.0}});  // 3: (1, 1)/√2
  const auto [values, vectors] = eigh(A);
  const tw::Var gradient = tw::backward(sum(slice(values, {{1, 2}})))[A];
  CHECK(distance(gradient, {0.5, 0.5, 0.5, 0.5}) <= 1e-15);
  CHECK(tests::count_of(tape, "eigh") == 1);
  CHECK(tests::count_of(tape, "over_gaps") == 0);
}

TEST_CASE("equal eigenvalues: their sum has a gradient, their vectors are refused") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array(2.0 * tests::eye(3)));
  const auto [values, vectors] = eigh(A);
  CHECK(distance(tw::backward(sum(values * values))[A], {4, 0, 0, 0, 4, 0, 0, 0, 4}) <= 1e-15);
  // V·diag(w)·Vᵀ is A again, but no formula in V and w can see its derivative at equal values.
  const tw::Var again = matmul(vectors * with_row_axis(values), swap_last(vectors));
  const tw::Var refused = tw::backward(sum(again * random_matrices(tape, {3, 3}, 9)))[A];
  CHECK(contains(message_of<tw::DomainError>([&] { (void)refused.data(); }),
                 "of the matrix are equal: 2 and 2"));
}

TEST_CASE("singular values that are known") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{3.0, 0.0}, {4.0, 5.0}});
  CHECK(distance(svd(A).s, {std::sqrt(45.0), std::sqrt(5.0)}) <= 1e-14);
}

TEST_CASE("svd gives back the matrix, with orthonormal factors, tall and wide") {
  for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
    for (const tw::Shape& shape : shapes) {
      tw::Tape tape;
      const tw::Var A = random_matrices(tape, shape, 3, dtype);
      const auto [U, s, Vt] = svd(A);
      const double allowed = dtype == tw::DType::float32 ? 2e-5 : 1e-13;
      CHECK(distance(matmul(U * with_row_axis(s), Vt), A) <= allowed);
      CHECK(unorthogonal(U) <= allowed);
      CHECK(unorthogonal(swap_last(Vt)) <= allowed);
      CHECK(tests::count_of(tape, "svd") == 1);
    }
  }
}

TEST_CASE("the gradient of the sum of singular values is U·Vᵀ") {
  for (const tw::Shape& shape : shapes) {
    tw::Tape tape;
    const tw::Var A = random_matrices(tape, shape, 4);
    const auto [U, s, Vt] = svd(A);
    CHECK(distance(tw::backward(sum(s))[A], matmul(U, Vt)) <= 1e-13);
  }
}

TEST_CASE("singular values of a matrix of low rank have gradients, its vectors have none") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{3.0, 0.0}, {4.0, 0.0}, {0.0, 0.0}});  // s = 5, 0
  const auto [U, s, Vt] = svd(A);
  CHECK(distance(tw::backward(sum(slice(s, {{0, 1}})))[A], {0.6, 0, 0.8, 0, 0, 0}) <= 1e-15);
  const tw::Var refused = tw::backward(sum(U * random_matrices(tape, {3, 2}, 5)))[A];
  CHECK(contains(message_of<tw::DomainError>([&] { (void)refused.data(); }), "singular values"));
}

TEST_CASE("qr of a matrix whose factors are known up to signs") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{12.0, -51.0, 4.0}, {6.0, 167.0, -68.0}, {-4.0, 24.0, -41.0}});
  CHECK(distance(abs(qr(A).r), {14, 21, 14, 0, 175, 70, 0, 0, 35}) <= 1e-12);
}

TEST_CASE("qr gives back the matrix, orthonormal times upper triangular, tall and wide") {
  for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
    for (const tw::Shape& shape : shapes) {
      tw::Tape tape;
      const tw::Var A = random_matrices(tape, shape, 6, dtype);
      const auto [Q, R] = qr(A);
      const double allowed = dtype == tw::DType::float32 ? 2e-5 : 1e-13;
      CHECK(distance(matmul(Q, R), A) <= allowed);
      CHECK(unorthogonal(Q) <= allowed);
      const std::vector<double> r = tests::numbers(R);
      const std::int64_t k = Q.shape().back(), n = R.shape().back();
      for (std::int64_t i = 0; i < static_cast<std::int64_t>(r.size()); ++i) {
        if (i % n < i / n % k) CHECK(r[static_cast<std::size_t>(i)] == 0.0);
      }
    }
  }
}

TEST_CASE("the gradient of qr asks for a full rank") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{1.0, 0.0}, {0.0, 0.0}});
  const tw::Var refused = tw::backward(sum(qr(A).r))[A];
  CHECK(contains(message_of<tw::DomainError>([&] { (void)refused.data(); }),
                 "[triangular_solve] the matrix is singular: no pivot but 0 for column 1"));
}

TEST_CASE("matrices that are not finite, and operands that do not fit, are refused") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{1.0, std::nan("")}, {0.0, 1.0}});
  const std::string wanted = "the matrix has an element that is infinite or NaN";
  for (const auto& y : {cholesky(A), eigh(A).values, svd(A).s, qr(A).r, det(A)}) {
    CHECK(contains(message_of<tw::DomainError>([&] { (void)y.data(); }), wanted));
  }
  const tw::Var w = random_matrices(tape, {3, 4}, 7), v = random_matrices(tape, {3}, 8);
  const std::size_t before = tape.size();
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)eigh(w); }), "[eigh] wanted square"));
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)svd(v); }), "[svd] wanted matrices"));
  const std::string line = message_of<tw::ShapeError>([&] { (void)qr(v); });
  CHECK(contains(line, "ops_factorization.cpp:" + std::to_string(__LINE__ - 1)));
  CHECK(tape.size() == before);
}
