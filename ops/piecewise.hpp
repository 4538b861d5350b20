#pragma once
#include <tapewise/ops/elementary.hpp>
#include <tapewise/ops/kink.hpp>

namespace tapewise {

namespace ops {

using namespace math;

/// min(max(low, x), high); NaN passes.
template <class T>
T clamped(T x, T low, T high) {
  return where(x > high, high, where(x < low, low, x));
}
inline std::string refuse_bounds(double low, double high) {
  if (low <= high) return {};
  return "wanted low ≤ high, given " + to_text(low) + " and " + to_text(high);
}

struct Relu : Elementwise<1> {
  static constexpr std::string_view name = "relu", formula = "max(0, x)",
                                    source = "Goodfellow et al., Deep Learning, 6.3";
  static constexpr std::string_view signature = "relu(x, subgradient=left)";
  static constexpr std::string_view peers = "torch.nn.functional.relu, jax.nn.relu, tf.nn.relu";
  static constexpr DTypes dtypes = numbers;
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    Subgradient subgradient;
  };
  static constexpr Attribute example{Subgradient::left};
  template <class T>
  static T value(T x, const Attribute&) {
    return where(x <= T(0), T(0), x);
  }
  template <int I, class T>
  static auto partial(T x, T, const Attribute& a) {
    return kink::one_above(x, T(0), a.subgradient);
  }
  static std::string refusal(const Attribute& a) { return refuse_two_kinks(a.subgradient); }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return subgradient_text(a.subgradient, Subgradient::left);
  }
};

struct LeakyRelu : Elementwise<1> {
  static constexpr std::string_view name = "leaky_relu", formula = "x if x > 0 else α·x",
                                    source = "Maas et al. 2013";
  static constexpr std::string_view signature = "leaky_relu(x, slope=0.01, subgradient=left)";
  static constexpr std::string_view peers =
      "torch.nn.functional.leaky_relu, jax.nn.leaky_relu, tf.nn.leaky_relu";
  static constexpr bool has_kinks = true;
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

struct Prelu : Elementwise<2> {
  static constexpr std::string_view name = "prelu", formula = "x if x > 0 else α·x, α learned",
                                    source = "He et al. 2015";
  static constexpr std::string_view signature = "prelu(x, alpha, subgradient=left)";
  static constexpr std::string_view derivative = "1 or α; min(0, x)";
  static constexpr std::string_view peers = "torch.nn.functional.prelu, tf.keras.layers.PReLU";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 3}, {0.1, 0.5}};
  struct Attribute {
    Subgradient subgradient;
  };
  static constexpr Attribute example{Subgradient::left};
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
  static std::string refusal(const Attribute& a) { return refuse_two_kinks(a.subgradient); }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return subgradient_text(a.subgradient, Subgradient::left);
  }
};

/// PReLU with α = -1.
struct AbsRectifier : Elementwise<1> {
  static constexpr std::string_view
      name = "abs_rectifier",
      formula = "max(0, x) - min(0, x)",
      source = "Jarrett et al. 2009; Goodfellow et al., Deep Learning, 6.3.1";
  static constexpr std::string_view signature = "abs_rectifier(x, subgradient=middle)";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    Subgradient subgradient;
  };
  static constexpr Attribute example{Subgradient::middle};
  template <class T>
  static T value(T x, const Attribute&) {
    return abs(x);
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return kink::slope(x, T(0), T(-1), T(1), T(0), a.subgradient);
  }
  static std::string refusal(const Attribute& a) { return refuse_two_kinks(a.subgradient); }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return subgradient_text(a.subgradient, Subgradient::middle);
  }
};

