#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/tapewise.hpp>
#include <vector>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;
using tests::message_of;
using tests::show;
using tw::DType;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

tw::Var zeros(tw::Tape& tape, const tw::Shape& shape, DType dtype = DType::float64) {
  return tape.input(tests::random_array({DType::float64, shape, 0, 0}, dtype, 0));
}

/// The three reductions over a mask of axes, element by element.
struct Expected {
  std::vector<double> sum, largest, logsumexp;
};
Expected reduced_by_hand(const double* x, const tw::Shape& shape, unsigned axes) {
  const tw::Strides strides = tw::row_major_strides(shape);
  std::int64_t results = 1;
  for (std::size_t a = 0; a < shape.rank(); ++a) results *= (axes >> a & 1U) != 0 ? 1 : shape[a];
  const auto n = static_cast<std::size_t>(results);
  Expected e{std::vector<double>(n), std::vector<double>(n, -inf), std::vector<double>(n)};
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    std::int64_t place = 0;
    for (std::size_t a = 0; a < shape.rank(); ++a) {
      if ((axes >> a & 1U) == 0) place = place * shape[a] + i / strides[a] % shape[a];
    }
    const auto at = static_cast<std::size_t>(place);
    e.sum[at] += x[i];
    e.largest[at] = std::max(e.largest[at], x[i]);
    e.logsumexp[at] += std::exp(x[i]);
  }
  for (double& l : e.logsumexp) l = std::log(l);
  return e;
}

double largest_difference(const tw::Var& v, const std::vector<double>& expected) {
  REQUIRE(v.type().size() == static_cast<std::int64_t>(expected.size()));
  double difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double x = tw::number_at(v.dtype(), v.data(), static_cast<std::int64_t>(i));
    difference = std::max(difference, std::abs(x - expected[i]) / (1 + std::abs(expected[i])));
  }
  return difference;
}

}  // namespace

TEST_CASE("sum, mean and max over all axes, some, from either end") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, 5, 3}, {4, 2, 9}});
  CHECK(show(tw::sum(x)) == "() 24");
  CHECK(show(tw::sum(x, 0)) == "(3,) 5 7 12");
  CHECK(show(tw::sum(x, -1)) == "(2,) 9 15");
  CHECK(show(tw::sum(x, {0, 1})) == "() 24");
  CHECK(show(tw::sum(x, {}, true)) == "(1,1) 24");
  CHECK(show(tw::sum(x, 1, true)) == "(2,1) 9 15");
  CHECK(show(tw::sum(x, {-2}, true)) == "(1,3) 5 7 12");
  CHECK(show(tw::mean(x)) == "() 4");
  CHECK(show(tw::mean(x, 0)) == "(3,) 2.5 3.5 6");
  CHECK(show(tw::amax(x, 0)) == "(3,) 4 5 9");
  CHECK(show(tw::amax(x, 1, true)) == "(2,1) 5 9");
  CHECK(show(tw::sum(tape.input(4.0))) == "() 4");
  CHECK(show(tw::amax(tape.input(4.0))) == "() 4");
  const tw::Axes no_axis{std::span<const std::int64_t>{}};
  CHECK(show(tw::sum(x, no_axis)) == "(2,3) 1 5 3 4 2 9");
}

TEST_CASE("max with axes in braces reduces, max with a number compares") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, -5}, {-4, 2}});
  CHECK(show(tw::max(x)) == "() 2");
  CHECK(show(tw::max(x, {0})) == "(2,) 1 2");
  CHECK(show(tw::max(x, {0, 1})) == "() 2");
  CHECK(show(tw::max(x, tw::Axes(1))) == "(2,) 1 2");
  CHECK(show(tw::max(x, 1, true)) == "(2,1) 1 2");
  CHECK(show(tw::max(x, 0)) == "(2,2) 1 0 0 2");
  CHECK(show(tw::max(x, -x)) == "(2,2) 1 5 4 2");
}

