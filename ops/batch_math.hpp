#pragma once
#include <tapewise/ops/math.hpp>
#include <type_traits>

/// Functions for SIMD batches by the same instructions for all lanes, where xsimd's compute several
/// cases and choose. For every other reader of a rule they are the usual functions.
namespace tapewise::math {

/// e^x = 2^n·(1 + e) with a whole n and e = e^r - 1, |r| <= ½·log 2.
template <class Batch>
struct ExpParts {
  Batch n, e;
};

/// Of a batch of float or double, whose e^x must be a normal number; NaN in, NaN out.
template <class Batch>
[[gnu::always_inline]] inline ExpParts<Batch> exp_parts(const Batch& x) {
  using T = typename Batch::value_type;
  constexpr bool is_float = std::is_same_v<T, float>;
  const Batch n = nearbyint(x * Batch(T(1.44269504088896340736)));
  // log 2 in two parts, of which the first times n is exact.
  Batch r = fma(n, Batch(T(is_float ? -0.693359375 : -0.693147180369123816490)), x);
  r = fma(n, Batch(T(is_float ? 2.12194440054690583e-4 : -1.90821492927058770002e-10)), r);
  // The Taylor series of e^r - 1 up to the terms that matter.
  constexpr int terms = is_float ? 7 : 13;
  double factorial = is_float ? 5040.0 : 6227020800.0;  // terms!
  Batch series(T(1 / factorial));
  for (int k = terms; k > 2; --k) {
    factorial /= k;
    series = fma(series, r, Batch(T(1 / factorial)));
  }
  return {n, fma(series, r * r, r)};
}

/// 2^n
template <class Batch>
[[gnu::always_inline]] inline Batch power_of_two(const Batch& n) {
  return ldexp(Batch(typename Batch::value_type(1)), to_int(n));
}

/// e^x of a batch for x <= 0; below the smallest normal number it is 0.
template <class Batch>
[[gnu::always_inline]] inline Batch exp_of_negative(const Batch& x) {
  using T = typename Batch::value_type;
  // Of the least x the power of two has no exponent left and is 0. `max` keeps a NaN in second
  // place.
  const Batch least(T(std::is_same_v<T, float> ? -88.02 : -709.09));
  const ExpParts<Batch> parts = exp_parts<Batch>(max(least, x));
  const Batch power = power_of_two(parts.n);
  return fma(power, parts.e, power);
}

/// tanh x; of a batch as e/(e + 2) with e = e^2|x| - 1, off by 1.5 units of the last digit at most.
template <class X>
[[gnu::always_inline]] inline X tanh_of(const X& x) {
  if constexpr (requires { typename X::batch_bool_type; }) {
    using T = typename X::value_type;
    // From there on tanh is 1. `min` keeps a NaN in second place.
    const X u = min(X(T(std::is_same_v<T, float> ? 10 : 20)), abs(x));
    const ExpParts<X> parts = exp_parts<X>(u + u);
    const X power = power_of_two(parts.n);
    const X e = fma(power, parts.e, power - X(T(1)));
    return copysign(e / (e + X(T(2))), x);
  } else {
    return tanh(x);
  }
}

}  // namespace tapewise::math
