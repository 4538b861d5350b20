#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <tapewise/ops/batching.hpp>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"

namespace tw = tapewise;

namespace {

std::vector<double> numbers(const tw::Var& v) {
  std::vector<double> x;
  for (std::int64_t i = 0; i < v.type().size(); ++i) {
    x.push_back(tw::number_at(v.dtype(), v.data(), i));
  }
  return x;
}

}  // namespace

TEST_CASE("every op gives for a stack what it gives for each of its parts") {
  std::size_t compared = 0;
  for (const tw::OpRecord* op : tw::all_ops()) {
    CAPTURE(op->name);
    const std::vector<tw::Example> examples = op->examples();
    for (std::size_t e = 0; e < examples.size(); ++e) {
      CAPTURE(e);
      for (std::size_t which = 0; which < examples[e].inputs.size(); ++which) {
        CAPTURE(which);
        tw::Tape tape;
        const auto inputs = tests::example_inputs(tape, examples[e], tw::DType::float64, 7);
        const tw::Var& x = inputs[which];
        const tw::Var y = examples[e].apply(inputs);
        if (!tw::is_float(x.dtype()) || !x.node().active ||
            y.shape().rank() == tw::Shape::max_rank || x.shape().rank() == tw::Shape::max_rank) {
          continue;
        }
        // Two parts: x itself and x with its elements in reverse.
        const std::int64_t n = x.type().size();
        tw::Shape shape = {2};
        for (const std::int64_t size : x.shape()) shape.push_back(size);
        tw::Array both({tw::DType::float64, shape}), other(x.type());
        const auto* from = static_cast<const double*>(x.data());
        for (std::int64_t i = 0; i < n; ++i) {
          both.as<double>()[i] = from[i];
          both.as<double>()[n + i] = other.as<double>()[i] = from[n - 1 - i];
        }
        tw::Var stack;
        try {
          stack = tw::stacked(y, x, tape.input(both));
        } catch (const tw::HandleError&) {
          continue;  // y does not depend on x
        }
        std::vector<double> expected = numbers(y);
        x.set(other);
        const std::vector<double> second = numbers(y);
        expected.insert(expected.end(), second.begin(), second.end());
        const std::vector<double> given = numbers(stack);
        REQUIRE(given.size() == expected.size());
        for (std::size_t i = 0; i < given.size(); ++i) {
          const bool same =
              std::abs(given[i] - expected[i]) <= 1e-13 * (1 + std::abs(expected[i])) ||
              (std::isnan(given[i]) && std::isnan(expected[i])) || given[i] == expected[i];
          CHECK(same);
          ++compared;
        }
      }
    }
  }
  CHECK(compared > 2000);
}

TEST_CASE("the Jacobian of polar coordinates") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{2.0, 0.5}, "x");
  const tw::Var J = tw::jacobian(
      [](const tw::Var& v) {
        const tw::Var r = slice(v, {tw::Slice{0, 1}}), t = slice(v, {tw::Slice{1, 2}});
        return tw::concat({r * cos(t), r * sin(t)}, 0);
      },
      x);
  CHECK(J.shape() == tw::Shape{2, 2});
  const double c = std::cos(0.5), s = std::sin(0.5);
  const double expected[] = {c, -2 * s, s, 2 * c};
  const auto given = numbers(J);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(given[i] == doctest::Approx(expected[i]).epsilon(1e-14));
}

TEST_CASE("the Jacobian of a product of matrices has the shapes of both behind each other") {
  tw::Tape tape;
  const tw::Var A = tape.input(xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}});
  const tw::Var B = tape.input(xt::xarray<double>{{7, 8}, {9, 10}});
  const tw::Var J = tw::jacobian(matmul(A, B), B);
  REQUIRE(J.shape() == tw::Shape{3, 2, 2, 2});
  const auto given = numbers(J);
  const double a[] = {1, 2, 3, 4, 5, 6};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      for (std::size_t k = 0; k < 2; ++k) {
        for (std::size_t l = 0; l < 2; ++l) {
          CHECK(given[((i * 2 + j) * 2 + k) * 2 + l] == (j == l ? a[i * 2 + k] : 0.0));
        }
      }
    }
  }
}

TEST_CASE("the Hessian of Rosenbrock's function, and of a quadratic form in float32") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{-1.2, 1.0});
  const auto rosenbrock = [](const tw::Var& v) {
    const tw::Var a = slice(v, {tw::Slice{0, 1}}), b = slice(v, {tw::Slice{1, 2}});
    return tw::sum(100.0 * square(b - square(a)) + square(1.0 - a));
  };
  const auto H = numbers(tw::hessian(rosenbrock, x));
  CHECK(H == std::vector<double>{1200 * 1.44 - 400 * 1.0 + 2, -400 * -1.2, -400 * -1.2, 200});

  const tw::Var z = tape.input(xt::xarray<float>{1.0F, 2.0F, 3.0F});
  const tw::Var S = tape.constant(xt::xarray<float>{{2, 1, 0}, {1, 4, 1}, {0, 1, 6}});
  CHECK(numbers(tw::hessian(0.5 * tw::sum(z * matmul(S, z)), z)) ==
        std::vector<double>{2, 1, 0, 1, 4, 1, 0, 1, 6});
}

TEST_CASE("the Hessian of a regression is one product of matrices") {
  tw::Tape tape;
  xt::xarray<double> a = xt::zeros<double>({40, 6});
  double at = 0;
  for (double& v : a) v = std::sin(at += 0.7);
  const tw::Var A = tape.constant(a), x = tape.input(xt::xarray<double>{.1, -.2, .3, 0, .5, -.1});
  const tw::Var H = tw::hessian(tw::sum(softplus(matmul(A, x))), x);
  const tw::Program program = tw::compile({H});
  std::ostringstream text;
  text << program;
  std::size_t products = 0;
  for (std::size_t p = text.str().find("= matmul"); p != std::string::npos;
       p = text.str().find("= matmul", p + 1)) {
    ++products;
  }
  CHECK(products == 2);  // A·x, and the one for the Hessian; unit cotangents times A are folded
  const auto given = numbers(H);
  for (std::size_t j = 0; j < 6; ++j) {
    for (std::size_t k = 0; k < 6; ++k) {
      double expected = 0;
      for (std::size_t i = 0; i < 40; ++i) {
        double z = 0;
        const double coefficients[] = {.1, -.2, .3, 0, .5, -.1};
        for (std::size_t l = 0; l < 6; ++l) z += a(i, l) * coefficients[l];
        const double s = 1 / (1 + std::exp(-z));
        expected += s * (1 - s) * a(i, j) * a(i, k);
      }
      CHECK(given[j * 6 + k] == doctest::Approx(expected).epsilon(1e-12));
    }
  }
}

TEST_CASE("a stack of other shapes, and a value that does not depend on x, are refused") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1, 2}), y = tape.input(1.0);
  CHECK_THROWS_AS(tw::stacked(sin(x), x, tape.input(xt::xarray<double>{{1, 2, 3}})),
                  tw::ShapeError);
  CHECK_THROWS_AS(tw::stacked(sin(y), x, tape.input(xt::xarray<double>{{1, 2}})), tw::HandleError);
}
