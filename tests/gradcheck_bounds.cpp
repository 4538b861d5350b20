// The running error bound: never below the true error, and near it.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <sstream>
#include <tapewise/autograd/check/error_bound.hpp>
#include <tapewise/autograd/gradcheck_doctest.hpp>

#include "broken_ops.hpp"
#include "examples.hpp"

namespace tw = tapewise;
using tw::checking::ErrorBounds;

namespace {

struct Bounded {
  std::vector<double> values, bounds;
};

/// A node's values in float64, and the bounds on their rounding in the dtypes of the tape.
Bounded bounded(const tw::Var& y) {
  tw::checking::Replay real(y.tape());
  const tw::NodeId id = y.id();
  real.add(std::span(&id, 1));
  ErrorBounds bounds(real, ErrorBounds::Precision::as_recorded);
  return {real.numbers(id), bounds.of(id)};
}

using Exact = std::function<long double(long double)>;

/// f and f' in float64 at some neighbouring points beside closed forms: each error is below its
/// bound, and the largest bound not much above the largest error.
void check_near(const std::function<tw::Var(tw::Var)>& f, const Exact& value, const Exact& slope,
                double x0, double loosest = 1e3) {
  double errors[2]{}, bounds[2]{};
  for (int k = 0; k < 40; ++k) {
    const double at = x0 * (1.0 + 0.00137 * k);
    tw::Tape tape;
    const tw::Var x = tape.input(at, "x");
    const tw::Var y = f(x);
    const Bounded results[] = {bounded(y), bounded(tw::backward(y)[x])};
    const long double exact[] = {value(at), slope(at)};
    for (int d = 0; d < 2; ++d) {
      CAPTURE(d);
      CAPTURE(at);
      CAPTURE(results[d].values[0]);
      const auto error =
          static_cast<double>(std::abs(static_cast<long double>(results[d].values[0]) - exact[d]));
      CHECK(error <= results[d].bounds[0]);
      errors[d] = std::max(errors[d], error);
      bounds[d] = std::max(bounds[d], results[d].bounds[0]);
    }
  }
  CAPTURE(x0);
  for (int d = 0; d < 2; ++d) {
    CAPTURE(d);
    CHECK(bounds[d] <= loosest * (errors[d] + 1e-300));
  }
}

}  // namespace

TEST_CASE("bounds of cancellation, against closed forms") {
  for (const double x : {1e-6, 0.7, 3e3}) {  // what is left of x beside 1e8
    const auto lost = [](const tw::Var& v) { return square((1e8 + v) - 1e8); };
    check_near(
        lost, [](long double v) { return v * v; }, [](long double v) { return 2 * v; }, x);
  }
  for (const double x : {1e-7, 1e-4, 0.01, 0.5}) {  // (1 - cos x)/x²
    const auto f = [](const tw::Var& v) { return (1.0 - cos(v)) / square(v); };
    const Exact value = [](long double v) {
      const long double s = std::sin(v / 2) / v;
      return 2 * s * s;
    };
    const Exact slope = [](long double v) {  // the series: Σ (-1)^k 2k v^(2k-1) / (2k+2)!
      long double sum = 0.0L, power = v / 24;
      for (int k = 1; k < 15; ++k) {
        sum += (k % 2 == 1 ? -2.0L : 2.0L) * k * power;
        power *= v * v / ((2 * k + 3) * (2 * k + 4));
      }
      return sum;
    };
    check_near(f, value, slope, x);
  }
  for (const double x : {1e-9, 1e-5, 0.1}) {  // logarithms that nearly cancel
    const auto f = [](const tw::Var& v) { return log(3.0 + v) + log(2.0 - v) - std::log(6.0); };
    const long double off = std::log(6.0L) - static_cast<long double>(std::log(6.0));
    const Exact value = [&](long double v) { return std::log1p(v / 3) + std::log1p(-v / 2) + off; };
    const Exact slope = [](long double v) { return 1 / (3 + v) - 1 / (2 - v); };
    check_near(f, value, slope, x);
  }
  for (const double x : {1.001, 1.2, 3.0}) {  // (x - 1)⁴ multiplied out
    const auto f = [](const tw::Var& v) { return (((v - 4.0) * v + 6.0) * v - 4.0) * v + 1.0; };
    const Exact value = [](long double v) { return std::pow(v - 1, 4.0L); };
    const Exact slope = [](long double v) { return 4 * std::pow(v - 1, 3.0L); };
    check_near(f, value, slope, x);
  }
  for (const double x : {10.0, 16.0, 25.0, 40.0}) {  // 1 - tanh²x of a tanh that is nearly 1
    const auto f = [](const tw::Var& v) { return tanh(v); };
    const Exact slope = [](long double v) {
      const long double c = std::cosh(v);
      return 1 / (c * c);
    };
    const double loosest = x < 17.0 ? 1e3 : 1e300;  // from there on tanh is right when it is 1
    check_near(
        f, [](long double v) { return std::tanh(v); }, slope, x, loosest);
  }
}