TEST_CASE("reductions keep the dtype") {
  tw::Tape tape;
  const auto n = tape.input(xt::xarray<std::int64_t>{3, -7, 5});
  CHECK(show(tw::sum(n)) == "int64 () 1");
  CHECK(show(tw::amax(n)) == "int64 () 5");
  CHECK(show(tw::mean(tape.input(xt::xarray<float>{1, 2}))) == "float32 () 1.5");
  const auto huge = tape.input(xt::xarray<std::int64_t>{(std::int64_t{1} << 62) + 1, 2});
  CHECK(tw::sum(huge).value<std::int64_t>()() == (std::int64_t{1} << 62) + 3);
}

TEST_CASE("every set of axes of five agrees with a sum by hand") {
  tw::Tape tape;
  for (const tw::Shape& shape : {tw::Shape{3, 2, 5, 1, 4}, tw::Shape{2, 40, 3, 2, 35}}) {
    const tw::Array numbers =
        tests::random_array({DType::float64, shape, -2, 2}, DType::float64, 3);
    const auto x = tape.input(numbers);
    const auto y = tw::cast(x, DType::float32);
    for (unsigned bits = 0; bits < 32; ++bits) {
      CAPTURE(bits);
      std::vector<std::int64_t> list;
      std::int64_t count = 1;
      for (unsigned a = 0; a < 5; ++a) {
        if ((bits >> a & 1U) == 0) continue;
        list.push_back(a % 2 == 0 ? a : static_cast<std::int64_t>(a) - 5);
        count *= shape[a];
      }
      const tw::Axes axes{std::span<const std::int64_t>(list)};
      Expected e = reduced_by_hand(numbers.as<double>(), shape, bits);
      CHECK(largest_difference(tw::sum(x, axes), e.sum) < 1e-13);
      CHECK(largest_difference(tw::sum(y, axes), e.sum) < 1e-5);
      CHECK(largest_difference(tw::amax(x, axes), e.largest) == 0);
      CHECK(largest_difference(tw::amax(y, axes, true), e.largest) < 1e-6);
      CHECK(largest_difference(tw::logsumexp(x, axes), e.logsumexp) < 1e-13);
      CHECK(largest_difference(tw::logsumexp(y, axes), e.logsumexp) < 1e-6);
      for (double& s : e.sum) s /= static_cast<double>(count);
      CHECK(largest_difference(tw::mean(x, axes), e.sum) < 1e-13);
    }
  }
}

TEST_CASE("rows of every length around the SIMD widths are summed right") {
  tw::Tape tape;
  for (std::int64_t n = 1; n < 300; n += n < 70 ? 1 : 37) {
    CAPTURE(n);
    const tw::Shape shape{3, n};
    const tw::Array numbers =
        tests::random_array({DType::float64, shape, -2, 2}, DType::float64, 5);
    const auto x = tape.input(numbers);
    const auto y = tw::cast(x, DType::float32);
    const Expected rows = reduced_by_hand(numbers.as<double>(), shape, 2);
    const Expected columns = reduced_by_hand(numbers.as<double>(), shape, 1);
    CHECK(largest_difference(tw::sum(x, 1), rows.sum) < 1e-14);
    CHECK(largest_difference(tw::sum(y, 1), rows.sum) < 1e-6);
    CHECK(largest_difference(tw::amax(x, 1), rows.largest) == 0);
    CHECK(largest_difference(tw::amax(x, 0), columns.largest) == 0);
    CHECK(largest_difference(tw::logsumexp(x, 1), rows.logsumexp) < 1e-14);
    CHECK(largest_difference(tw::logsumexp(y, 0), columns.logsumexp) < 1e-6);
  }
}

