// Determinants, against closed forms.
#include <doctest/doctest.h>

#include "matrices.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::distance, tests::random_matrices;
using Array = xt::xarray<double>;

namespace {

Array hilbert(std::size_t n) {
  Array H = xt::zeros<double>({n, n});
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) H(i, j) = 1.0 / static_cast<double>(i + j + 1);
  }
  return H;
}

const Array one_to_nine = {{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}, {7.0, 8.0, 9.0}};

}  // namespace

TEST_CASE("determinants of Hilbert's matrices are the reciprocals that are known") {
  tw::Tape tape;
  const double reciprocal[] = {1, 12, 2160, 6048000, 266716800000};
  for (std::size_t n = 1; n <= 5; ++n) {
    const tw::Var H = tape.input(hilbert(n));
    CHECK(det(H).item() * reciprocal[n - 1] == doctest::Approx(1).epsilon(1e-10));
    CHECK(logdet(H).item() == doctest::Approx(-std::log(reciprocal[n - 1])).epsilon(1e-10));
  }
}

TEST_CASE("row exchanges count, empty matrices have determinant 1, singular ones 0") {
  tw::Tape tape;
  const tw::Var swapped = tape.input(Array{{0.0, 2.0}, {3.0, 0.0}});
  CHECK(det(swapped).item() == -6.0);
  CHECK(slogdet(swapped).sign.item() == -1.0);
  CHECK(slogdet(swapped).logabsdet.item() == doctest::Approx(std::log(6.0)).epsilon(1e-15));
  CHECK(tests::show(det(random_matrices(tape, {2, 0, 0}, 1))) == "(2,) 1 1");
  CHECK(tests::show(slogdet(random_matrices(tape, {0, 0}, 1)).logabsdet) == "() 0");
  const tw::Var zero = tape.input(Array{{1.0, 2.0}, {2.0, 4.0}});
  CHECK(det(zero).item() == 0.0);
  CHECK(slogdet(zero).sign.item() == 0.0);
  CHECK(slogdet(zero).logabsdet.item() == -HUGE_VAL);
}

TEST_CASE("the logarithm does not overflow where the determinant does") {
  tw::Tape tape;
  const tw::Var A = 1e200 * tape.input(tests::eye(3));
  CHECK(det(A).item() == HUGE_VAL);
  CHECK(logdet(A).item() == doctest::Approx(600 * std::log(10.0)).epsilon(1e-15));
}

TEST_CASE("a negative or zero determinant has no logarithm: the matrix is named") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{{1.0, 0.0}, {0.0, 1.0}}, {{0.0, 1.0}, {1.0, 0.0}}});
  CHECK(contains(message_of<tw::DomainError>([&] { (void)logdet(A).data(); }),
                 "[logdet] matrix (1,) of the batch (2,) has a negative determinant"));
  const tw::Var zero = tape.input(Array{{1.0, 2.0}, {2.0, 4.0}});
  const std::string singular = message_of<tw::DomainError>([&] { (void)logdet(zero).data(); });
  CHECK(contains(singular, "is singular"));
  CHECK(contains(singular, "slogdet"));
}

TEST_CASE("the gradient of det is the matrix of cofactors, also of singular matrices") {
  tw::Tape tape;
  const std::pair<Array, std::vector<double>> cases[] = {
      {Array(5.0 * tests::eye(1)), {1}},
      {Array{{1.0, 2.0}, {2.0, 4.0}}, {4, -2, -2, 1}},
      {one_to_nine, {-3, 6, -3, 6, -12, 6, -3, 6, -3}},
      {Array{{1.0, 1.0, 1.0}, {2.0, 2.0, 2.0}, {0.0, 0.0, 3.0}}, {6, -6, 0, -3, 3, 0, 0, 0, 0}},
      {xt::zeros<double>({3, 3}), {0, 0, 0, 0, 0, 0, 0, 0, 0}},
      {Array{{2.0, 0.0, 0.0}, {0.0, 3.0, 0.0}, {0.0, 0.0, 4.0}}, {12, 0, 0, 0, 8, 0, 0, 0, 6}}};
  for (const auto& [a, expected] : cases) {
    const tw::Var A = tape.input(a);
    CHECK(distance(tw::backward(det(A))[A], expected) <= 1e-13);
  }
}

TEST_CASE("the second derivative of det: defined for 2 x 2 and regular matrices, else refused") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{1.0, 2.0}, {2.0, 4.0}});  // singular
  const tw::Var corner = slice(tw::backward(det(A))[A], {{0, 1}, {0, 1}});
  CHECK(tests::show(tw::backward(sum(corner))[A]) == "(2,2) 0 0 0 1");
  const tw::Var B = tape.input(Array{{1.0, 1.0, 1.0}, {2.0, 2.0, 2.0}, {0.0, 0.0, 3.0}});
  const tw::Var second = tw::backward(sum(square(tw::backward(det(B))[B])))[B];
  CHECK(contains(message_of<tw::DomainError>([&] { (void)second.data(); }), "is singular"));
}

TEST_CASE("the gradient of logdet is the inverse, transposed") {
  tw::Tape tape;
  const tw::Var A = random_matrices(tape, {3, 4, 4}, 2) + 3.0 * tape.constant(tests::eye(4));
  const tw::Var x = tape.input(xt::xarray<double>(xt::zeros<double>({3, 4, 4})));
  const tw::Var gradient = tw::backward(sum(logdet(A + x)))[x];
  CHECK(distance(gradient, swap_last(inverse(A))) <= 1e-14);
}

TEST_CASE("sign and logarithm come from one factorization, and the sign has no gradient") {
  tw::Tape tape;
  const tw::Var A = tape.input(Array{{0.0, 2.0}, {3.0, 0.0}});
  const auto [sign, logabsdet] = slogdet(A);
  CHECK(tests::count_of(tape, "slogdet") == 1);
  CHECK(tests::show(tw::backward(sign)[A]) == "(2,2) 0 0 0 0");
  CHECK(distance(tw::backward(sign * exp(logabsdet))[A], {0, -3, -2, 0}) <= 1e-14);
}