struct Relu6 : Elementwise<1> {
  static constexpr std::string_view name = "relu6", formula = "min(max(0, x), 6)",
                                    source = "Krizhevsky 2010";
  static constexpr std::string_view signature = "relu6(x, subgradient=outer)";
  static constexpr std::string_view peers = "torch.nn.functional.relu6, jax.nn.relu6, tf.nn.relu6";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 9}};
  struct Attribute {
    Subgradient subgradient;
  };
  static constexpr Attribute example{Subgradient::outer};
  template <class T>
  static T value(T x, const Attribute&) {
    return where(x > T(6), T(6), where(x <= T(0), T(0), x));
  }
  template <int I, class T>
  static auto partial(T x, T, const Attribute& a) {
    return kink::only_between(x, T(0), T(6), T(1), T(0.5), a.subgradient);
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return subgradient_text(a.subgradient, Subgradient::outer);
  }
};

struct SquaredRelu : Elementwise<1> {
  static constexpr std::string_view name = "squared_relu", formula = "max(0, x)²",
                                    source = "So et al. 2021, Primer";
  static constexpr std::string_view peers = "jax.nn.relu(x)**2";
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

struct Hardtanh : Elementwise<1> {
  static constexpr std::string_view name = "hardtanh", formula = "min(max(low, x), high)",
                                    source = "Collobert 2004";
  static constexpr std::string_view signature = "hardtanh(x, low=-1, high=1, subgradient=outer)";
  static constexpr std::string_view peers = "torch.nn.functional.hardtanh, jax.nn.hard_tanh";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    double low, high;
    Subgradient subgradient;
  };
  static constexpr Attribute example{-1.0, 1.0, Subgradient::outer};
  template <class T>
  static T value(T x, const Attribute& a) {
    return clamped(x, number<T>(a.low), number<T>(a.high));
  }
  template <int I, class T>
  static auto partial(T x, T, const Attribute& a) {
    return kink::only_between(x, number<T>(a.low), number<T>(a.high), T(1), T(0.5), a.subgradient);
  }
  static std::string refusal(const Attribute& a) { return refuse_bounds(a.low, a.high); }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return join_text("low=" + to_text(a.low) + " high=" + to_text(a.high),
                     subgradient_text(a.subgradient, Subgradient::outer));
  }
};

struct Clamp : Elementwise<1> {
  static constexpr std::string_view name = "clamp", formula = "min(max(low, x), high)",
                                    source = "Goodfellow et al., Deep Learning, 6.2.2.2";
  static constexpr std::string_view signature = "clamp(x, low, high, subgradient=inner)";
  static constexpr std::string_view peers = "torch.clamp, jax.numpy.clip, tf.clip_by_value";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    double low, high;
    Subgradient subgradient;
  };
  static constexpr Attribute example{-1.5, 1.0, Subgradient::inner};
  template <class T>
  static T value(T x, const Attribute& a) {
    return clamped(x, number<T>(a.low), number<T>(a.high));
  }
  template <int I, class T>
  static auto partial(T x, T, const Attribute& a) {
    return kink::only_between(x, number<T>(a.low), number<T>(a.high), T(1), T(0.5), a.subgradient);
  }
  static std::string refusal(const Attribute& a) { return refuse_bounds(a.low, a.high); }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return join_text("low=" + to_text(a.low) + " high=" + to_text(a.high),
                     subgradient_text(a.subgradient, Subgradient::inner));
  }
};

struct HardSigmoid : Elementwise<1> {
  static constexpr std::string_view name = "hard_sigmoid", formula = "min(max(0, α·x + ½), 1)",
                                    source = "Courbariaux et al. 2015";
  static constexpr std::string_view signature = "hard_sigmoid(x, slope=1/6, subgradient=outer)";
  static constexpr std::string_view peers =
      "torch.nn.functional.hardsigmoid, jax.nn.hard_sigmoid, tf.keras.activations.hard_sigmoid";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-4, 4}};
  struct Attribute {
    double slope;
    Subgradient subgradient;
  };
  static constexpr Attribute example{1.0 / 6.0, Subgradient::outer};
  template <class T>
  static T value(T x, const Attribute& a) {
    return number<T>(a.slope) *
           clamped(T(x + number<T>(0.5 / a.slope)), T(0), number<T>(1.0 / a.slope));
  }
  template <int I, class T>
  static auto partial(T x, T, const Attribute& a) {
    const double edge = 0.5 / a.slope;
    return kink::only_between(x, number<T>(-edge), number<T>(edge), number<T>(a.slope),
                              number<T>(0.5 * a.slope), a.subgradient);
  }
  static std::string refusal(const Attribute& a) {
    return a.slope > 0.0 ? std::string() : "wanted a slope > 0, given " + to_text(a.slope);
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return join_text("α=" + to_text(a.slope), subgradient_text(a.subgradient, Subgradient::outer));
  }
};