TEST_CASE("sums of a million floats keep six digits and more") {
  tw::Tape tape;
  const tw::Array numbers =
      tests::random_array({DType::float64, {1000000}, 0, 1}, DType::float32, 11);
  const float* f = numbers.as<float>();
  const double exact = std::accumulate(f, f + 1000000, 0.0);
  const auto x = tape.input(numbers);
  CHECK(std::abs(tw::sum(x).item() / exact - 1) < 1e-6);
  CHECK(std::abs(tw::mean(x).item() / (exact / 1e6) - 1) < 1e-6);
  const auto table = tw::reshape(x, {-1, 2});
  CHECK(std::abs(tw::sum(tw::cast(tw::sum(table, 0), DType::float64)).item() / exact - 1) < 1e-6);
}

TEST_CASE("of nothing: sum 0, mean NaN, logsumexp -inf, and no maximum") {
  tw::Tape tape;
  const auto x = zeros(tape, {0, 2});
  CHECK(show(tw::sum(x)) == "() 0");
  CHECK(show(tw::sum(x, 0)) == "(2,) 0 0");
  CHECK(show(tw::sum(x, 1)) == "(0,)");
  CHECK(show(tw::sum(zeros(tape, {3, 0, 2}, DType::int64), 1)) == "int64 (3,2) 0 0 0 0 0 0");
  CHECK(std::isnan(tw::mean(x).item()));
  CHECK(std::isnan(tw::mean(zeros(tape, {0}, DType::float32)).item()));
  CHECK(show(tw::logsumexp(x, 0)) == "(2,) -inf -inf");
  CHECK(show(tw::amax(x, 1)) == "(0,)");
  CHECK(show(tw::backward(tw::sum(x))[x]) == "(0,2)");
  CHECK(show(tw::backward(tw::mean(x))[x]) == "(0,2)");
  CHECK(show(tw::backward(tw::logsumexp(x))[x]) == "(0,2)");
  const auto largest = [&] { (void)tw::amax(x, 0); };
  CHECK(contains(message_of<tw::ShapeError>(largest),
                 "[amax] nothing has no maximum: given (0,2)\n  recorded at ops_reduce.cpp:"));
}

TEST_CASE("axes and dtypes that do not fit are refused while recording") {
  tw::Tape tape;
  const auto x = zeros(tape, {2, 3});
  const auto error = [&](const tw::Axes& axes) {
    return message_of<tw::ShapeError>([&] { (void)tw::sum(x, axes); });
  };
  const auto size_before = tape.size();
  CHECK(
      contains(error(2), "[sum] axis 2 is out of range for (2,3)\n  recorded at ops_reduce.cpp:"));
  CHECK(contains(error(-3), "axis -3 is out of range for (2,3)"));
  CHECK(contains(error({0, 0}), "axis 0 of (2,3) is given twice: axes=0,0"));
  CHECK(contains(error({1, -1}), "axis -1 of (2,3) is given twice: axes=1,-1"));
  CHECK(contains(error({0, 1, 2, 3, 4, 5, 6, 7, 8}), "9 axes are more than (2,3) has"));
  CHECK(tape.size() == size_before);
  const auto mask = tape.input(xt::xarray<bool>{true});
  CHECK(contains(message_of<tw::TypeError>([&] { (void)tw::sum(mask); }),
                 "[sum] not defined for bool (1,): write cast(x, dtype) first"));
  const auto n = tape.input(xt::xarray<std::int64_t>{1});
  CHECK(contains(message_of<tw::TypeError>([&] { (void)tw::mean(n); }),
                 "[mean] not defined for int64 (1,)"));
}

TEST_CASE("max passes NaN on, wherever it stands") {
  tw::Tape tape;
  for (const std::int64_t n : {3, 33, 100}) {
    for (std::int64_t at = 0; at < n; ++at) {
      tw::Array row({DType::float32, {n}});
      for (std::int64_t i = 0; i < n; ++i) row.as<float>()[i] = static_cast<float>(i);
      row.as<float>()[at] = static_cast<float>(not_a_number);
      const auto x = tape.input(row);
      CHECK(std::isnan(tw::amax(x).item()));
      CHECK(std::isnan(tw::logsumexp(x).item()));
      const auto column = tw::amax(
          tw::concat({tw::reshape(x, {1, -1}), xt::xarray<float>(xt::zeros<float>(
                                                   {std::size_t{1}, static_cast<std::size_t>(n)}))},
                     0),
          0);
      CHECK(std::isnan(column.value<float>()(static_cast<std::size_t>(at))));
    }
    tape.clear();
  }
  CHECK(show(tw::amax(tape.input(xt::xarray<double>{-inf, -inf}))) == "() -inf");
  CHECK(show(tw::amax(tape.input(xt::xarray<double>{-inf, inf}))) == "() inf");
}

