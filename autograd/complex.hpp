#pragma once

namespace tapewise {

/// The number type of the complex-step check: the same layout as `std::complex<double>`, but
/// ordered by its real part, so that rules with comparisons read it like any other number.
/// Its functions (`exp`, `tanh`, ...) stand in `ops/numbers.hpp` beside those of the other readers.
struct Complex {
  double re = 0.0;
  double im = 0.0;

  constexpr Complex() = default;
  constexpr Complex(double real, double imaginary = 0.0) : re(real), im(imaginary) {}

  friend constexpr Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
  friend constexpr Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
  friend constexpr Complex operator-(Complex a) { return {-a.re, -a.im}; }
  friend constexpr Complex operator*(Complex a, Complex b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
  /// Smith's method: no overflow in between.
  friend constexpr Complex operator/(Complex a, Complex b) {
    const bool wide = (b.re < 0 ? -b.re : b.re) >= (b.im < 0 ? -b.im : b.im);
    if (wide) {
      const double r = b.im / b.re, d = b.re + b.im * r;
      return {(a.re + a.im * r) / d, (a.im - a.re * r) / d};
    }
    const double r = b.re / b.im, d = b.re * r + b.im;
    return {(a.re * r + a.im) / d, (a.im * r - a.re) / d};
  }
  friend constexpr Complex& operator+=(Complex& a, Complex b) { return a = a + b; }

  friend constexpr bool operator<(Complex a, Complex b) { return a.re < b.re; }
  friend constexpr bool operator<=(Complex a, Complex b) { return a.re <= b.re; }
  friend constexpr bool operator>(Complex a, Complex b) { return a.re > b.re; }
  friend constexpr bool operator>=(Complex a, Complex b) { return a.re >= b.re; }
  friend constexpr bool operator==(Complex a, Complex b) { return a.re == b.re; }
  friend constexpr bool operator!=(Complex a, Complex b) { return a.re != b.re; }
};

}  // namespace tapewise
