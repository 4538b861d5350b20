#pragma once
#include <array>
#include <cmath>
#include <tapewise/ops/math.hpp>
#include <type_traits>

// erf and erfc for SIMD batches: those of xsimd 8.1 have 14 and 12 digits only. Numbers go to the C
// library, probes to their own notation.

namespace tapewise::math {

/// e^(x²)·erfc(x)·(1 + 2x) for x ≥ 0, in Chebyshev polynomials of (x - 3.75)/(x + 3.75); the form
/// is that of Shepherd & Laframboise 1981, the coefficients are computed with 40 digits.
inline constexpr std::array erfc_chebyshev = {
    1.17757893456740175,      -0.00459005458064647733,  -0.0842491333665179156,
    0.0592099399981918905,    -0.0266586684353057523,   0.00907499767070526509,
    -0.00241316354041760819,  0.000490775836525808632,  -0.0000691697330250120637,
    4.13902798607301017e-6,   7.74038306619849067e-7,   -2.18864010492343957e-7,
    1.07649994656709104e-8,   4.5219598112182869e-9,    -7.75440020883135111e-10,
    -6.31808834088668449e-11, 2.8687950109306699e-11,   1.94558685457773472e-13,
    -9.65469674843343891e-13, 3.25254814814873984e-14,  3.34781194828680539e-14,
    -1.8645628804193131e-15,  -1.25079505306886471e-15, 7.41823525662404346e-17,
    5.06814890479611132e-17,  -2.2370566594359996e-18};
/// erf x/x in powers of x², for |x| < 1/2.
inline constexpr std::array erf_taylor = {
    1.12837916709551257,     -0.376126389031837525,    0.112837916709551257,
    -0.0268661706451312518,  0.00522397762544218784,   -0.000854832702345085283,
    0.000120553329817896643, -0.000014925650358406251, 1.64621143658892474e-6,
    -1.63658446912349243e-7, 1.48071928158792172e-8,   -1.22905553017179274e-9,
    9.42275906465041097e-11};

template <class T>
concept Batch = requires {
  typename T::batch_bool_type;
};

/// erfc(x) for x ≥ 0.
template <Batch T>
T erfc_of_positive(const T& x) {
  using Number = typename T::value_type;
  constexpr std::size_t terms = std::is_same_v<Number, float> ? 15 : erfc_chebyshev.size();
  const T t = (x - T(3.75F)) / (x + T(3.75F)), twice = t + t;
  T sum(0), before(0);  // Clenshaw's recurrence
  for (std::size_t k = terms - 1; k > 0; --k) {
    const T next = twice * sum - before + number<T>(erfc_chebyshev[k]);
    before = sum;
    sum = next;
  }
  sum = t * sum - before + number<T>(erfc_chebyshev[0]);
  // What rounding took from x²: the exponential would blow it up.
  const T square = x * x, head = nearbyint(x * T(16)) * T(0.0625F);
  const T lost = (head * head - square) + (x - head) * (x + head);
  return exp(-square) * (T(1) - lost) * sum / (T(1) + x + x);
}

/// |x|, but not so large that its square overflows; erfc is 0 there.
template <Batch T>
T bounded_abs(const T& x) {
  const T a = abs(x);
  return where(a > T(30), T(30), a);
}

template <Batch T>
T error_function(const T& x) {
  const T square = x * x;
  T taylor(0);
  for (std::size_t k = erf_taylor.size(); k-- > 0;)
    taylor = taylor * square + number<T>(erf_taylor[k]);
  const T tail = T(1) - erfc_of_positive(bounded_abs(x));
  return where(abs(x) < T(0.5F), taylor * x, where(x < T(0), -tail, tail));
}
template <Batch T>
T complementary_error_function(const T& x) {
  const T tail = erfc_of_positive(bounded_abs(x));
  return where(x < T(0), T(2) - tail, tail);
}

template <class T>
T error_function(const T& x) {
  return erf(x);
}
template <class T>
T complementary_error_function(const T& x) {
  return erfc(x);
}

}  // namespace tapewise::math