TEST_CASE("equal maxima share the gradient") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, 3, 3}, {5, 4, 4}});
  CHECK(show(tw::backward(tw::sum(tw::amax(x, 1)))[x]) == "(2,3) 0 0.5 0.5 1 0 0");
  CHECK(show(tw::backward(tw::amax(x))[x]) == "(2,3) 0 0 0 1 0 0");
}

TEST_CASE("gradients of sum and mean are what they should be") {
  tw::Tape tape;
  const auto x = tape.input(xt::xarray<double>{{1, 2}, {3, 4}});
  const auto w = tape.constant(xt::xarray<double>{10, 20});
  CHECK(show(tw::backward(tw::sum(tw::sum(x, 0) * w))[x]) == "(2,2) 10 20 10 20");
  CHECK(show(tw::backward(tw::sum(tw::sum(x, 1) * w))[x]) == "(2,2) 10 10 20 20");
  CHECK(show(tw::backward(tw::mean(x))[x]) == "(2,2) 0.25 0.25 0.25 0.25");
  CHECK(show(tw::backward(tw::sum(tw::mean(x, 0, true) * w))[x]) == "(2,2) 5 10 5 10");
}

TEST_CASE("logsumexp is stable") {
  tw::Tape tape;
  const double log2 = std::log(2.0);
  const auto of = [&](const xt::xarray<double>& x) { return tw::logsumexp(tape.input(x)).item(); };
  CHECK(of({1000, 1000}) == doctest::Approx(1000 + log2).epsilon(1e-15));
  CHECK(of({-1000, -1000}) == doctest::Approx(-1000 + log2).epsilon(1e-15));
  CHECK(of({1000, -1000}) == 1000);
  CHECK(of({-inf, 2}) == 2);
  CHECK(of({-inf, -inf}) == -inf);
  CHECK(of({inf, 2}) == inf);
  CHECK(of({inf, -inf}) == inf);
  CHECK(std::isnan(of({not_a_number, inf})));
  CHECK(tw::logsumexp(tape.input(xt::xarray<float>{1000, 1000})).item() ==
        doctest::Approx(1000.693).epsilon(1e-6));
  // Columns take another way through the kernel than rows.
  const auto columns = tape.input(xt::xarray<double>{{1000, -inf, inf, -inf}, {1000, 2, 2, -inf}});
  CHECK(show(tw::logsumexp(columns, 0)) == "(4,) 1000.69 2 inf -inf");

  const auto x = tape.input(xt::xarray<double>{1000, 1000, -1000, -inf});
  CHECK(show(tw::backward(tw::logsumexp(x))[x]) == "(4,) 0.5 0.5 0 0");
}

TEST_CASE("sum_to undoes a broadcast") {
  tw::Tape tape;
  const auto g = tape.input(xt::xarray<double>{{1, 2, 3}, {4, 5, 6}});
  CHECK(same_node(tw::sum_to(g, {2, 3}), g));
  CHECK(show(tw::sum_to(g, {3})) == "(3,) 5 7 9");
  CHECK(show(tw::sum_to(g, {2, 1})) == "(2,1) 6 15");
  CHECK(show(tw::sum_to(g, {1})) == "(1,) 21");
  CHECK(show(tw::sum_to(g, {})) == "() 21");
  CHECK(show(tw::sum_to(zeros(tape, {4, 0}), {1, 1})) == "(1,1) 0");
}
