// The special functions behind the rules of ops/special.hpp, in double.
#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <tapewise/ops/math.hpp>

namespace tapewise::math {

namespace {

namespace bp = boost::math::policies;
/// NaN and infinity are answers, not exceptions.
constexpr bp::policy<bp::domain_error<bp::ignore_error>, bp::pole_error<bp::ignore_error>,
                     bp::overflow_error<bp::ignore_error>, bp::evaluation_error<bp::ignore_error>>
    quiet;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = std::numbers::pi;

/// 0, -1, -2, ...: the poles of the gamma function.
bool is_pole(double x) { return x <= 0.0 && x == std::floor(x); }

/// sin(πx) and cos(πx), exact zeros included: x is reduced before it meets π.
double sin_pi(double x) {
  const double r = std::remainder(x, 2.0);
  return std::abs(r) <= 0.5 ? std::sin(pi * r)
                            : std::copysign(std::sin(pi * (1.0 - std::abs(r))), r);
}
double cos_pi(double x) {
  const double r = std::abs(std::remainder(x, 2.0));
  return r < 0.25 ? std::cos(pi * r) : std::sin(pi * (0.5 - r));
}

/// The derivative number n of sin z/z near 0, from its Taylor series
/// Σ (-1)^k z^(2k-n)/((2k-n)!·(2k+1)).
double sinc_series(int n, double z) {
  double sum = 0.0, power = 1.0;  // z^m/m! for m = 2k-n
  for (int m = 0; m < 60; ++m) {
    const int k2 = m + n;
    if (k2 % 2 == 0) sum += (k2 / 2 % 2 == 0 ? power : -power) / (k2 + 1);
    power *= z / (m + 1);
  }
  return sum;
}

/// The same away from 0, from z·s⁽ᵏ⁾ + k·s⁽ᵏ⁻¹⁾ = sin⁽ᵏ⁾ z.
double sinc_recurrence(int n, double x) {
  const double z = pi * x, s = sin_pi(x), c = cos_pi(x);
  const double sine_derivatives[] = {s, c, -s, -c};
  double d = s / z;
  for (int k = 1; k <= n; ++k) d = (sine_derivatives[k % 4] - k * d) / z;
  return d;
}

}  // namespace

double tapewise_erfinv(double x) {
  if (std::abs(x) == 1.0) return x * infinity;
  return std::abs(x) < 1.0 ? boost::math::erf_inv(x, quiet) : nan;
}

double tapewise_lgamma(double x) {
  if (std::isinf(x) || is_pole(x)) return infinity;
  return std::isnan(x) ? x : boost::math::lgamma(x, quiet);
}

double tapewise_polygamma(double order, double x) {
  if (std::isnan(x)) return x;
  const int n = static_cast<int>(order);
  if (x == infinity) return n == 0 ? infinity : 0.0;
  if (x == -infinity) return nan;
  if (is_pole(x)) {
    if (n == 0) return x == 0.0 ? std::copysign(infinity, -x) : nan;
    return n % 2 == 1 ? infinity : nan;  // an even one has another sign on each side
  }
  if (n == 0) return boost::math::digamma(x, quiet);
  if (n == 1) return boost::math::trigamma(x, quiet);
  if (x > -0x1p30) return boost::math::polygamma(n, x, quiet);
  // Boost 1.74 takes the sign of its reflection from an int. π·cot(πx) has period 1, so the
  // reflection formula at x, less that at its fraction, has no cotangent.
  const double fraction = x - std::floor(x) - 1.0;
  const auto at = [n](double z) { return boost::math::polygamma(n, z, quiet); };
  return at(fraction) + (n % 2 == 0 ? 1.0 : -1.0) * (at(1.0 - x) - at(1.0 - fraction));
}

double tapewise_sinc(double order, double x) {
  const int n = static_cast<int>(order);
  const bool near_zero = std::abs(pi * x) < std::max(2.0, 0.5 * n);
  if (n == 0) return x == 0.0 ? 1.0 : sin_pi(x) / (pi * x);
  return std::pow(pi, n) * (near_zero ? sinc_series(n, pi * x) : sinc_recurrence(n, x));
}

}  // namespace tapewise::math
