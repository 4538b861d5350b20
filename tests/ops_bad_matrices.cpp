// Linear algebra on a batch in which one matrix is bad: the error says which.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of;
using tw::Var;

namespace {

/// A batch (2,2) of 3x3 matrices, 2I + 1, of which matrix (1,0) is another.
Var batch_with(tw::Tape& tape, const xt::xarray<double>& bad, tw::DType dtype) {
  xt::xarray<double> all = xt::ones<double>({2, 2, 3, 3});
  for (std::size_t k = 0; k < 4; ++k) {
    for (std::size_t i = 0; i < 3; ++i) {
      all(k / 2, k % 2, i, i) = 3.0;
      for (std::size_t j = 0; k == 2 && j < 3; ++j) all(1, 0, i, j) = bad(i, j);
    }
  }
  return cast(tape.input(all), dtype);
}

struct Refusing {
  std::string op;
  Var (*f)(const Var&);
};
Var ones_beside(const Var& a) { return 0.0 * a + 1.0; }

const Refusing of_singular[] = {
    {"inverse", [](const Var& a) { return inverse(a); }},
    {"solve", [](const Var& a) { return solve(a, tw::stop_gradient(ones_beside(a))); }},
    {"triangular_solve", [](const Var& a) { return triangular_solve(a, ones_beside(a)); }},
    {"logdet", [](const Var& a) { return logdet(a); }},
    {"cholesky", [](const Var& a) { return cholesky(a); }}};

const Refusing of_not_finite[] = {{"inverse", [](const Var& a) { return inverse(a); }},
                                  {"solve", [](const Var& a) { return solve(a, a); }},
                                  {"logdet", [](const Var& a) { return logdet(a); }},
                                  {"det", [](const Var& a) { return det(a); }},
                                  {"slogdet", [](const Var& a) { return slogdet(a).logabsdet; }},
                                  {"cofactors", [](const Var& a) { return cofactors(a); }},
                                  {"cholesky", [](const Var& a) { return cholesky(a); }},
                                  {"eigh", [](const Var& a) { return eigh(a).vectors; }},
                                  {"svd", [](const Var& a) { return svd(a).u; }},
                                  {"qr", [](const Var& a) { return qr(a).q; }},
                                  {"pinv", [](const Var& a) { return pinv(a); }},
                                  {"lstsq", [](const Var& a) { return lstsq(a, a); }}};

}  // namespace

TEST_CASE("a singular or indefinite matrix is named by its place in the batch, in both dtypes") {
  for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
    for (const Refusing& r : of_singular) {
      CAPTURE(r.op);
      tw::Tape tape;
      const Var a = batch_with(tape, {{1, 2, 0}, {2, 4, 0}, {0, 0, 0}}, dtype), y = r.f(a);
      const std::string wanted = "[" + r.op + "] matrix (1,0) of the batch (2,2) is ";
      CHECK(contains(message_of<tw::DomainError>([&] { (void)y.data(); }), wanted));
      tw::Program program = tw::compile({y});
      CHECK(contains(message_of<tw::DomainError>([&] { program.run(); }), wanted));
    }
  }
}

TEST_CASE("a negative determinant has no logarithm, and slogdet has") {
  tw::Tape tape;
  const Var a = batch_with(tape, {{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}, tw::DType::float64);
  const Var y = logdet(a);
  CHECK(contains(message_of<tw::DomainError>([&] { (void)y.data(); }),
                 "[logdet] matrix (1,0) of the batch (2,2) has a negative determinant"));
  CHECK(slogdet(a).sign.value<double>()(1, 0) == -1.0);
}

TEST_CASE("a matrix that is not finite is named by its place in the batch") {
  for (const Refusing& r : of_not_finite) {
    CAPTURE(r.op);
    tw::Tape tape;
    const Var a = batch_with(tape, {{1, 2, 0}, {2, std::nan(""), 0}, {0, 0, 1}},
                             tw::DType::float64),
              y = r.f(a);
    CHECK(contains(message_of<tw::DomainError>([&] { (void)y.data(); }),
                   "[" + r.op + "] matrix (1,0) of the batch (2,2) has an element that is"));
  }
}

TEST_CASE("gradients that do not exist are refused with the matrix they do not exist for") {
  tw::Tape tape;
  // All but matrix (1,0) of the batch have two equal eigenvalues: matrix (0,0) is the first.
  const Var a = batch_with(tape, {{1, 0, 0}, {0, 2, 0}, {0, 0, 3}}, tw::DType::float64);
  const Var weights =
      tape.input(xt::xarray<double>{{1.0, -2.0, 0.5}, {0.3, 1.0, 2.0}, {4.0, 0.1, 1.0}});
  const Var vectors = tw::backward(sum(eigh(a).vectors * weights))[a];
  CHECK(contains(message_of<tw::DomainError>([&] { (void)vectors.data(); }),
                 "of matrix (0,0) of the batch (2,2) are equal"));
  // The eigenvalues themselves have a gradient, and so have functions of the matrix.
  const Var values = tw::backward(sum(eigh(a).values))[a];
  CHECK(tw::amax(abs(values - tape.constant(xt::xarray<double>(xt::eye(3))))).item() < 1e-14);
  // Singular matrices: pinv and lstsq are defined, qr's gradient is not.
  const Var singular = batch_with(tape, {{1, 0, 0}, {0, 0, 0}, {0, 0, 0}}, tw::DType::float64);
  CHECK(std::isfinite(sum(pinv(singular)).item()));
  CHECK(std::isfinite(tw::amax(tw::backward(sum(pinv(singular)))[singular]).item()));
  const Var of_qr = tw::backward(sum(qr(singular).r))[singular];
  CHECK(contains(message_of<tw::DomainError>([&] { (void)of_qr.data(); }),
                 "matrix (1,0) of the batch (2,2) is singular"));
  const Var of_log = tw::backward(sum(slogdet(singular).logabsdet))[singular];
  CHECK(contains(message_of<tw::DomainError>([&] { (void)of_log.data(); }),
                 "matrix (1,0) of the batch (2,2) is singular"));
}
