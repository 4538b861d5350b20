#pragma once
#include <tapewise/ops/comparison.hpp>
#include <tapewise/ops/kink.hpp>

namespace tapewise {

namespace ops {

using namespace math;

struct Add : Elementwise<2> {
  static constexpr Arithmetic arithmetic = Arithmetic::add;
  static constexpr Text name = "add", formula = "a + b";
  static constexpr Text source = "Abramowitz & Stegun 3.3";
  static constexpr Text signature = "a + b";
  static constexpr Text peers = "torch.add, jax.numpy.add, tf.math.add";
  static constexpr DTypes dtypes = numbers;
  static constexpr Range ranges[] = {{-3, 3}, {-3, 3}};
  template <class T>
  static T value(T a, T b) {
    return a + b;
  }
  template <int I, class T>
  static One partial(T, T, T) {
    return {};
  }
};

struct Subtract : Elementwise<2> {
  static constexpr Arithmetic arithmetic = Arithmetic::subtract;
  static constexpr Text name = "subtract", formula = "a - b";
  static constexpr Text source = "Abramowitz & Stegun 3.3";
  static constexpr Text signature = "a - b";
  static constexpr Text peers = "torch.sub, jax.numpy.subtract, tf.math.subtract";
  static constexpr DTypes dtypes = numbers;
  static constexpr Range ranges[] = {{-3, 3}, {-3, 3}};
  template <class T>
  static T value(T a, T b) {
    return a - b;
  }
  template <int I, class T>
  static std::conditional_t<I == 0, One, MinusOne> partial(T, T, T) {
    return {};
  }
};

struct Multiply : Elementwise<2> {
  static constexpr Arithmetic arithmetic = Arithmetic::multiply;
  static constexpr Text name = "multiply", formula = "a·b";
  static constexpr Text source = "Abramowitz & Stegun 3.3";
  static constexpr Text signature = "a * b";
  static constexpr Text peers = "torch.mul, jax.numpy.multiply, tf.math.multiply";
  static constexpr DTypes dtypes = numbers;
  static constexpr Range ranges[] = {{-3, 3}, {-3, 3}};
  template <class T>
  static T value(T a, T b) {
    return a * b;
  }
  template <int I, class T>
  static T partial(T a, T b, T) {
    return I == 0 ? b : a;
  }
};

struct Divide : Elementwise<2> {
  static constexpr Text name = "divide", formula = "a/b", domain = "b ≠ 0";
  static constexpr Text source = "Abramowitz & Stegun 3.3";
  static constexpr Text signature = "a / b";
  static constexpr Arithmetic arithmetic = Arithmetic::divide;
  static constexpr Text peers = "torch.div, jax.numpy.divide, tf.math.divide";
  static constexpr Range ranges[] = {{-3, 3}, {0.5, 3}};
  template <class T>
  static T value(T a, T b) {
    return a / b;
  }
  template <int I, class T>
  static T partial(T, T b, T y) {
    if constexpr (I == 0) {
      return T(1) / b;
    } else {
      return -y / b;
    }
  }
};

struct Negate : Elementwise<1> {
  static constexpr Text name = "negate", formula = "-x";
  static constexpr Text source = "Abramowitz & Stegun 3.3";
  static constexpr Text signature = "-x";
  static constexpr Text peers = "torch.neg, jax.numpy.negative, tf.math.negative";
  static constexpr DTypes dtypes = numbers;
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return -x;
  }
  template <int I, class T>
  static MinusOne partial(T, T) {
    return {};
  }
};

struct Square : Elementwise<1> {
  static constexpr Text name = "square", formula = "x^2";
  static constexpr Arithmetic arithmetic = Arithmetic::multiply;
  static constexpr Text source = "Abramowitz & Stegun 3.3";
  static constexpr Text peers = "torch.square, jax.numpy.square, tf.math.square";
  static constexpr DTypes dtypes = numbers;
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x) {
    return x * x;
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(2) * x;
  }
};

