// Products, variances, norms, extrema and where they stand.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tapewise/tapewise.hpp>

#include "counted.hpp"
#include "relative.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;
using tests::counted;
using tests::message_of;
using tests::show;
using tw::DType, tw::Norm, tw::Ties;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::string gradient(const tw::Var& y, const tw::Var& x) { return show(tw::backward(y)[x]); }

}  // namespace

TEST_CASE("min and its gradient") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, 5, 3}, {4, 2, 9}});
  CHECK(show(tw::amin(x)) == "() 1");
  CHECK(show(tw::amin(x, 0)) == "(3,) 1 2 3");
  CHECK(show(tw::min(x, {-1})) == "(2,) 1 2");
  CHECK(show(tw::min(x, {0, 1}, true)) == "(1,1) 1");
  CHECK(show(tw::min(x, 3)) == "(2,3) 1 3 3 3 2 3");  // a number compares
  CHECK(gradient(sum(tw::amin(x, 1)), x) == "(2,3) 1 0 0 0 1 0");
  CHECK(show(tw::amin(tape.input(xt::xarray<std::int64_t>{3, -7, 5}))) == "int64 () -7");
  CHECK(show(tw::amin(tape.input(xt::xarray<double>{inf, inf}))) == "() inf");
  for (const std::int64_t n : {3, 33, 100}) {
    const auto row = counted(tape, {n}, DType::float32) + 5.0;
    CHECK(tw::amin(row).item() == 5);
    CHECK(tw::amin(-row).item() == -static_cast<double>(n) - 4);
    CHECK(std::isnan(tw::amin(where(row == 6.0, not_a_number, row)).item()));
  }
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)tw::amin(counted(tape, {0})); }),
                 "[amin] nothing has no minimum: given (0,)"));
}

TEST_CASE("ties share the gradient, or the first one takes it") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, 3, 3}, {4, 4, 4}});
  CHECK(gradient(sum(tw::amax(x, 1)), x) == "(2,3) 0 0.5 0.5 0.333333 0.333333 0.333333");
  CHECK(gradient(sum(tw::amax(x, 1, false, Ties::first)), x) == "(2,3) 0 1 0 1 0 0");
  CHECK(gradient(sum(tw::amin(x, 0, true, Ties::first)), x) == "(2,3) 1 1 1 0 0 0");
  // max along one axis is torch.max along one; max of all is torch.max of all
  CHECK(gradient(sum(tw::max(x, {1})), x) == "(2,3) 0 1 0 1 0 0");
  CHECK(gradient(sum(tw::min(x, {1})), x) == "(2,3) 1 0 0 1 0 0");
  CHECK(gradient(tw::max(x), x) == "(2,3) 0 0 0 0.333333 0.333333 0.333333");
  CHECK(gradient(tw::amax(x, {}, false, Ties::first), x) == "(2,3) 0 0 0 1 0 0");
  const auto cube = tape.input(xt::xarray<double>{{{7, 1}, {7, 2}}, {{0, 2}, {7, 0}}});
  CHECK(gradient(sum(tw::amax(cube, {0, 2}, false, Ties::first)), cube) ==
        "(2,2,2) 1 0 1 0 0 0 0 0");
}

TEST_CASE("argmax and argmin name the first winner") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, 5, 5}, {4, 2, 1}});
  CHECK(show(tw::argmax(x)) == "int64 () 1");
  CHECK(show(tw::argmin(x)) == "int64 () 0");
  CHECK(show(tw::argmax(x, 1)) == "int64 (2,) 1 0");
  CHECK(show(tw::argmax(x, -2)) == "int64 (3,) 1 0 0");
  CHECK(show(tw::argmin(x, 1, true)) == "int64 (2,1) 0 2");
  CHECK(show(tw::argmax(tape.input(2.0))) == "int64 () 0");
  CHECK(show(tw::argmax(counted(tape, {2, 3, 2}), {0, 2})) == "int64 (3,) 3 3 3");
  CHECK(show(tw::argmin(tape.input(xt::xarray<double>{2, not_a_number, 1, not_a_number}))) ==
        "int64 () 1");
  CHECK(show(tw::argmax(tape.input(xt::xarray<double>{-inf, -inf}))) == "int64 () 0");
  CHECK(show(tw::argmax(tape.input(xt::xarray<std::int64_t>{-3, -1, -1}))) == "int64 () 1");
  CHECK(show(tw::argmax(counted(tape, {0, 2}), 1)) == "int64 (0,)");
  CHECK(contains(message_of<tw::ShapeError>([&] {
                   (void)tw::argmax(counted(tape, {0, 2}), 0);
                 }),
                 "[argmax] nothing has no maximum: given (0,2)"));
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)tw::argmin(x, 2); }),
                 "[argmin] axis 2 is out of range for (2,3)"));
}

