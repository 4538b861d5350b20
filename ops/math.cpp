#include <tapewise/ops/math.hpp>

#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

namespace tapewise {

namespace {
std::complex<double> std_of(Complex z) { return {z.re, z.im}; }
Complex ours(std::complex<double> z) { return {z.real(), z.imag()}; }
}  // namespace

Complex exp(Complex z) { return ours(std::exp(std_of(z))); }
Complex log(Complex z) { return ours(std::log(std_of(z))); }
Complex sqrt(Complex z) { return ours(std::sqrt(std_of(z))); }
Complex sin(Complex z) { return ours(std::sin(std_of(z))); }
Complex cos(Complex z) { return ours(std::cos(std_of(z))); }
Complex tanh(Complex z) { return ours(std::tanh(std_of(z))); }
// Of a negative number, powers are real at whole exponents only, and have no slope in the exponent.
Complex pow(Complex z, Complex p) {
  if (!(z.re < 0)) return ours(std::pow(std_of(z), std_of(p)));
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (p.im != 0 || p.re != std::trunc(p.re)) return {nan, nan};
  const Complex size = ours(std::pow(std_of(-z), std_of(p)));
  return std::fmod(p.re, 2.0) == 0 ? size : -size;
}

Complex tan(Complex z) { return ours(std::tan(std_of(z))); }
Complex sinh(Complex z) { return ours(std::sinh(std_of(z))); }
Complex cosh(Complex z) { return ours(std::cosh(std_of(z))); }
Complex asinh(Complex z) { return ours(std::asinh(std_of(z))); }
Complex acosh(Complex z) { return ours(std::acosh(std_of(z))); }
Complex atanh(Complex z) { return ours(std::atanh(std_of(z))); }
Complex exp2(Complex z) { return exp(z * std::numbers::ln2); }
Complex log2(Complex z) { return log(z) / std::numbers::ln2; }
Complex log10(Complex z) { return log(z) / std::numbers::ln10; }

Complex cbrt(Complex z) { return z.re < 0 ? -exp(log(-z) / 3.0) : exp(log(z) / 3.0); }
Complex hypot(Complex a, Complex b) {
  const Complex large = std::abs(a.re) < std::abs(b.re) ? b : a;
  const Complex ratio = (std::abs(a.re) < std::abs(b.re) ? a : b) / large;
  return large.re == 0.0 ? Complex(0.0) : abs(large) * sqrt(1.0 + ratio * ratio);
}
Complex atan2(Complex a, Complex b) {
  if (std::abs(a.re) > std::abs(b.re)) {
    return std::copysign(0.5 * std::numbers::pi, a.re) - atan(b / a);
  }
  return atan(a / b) + (b.re < 0 ? std::copysign(std::numbers::pi, a.re) : 0.0);
}
// e^z of a negative real part only: nothing overflows.
Complex sigmoid(Complex z) {
  const Complex e = exp(z.re < 0 ? z : -z);
  return (z.re < 0 ? e : Complex(1.0)) / (1.0 + e);
}
// Without |z|, whose slope at 0 is that of one side.
Complex softplus(Complex z) { return z.re <= 0 ? log1p(exp(z)) : z + log1p(exp(-z)); }
Complex fmod(Complex a, Complex b) {
  const double rest = std::fmod(a.re, b.re);
  return {rest, a.im - std::nearbyint((a.re - rest) / b.re) * b.im};
}

// Written out, after Kahan ("Branch cuts for complex elementary functions", 1987), because the C++
// library of a page loses an imaginary part that is tiny, as the complex step's is.
Complex asin(Complex z) {
  const Complex below = sqrt(1.0 - z), above = sqrt(1.0 + z);
  return {std::atan2(z.re, below.re * above.re - below.im * above.im),
          std::asinh(below.re * above.im - below.im * above.re)};
}
Complex acos(Complex z) {
  const Complex below = sqrt(1.0 - z), above = sqrt(1.0 + z);
  return {2.0 * std::atan2(below.re, above.re),
          std::asinh(above.re * below.im - above.im * below.re)};
}
Complex atan(Complex z) {
  const double x = z.re, y = z.im;
  return {0.5 * std::atan2(2.0 * x, (1.0 - x) * (1.0 + x) - y * y),
          0.25 * std::log1p(4.0 * y / (x * x + (1.0 - y) * (1.0 - y)))};
}

// Written out so that a real part near 0 keeps its digits.
Complex log1p(Complex z) {
  const double r = 0.5 * std::log1p(z.re * (2.0 + z.re) + z.im * z.im);
  return {r, std::atan2(z.im, 1.0 + z.re)};
}
Complex expm1(Complex z) {
  const double half_sin = std::sin(0.5 * z.im);
  return {std::expm1(z.re) * std::cos(z.im) - 2.0 * half_sin * half_sin,
          std::exp(z.re) * std::sin(z.im)};
}

}  // namespace tapewise