struct Abs : KinkedOnce<1, Subgradient::middle> {
  static constexpr Text name = "abs", formula = "|x|";
  static constexpr Text source = "Rockafellar 1970, Convex analysis, 23";
  static constexpr Text signature = "abs(x, subgradient=middle)";
  static constexpr Text kinks = "x = 0";
  static constexpr Text peers = "torch.abs, jax.numpy.abs, tf.math.abs";
  static constexpr DTypes dtypes = numbers;
  static constexpr Range ranges[] = {{-3, 3}};
  template <class T>
  static T value(T x, const Attribute&) {
    return abs(x);
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    if (a.subgradient == Subgradient::middle) return sign(x);
    return kink::slope(x, T(0), T(-1), T(1), T(0), a.subgradient);
  }
};

struct Sign : Elementwise<1> {
  static constexpr Text name = "sign", formula = "sign x";
  static constexpr Text source = "Rockafellar 1970, Convex analysis, 23";
  static constexpr Text peers = "torch.sign, jax.numpy.sign, tf.math.sign";
  static constexpr DTypes dtypes = numbers;
  static constexpr Text kinks = "x = 0: a jump, slope 0 on both sides";
  static constexpr Range ranges[] = {{0.2, 3}};
  template <class T>
  static T value(T x) {
    return where(x > T(0), T(1), where(x < T(0), T(-1), x - x));
  }
  template <int I, class T>
  static Zero partial(T, T) {
    return {};
  }
};

/// What max and min share: the gradient of a tie. It is the slope in a on the left, on the right,
/// or the mean of both; b takes the rest, so that together they take all of it.
struct ExtremeRule : KinkedOnce<2, Subgradient::middle> {
  static constexpr DTypes dtypes = numbers;
  static constexpr Text kinks = "a = b";
  static constexpr Text source = "Rockafellar 1970, Convex analysis, 23";
  static constexpr Range ranges[] = {{-3, 3}, {-3, 3}};
};

/// The larger of two; NaN passes.
struct Maximum : ExtremeRule {
  static constexpr Text name = "max", formula = "max(a, b)";
  static constexpr Text signature = "max(a, b, tie=middle)";
  static constexpr Text peers = "torch.maximum, jax.numpy.maximum, tf.math.maximum";
  template <class T>
  static T value(T a, T b, const Attribute&) {
    return where(a > b, a, where(a == a, b, a));
  }
  template <int I, class T>
  static auto partial(T a, T b, T, const Attribute& attribute) {
    return I == 0 ? kink::one_above(a, b, attribute.subgradient)
                  : kink::one_above(b, a, opposite(attribute.subgradient));
  }
};

/// The smaller of two; NaN passes.
struct Minimum : ExtremeRule {
  static constexpr Text name = "min", formula = "min(a, b)";
  static constexpr Text signature = "min(a, b, tie=middle)";
  static constexpr Text peers = "torch.minimum, jax.numpy.minimum, tf.math.minimum";
  template <class T>
  static T value(T a, T b, const Attribute&) {
    return where(a < b, a, where(a == a, b, a));
  }
  template <int I, class T>
  static auto partial(T a, T b, T, const Attribute& attribute) {
    return I == 0 ? kink::one_above(b, a, opposite(attribute.subgradient))
                  : kink::one_above(a, b, attribute.subgradient);
  }
};

}  // namespace ops

// Sum, difference, product and quotient of Vars, numbers and arrays, broadcast. Numbers take the
// dtype of the Var they meet; two Vars must agree in dtype (TypeError), and their shapes must
// broadcast (ShapeError).
inline Var operator+(const Operand& a, const Operand& b) { return record<ops::Add>({a, b}); }
inline Var operator-(const Operand& a, const Operand& b) { return record<ops::Subtract>({a, b}); }
inline Var operator*(const Operand& a, const Operand& b) { return record<ops::Multiply>({a, b}); }
inline Var operator/(const Operand& a, const Operand& b) { return record<ops::Divide>({a, b}); }
inline Var operator-(const Operand& x) { return record<ops::Negate>({x}); }
inline Var operator+(const Var& x) { return x; }