TEST_CASE("prod over any axes, of nothing 1") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, 2, 3}, {4, 5, 6}});
  CHECK(show(tw::prod(x)) == "() 720");
  CHECK(show(tw::prod(x, 0)) == "(3,) 4 10 18");
  CHECK(show(tw::prod(x, -1, true)) == "(2,1) 6 120");
  CHECK(show(tw::prod(counted(tape, {0, 2}), 0)) == "(2,) 1 1");
  CHECK(show(tw::prod(tape.input(xt::xarray<std::int64_t>{-3, 7}))) == "int64 () -21");
  const auto small = tape.input(xt::xarray<float>{1e30F, 1e30F, 1e-30F, 1e-30F});
  CHECK(tw::prod(small).item() == doctest::Approx(1.0).epsilon(1e-6));  // no overflow on the way
}

TEST_CASE("prod's gradients are right with zeros, in first and second order") {
  tw::Tape tape;
  const auto one = tape.input(xt::xarray<double>{2, 0, 3});
  CHECK(gradient(tw::prod(one), one) == "(3,) 0 6 0");
  const auto two = tape.input(xt::xarray<double>{2, 0, 0, 3});
  CHECK(gradient(tw::prod(two), two) == "(4,) 0 0 0 0");
  // ∂²/∂x_1∂x_2 = x_0·x_3 = 6
  const auto second = tw::backward(tw::prod(two))[two];
  const auto pick = tape.constant(xt::xarray<double>{0, 1, 0, 0});
  CHECK(gradient(sum(second * pick), two) == "(4,) 0 0 6 0");
  const auto three = tape.input(xt::xarray<double>{0, 0, 0, 5});
  const auto g = tw::backward(tw::prod(three))[three];
  const auto gg = tw::backward(sum(g * tape.constant(xt::xarray<double>{1, 0, 0, 0})))[three];
  CHECK(gradient(sum(gg * tape.constant(xt::xarray<double>{0, 1, 0, 0})), three) == "(4,) 0 0 5 0");
  const auto rows = tape.input(xt::xarray<double>{{1, 2, 3}, {4, 0, 6}});
  CHECK(gradient(sum(tw::prod(rows, 0)), rows) == "(2,3) 4 0 6 1 2 3");
  CHECK(gradient(tw::prod(rows), rows) == "(2,3) 0 0 0 0 144 0");
}

TEST_CASE("var and std against the closed form, ddof 0 and 1") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, 2, 3, 4}, {0, 0, 3, 3}});
  CHECK(show(tw::var(x, 1)) == "(2,) 1.25 2.25");
  CHECK(show(tw::var(x, 1, true, 1)) == "(2,1) 1.66667 3");
  CHECK(show(tw::stddev(x, 1)) == "(2,) 1.11803 1.5");
  CHECK(show(tw::var(x)) == "() 2");
  CHECK(show(tw::var(x, {0, 1}, false, 1)) == "() 2.28571");
  CHECK(gradient(sum(tw::var(x, 1)), x) == "(2,4) -0.75 -0.25 0.25 0.75 -0.75 -0.75 0.75 0.75");
  CHECK(show(tw::var(tape.input(3.0))) == "() 0");
  // far from zero nothing cancels
  const auto far = tape.input(xt::xarray<double>{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16});
  CHECK(tw::var(far, {}, false, 1).item() == 30.0);
  const auto single = tape.input(xt::xarray<float>{10000.0F, 10001.0F, 10002.0F});
  CHECK(tw::var(single).item() == doctest::Approx(2.0 / 3).epsilon(1e-7));
}

