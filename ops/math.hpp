#pragma once
#include <cmath>
#include <concepts>
#include <cstdint>
#include <tapewise/autograd/complex.hpp>
#include <type_traits>

/// The functions in which rules are written, for plain numbers. A rule calls them unqualified; for
/// Vars, probes and SIMD batches the call finds the function of that reader instead.
namespace tapewise::math {

using std::abs;
using std::acos;
using std::acosh;
using std::asin;
using std::asinh;
using std::atan;
using std::atan2;
using std::atanh;
using std::cbrt;
using std::ceil;
using std::cos;
using std::cosh;
using std::erf;
using std::erfc;
using std::exp;
using std::exp2;
using std::expm1;
using std::floor;
using std::fmod;
using std::hypot;
using std::isfinite;
using std::isinf;
using std::isnan;
using std::log;
using std::log10;
using std::log1p;
using std::log2;
using std::nearbyint;
using std::pow;
using std::sin;
using std::sinh;
using std::sqrt;
using std::tan;
using std::tanh;
using std::trunc;

/// `condition ? a : b`, element by element: rules branch with `where`, never with `if`.
template <class T>
requires std::is_arithmetic_v<T>
constexpr T where(bool condition, std::type_identity_t<T> a, T b) { return condition ? a : b; }
/// A number of an attribute in the rule's own type.
template <class T>
T number(double x) {
  if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<T>(x);
  } else if constexpr (requires { typename T::value_type; }) {
    return T(static_cast<typename T::value_type>(x));
  } else {
    return T(x);
  }
}

/// 1 / (1 + e^-x), for numbers and SIMD batches.
template <class T>
requires std::is_floating_point_v<T> || requires { typename T::batch_bool_type; }
T sigmoid(T x) { return T(1) / (T(1) + exp(-x)); }
/// -1, 0 or 1; NaN for NaN.
template <class T>
requires std::is_arithmetic_v<T>
constexpr T sign(T x) { return x > T(0) ? T(1) : x < T(0) ? T(-1) : x; }
/// The same for SIMD batches, whose library calls it `select`.
template <class Mask, class T>
requires requires(Mask m, T a, T b) { select(m, a, b); }
T where(const Mask& condition, const T& a, const T& b) { return select(condition, a, b); }

/// log(1 + e^x), as max(x, 0) + log(1 + e^-|x|): no overflow for any x.
template <class T>
requires std::is_floating_point_v<T> || requires { typename T::batch_bool_type; }
T softplus(T x) { return where(x <= T(0), T(0), x) + log1p(exp(-abs(x))); }
/// x - tanh x. Near 0, where the difference would lose its digits, as (x·cosh x - sinh x)/cosh x
/// with the numerator's Taylor series, Σ 2k·x^(2k+1)/(2k+1)!.
template <class T>
T x_minus_tanh(const T& x) {
  constexpr int terms = 10;
  double factorial = 51090942171709440000.0;  // (2·terms + 1)!
  T series(0);
  const T s = x * x;
  for (int k = terms; k > 0; --k) {
    series = series * s + number<T>(2.0 * k / factorial);
    factorial /= 2.0 * k * (2.0 * k + 1.0);
  }
  return where(s < T(1), series * s * x / cosh(x), x - tanh(x));
}

/// 1 - x², as (1 - x)(1 + x) where the square would lose digits of the result, and as written near
/// 0, where those of the derivative would be lost.
template <class T>
T one_minus_square(const T& x) {
  const T s = x * x;
  return where(s < T(0.25), T(1) - s, (T(1) - x) * (T(1) + x));
}

// Defined in ops/special_functions.cpp, with Boost.Math. C names: the kernels of a SIMD level, in
// which our namespace has another name, call them too.
extern "C" {
double tapewise_erfinv(double x);
double tapewise_lgamma(double x);
double tapewise_polygamma(double order, double x);
double tapewise_sinc(double order, double x);
}
/// The y with erf y = x.
template <class T>
requires std::is_floating_point_v<T> T erfinv(T x) { return static_cast<T>(tapewise_erfinv(x)); }
/// log |Γ(x)|
template <class T>
requires std::is_floating_point_v<T> T lgamma(T x) { return static_cast<T>(tapewise_lgamma(x)); }
/// The derivative number `order` of digamma.
template <class T>
requires std::is_floating_point_v<T> T polygamma(double order, T x) {
  return static_cast<T>(tapewise_polygamma(order, x));
}
template <class T>
requires std::is_floating_point_v<T> T digamma(T x) { return polygamma(0.0, x); }
/// The derivative number `order` of sin(πx)/(πx).
template <class T>
requires std::is_floating_point_v<T> T sinc(double order, T x) {
  return static_cast<T>(tapewise_sinc(order, x));
}

}  // namespace tapewise::math

namespace tapewise {

Complex exp(Complex z);
Complex log(Complex z);
Complex sqrt(Complex z);
Complex sin(Complex z);
Complex cos(Complex z);
Complex tanh(Complex z);
Complex log1p(Complex z);
Complex expm1(Complex z);
Complex pow(Complex z, Complex p);
Complex tan(Complex z);
Complex asin(Complex z);
Complex acos(Complex z);
Complex atan(Complex z);
Complex sinh(Complex z);
Complex cosh(Complex z);
Complex asinh(Complex z);
Complex acosh(Complex z);
Complex atanh(Complex z);
Complex exp2(Complex z);
Complex log2(Complex z);
Complex log10(Complex z);
// Continuations of the real functions from the real axis.
Complex cbrt(Complex z);
Complex hypot(Complex a, Complex b);
Complex atan2(Complex a, Complex b);
Complex sigmoid(Complex z);
Complex softplus(Complex z);
Complex fmod(Complex a, Complex b);
// Locally constant: the real part decides.
inline Complex floor(Complex z) { return std::floor(z.re); }
inline Complex ceil(Complex z) { return std::ceil(z.re); }
inline Complex nearbyint(Complex z) { return std::nearbyint(z.re); }
inline Complex trunc(Complex z) { return std::trunc(z.re); }
inline bool isfinite(Complex z) { return std::isfinite(z.re); }
inline bool isnan(Complex z) { return std::isnan(z.re); }
inline bool isinf(Complex z) { return std::isinf(z.re); }
/// ±z, by the sign of the real part: the analytic continuation of the real |x|, not the modulus.
constexpr Complex abs(Complex z) { return z.re < 0 ? -z : z; }
constexpr Complex where(bool condition, Complex a, Complex b) { return condition ? a : b; }

}  // namespace tapewise
