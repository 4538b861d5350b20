// tanh and the exponentials of rows at each SIMD level, beside the C library in extended precision.
#include <cmath>
#include <limits>
#include <vector>

#include "programs.hpp"

namespace tw = tapewise;

namespace {

template <class T>
tw::Var input(tw::Tape& tape, const std::vector<T>& x) {
  constexpr auto dtype = std::is_same_v<T, float> ? tw::DType::float32 : tw::DType::float64;
  return tape.input(tw::ArrayView(x.data(), {dtype, {static_cast<std::int64_t>(x.size())}}));
}

/// From 1e-30 to 700 and below 0, evenly in the exponent.
template <class T>
std::vector<T> magnitudes() {
  std::vector<T> x;
  for (double e = -30; e < 2.84; e += 1.0 / 256) {
    x.push_back(static_cast<T>(std::pow(10.0, e)));
    x.push_back(-x.back());
  }
  return x;
}

template <class T>
void check_tanh(tw::SimdLevel level) {
  const std::vector<T> x = magnitudes<T>();
  tw::Tape tape;
  tw::Program program = tw::compile({tanh(input(tape, x))}, {.simd = level});
  program.run();
  const T* y = static_cast<const T*>(program.data(0));
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double exact = std::tanh(static_cast<long double>(x[i]));
    worst = std::max(worst, static_cast<double>(std::abs((y[i] - exact) / exact)));
  }
  CHECK(worst < 2 * static_cast<double>(std::numeric_limits<T>::epsilon()));
}

template <class T>
void check_special(tw::SimdLevel level) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x = {Limits::quiet_NaN(),  Limits::infinity(), -Limits::infinity(), T(0), -T(0),
                      Limits::denorm_min(), Limits::min(),      Limits::max()};
  x.resize(16, T(1));  // whole batches
  tw::Tape tape;
  tw::Program program = tw::compile({tanh(input(tape, x))}, {.simd = level});
  program.run();
  const T* y = static_cast<const T*>(program.data(0));
  CHECK(std::isnan(y[0]));
  CHECK(y[1] == T(1));
  CHECK(y[2] == T(-1));
  CHECK((y[3] == T(0) && !std::signbit(y[3])));
  CHECK((y[4] == T(0) && std::signbit(y[4])));
  CHECK(y[5] == Limits::denorm_min());
  CHECK(y[6] == Limits::min());
  CHECK(y[7] == T(1));
}

/// A softmax of n numbers from 0 down to -`depth`.
template <class T>
void check_softmax(tw::SimdLevel level, std::size_t n, double depth) {
  std::vector<T> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = static_cast<T>(3.0 - depth * static_cast<double>(i) / static_cast<double>(n));
  }
  tw::Tape tape;
  tw::Program program = tw::compile({tw::softmax(input(tape, x))}, {.simd = level});
  program.run();
  const T* y = static_cast<const T*>(program.data(0));
  long double sum = 0;
  // The difference to the largest number is rounded, and the exponential magnifies that.
  for (const T v : x) sum += std::exp(static_cast<long double>(v - x[0]));
  for (std::size_t i = 0; i < n; ++i) {
    const long double exact = std::exp(static_cast<long double>(x[i] - x[0])) / sum;
    // Each term of the sum and the quotient round; numbers below the normal ones may be 0.
    const auto allowed =
        exact * 20.0L * std::numeric_limits<T>::epsilon() + 2.0L * std::numeric_limits<T>::min();
    CHECK(std::abs(static_cast<long double>(y[i]) - exact) <= allowed);
  }
}

}  // namespace

TEST_CASE("tanh of arrays is right to two units of the last digit at every magnitude") {
  for (const tw::SimdLevel level : tw::simd_levels()) {
    check_tanh<float>(level);
    check_tanh<double>(level);
  }
}

TEST_CASE("tanh of arrays keeps NaN, signs of zero and numbers near zero, and is 1 at infinity") {
  for (const tw::SimdLevel level : tw::simd_levels()) {
    check_special<float>(level);
    check_special<double>(level);
  }
}

TEST_CASE("softmax rows are right for every length of their end, and vanish where they should") {
  for (const tw::SimdLevel level : tw::simd_levels()) {
    for (const std::size_t n : {1U, 2U, 7U, 8U, 15U, 16U, 17U, 31U, 100U}) {
      for (const double depth : {1.0, 30.0, 86.0, 89.0, 200.0, 709.0, 2000.0, 1e30}) {
        check_softmax<float>(level, n, depth);
        check_softmax<double>(level, n, depth);
      }
    }
  }
}

TEST_CASE("a NaN in a softmax row makes the row NaN, wherever it stands") {
  for (const tw::SimdLevel level : tw::simd_levels()) {
    for (std::size_t at = 0; at < 37; at += 9) {
      std::vector<float> x(37, 0.5F);
      x[at] = NAN;
      tw::Tape tape;
      tw::Program program = tw::compile({tw::softmax(input(tape, x))}, {.simd = level});
      program.run();
      const auto* y = static_cast<const float*>(program.data(0));
      for (std::size_t i = 0; i < x.size(); ++i) CHECK(std::isnan(y[i]));
    }
  }
}