TEST_CASE("std of equal numbers has gradient 0, not NaN, in both orders") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{2, 2, 2}, {1, 2, 3}});
  const auto y = sum(tw::stddev(x, 1));
  const auto g = tw::backward(y)[x];
  CHECK(show(g) == "(2,3) 0 0 0 -0.408248 0 0.408248");
  const auto second = tw::backward(sum(square(g)))[x];
  for (std::int64_t i = 0; i < 6; ++i) {
    CHECK(std::isfinite(tw::number_at(DType::float64, second.data(), i)));
  }
}

TEST_CASE("var with as many degrees taken as there are is NaN, a negative ddof is refused") {
  tw::Tape tape;
  CHECK(std::isnan(tw::var(tape.input(xt::xarray<double>{3}), {}, false, 1).item()));
  CHECK(std::isnan(tw::var(counted(tape, {0})).item()));
  const auto x = counted(tape, {3});
  CHECK(contains(message_of<tw::DomainError>([&] { (void)tw::var(x, {}, false, -1); }),
                 "[var] ddof is negative: -1"));
  CHECK(contains(
      message_of<tw::TypeError>([&] { (void)tw::stddev(counted(tape, {3}, DType::int64)); }),
      "[std] not defined for int64 (3,)"));
}

TEST_CASE("norms 1, 2, inf and Frobenius") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{3, -4, 0}, {-1, 2, 2}});
  CHECK(show(tw::norm(x, Norm::two, 1)) == "(2,) 5 3");
  CHECK(show(tw::norm(x, Norm::one, 1)) == "(2,) 7 5");
  CHECK(show(tw::norm(x, Norm::inf, 1, true)) == "(2,1) 4 2");
  CHECK(show(tw::norm(x)) == "() 5.83095");
  CHECK(show(tw::norm(x, Norm::frobenius)) == "() 5.83095");
  CHECK(show(tw::norm(counted(tape, {2, 2, 2}), Norm::frobenius)) == "(2,) 3.74166 11.225");
  CHECK(show(tw::norm(tape.input(-2.0), Norm::inf)) == "() 2");
  CHECK(show(tw::norm(counted(tape, {0, 2}), Norm::inf, 0)) == "(2,) 0 0");
  CHECK(gradient(sum(tw::norm(x, Norm::two, 1)), x) ==
        "(2,3) 0.6 -0.8 0 -0.333333 0.666667 0.666667");
  CHECK(gradient(sum(tw::norm(x, Norm::one, 1)), x) == "(2,3) 1 -1 0 -1 1 1");
  CHECK(gradient(sum(tw::norm(x, Norm::inf, 1)), x) == "(2,3) 0 -1 0 0 0.5 0.5");
  CHECK(contains(
      message_of<tw::ShapeError>([&] { (void)tw::norm(counted(tape, {4}), Norm::frobenius); }),
      "[norm] the Frobenius norm is of two axes, given (4,)"));
}

TEST_CASE("norms of zeros have gradient 0, and huge and tiny numbers do not leave the range") {
  tw::Tape tape;
  const auto zero = tape.input(xt::xarray<double>{0, 0});
  for (const Norm kind : {Norm::one, Norm::two, Norm::inf}) {
    const auto g = tw::backward(tw::norm(zero, kind))[zero];
    CHECK(show(g) == "(2,) 0 0");
    CHECK(gradient(sum(g * g), zero) == "(2,) 0 0");
  }
  const auto of = [&](const xt::xarray<double>& x) { return tw::norm(tape.input(x)).item(); };
  CHECK(of({3e200, 4e200}) == doctest::Approx(5e200).epsilon(1e-15));
  CHECK(of({3e-200, 4e-200}) == tests::relative(5e-200, 1e-15));
  CHECK(of({3e-320, 4e-320}) == tests::relative(5e-320, 1e-3));  // subnormal
  CHECK(of({inf, 1}) == inf);
  CHECK(std::isnan(of({not_a_number, 1})));
  CHECK(tw::norm(tape.input(xt::xarray<float>{3e30F, 4e30F})).item() ==
        doctest::Approx(5e30).epsilon(1e-6));
  const auto tiny = tape.input(xt::xarray<double>{3e-200, 4e-200});
  CHECK(gradient(tw::norm(tiny), tiny) == "(2,) 0.6 0.8");
}
