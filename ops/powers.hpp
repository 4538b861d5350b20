#pragma once
#include <limits>
#include <numbers>
#include <tapewise/ops/elementary.hpp>

namespace tapewise {

namespace ops {

using namespace math;

struct Exp2 : Elementwise<1> {
  static constexpr Text name = "exp2", formula = "2^x";
  static constexpr Text source = "Abramowitz & Stegun 4.2";
  static constexpr Text peers = "torch.exp2, jax.numpy.exp2";
  static constexpr bool simd = false;  // its batch overflows from 127 (1023) on, not from 128
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return exp2(x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    return T(std::numbers::ln2) * y;
  }
};

struct Log2 : Elementwise<1> {
  static constexpr Text name = "log2", formula = "log x/log 2", domain = "x > 0";
  static constexpr Text source = "Abramowitz & Stegun 4.1";
  static constexpr Text peers = "torch.log2, jax.numpy.log2";
  static constexpr Range ranges[] = {{0.2, 4}};
  template <class T>
  static T value(T x) {
    return log2(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(std::numbers::log2e) / x;
  }
};

struct Log10 : Elementwise<1> {
  static constexpr Text name = "log10", formula = "log x/log 10", domain = "x > 0";
  static constexpr Text source = "Abramowitz & Stegun 4.1";
  static constexpr Text peers = "torch.log10, jax.numpy.log10";
  static constexpr Range ranges[] = {{0.2, 4}};
  template <class T>
  static T value(T x) {
    return log10(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(std::numbers::log10e) / x;
  }
};

struct Cbrt : Elementwise<1> {
  static constexpr Text name = "cbrt", formula = "∛x",
                        domain = "all real numbers; the derivative at 0 is infinite";
  static constexpr Text source = "Abramowitz & Stegun 3.3";
  static constexpr Text peers = "jax.numpy.cbrt";
  static constexpr Range ranges[] = {{0.2, 4}};
  template <class T>
  static T value(T x) {
    return cbrt(x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    return T(1) / (T(3) * y * y);
  }
};

struct Reciprocal : Elementwise<1> {
  static constexpr Text name = "reciprocal", formula = "1/x", domain = "x ≠ 0";
  static constexpr Text source = "Abramowitz & Stegun 3.3";
  static constexpr Text peers = "torch.reciprocal, jax.numpy.reciprocal, tf.math.reciprocal";
  static constexpr Range ranges[] = {{0.4, 3}};
  template <class T>
  static T value(T x) {
    return T(1) / x;
  }
  template <int I, class T>
  static T partial(T, T y) {
    return -(y * y);
  }
};

struct Rsqrt : Elementwise<1> {
  static constexpr Text name = "rsqrt", formula = "1/√x", domain = "x > 0";
  static constexpr Text source = "Abramowitz & Stegun 3.3";
  static constexpr Text peers = "torch.rsqrt, jax.lax.rsqrt, tf.math.rsqrt";
  static constexpr Range ranges[] = {{0.3, 4}};
  template <class T>
  static T value(T x) {
    return T(1) / sqrt(x);
  }
  template <int I, class T>
  static T partial(T x, T y) {
    return T(-0.5) * y / x;
  }
};

struct Hypot : Elementwise<2> {
  static constexpr Text name = "hypot", formula = "√(a² + b²)",
                        domain = "all real numbers; the derivative at (0, 0) is taken as 0";
  static constexpr Text kinks = "a = b = 0: 0, the smallest subgradient";
  static constexpr Text source =
      "Moler & Morrison 1983, Replacing square roots by Pythagorean sums";
  static constexpr Text peers = "torch.hypot, jax.numpy.hypot";
  static constexpr bool simd = false;  // the C library avoids overflow
  static constexpr Range ranges[] = {{-3, 3}, {0.3, 3}};
  template <class T>
  static T value(T a, T b) {
    return hypot(a, b);
  }
  /// a/y and b/y; 0, the smallest subgradient, at the tip of the cone.
  template <int I, class T>
  static auto partial(T a, T b, T y) {
    return only_if(y != T(0), (I == 0 ? a : b) / y);
  }
};

struct Logaddexp : Elementwise<2> {
  static constexpr Text name = "logaddexp", formula = "log(e^a + e^b)";
  static constexpr Text source =
      "Blanchard, Higham & Higham 2021, Computing the log-sum-exp and softmax functions";
  static constexpr Text peers = "torch.logaddexp, jax.numpy.logaddexp";
  static constexpr Range ranges[] = {{-3, 3}, {-3, 3}};
  /// Two equal infinities have no difference; their sum is the answer.
  template <class T>
  static T value(T a, T b) {
    const T high = where(a > b, a, b), low = where(a > b, b, a), gap = low - high;
    return where(gap == gap, high + log1p(exp(gap)), a + b);
  }
  /// σ(a - b) and σ(b - a); ½ each for two equal infinities.
  template <int I, class T>
  static T partial(T a, T b, T) {
    const T gap = I == 0 ? a - b : b - a;
    return sigmoid(T(where((gap == gap) | (a != b), gap, T(0))));
  }
};

struct Xlogy : Elementwise<2> {
  static constexpr Text name = "xlogy", formula = "x·log y, 0 for x = 0",
                        domain = "y > 0, or x = 0";
  static constexpr Text source = "Goodfellow et al., Deep Learning, 3.13";
  static constexpr Text peers = "torch.xlogy, jax.scipy.special.xlogy, tf.math.xlogy";
  static constexpr Range ranges[] = {{0.3, 3}, {0.3, 3}};
  template <class T>
  static T value(T x, T z) {
    return where(
        (x == T(0)) & ((z <= T(0)) | (z == number<T>(std::numeric_limits<double>::infinity()))),
        T(0), x * log(z));
  }
  /// Both are 0 at x = y = 0, where the limits of log y and x/y are not finite.
  template <int I, class T>
  static auto partial(T x, T z, T) {
    if constexpr (I == 0) {
      return only_if((x != T(0)) | (z > T(0)), log(z));
    } else {
      return only_if((x != T(0)) | (z != T(0)), x / z);
    }
  }
};

}  // namespace ops

/// 2^x
inline Var exp2(const Operand& x) { return record<ops::Exp2>({x}); }
/// The logarithms to base 2 and 10; NaN for x < 0, -∞ at 0.
inline Var log2(const Operand& x) { return record<ops::Log2>({x}); }
inline Var log10(const Operand& x) { return record<ops::Log10>({x}); }
/// The real cube root, of negative numbers too. Its derivative at 0 is infinite.
inline Var cbrt(const Operand& x) { return record<ops::Cbrt>({x}); }
/// 1/x
inline Var reciprocal(const Operand& x) { return record<ops::Reciprocal>({x}); }
/// 1/√x; NaN for x < 0.
inline Var rsqrt(const Operand& x) { return record<ops::Rsqrt>({x}); }
/// √(a² + b²) without overflow. Its gradient at (0, 0) is 0.
inline Var hypot(const Operand& a, const Operand& b) { return record<ops::Hypot>({a, b}); }
/// log(e^a + e^b) without overflow; -∞ is the log of nothing.
inline Var logaddexp(const Operand& a, const Operand& b) { return record<ops::Logaddexp>({a, b}); }
/// x·log y, and 0 where x = 0, whatever y is (unless NaN). At (0, 0) the gradient is 0.
inline Var xlogy(const Operand& x, const Operand& y) { return record<ops::Xlogy>({x, y}); }

using PowerOps = OpList<ops::Exp2, ops::Log2, ops::Log10, ops::Cbrt, ops::Reciprocal, ops::Rsqrt,
                        ops::Hypot, ops::Logaddexp, ops::Xlogy>;
std::span<const OpRecord> records_of(PowerOps);

}  // namespace tapewise