struct HardSilu : Elementwise<1> {
  static constexpr std::string_view name = "hard_silu", formula = "x·min(max(0, x + 3), 6)/6",
                                    source = "Howard et al. 2019";
  static constexpr std::string_view signature = "hard_silu(x, subgradient=inner)";
  static constexpr std::string_view peers = "torch.nn.functional.hardswish, jax.nn.hard_silu";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-4, 4}};
  struct Attribute {
    Subgradient subgradient;
  };
  static constexpr Attribute example{Subgradient::inner};
  template <class T>
  static T value(T x, const Attribute&) {
    return x * (clamped(T(x + T(3)), T(0), T(6)) * number<T>(1.0 / 6.0));
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    const bool with_low = kink::with_low(a.subgradient), with_high = kink::with_high(a.subgradient);
    const T inside = T(1.0 / 3.0) * x + T(0.5);
    const T slope = where(with_high ? x <= T(3) : x < T(3), inside, T(1));
    const T three = where(with_low ? x >= T(-3) : x > T(-3), slope, T(0));
    if (a.subgradient != Subgradient::middle) return three;
    return where(x == T(3), T(1.25), T(where(x == T(-3), T(-0.25), three)));
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return subgradient_text(a.subgradient, Subgradient::inner);
  }
};

struct Threshold : Elementwise<1> {
  static constexpr std::string_view name = "threshold", formula = "x if x > θ else v",
                                    source = "PyTorch";
  static constexpr std::string_view signature = "threshold(x, threshold, value, subgradient=left)";
  static constexpr std::string_view peers = "torch.nn.functional.threshold";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    double threshold, value;
    Subgradient subgradient;
  };
  static constexpr Attribute example{0.5, 0.5, Subgradient::left};
  template <class T>
  static T value(T x, const Attribute& a) {
    return where(x > number<T>(a.threshold), x, where(x == x, number<T>(a.value), x));
  }
  template <int I, class T>
  static auto partial(T x, T, const Attribute& a) {
    return kink::one_above(x, number<T>(a.threshold), a.subgradient);
  }
  static std::string refusal(const Attribute& a) { return refuse_two_kinks(a.subgradient); }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return join_text("θ=" + to_text(a.threshold) + " v=" + to_text(a.value),
                     subgradient_text(a.subgradient, Subgradient::left));
  }
};

struct Step : Elementwise<1> {
  static constexpr std::string_view name = "step", formula = "1 if x > θ else 0, and v for x = θ",
                                    source = "McCulloch & Pitts 1943";
  static constexpr std::string_view signature = "step(x, threshold=0, at_threshold=0)";
  static constexpr std::string_view peers = "torch.heaviside, jax.numpy.heaviside, mlx.nn.step";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{0.2, 3}};
  struct Attribute {
    double threshold, at_threshold;
  };
  static constexpr Attribute example{0.0, 0.0};
  template <class T>
  static T value(T x, const Attribute& a) {
    return where(
        x > number<T>(a.threshold), T(1),
        where(x < number<T>(a.threshold), T(0), where(x == x, number<T>(a.at_threshold), x)));
  }
  template <int I, class T>
  static Zero partial(T, T, const Attribute&) {
    return {};
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return "θ=" + to_text(a.threshold) + " v=" + to_text(a.at_threshold);
  }
};

