#pragma once
#include <tapewise/ops/batch_math.hpp>
#include <tapewise/ops/piecewise.hpp>
#include <tapewise/ops/rectifier.hpp>
#include <tapewise/ops/special.hpp>

namespace tapewise {

/// Which formula gelu is computed by.
enum class GeluForm : std::uint64_t {
  exact,  ///< x·Φ(x), with the error function
  tanh    ///< ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
};

namespace ops {

using namespace math;

struct Tanh : Elementwise<1> {
  static constexpr Text name = "tanh", formula = "tanh x",
                        source = "Goodfellow et al., Deep Learning, 6.3.2";
  static constexpr Text peers = "torch.tanh, jax.numpy.tanh, tf.math.tanh";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  [[gnu::always_inline]] static T value(T x) {
    return tanh_of(x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    return T(1) - y * y;
  }
};

struct Sigmoid : Elementwise<1> {
  static constexpr Text name = "sigmoid", formula = "1/(1 + e^-x)",
                        source = "Goodfellow et al., Deep Learning, 3.10";
  static constexpr Text peers = "torch.sigmoid, jax.nn.sigmoid, tf.math.sigmoid";
  static constexpr Range ranges[] = {{-4, 4}};
  template <class T>
  static T value(T x) {
    return sigmoid(x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    return y * (T(1) - y);
  }
};

struct LogSigmoid : Elementwise<1> {
  static constexpr Text name = "log_sigmoid", formula = "log(1/(1 + e^-x))",
                        source = "Goodfellow et al., Deep Learning, 3.10";
  static constexpr Text peers =
      "torch.nn.functional.logsigmoid, jax.nn.log_sigmoid, tf.math.log_sigmoid";
  static constexpr Range ranges[] = {{-4, 4}};
  template <class T>
  static T value(T x) {
    return -softplus(-x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return sigmoid(-x);
  }
};

struct LecunTanh : Elementwise<1> {
  static constexpr Text name = "lecun_tanh", formula = "1.7159·tanh(2x/3)",
                        source = "LeCun et al. 1998, Efficient BackProp, 4.4";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return number<T>(1.7159) * tanh_of(number<T>(2.0 / 3.0) * x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    const T t = y / T(1.7159);
    return T(1.7159 * 2.0 / 3.0) * (T(1) - t * t);
  }
};

struct BipolarSigmoid : Elementwise<1> {
  static constexpr Text name = "bipolar_sigmoid", formula = "(1 - e^-x)/(1 + e^-x)",
                        source = "CPT_S 434/534, Units in Neural Networks";
  static constexpr Range ranges[] = {{-4, 4}};
  /// The same as tanh(x/2) and 2σ(x) - 1.
  template <class T>
  static T value(T x) {
    return tanh_of(T(0.5) * x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    return T(0.5) * (T(1) - y * y);
  }
};

struct Tanhshrink : Elementwise<1> {
  static constexpr Text name = "tanhshrink", formula = "x - tanh x", source = "PyTorch";
  static constexpr Text peers = "torch.nn.functional.tanhshrink";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return x_minus_tanh(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    const T t = tanh_of(x);
    return t * t;
  }
};

struct Softsign : Elementwise<1> {
  static constexpr Text name = "softsign", formula = "x/(1 + |x|)", source = "Bergstra et al. 2009";
  static constexpr Text peers = "torch.nn.functional.softsign, jax.nn.soft_sign, tf.nn.softsign";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return x / (T(1) + abs(x));
  }
  template <int I, class T>
  static T partial(T x, T) {
    const T d = T(1) + abs(x);
    return T(1) / (d * d);
  }
};

struct Silu : Elementwise<1> {
  static constexpr Text name = "silu", formula = "x·σ(x)", source = "Elfwing et al. 2018";
  static constexpr Text peers = "torch.nn.functional.silu, jax.nn.silu, tf.nn.silu";
  static constexpr Range ranges[] = {{-4, 4}};
  template <class T>
  static T value(T x) {
    return x * sigmoid(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    const T s = sigmoid(x);
    return s * (T(1) + x * (T(1) - s));
  }
};

struct QuickGelu : Elementwise<1> {
  static constexpr Text name = "quick_gelu", formula = "x·σ(1.702·x)",
                        source = "Hendrycks & Gimpel 2016";
  static constexpr Range ranges[] = {{-4, 4}};
  template <class T>
  static T value(T x) {
    return x * sigmoid(number<T>(1.702) * x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    const T z = T(1.702) * x, s = sigmoid(z);
    return s * (T(1) + z * (T(1) - s));
  }
};

struct Gelu : Elementwise<1> {
  static constexpr Text name = "gelu",
                        formula = "x·Φ(x), or x·σ(2u) with u = √(2/π)·(x + 0.044715·x³)",
                        source = "Hendrycks & Gimpel 2016";
  static constexpr Text signature = "gelu(x, form=exact)";
  static constexpr Text peers = "torch.nn.functional.gelu, jax.nn.gelu, tf.nn.gelu";
  static constexpr bool complex_step = false;  // erfc has no complex version
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    GeluForm form;
  };
  static constexpr Attribute example{GeluForm::exact};
  // ½(1 + tanh u) is σ(2u).
  static constexpr double cubic = 0.044715;
  static constexpr double twice = 2.0 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  /// By erfc, which keeps the digits of the left tail that 1 + erf would lose.
  template <class T>
  static T value(T x, const Attribute& a) {
    if (a.form == GeluForm::tanh) {
      return x * sigmoid(number<T>(twice) * (x + number<T>(cubic) * x * x * x));
    }
    return T(0.5) * x * complementary_error_function(T(number<T>(-std::numbers::sqrt2 / 2.0) * x));
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    if (a.form == GeluForm::tanh) {
      const T s = sigmoid(T(number<T>(twice) * (x + number<T>(cubic) * x * x * x)));
      const T slope = number<T>(twice) + number<T>(3.0 * twice * cubic) * x * x;
      return s * (T(1) + x * slope * (T(1) - s));
    }
    const T below = T(0.5) * erfc(T(number<T>(-std::numbers::sqrt2 / 2.0) * x));
    return below +
           x * (number<T>(std::numbers::inv_sqrtpi / std::numbers::sqrt2) * exp(T(-0.5) * x * x));
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return a.form == GeluForm::tanh ? "form=tanh" : std::string();
  }
};

struct Mish : Elementwise<1> {
  static constexpr Text name = "mish", formula = "x·tanh(log(1 + e^x))", source = "Misra 2019";
  static constexpr Text peers = "torch.nn.functional.mish, jax.nn.mish";
  static constexpr Range ranges[] = {{-4, 4}};
  template <class T>
  static T value(T x) {
    return x * tanh_of(softplus(x));
  }
  template <int I, class T>
  static T partial(T x, T) {
    const T t = tanh_of(softplus(x));
    return t + x * ((T(1) - t * t) * sigmoid(x));
  }
};

struct Softplus : Elementwise<1> {
  static constexpr Text name = "softplus", formula = "log(1 + e^(β·x))/β",
                        source = "Dugas et al. 2001";
  static constexpr Text signature = "softplus(x, beta=1)", derivative = "σ(β·x)";
  static constexpr Text peers = "torch.nn.functional.softplus, jax.nn.softplus, tf.nn.softplus";
  static constexpr Range ranges[] = {{-4, 4}};
  struct Attribute {
    double beta;
  };
  static constexpr Attribute example{2.0};
  template <class T>
  static T value(T x, const Attribute& a) {
    const T y = softplus(scaled(x, a));
    return a.beta == 1.0 ? y : T(y / number<T>(a.beta));
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return sigmoid(scaled(x, a));
  }
  static std::string refusal(const Attribute& a) {
    const bool good = a.beta > 0.0 && std::isfinite(a.beta);
    return good ? std::string() : "wanted a finite β > 0, given " + to_text(a.beta);
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return a.beta == 1.0 ? std::string() : "beta=" + to_text(a.beta);
  }

