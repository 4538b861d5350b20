#pragma once
#include <tapewise/ops/elementary.hpp>

namespace tapewise {

namespace ops {

struct Tanh : Elementwise<1> {
  static constexpr std::string_view name = "tanh", formula = "tanh x",
                                    source = "Goodfellow et al., Deep Learning, 6.3.2";
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return tanh(x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    return T(1) - y * y;
  }
};

struct Sigmoid : Elementwise<1> {
  static constexpr std::string_view name = "sigmoid", formula = "1/(1 + e^-x)",
                                    source = "Goodfellow et al., Deep Learning, 3.10";
  static constexpr Range ranges[] = {{-4, 4}};
  template <class T>
  static T value(T x) {
    return T(1) / (T(1) + exp(-x));
  }
  template <int I, class T>
  static T partial(T, T y) {
    return y * (T(1) - y);
  }
};

struct Relu : Elementwise<1> {
  static constexpr std::string_view name = "relu", formula = "max(0, x)",
                                    source = "Goodfellow et al., Deep Learning, 6.3";
  static constexpr DTypes dtypes = numbers;
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return where(x <= T(0), T(0), x);
  }
  /// 0 at the kink: the left derivative.
  template <int I, class T>
  static auto partial(T x, T) {
    return only_if(x > T(0));
  }
};

struct LeakyRelu : Elementwise<1> {
  static constexpr std::string_view name = "leaky_relu", formula = "x if x > 0 else α·x",
                                    source = "Maas et al. 2013";
  static constexpr bool has_kinks = true;
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    double slope;
  };
  static constexpr Attribute example{0.1};
  template <class T>
  static T value(T x, const Attribute& a) {
    return where(x > T(0), x, number<T>(a.slope) * x);
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return where(x > T(0), T(1), number<T>(a.slope));
  }
  static std::string attribute_text(const void* attribute) {
    return "α=" + to_text(static_cast<const Attribute*>(attribute)->slope);
  }
};

struct Softplus : Elementwise<1> {
  static constexpr std::string_view name = "softplus", formula = "log(1 + e^x)",
                                    source = "Dugas et al. 2001";
  static constexpr Range ranges[] = {{-4, 4}};
  /// max(x, 0) + log(1 + e^-|x|): no overflow for any x.
  template <class T>
  static T value(T x) {
    return where(x <= T(0), T(0), x) + log1p(exp(-abs(x)));
  }
  template <int I, class T>
  static T partial(T x, T) {
    return sigmoid(x);
  }
};

}  // namespace ops

/// The hyperbolic tangent; derivative 1 - tanh²x.
inline Var tanh(const Operand& x) { return record<ops::Tanh>({x}); }
/// σ(x) = 1/(1 + e^-x); derivative σ(1 - σ). Finite for every x.
inline Var sigmoid(const Operand& x) { return record<ops::Sigmoid>({x}); }
/// max(0, x); derivative 0 at x = 0. NaN passes.
inline Var relu(const Operand& x) { return record<ops::Relu>({x}); }
/// x for x > 0, slope·x otherwise (the slope of PyTorch's default); the right form for every
/// slope, unlike max(slope·x, x), which needs slope ≤ 1.
inline Var leaky_relu(const Operand& x, double slope = 0.01) {
  return record<ops::LeakyRelu>({x}, {slope});
}
/// ζ(x) = log(1 + e^x); derivative σ(x). Finite for every x.
inline Var softplus(const Operand& x) { return record<ops::Softplus>({x}); }

using ActivationOps = OpList<ops::Tanh, ops::Sigmoid, ops::Relu, ops::LeakyRelu, ops::Softplus>;
std::span<const OpRecord> records_of(ActivationOps);

}  // namespace tapewise