inline Var& operator+=(Var& a, const Operand& b) { return a = Operand(a, b.where()) + b; }
inline Var& operator-=(Var& a, const Operand& b) { return a = Operand(a, b.where()) - b; }
inline Var& operator*=(Var& a, const Operand& b) { return a = Operand(a, b.where()) * b; }
inline Var& operator/=(Var& a, const Operand& b) { return a = Operand(a, b.where()) / b; }

/// x², with derivative 2x.
inline Var square(const Operand& x) { return record<ops::Square>({x}); }
/// |x|; at 0 the derivative is 0, or as `subgradient` says.
inline Var abs(const Operand& x, Subgradient subgradient = Subgradient::middle) {
  return record<ops::Abs>({x}, {subgradient});
}
/// -1, 0 or 1; NaN for NaN. Its derivative is zero everywhere.
inline Var sign(const Operand& x) { return record<ops::Sign>({x}); }
/// The larger and the smaller of two, element by element. NaN passes on. A tie shares the gradient
/// equally, as in PyTorch; `left` and `right` take the slope in a on that side, and b gets the
/// rest: with `right`, all of max's goes to a. (Overloads for two Vars keep `using namespace std`
/// from choosing std::max.)
inline Var max(const Operand& a, const Operand& b, Subgradient tie = Subgradient::middle) {
  return record<ops::Maximum>({a, b}, {tie});
}
inline Var min(const Operand& a, const Operand& b, Subgradient tie = Subgradient::middle) {
  return record<ops::Minimum>({a, b}, {tie});
}
inline Var max(const Var& a, const Var& b, SourceLine where = SourceLine::here()) {
  return max(Operand(a, where), Operand(b, where));
}
inline Var min(const Var& a, const Var& b, SourceLine where = SourceLine::here()) {
  return min(Operand(a, where), Operand(b, where));
}

/// An array of somebody else's (xtensor): without these, its own operators would swallow a Var.
template <class X>
concept ForeignArray =
    !std::is_arithmetic_v<X> && !std::is_base_of_v<Var, X> && !std::is_base_of_v<Operand, X> &&
    std::is_constructible_v<ArrayView, const X&>;

#define TAPEWISE_MIXED_OPERATOR(sign)                              \
  template <class X>                                               \
  requires ForeignArray<std::remove_cvref_t<X>>                    \
  auto operator sign(Var a, X&& x) {                               \
    return Operand(a, SourceLine{}) sign Operand(x, SourceLine{}); \
  }                                                                \
  template <class X>                                               \
  requires ForeignArray<std::remove_cvref_t<X>>                    \
  auto operator sign(X&& x, Var a) {                               \
    return Operand(x, SourceLine{}) sign Operand(a, SourceLine{}); \
  }
TAPEWISE_MIXED_OPERATOR(+)
TAPEWISE_MIXED_OPERATOR(-)
TAPEWISE_MIXED_OPERATOR(*)
TAPEWISE_MIXED_OPERATOR(/)
TAPEWISE_MIXED_OPERATOR(<)
TAPEWISE_MIXED_OPERATOR(<=)
TAPEWISE_MIXED_OPERATOR(>)
TAPEWISE_MIXED_OPERATOR(>=)
TAPEWISE_MIXED_OPERATOR(==)
TAPEWISE_MIXED_OPERATOR(!=)
#undef TAPEWISE_MIXED_OPERATOR

using ArithmeticOps = OpList<ops::Add, ops::Subtract, ops::Multiply, ops::Divide, ops::Negate,
                             ops::Square, ops::Abs, ops::Sign, ops::Maximum, ops::Minimum>;
std::span<const OpRecord> records_of(ArithmeticOps);

}  // namespace tapewise
