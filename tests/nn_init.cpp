#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tapewise/autograd/error.hpp>
#include <tapewise/nn/init.hpp>
#include <vector>

namespace tw = tapewise;
namespace nn = tapewise::nn;
namespace init = tapewise::nn::init;

namespace {

std::vector<double> drawn(const nn::Initializer& initializer, nn::Fans fans, std::uint64_t seed,
                          std::size_t n = 200000) {
  std::vector<double> elements(n, std::nan(""));
  nn::Random random(seed);
  initializer(elements, {static_cast<std::int64_t>(n)}, fans, random);
  return elements;
}

/// Average of x^power.
double moment(const std::vector<double>& x, int power) {
  double sum = 0;
  for (const double e : x) sum += std::pow(e, power);
  return sum / static_cast<double>(x.size());
}

/// Mean 0, the variance, and the fourth moment of the distribution: 9/5 σ⁴ or 3 σ⁴.
/// The bounds are five standard errors of 200000 draws.
void check_moments(const nn::Initializer& initializer, nn::Fans fans, double variance,
                   bool normal) {
  const auto x = drawn(initializer, fans, 11);
  const double kurtosis = normal ? 3.0 : 1.8, root_n = std::sqrt(static_cast<double>(x.size()));
  CHECK(std::abs(moment(x, 1)) < 5 * std::sqrt(variance) / root_n);
  CHECK(std::abs(moment(x, 2) / variance - 1) < 5 * std::sqrt(kurtosis - 1) / root_n);
  CHECK(std::abs(moment(x, 4) / (kurtosis * variance * variance) - 1) < 5 * 3.3 / root_n);
  if (!normal) {
    const double limit = std::sqrt(3 * variance);
    CHECK(*std::min_element(x.begin(), x.end()) >= -limit);
    CHECK(*std::max_element(x.begin(), x.end()) < limit);
  }
}

}  // namespace

TEST_CASE("random bits are those of mt19937_64 everywhere") {
  nn::Random random(5489);
  std::uint64_t last = 0;
  for (int i = 0; i < 10000; ++i) last = random.bits();
  CHECK(last == 9981545732273789042U);  // the C++ standard, [rand.predef]
}

TEST_CASE("uniform and normal numbers are ours, bit for bit") {
  nn::Random random(5489);
  CHECK(random.uniform() == static_cast<double>(14514284786278117030U >> 11U) * 0x1p-53);
  nn::Random a(3), b(3);
  CHECK(a.normal() == b.normal());
  CHECK(a.normal() == b.normal());
  CHECK(a.bits() == b.bits());
  CHECK(a.uniform(2.0, 2.0) == 2.0);
}

TEST_CASE("whole numbers below n are equally likely") {
  nn::Random random(1);
  std::vector<int> count(7);
  for (int i = 0; i < 70000; ++i) ++count[random.below(7)];
  for (const int c : count) CHECK(std::abs(c - 10000) < 500);
  CHECK(random.below(1) == 0);
  CHECK_THROWS_AS(random.below(0), tw::DomainError);
}

TEST_CASE("initializers have the variance that their source asks for") {
  const nn::Fans fans{300, 100};
  check_moments(init::glorot_uniform(), fans, 2.0 / 400, false);
  check_moments(init::glorot_normal(), fans, 2.0 / 400, true);
  check_moments(init::glorot_normal(2.0), fans, 8.0 / 400, true);
  check_moments(init::he_uniform(), fans, 2.0 / 300, false);
  check_moments(init::he_normal(), fans, 2.0 / 300, true);
  check_moments(init::he_normal(0.5), fans, 2.0 / (1.25 * 300), true);
  check_moments(init::fan_in_uniform(), fans, 1.0 / (3 * 300.0), false);
  check_moments(init::uniform(-2, 2), fans, 4.0 / 3, false);
  check_moments(init::normal(0, 3), fans, 9.0, true);
}

TEST_CASE("constants and means") {
  CHECK(drawn(init::zeros(), {}, 0, 3) == std::vector<double>{0, 0, 0});
  CHECK(drawn(init::constant(0.1), {}, 0, 2) == std::vector<double>{0.1, 0.1});
  CHECK(moment(drawn(init::normal(5, 1), {}, 2), 1) == doctest::Approx(5).epsilon(0.01));
}

TEST_CASE("a seed gives the same numbers again, another seed others") {
  const auto a = drawn(init::he_normal(), {10, 10}, 1, 100);
  CHECK(a == drawn(init::he_normal(), {10, 10}, 1, 100));
  CHECK(a != drawn(init::he_normal(), {10, 10}, 2, 100));
}

TEST_CASE("a parameter has the dtype and shape asked for") {
  nn::Random random(0);
  const auto single =
      nn::make_parameter({tw::DType::float32, {2, 3}}, {2, 3}, init::constant(0.1), random);
  CHECK(single->type() == tw::Type{tw::DType::float32, {2, 3}});
  CHECK(static_cast<const float*>(single->data())[5] == 0.1F);
  const auto empty =
      nn::make_parameter({tw::DType::float64, {0}}, {0, 0}, init::glorot_normal(), random);
  CHECK(empty->type().size() == 0);
  CHECK_THROWS_AS(nn::make_parameter({tw::DType::int64, {2}}, {}, init::zeros(), random),
                  tw::TypeError);
}
