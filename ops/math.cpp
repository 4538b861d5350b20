#include <tapewise/ops/math.hpp>

#include <complex>

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
Complex pow(Complex z, Complex p) { return ours(std::pow(std_of(z), std_of(p))); }

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
