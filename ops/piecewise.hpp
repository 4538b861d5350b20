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

struct Relu6 : Kinked<1, Subgradient::outer> {
  static constexpr Text name = "relu6", formula = "min(max(0, x), 6)", source = "Krizhevsky 2010";
  static constexpr Text signature = "relu6(x, subgradient=outer)";
  static constexpr Text kinks = "x = 0, x = 6";
  static constexpr Text peers = "torch.nn.functional.relu6, jax.nn.relu6, tf.nn.relu6";
  static constexpr Range ranges[] = {{-3, 9}};
  template <class T>
  static T value(T x, const Attribute&) {
    return where(x > T(6), T(6), where(x <= T(0), T(0), x));
  }
  template <int I, class T>
  static auto partial(T x, T, const Attribute& a) {
    return kink::only_between(x, T(0), T(6), T(1), T(0.5), a.subgradient);
  }
};

struct Hardtanh : Elementwise<1> {
  static constexpr Text name = "hardtanh", formula = "min(max(low, x), high)",
                        source = "Collobert 2004";
  static constexpr Text signature = "hardtanh(x, low=-1, high=1, subgradient=outer)";
  static constexpr Text peers = "torch.nn.functional.hardtanh, jax.nn.hard_tanh";
  static constexpr Text kinks = "x = low, x = high";
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
  static constexpr Text name = "clamp", formula = "min(max(low, x), high)",
                        source = "Goodfellow et al., Deep Learning, 6.2.2.2";
  static constexpr Text signature = "clamp(x, low, high, subgradient=inner)";
  static constexpr Text derivative = "(1 if low ≤ x ≤ high else 0)";
  static constexpr Text peers = "torch.clamp, jax.numpy.clip, tf.clip_by_value";
  static constexpr Text kinks = "x = low, x = high";
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
  static constexpr Text name = "hard_sigmoid", formula = "min(max(0, α·x + ½), 1)",
                        source = "Courbariaux et al. 2015";
  static constexpr Text signature = "hard_sigmoid(x, slope=1/6, subgradient=outer)";
  static constexpr Text peers =
      "torch.nn.functional.hardsigmoid, jax.nn.hard_sigmoid, tf.keras.activations.hard_sigmoid";
  static constexpr Text kinks = "x = ±½/slope";
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

struct HardSilu : Kinked<1, Subgradient::inner> {
  static constexpr Text name = "hard_silu", formula = "x·min(max(0, x + 3), 6)/6",
                        source = "Howard et al. 2019";
  static constexpr Text signature = "hard_silu(x, subgradient=inner)";
  static constexpr Text kinks = "x = ±3";
  static constexpr Text peers = "torch.nn.functional.hardswish, jax.nn.hard_silu";
  static constexpr Range ranges[] = {{-4, 4}};
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
};

struct Threshold : Elementwise<1> {
  static constexpr Text name = "threshold", formula = "x if x > θ else v", source = "PyTorch";
  static constexpr Text signature = "threshold(x, threshold, value, subgradient=left)";
  static constexpr Text derivative = "(1 if x > threshold else 0)";
  static constexpr Text peers = "torch.nn.functional.threshold";
  static constexpr Text kinks = "x = threshold";
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
  static constexpr Text name = "step", formula = "1 if x > θ else 0, and v for x = θ",
                        source = "McCulloch & Pitts 1943";
  static constexpr Text signature = "step(x, threshold=0, at_threshold=0)";
  static constexpr Text peers = "torch.heaviside, jax.numpy.heaviside, mlx.nn.step";
  static constexpr Text kinks = "x = threshold: a jump, slope 0 on both sides";
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

struct Softshrink : Elementwise<1> {
  static constexpr Text name = "softshrink", formula = "x - λ if x > λ, x + λ if x < -λ, else 0",
                        source = "Donoho 1995";
  static constexpr Text signature = "softshrink(x, lambda=0.5, subgradient=inner)";
  static constexpr Text peers = "torch.nn.functional.softshrink, jax.nn.soft_shrink";
  static constexpr Text kinks = "x = ±λ";
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
  static constexpr Text name = "hardshrink", formula = "x if |x| > λ else 0",
                        source = "Donoho & Johnstone 1994";
  static constexpr Text signature = "hardshrink(x, lambda=0.5, subgradient=inner)";
  static constexpr Text peers = "torch.nn.functional.hardshrink, jax.nn.hard_shrink";
  static constexpr Text kinks = "x = ±λ";
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

/// min(max(0, x), 6); at 0 and 6 the derivative is 0.
inline Var relu6(const Operand& x, Subgradient subgradient = Subgradient::outer) {
  return record<ops::Relu6>({x}, {subgradient});
}
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

using PiecewiseOps = OpList<ops::Relu6, ops::Hardtanh, ops::Clamp, ops::HardSigmoid, ops::HardSilu,
                            ops::Threshold, ops::Step, ops::Softshrink, ops::Hardshrink>;
std::span<const OpRecord> records_of(PiecewiseOps);

}  // namespace tapewise
