#pragma once
#include <tapewise/ops/arithmetic.hpp>

namespace tapewise {

namespace ops {

struct Exp : Elementwise<1> {
  static constexpr Text name = "exp", formula = "e^x";
  static constexpr Text source = "Abramowitz & Stegun 4.2";
  static constexpr Text peers = "torch.exp, jax.numpy.exp, tf.math.exp";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return exp(x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    return y;
  }
};

struct Log : Elementwise<1> {
  static constexpr Text name = "log", formula = "log x", domain = "x > 0";
  static constexpr Text source = "Abramowitz & Stegun 4.1";
  static constexpr Text peers = "torch.log, jax.numpy.log, tf.math.log";
  static constexpr Range ranges[] = {{0.2, 4}};
  template <class T>
  static T value(T x) {
    return log(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(1) / x;
  }
};

struct Log1p : Elementwise<1> {
  static constexpr Text name = "log1p", formula = "log(1 + x)", domain = "x > -1";
  static constexpr Text source = "Abramowitz & Stegun 4.1.24";
  static constexpr Text peers = "torch.log1p, jax.numpy.log1p, tf.math.log1p";
  static constexpr Range ranges[] = {{-0.8, 3}};
  template <class T>
  static T value(T x) {
    return log1p(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(1) / (T(1) + x);
  }
};

struct Expm1 : Elementwise<1> {
  static constexpr Text name = "expm1", formula = "e^x - 1";
  static constexpr Text source = "Abramowitz & Stegun 4.2.1";
  static constexpr Text peers = "torch.expm1, jax.numpy.expm1, tf.math.expm1";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return expm1(x);
  }
  /// Not y + 1, which loses its digits where y is near -1.
  template <int I, class T>
  static T partial(T x, T) {
    return exp(x);
  }
};

struct Sqrt : Elementwise<1> {
  static constexpr Text name = "sqrt", formula = "√x",
                        domain = "x ≥ 0; the derivative at 0 is infinite";
  static constexpr Arithmetic arithmetic = Arithmetic::root;
  static constexpr Text source = "Abramowitz & Stegun 3.3";
  static constexpr Text peers = "torch.sqrt, jax.numpy.sqrt, tf.math.sqrt";
  static constexpr Range ranges[] = {{0.2, 4}};
  template <class T>
  static T value(T x) {
    return sqrt(x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    return T(0.5) / y;
  }
};

struct Sin : Elementwise<1> {
  static constexpr Text name = "sin", formula = "sin x";
  static constexpr Text source = "Abramowitz & Stegun 4.3";
  static constexpr Text peers = "torch.sin, jax.numpy.sin, tf.math.sin";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return sin(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return cos(x);
  }
};

struct Cos : Elementwise<1> {
  static constexpr Text name = "cos", formula = "cos x";
  static constexpr Text source = "Abramowitz & Stegun 4.3";
  static constexpr Text peers = "torch.cos, jax.numpy.cos, tf.math.cos";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return cos(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return -sin(x);
  }
};

/// x^p for a number p, which is an attribute: there is no logarithm in its derivative.
struct Pow : Elementwise<1> {
  static constexpr Text name = "pow", formula = "x^p, p a number",
                        domain = "x ≥ 0 unless p is whole; x ≠ 0 for p < 0";
  static constexpr Text signature = "pow(x, p)";
  static constexpr Text derivative = "p·x^(p - 1)";
  static constexpr Text source = "Abramowitz & Stegun 4.2.7";
  static constexpr Text peers = "torch.pow, jax.numpy.power, tf.math.pow";
  static constexpr bool simd = false;  // the C library's pow is exact to the last digit or so
  static constexpr Range ranges[] = {{0.3, 3}};
  struct Attribute {
    double exponent;
  };
  static constexpr Attribute example{2.5};
  template <class T>
  static T value(T x, const Attribute& a) {
    if (a.exponent == 2.0) return x * x;
    if (a.exponent == 3.0) return x * x * x;
    if (a.exponent == 1.0) return x;
    return pow(x, number<T>(a.exponent));
  }
  /// Exact at x = 0, where p·x^(p-1) of a vanishing coefficient would be 0·∞.
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    if (a.exponent == 0.0) return T(0);
    if (a.exponent == 1.0) return T(1);
    if (a.exponent == 2.0) return T(2) * x;
    return number<T>(a.exponent) * pow(x, number<T>(a.exponent - 1.0));
  }
  static std::string attribute_text(const void* attribute) {
    return "p=" + to_text(static_cast<const Attribute*>(attribute)->exponent);
  }
};

/// a^b for two Vars.
struct Power : Elementwise<2> {
  static constexpr Text name = "power", formula = "a^b", domain = "a > 0, or a = 0 with b ≥ 0";
  static constexpr Text signature = "pow(a, b)";
  static constexpr Text source = "Abramowitz & Stegun 4.2.7";
  static constexpr Text peers = "torch.pow, jax.numpy.power, tf.math.pow";
  static constexpr bool simd = false;
  static constexpr Range ranges[] = {{0.3, 3}, {-2, 2}};
  template <class T>
  static T value(T a, T b) {
    return pow(a, b);
  }
  /// ∂/∂b is 0 where a = 0 and b > 0: the limit, not 0·∞. At (0, 0) both are 0, as in PyTorch, and
  /// ∂/∂a where b = 0 and a is so small that 1/a may overflow.
  template <int I, class T>
  static auto partial(T a, T b, T y) {
    if constexpr (I == 0) {
      return only_if((a * a > T(0)) | (b != T(0)), b * pow(a, b - T(1)));
    } else {
      return only_if((a != T(0)) | (b < T(0)), y * log(a));
    }
  }
};

}  // namespace ops

/// e^x
inline Var exp(const Operand& x) { return record<ops::Exp>({x}); }
/// The natural logarithm; NaN for x < 0, -∞ at 0.
inline Var log(const Operand& x) { return record<ops::Log>({x}); }
/// log(1 + x), exact for small x.
inline Var log1p(const Operand& x) { return record<ops::Log1p>({x}); }
/// e^x - 1, exact for small x.
inline Var expm1(const Operand& x) { return record<ops::Expm1>({x}); }
/// √x; NaN for x < 0. Its derivative at 0 is infinite.
inline Var sqrt(const Operand& x) { return record<ops::Sqrt>({x}); }
/// Sine and cosine, x in radians.
inline Var sin(const Operand& x) { return record<ops::Sin>({x}); }
inline Var cos(const Operand& x) { return record<ops::Cos>({x}); }

/// x^p. A number p is an attribute: its derivative p·x^(p-1) is right at x = 0 too.
inline Var pow(const Operand& x, const Operand& p) {
  return p.is_number() && x.is_var() ? record<ops::Pow>({x}, {p.number()})
                                     : record<ops::Power>({x, p});
}

using ElementaryOps = OpList<ops::Exp, ops::Log, ops::Log1p, ops::Expm1, ops::Sqrt, ops::Sin,
                             ops::Cos, ops::Pow, ops::Power>;
std::span<const OpRecord> records_of(ElementaryOps);

}  // namespace tapewise