struct Elu : Elementwise<1> {
  static constexpr std::string_view name = "elu", formula = "x if x > 0 else α·(e^x - 1)",
                                    source = "Clevert et al. 2016";
  static constexpr std::string_view signature = "elu(x, alpha=1, subgradient=left)";
  static constexpr std::string_view peers = "torch.nn.functional.elu, jax.nn.elu, tf.nn.elu";
  static constexpr bool has_kinks = true;
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
  static constexpr std::string_view name = "celu", formula = "x if x > 0 else α·(e^(x/α) - 1)",
                                    source = "Barron 2017";
  static constexpr std::string_view signature = "celu(x, alpha=1)";
  static constexpr std::string_view peers = "torch.nn.functional.celu, jax.nn.celu";
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

struct Selu : Elementwise<1> {
  static constexpr double lambda = 1.0507009873554804934, alpha = 1.6732632423543772848;
  static constexpr std::string_view name = "selu",
                                    formula =
                                        "λ·(x if x > 0 else α·(e^x - 1)), λ = 1.0507, α = 1.6733",
                                    source = "Klambauer et al. 2017";
  static constexpr std::string_view signature = "selu(x, subgradient=left)";
  static constexpr std::string_view peers = "torch.nn.functional.selu, jax.nn.selu, tf.nn.selu";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    Subgradient subgradient;
  };
  static constexpr Attribute example{Subgradient::left};
  template <class T>
  static T value(T x, const Attribute&) {
    return number<T>(lambda) * where(x > T(0), x, number<T>(alpha) * expm1(x));
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return kink::slope(x, T(0), T(number<T>(lambda * alpha) * exp(x)), number<T>(lambda),
                       number<T>(0.5 * lambda * (1.0 + alpha)), a.subgradient);
  }
  static std::string refusal(const Attribute& a) { return refuse_two_kinks(a.subgradient); }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return subgradient_text(a.subgradient, Subgradient::left);
  }
};

struct Softshrink : Elementwise<1> {
  static constexpr std::string_view name = "softshrink",
                                    formula = "x - λ if x > λ, x + λ if x < -λ, else 0",
                                    source = "Donoho 1995";
  static constexpr std::string_view signature = "softshrink(x, lambda=0.5, subgradient=inner)";
  static constexpr std::string_view peers = "torch.nn.functional.softshrink, jax.nn.soft_shrink";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    double lambda;
    Subgradient subgradient;
  };
  static constexpr Attribute example{0.5, Subgradient::inner};
  template <class T>
  static T value(T x, const Attribute& a) {
    const T edge = number<T>(a.lambda);
    return where(x > edge, x - edge, where(x < -edge, x + edge, where(x == x, T(0), x)));
  }
  template <int I, class T>
  static auto partial(T x, T, const Attribute& a) {
    return kink::one_outside(x, number<T>(-a.lambda), number<T>(a.lambda), a.subgradient);
  }
  static std::string refusal(const Attribute& a) {
    return a.lambda >= 0.0 ? std::string() : "wanted λ ≥ 0, given " + to_text(a.lambda);
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return join_text("λ=" + to_text(a.lambda), subgradient_text(a.subgradient, Subgradient::inner));
  }
};

