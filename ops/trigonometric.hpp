#pragma once
#include <tapewise/ops/powers.hpp>

namespace tapewise {

namespace ops {

using namespace math;

struct Tan : Elementwise<1> {
  static constexpr Text name = "tan", formula = "tan x", domain = "x ≠ π/2 + kπ",
                        source = "Abramowitz & Stegun 4.3";
  static constexpr Text peers = "torch.tan, jax.numpy.tan, tf.math.tan";
  static constexpr Range ranges[] = {{-1.3, 1.3}};
  template <class T>
  static T value(T x) {
    return tan(x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    return T(1) + y * y;
  }
};

struct Asin : Elementwise<1> {
  static constexpr Text name = "asin", formula = "arcsin x",
                        domain = "-1 ≤ x ≤ 1; the derivative at ±1 is infinite",
                        source = "Abramowitz & Stegun 4.4";
  static constexpr Text peers = "torch.asin, jax.numpy.arcsin, tf.math.asin";
  static constexpr Range ranges[] = {{-0.9, 0.9}};
  template <class T>
  static T value(T x) {
    return asin(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(1) / sqrt(one_minus_square(x));
  }
};

struct Acos : Elementwise<1> {
  static constexpr Text name = "acos", formula = "arccos x",
                        domain = "-1 ≤ x ≤ 1; the derivative at ±1 is infinite",
                        source = "Abramowitz & Stegun 4.4";
  static constexpr Text peers = "torch.acos, jax.numpy.arccos, tf.math.acos";
  static constexpr Range ranges[] = {{-0.9, 0.9}};
  template <class T>
  static T value(T x) {
    return acos(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(-1) / sqrt(one_minus_square(x));
  }
};

struct Atan : Elementwise<1> {
  static constexpr Text name = "atan", formula = "arctan x", source = "Abramowitz & Stegun 4.4";
  static constexpr Text peers = "torch.atan, jax.numpy.arctan, tf.math.atan";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return atan(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(1) / (T(1) + x * x);
  }
};

struct Atan2 : Elementwise<2> {
  static constexpr Text name = "atan2", formula = "the angle of the point (b, a)",
                        domain = "all real numbers; the derivative at (0, 0) is taken as 0",
                        source = "Abramowitz & Stegun 4.4";
  static constexpr Text kinks = "a = b = 0: 0; a = 0 with b < 0: a jump between equal slopes";
  static constexpr Text peers = "torch.atan2, jax.numpy.arctan2, tf.math.atan2";
  static constexpr bool simd = false;  // its batch has no signed zeros
  static constexpr Range ranges[] = {{0.3, 3}, {-3, 3}};
  template <class T>
  static T value(T a, T b) {
    return atan2(a, b);
  }
  /// b/(a² + b²) and -a/(a² + b²), without overflow.
  template <int I, class T>
  static auto partial(T a, T b, T) {
    const T r = hypot(a, b);
    return only_if(r != T(0), I == 0 ? (b / r) / r : (-a / r) / r);
  }
};

struct Sinh : Elementwise<1> {
  static constexpr Text name = "sinh", formula = "sinh x", source = "Abramowitz & Stegun 4.5";
  static constexpr Text peers = "torch.sinh, jax.numpy.sinh, tf.math.sinh";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return sinh(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return cosh(x);
  }
};

struct Cosh : Elementwise<1> {
  static constexpr Text name = "cosh", formula = "cosh x", source = "Abramowitz & Stegun 4.5";
  static constexpr Text peers = "torch.cosh, jax.numpy.cosh, tf.math.cosh";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return cosh(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return sinh(x);
  }
};

struct Asinh : Elementwise<1> {
  static constexpr Text name = "asinh", formula = "arsinh x", source = "Abramowitz & Stegun 4.6";
  static constexpr Text peers = "torch.asinh, jax.numpy.arcsinh, tf.math.asinh";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return asinh(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(1) / hypot(x, T(1));
  }
};

struct Acosh : Elementwise<1> {
  static constexpr Text name = "acosh", formula = "arcosh x",
                        domain = "x ≥ 1; the derivative at 1 is infinite",
                        source = "Abramowitz & Stegun 4.6";
  static constexpr Text peers = "torch.acosh, jax.numpy.arccosh, tf.math.acosh";
  static constexpr bool simd = false;  // its batch gives numbers for x < -1e8
  static constexpr Range ranges[] = {{1.2, 4}};
  template <class T>
  static T value(T x) {
    return acosh(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(1) / (sqrt(x - T(1)) * sqrt(x + T(1)));
  }
};

struct Atanh : Elementwise<1> {
  static constexpr Text name = "atanh", formula = "artanh x", domain = "-1 < x < 1",
                        source = "Abramowitz & Stegun 4.6";
  static constexpr Text peers = "torch.atanh, jax.numpy.arctanh, tf.math.atanh";
  static constexpr Range ranges[] = {{-0.9, 0.9}};
  template <class T>
  static T value(T x) {
    return atanh(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(1) / one_minus_square(x);
  }
};

}  // namespace ops

/// The tangent of x in radians.
inline Var tan(const Operand& x) { return record<ops::Tan>({x}); }
/// The angle in [-π/2, π/2] whose sine is x; NaN for |x| > 1.
inline Var asin(const Operand& x) { return record<ops::Asin>({x}); }
/// The angle in [0, π] whose cosine is x; NaN for |x| > 1.
inline Var acos(const Operand& x) { return record<ops::Acos>({x}); }
/// The angle in (-π/2, π/2) whose tangent is x.
inline Var atan(const Operand& x) { return record<ops::Atan>({x}); }
/// The angle in [-π, π] of the point with ordinate a and abscissa b, in the order of the C library.
/// At the origin, where it has no derivative, the gradient is 0.
inline Var atan2(const Operand& a, const Operand& b) { return record<ops::Atan2>({a, b}); }
/// The hyperbolic sine and cosine; infinite beyond |x| = 710 (89 in float32).
inline Var sinh(const Operand& x) { return record<ops::Sinh>({x}); }
inline Var cosh(const Operand& x) { return record<ops::Cosh>({x}); }
/// The inverse hyperbolic sine.
inline Var asinh(const Operand& x) { return record<ops::Asinh>({x}); }
/// The inverse hyperbolic cosine; NaN for x < 1.
inline Var acosh(const Operand& x) { return record<ops::Acosh>({x}); }
/// The inverse hyperbolic tangent; ±∞ at ±1, NaN beyond.
inline Var atanh(const Operand& x) { return record<ops::Atanh>({x}); }

using TrigonometricOps = OpList<ops::Tan, ops::Asin, ops::Acos, ops::Atan, ops::Atan2, ops::Sinh,
                                ops::Cosh, ops::Asinh, ops::Acosh, ops::Atanh>;
std::span<const OpRecord> records_of(TrigonometricOps);

}  // namespace tapewise
