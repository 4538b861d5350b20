#pragma once
#include <tapewise/ops/elementary.hpp>
#include <tapewise/ops/kink.hpp>

namespace tapewise {

namespace ops {

using namespace math;

struct Relu : KinkedOnce<1, Subgradient::left> {
  static constexpr Text name = "relu", formula = "max(0, x)",
                        source = "Goodfellow et al., Deep Learning, 6.3";
  static constexpr Text signature = "relu(x, subgradient=left)";
  static constexpr Text kinks = "x = 0";
  static constexpr Text peers = "torch.nn.functional.relu, jax.nn.relu, tf.nn.relu";
  static constexpr DTypes dtypes = numbers;
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x, const Attribute&) {
    return where(x <= T(0), T(0), x);
  }
  template <int I, class T>
  static auto partial(T x, T, const Attribute& a) {
    return kink::one_above(x, T(0), a.subgradient);
  }
};

struct LeakyRelu : Elementwise<1> {
  static constexpr Text name = "leaky_relu", formula = "x if x > 0 else α·x",
                        source = "Maas et al. 2013";
  static constexpr Text signature = "leaky_relu(x, slope=0.01, subgradient=left)";
  static constexpr Text peers =
      "torch.nn.functional.leaky_relu, jax.nn.leaky_relu, tf.nn.leaky_relu";
  static constexpr Text kinks = "x = 0";
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    double slope;
    Subgradient subgradient;
  };
  static constexpr Attribute example{0.1, Subgradient::left};
  template <class T>
  static T value(T x, const Attribute& a) {
    return where(x > T(0), x, number<T>(a.slope) * x);
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return kink::slope(x, T(0), number<T>(a.slope), T(1), number<T>(0.5 + 0.5 * a.slope),
                       a.subgradient);
  }
  static std::string refusal(const Attribute& a) { return refuse_two_kinks(a.subgradient); }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return join_text("α=" + to_text(a.slope), subgradient_text(a.subgradient, Subgradient::left));
  }
};

struct Prelu : KinkedOnce<2, Subgradient::left> {
  static constexpr Text name = "prelu", formula = "x if x > 0 else α·x, α learned",
                        source = "He et al. 2015";
  static constexpr Text signature = "prelu(x, alpha, subgradient=left)";
  static constexpr Text kinks = "x = 0";
  static constexpr Text derivative = "1 or α; min(0, x)";
  static constexpr Text peers = "torch.nn.functional.prelu, tf.keras.layers.PReLU";
  static constexpr Range ranges[] = {{-3, 3}, {0.1, 0.5}};
  template <class T>
  static T value(T x, T alpha, const Attribute&) {
    return where(x > T(0), x, alpha * x);
  }
  template <int I, class T>
  static auto partial(T x, T alpha, T, const Attribute& a) {
    if constexpr (I == 0) {
      return kink::slope(x, T(0), alpha, T(1), T(T(0.5) + T(0.5) * alpha), a.subgradient);
    } else {
      return kink::below(x, a.subgradient);
    }
  }
};

/// PReLU with α = -1.
struct AbsRectifier : KinkedOnce<1, Subgradient::middle> {
  static constexpr Text name = "abs_rectifier", formula = "max(0, x) - min(0, x)",
                        source = "Jarrett et al. 2009; Goodfellow et al., Deep Learning, 6.3.1";
  static constexpr Text signature = "abs_rectifier(x, subgradient=middle)";
  static constexpr Text kinks = "x = 0";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x, const Attribute&) {
    return abs(x);
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return kink::slope(x, T(0), T(-1), T(1), T(0), a.subgradient);
  }
};

struct SquaredRelu : Elementwise<1> {
  static constexpr Text name = "squared_relu", formula = "max(0, x)²",
                        source = "So et al. 2021, Primer";
  static constexpr Text peers = "jax.nn.relu(x)**2";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    const T r = where(x <= T(0), T(0), x);
    return r * r;
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(2) * where(x <= T(0), T(0), x);
  }
};

struct Elu : Elementwise<1> {
  static constexpr Text name = "elu", formula = "x if x > 0 else α·(e^x - 1)",
                        source = "Clevert et al. 2016";
  static constexpr Text signature = "elu(x, alpha=1, subgradient=left)";
  static constexpr Text peers = "torch.nn.functional.elu, jax.nn.elu, tf.nn.elu";
  static constexpr Text kinks = "x = 0, unless α = 1";
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    double alpha;
    Subgradient subgradient;
  };
  static constexpr Attribute example{0.7, Subgradient::left};
  template <class T>
  static T value(T x, const Attribute& a) {
    return where(x > T(0), x, number<T>(a.alpha) * expm1(x));
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return kink::slope(x, T(0), T(number<T>(a.alpha) * exp(x)), T(1),
                       number<T>(0.5 + 0.5 * a.alpha), a.subgradient);
  }
  static std::string refusal(const Attribute& a) { return refuse_two_kinks(a.subgradient); }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return join_text("α=" + to_text(a.alpha), subgradient_text(a.subgradient, Subgradient::left));
  }
};