TEST_CASE("bounds of sums and products of matrices, against long double") {
  const std::size_t n = 24;
  xt::xarray<double> a = xt::xarray<double>::from_shape({n, n}), b = a;
  for (std::size_t i = 0; i < n * n; ++i) {
    const double size = std::pow(10.0, 6.0 * tests::uniform(1, i));
    a.flat(i) = (tests::uniform(2, i) - 0.5) * size;
    b.flat(i) = (tests::uniform(3, i) - 0.5) / size;
  }
  tw::Tape tape;
  const tw::Var x = tape.input(a, "a"), y = tape.input(b, "b");
  const Bounded product = bounded(matmul(x, y)), sum = bounded(tw::sum(x, 0));
  for (std::size_t i = 0; i < n; ++i) {
    long double column = 0.0L, column_sizes = 0.0L;
    for (std::size_t k = 0; k < n; ++k) {
      column += a(k, i);
      column_sizes += std::abs(static_cast<long double>(a(k, i)));
    }
    CHECK(std::abs(sum.values[i] - static_cast<double>(column)) <= sum.bounds[i]);
    CHECK(sum.bounds[i] <= 100.0 * 0x1p-53 * static_cast<double>(column_sizes));
    for (std::size_t j = 0; j < n; ++j) {
      long double exact = 0.0L, sizes = 0.0L;
      for (std::size_t k = 0; k < n; ++k) {
        exact += static_cast<long double>(a(i, k)) * b(k, j);
        sizes += std::abs(static_cast<long double>(a(i, k)) * b(k, j));
      }
      const std::size_t at = i * n + j;
      CHECK(std::abs(product.values[at] - static_cast<double>(exact)) <= product.bounds[at]);
      CHECK(product.bounds[at] <= 100.0 * 0x1p-53 * static_cast<double>(sizes));
    }
  }
}

TEST_CASE("in float32 every op of the catalogue stays within its bound, and so does its gradient") {
  std::size_t compared = 0, sharp = 0;
  const auto compare = [&](const tw::Var& y) {
    if (y.dtype() != tw::DType::float32 || y.type().size() == 0) return;
    const Bounded b = bounded(y);
    double most = 0.0;
    for (const double v : b.values) most = std::max(most, std::abs(v));
    const auto* single = static_cast<const float*>(y.data());
    for (std::size_t i = 0; i < b.values.size(); ++i) {
      if (!std::isfinite(b.values[i])) continue;
      CAPTURE(i);
      CAPTURE(b.values[i]);
      CHECK(std::abs(static_cast<double>(single[i]) - b.values[i]) <= b.bounds[i]);
      ++compared;
      sharp += b.bounds[i] <= 1e3 * 0x1p-24 * most;
    }
  };
  for (const tw::OpRecord* op : tw::all_ops()) {
    if (op->examples == nullptr) continue;
    CAPTURE(op->name);
    const std::vector<tw::Example> examples = op->examples();
    for (std::size_t e = 0; e < examples.size(); ++e) {
      CAPTURE(e);
      tw::Tape tape;
      const std::vector<tw::Var> x =
          tests::example_inputs(tape, examples[e], tw::DType::float32, 500 + e);
      const tw::Var y = examples[e].apply(x);
      compare(y);
      const std::vector<tw::Var> floats = tests::float_inputs(x);
      const bool differentiable =
          (op->vjp != nullptr || op->traits.composite) && !op->traits.stops_gradient;
      if (!differentiable || floats.empty() || !tw::is_float(y.dtype()) || !y.node().active) {
        continue;
      }
      const tw::GradientTable table = tw::backward(tw::sum(y * y), floats);
      for (const tw::Var& v : floats) compare(table[v]);
    }
  }
  CHECK(compared > 5000);
  CHECK(sharp > compared * 9 / 10);
}

TEST_CASE("a condition or an index that rounding may turn leaves no digit of what hangs on it") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.1, "x");
  const tw::Var zero = (x + 1e3) - (1e3 + x * 1.0);
  const tw::Var near = where(zero > 0.0, 2.0 * x, 30.0 * x);
  CHECK(bounded(near).bounds[0] >= 2.7);
  CHECK(bounded(where(zero + 1.0 > 0.0, 2.0 * x, 30.0 * x)).bounds[0] < 1e-15);
  const tw::Var parts[] = {zero + 1.0, 1.0 * tape.constant(1.0)};
  const tw::Var pair = tw::stack(parts);
  const tw::Var table = tape.constant(xt::xarray<double>{5.0, 7.0});
  const tw::Var chosen = tw::gather(table, tw::argmax(pair, 0, true), 0);
  CHECK(std::isinf(bounded(chosen).bounds[0]));
  CHECK(bounded(tw::amax(pair)).bounds[0] < 1e-12);
  CHECK(bounded(relu(zero)).bounds[0] > 0.0);
  CHECK(bounded(abs(zero)).bounds[0] < 1e-12);
}

TEST_CASE("entries without a correct digit are flagged, in text and in JSON") {
  const auto lost = [](const tw::Var& x) { return (1e18 * x + 100.0 * x) - 1e18 * x; };
  const auto report = tw::gradcheck(lost, {0.7}, {.digits = true});
  CHECK(tw::has_no_digits(report.entries[0]));
  CHECK(*report.entries[0].bound >= std::abs(report.entries[0].analytic - 100.0));
  std::ostringstream text;
  text << report;
  CHECK(text.str().find("no correct digits: ") != std::string::npos);
  CHECK(tw::to_json(report).find("\"no_digits\": true") != std::string::npos);
  const auto fine = tw::gradcheck([](const tw::Var& x) { return exp(x); }, {0.7}, {.digits = true});
  CHECK_FALSE(tw::has_no_digits(fine.entries[0]));
}