struct Hardshrink : Elementwise<1> {
  static constexpr std::string_view name = "hardshrink", formula = "x if |x| > λ else 0",
                                    source = "Donoho & Johnstone 1994";
  static constexpr std::string_view signature = "hardshrink(x, lambda=0.5, subgradient=inner)";
  static constexpr std::string_view peers = "torch.nn.functional.hardshrink, jax.nn.hard_shrink";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{0.7, 3}};
  struct Attribute {
    double lambda;
    Subgradient subgradient;
  };
  static constexpr Attribute example{0.5, Subgradient::inner};
  template <class T>
  static T value(T x, const Attribute& a) {
    const T edge = number<T>(a.lambda);
    return where((x <= edge) & (x >= -edge), T(0), x);
  }
  template <int I, class T>
  static auto partial(T x, T, const Attribute& a) {
    return kink::one_outside(x, number<T>(-a.lambda), number<T>(a.lambda), a.subgradient);
  }
  static std::string refusal(const Attribute& a) {
    return a.lambda >= 0.0 ? std::string() : "wanted λ ≥ 0, given " + to_text(a.lambda);
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return join_text("λ=" + to_text(a.lambda), subgradient_text(a.subgradient, Subgradient::inner));
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
/// min(max(0, x), 6); at 0 and 6 the derivative is 0.
inline Var relu6(const Operand& x, Subgradient subgradient = Subgradient::outer) {
  return record<ops::Relu6>({x}, {subgradient});
}
/// max(0, x)²
inline Var squared_relu(const Operand& x) { return record<ops::SquaredRelu>({x}); }
/// min(max(low, x), high); at both ends the derivative is 0. Throws DomainError unless low ≤ high.
inline Var hardtanh(const Operand& x, double low = -1.0, double high = 1.0,
                    Subgradient subgradient = Subgradient::outer) {
  return record<ops::Hardtanh>({x}, {low, high, subgradient});
}
/// min(max(low, x), high); at both ends the derivative is 1, as PyTorch has it. An end may be
/// infinite. Throws DomainError unless low ≤ high.
inline Var clamp(const Operand& x, double low, double high,
                 Subgradient subgradient = Subgradient::inner) {
  return record<ops::Clamp>({x}, {low, high, subgradient});
}
/// A sigmoid of three lines: min(max(0, slope·x + ½), 1). Slope 1/6 in PyTorch, JAX and Keras 3,
/// .2 in older Keras and ONNX. At the ends the derivative is 0.
inline Var hard_sigmoid(const Operand& x, double slope = 1.0 / 6.0,
                        Subgradient subgradient = Subgradient::outer) {
  return record<ops::HardSigmoid>({x}, {slope, subgradient});
}
/// x·hard_sigmoid(x), also called hard swish; at ±3 the derivative is that of the middle piece.
inline Var hard_silu(const Operand& x, Subgradient subgradient = Subgradient::inner) {
  return record<ops::HardSilu>({x}, {subgradient});
}
/// x for x > threshold, `value` otherwise.
inline Var threshold(const Operand& x, double threshold, double value,
                     Subgradient subgradient = Subgradient::left) {
  return record<ops::Threshold>({x}, {threshold, value, subgradient});
}
/// 1 above the threshold, 0 below. Its derivative is zero everywhere.
inline Var step(const Operand& x, double threshold = 0.0, double at_threshold = 0.0) {
  return record<ops::Step>({x}, {threshold, at_threshold});
}
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
/// x moved towards 0 by λ, and 0 where that would pass it. Throws DomainError for λ < 0.
inline Var softshrink(const Operand& x, double lambda = 0.5,
                      Subgradient subgradient = Subgradient::inner) {
  return record<ops::Softshrink>({x}, {lambda, subgradient});
}
/// x where |x| > λ, 0 elsewhere. Throws DomainError for λ < 0.
inline Var hardshrink(const Operand& x, double lambda = 0.5,
                      Subgradient subgradient = Subgradient::inner) {
  return record<ops::Hardshrink>({x}, {lambda, subgradient});
}

using PiecewiseOps =
    OpList<ops::Relu, ops::LeakyRelu, ops::Prelu, ops::AbsRectifier, ops::Relu6, ops::SquaredRelu,
           ops::Hardtanh, ops::Clamp, ops::HardSigmoid, ops::HardSilu, ops::Threshold, ops::Step,
           ops::Elu, ops::Celu, ops::Selu, ops::Softshrink, ops::Hardshrink>;
std::span<const OpRecord> records_of(PiecewiseOps);

}  // namespace tapewise