struct Celu : Elementwise<1> {
  static constexpr Text name = "celu", formula = "x if x > 0 else α·(e^(x/α) - 1)",
                        source = "Barron 2017";
  static constexpr Text signature = "celu(x, alpha=1)";
  static constexpr Text peers = "torch.nn.functional.celu, jax.nn.celu";
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    double alpha;
  };
  static constexpr Attribute example{0.7};
  template <class T>
  static T value(T x, const Attribute& a) {
    return where(x > T(0), x, number<T>(a.alpha) * expm1(x / number<T>(a.alpha)));
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return where(x > T(0), T(1), T(exp(x / number<T>(a.alpha))));
  }
  static std::string refusal(const Attribute& a) {
    return a.alpha > 0.0 ? std::string() : "wanted α > 0, given " + to_text(a.alpha);
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return "α=" + to_text(a.alpha);
  }
};

struct Selu : KinkedOnce<1, Subgradient::left> {
  static constexpr double lambda = 1.0507009873554804934, alpha = 1.6732632423543772848;
  static constexpr Text name = "selu",
                        formula = "λ·(x if x > 0 else α·(e^x - 1)), λ = 1.0507, α = 1.6733",
                        source = "Klambauer et al. 2017";
  static constexpr Text signature = "selu(x, subgradient=left)";
  static constexpr Text kinks = "x = 0";
  static constexpr Text peers = "torch.nn.functional.selu, jax.nn.selu, tf.nn.selu";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x, const Attribute&) {
    return number<T>(lambda) * where(x > T(0), x, number<T>(alpha) * expm1(x));
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return kink::slope(x, T(0), T(number<T>(lambda * alpha) * exp(x)), number<T>(lambda),
                       number<T>(0.5 * lambda * (1.0 + alpha)), a.subgradient);
  }
};

}  // namespace ops

// The last argument of an op with kinks says which number counts as its derivative there; `inner`
// and `outer` throw DomainError where there is one kink only. NaN passes all of them on.

/// max(0, x); at 0 the derivative is 0, as in PyTorch.
inline Var relu(const Operand& x, Subgradient subgradient = Subgradient::left) {
  return record<ops::Relu>({x}, {subgradient});
}
/// x for x > 0, slope·x otherwise (the slope of PyTorch's default; Keras has .3, TensorFlow .2);
/// the right form for every slope, unlike max(slope·x, x), which needs slope ≤ 1.
inline Var leaky_relu(const Operand& x, double slope = 0.01,
                      Subgradient subgradient = Subgradient::left) {
  return record<ops::LeakyRelu>({x}, {slope, subgradient});
}
/// x for x > 0, α·x otherwise; α is learned, and broadcasts (one number, or one per channel).
inline Var prelu(const Operand& x, const Operand& alpha,
                 Subgradient subgradient = Subgradient::left) {
  return record<ops::Prelu>({x, alpha}, {subgradient});
}
/// |x| = max(0, x) + α·min(0, x) with α = -1; at 0 the derivative is 0.
inline Var abs_rectifier(const Operand& x, Subgradient subgradient = Subgradient::middle) {
  return record<ops::AbsRectifier>({x}, {subgradient});
}
/// max(0, x)²
inline Var squared_relu(const Operand& x) { return record<ops::SquaredRelu>({x}); }
/// x for x > 0, α(e^x - 1) otherwise; smooth for α = 1.
inline Var elu(const Operand& x, double alpha = 1.0, Subgradient subgradient = Subgradient::left) {
  return record<ops::Elu>({x}, {alpha, subgradient});
}
/// x for x > 0, α(e^(x/α) - 1) otherwise: smooth for every α > 0 (DomainError).
inline Var celu(const Operand& x, double alpha = 1.0) { return record<ops::Celu>({x}, {alpha}); }
/// elu, scaled so that layers keep mean 0 and variance 1.
inline Var selu(const Operand& x, Subgradient subgradient = Subgradient::left) {
  return record<ops::Selu>({x}, {subgradient});
}

using RectifierOps = OpList<ops::Relu, ops::LeakyRelu, ops::Prelu, ops::AbsRectifier,
                            ops::SquaredRelu, ops::Elu, ops::Celu, ops::Selu>;
std::span<const OpRecord> records_of(RectifierOps);

}  // namespace tapewise