 private:
  template <class T>
  static T scaled(T x, const Attribute& a) {
    return a.beta == 1.0 ? x : T(number<T>(a.beta) * x);
  }
};

struct Squareplus : Elementwise<1> {
  static constexpr Text name = "squareplus", formula = "(x + √(x² + b))/2", source = "Barron 2021";
  static constexpr Text signature = "squareplus(x, b=4)";
  static constexpr Text peers = "jax.nn.squareplus";
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    double b;
  };
  static constexpr Attribute example{4.0};
  /// b/(2(√(x² + b) - x)) on the left, where the sum would lose its digits.
  template <class T>
  static T value(T x, const Attribute& a) {
    const T root = sqrt(x * x + number<T>(a.b));
    return where(x < T(0), number<T>(0.5 * a.b) / (root - x), T(0.5) * (x + root));
  }
  template <int I, class T>
  static T partial(T x, T y, const Attribute& a) {
    return y / sqrt(x * x + number<T>(a.b));
  }
  static std::string refusal(const Attribute& a) {
    return a.b > 0.0 ? std::string() : "wanted b > 0, given " + to_text(a.b);
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return "b=" + to_text(a.b);
  }
};

}  // namespace ops

/// The hyperbolic tangent; derivative 1 - tanh²x.
inline Var tanh(const Operand& x) { return record<ops::Tanh>({x}); }
/// σ(x) = 1/(1 + e^-x); derivative σ(1 - σ). Finite for every x.
inline Var sigmoid(const Operand& x) { return record<ops::Sigmoid>({x}); }
/// log σ(x) = -log(1 + e^-x); derivative σ(-x). Finite for every x.
inline Var log_sigmoid(const Operand& x) { return record<ops::LogSigmoid>({x}); }
/// 1.7159·tanh(2x/3), which has f(±1) = ±1 (to 3e-6) and its largest curvature there.
inline Var lecun_tanh(const Operand& x) { return record<ops::LecunTanh>({x}); }
/// (1 - e^-x)/(1 + e^-x) = 2σ(x) - 1 = tanh(x/2); derivative ½(1 - f²).
inline Var bipolar_sigmoid(const Operand& x) { return record<ops::BipolarSigmoid>({x}); }
/// x - tanh x; derivative tanh²x.
inline Var tanhshrink(const Operand& x) { return record<ops::Tanhshrink>({x}); }
/// x/(1 + |x|); derivative 1/(1 + |x|)².
inline Var softsign(const Operand& x) { return record<ops::Softsign>({x}); }
/// x·σ(x), also called swish.
inline Var silu(const Operand& x) { return record<ops::Silu>({x}); }
/// x·σ(1.702·x), an approximation of gelu.
inline Var quick_gelu(const Operand& x) { return record<ops::QuickGelu>({x}); }
/// x·Φ(x), Φ the distribution function of the normal distribution. The default is exact, as in
/// PyTorch and Keras; JAX's default is the tanh form.
inline Var gelu(const Operand& x, GeluForm form = GeluForm::exact) {
  return record<ops::Gelu>({x}, {form});
}
/// x·tanh(softplus(x))
inline Var mish(const Operand& x) { return record<ops::Mish>({x}); }
/// ζ(x) = log(1 + e^x), or ζ(βx)/β, which is nearer to relu for larger β; derivative σ(βx). Finite
/// wherever βx is, so there is no threshold above which it would be x. Throws DomainError unless β
/// is finite and positive.
inline Var softplus(const Operand& x, double beta = 1.0) {
  return record<ops::Softplus>({x}, {beta});
}
/// (x + √(x² + b))/2, a softplus without exponentials; b > 0 (DomainError) is how round the bend
/// is.
inline Var squareplus(const Operand& x, double b = 4.0) {
  return record<ops::Squareplus>({x}, {b});
}

using ActivationOps = OpList<ops::Tanh, ops::Sigmoid, ops::LogSigmoid, ops::LecunTanh,
                             ops::BipolarSigmoid, ops::Tanhshrink, ops::Softsign, ops::Silu,
                             ops::QuickGelu, ops::Gelu, ops::Mish, ops::Softplus, ops::Squareplus>;
std::span<const OpRecord> records_of(ActivationOps);

}  // namespace tapewise
