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
using std::cos;
using std::exp;
using std::expm1;
using std::log;
using std::log1p;
using std::pow;
using std::sin;
using std::sqrt;
using std::tanh;

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

/// 1 / (1 + e^-x)
template <class T>
requires std::is_floating_point_v<T> T sigmoid(T x) { return T(1) / (T(1) + std::exp(-x)); }
/// -1, 0 or 1; NaN for NaN.
template <class T>
requires std::is_arithmetic_v<T>
constexpr T sign(T x) { return x > T(0) ? T(1) : x < T(0) ? T(-1) : x; }
/// The same for SIMD batches, whose library calls it `select`.
template <class Mask, class T>
requires requires(Mask m, T a, T b) { select(m, a, b); }
T where(const Mask& condition, const T& a, const T& b) { return select(condition, a, b); }

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
/// ±z, by the sign of the real part: the analytic continuation of the real |x|, not the modulus.
constexpr Complex abs(Complex z) { return z.re < 0 ? -z : z; }
constexpr Complex where(bool condition, Complex a, Complex b) { return condition ? a : b; }

}  // namespace tapewise
