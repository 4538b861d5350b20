#pragma once
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

/// The mask that a comparison of two Vars is. Used as a C++ condition (`if (a > b)`) it reads the
/// values as they are now and leaves a guard on the tape: a replay in which the comparison would
/// go the other way throws GuardError.
class Comparison : public Var {
 public:
  explicit Comparison(const Var& mask) : Var(mask) {}
  /// Throws TypeError unless the comparison is of scalars.
  explicit operator bool() const { return tape().guard(*this); }
};

/// The mask of `a == b` and `a != b`. Not a C++ condition by itself, so that a test macro cannot
/// leave a guard by accident: ask with `holds()`.
class Equality : public Var {
 public:
  explicit Equality(const Var& mask) : Var(mask) {}
  /// The condition as a C++ bool, with a guard on the tape.
  bool holds() const { return tape().guard(*this); }
};

namespace ops {

/// Two operands of one dtype to a mask. No gradient: a mask is constant almost everywhere.
struct CompareRule : Elementwise<2> {
  static constexpr Text source = "IEEE 754-2019, 5.11";
  static constexpr DTypes dtypes = numbers;
  static constexpr bool stops_gradient = true;
  static constexpr Range ranges[] = {{-1, 1}, {-1, 1}};
  template <class T>
  using Out = bool;
};
struct Greater : CompareRule {
  static constexpr Text name = "greater", formula = "a > b";
  static constexpr Text signature = "a > b";
  static constexpr Text peers = "torch.gt, jax.numpy.greater, tf.math.greater";
  template <class T>
  static auto value(T a, T b) {
    return a > b;
  }
};
struct GreaterEqual : CompareRule {
  static constexpr Text name = "greater_equal", formula = "a ≥ b";
  static constexpr Text signature = "a >= b";
  static constexpr Text peers = "torch.ge, jax.numpy.greater_equal, tf.math.greater_equal";
  template <class T>
  static auto value(T a, T b) {
    return a >= b;
  }
};
struct Less : CompareRule {
  static constexpr Text name = "less", formula = "a < b";
  static constexpr Text signature = "a < b";
  static constexpr Text peers = "torch.lt, jax.numpy.less, tf.math.less";
  template <class T>
  static auto value(T a, T b) {
    return a < b;
  }
};
struct LessEqual : CompareRule {
  static constexpr Text name = "less_equal", formula = "a ≤ b";
  static constexpr Text signature = "a <= b";
  static constexpr Text peers = "torch.le, jax.numpy.less_equal, tf.math.less_equal";
  template <class T>
  static auto value(T a, T b) {
    return a <= b;
  }
};
struct Equal : CompareRule {
  static constexpr Text name = "equal", formula = "a = b";
  static constexpr Text signature = "a == b";
  static constexpr Text peers = "torch.eq, jax.numpy.equal, tf.math.equal";
  static constexpr DTypes dtypes = every_dtype;
  template <class T>
  static auto value(T a, T b) {
    return a == b;
  }
};
struct NotEqual : CompareRule {
  static constexpr Text name = "not_equal", formula = "a ≠ b";
  static constexpr Text signature = "a != b";
  static constexpr Text peers = "torch.ne, jax.numpy.not_equal, tf.math.not_equal";
  static constexpr DTypes dtypes = every_dtype;
  template <class T>
  static auto value(T a, T b) {
    return a != b;
  }
};

/// Two masks to a mask.
struct MaskRule : Elementwise<2> {
  static constexpr Text source = "Harris et al., Array programming with NumPy, 2020";
  static constexpr Text domain = "masks";
  static constexpr DTypes dtypes = booleans;
  static constexpr bool stops_gradient = true;
  static constexpr Range ranges[] = {{0, 1, DType::boolean}, {0, 1, DType::boolean}};
  template <class T, int>
  using In = bool;
  template <class T>
  using Out = bool;
};
struct LogicalOr : MaskRule {
  static constexpr Text name = "logical_or", formula = "a or b";
  static constexpr Text peers =
      "torch.logical_or, jax.numpy.logical_or, "
      "tf.math.logical_or";
  template <class T>
  static auto value(T a, T b) {
    return a | b;
  }
};
struct LogicalAnd : MaskRule {
  static constexpr Text name = "logical_and", formula = "a and b";
  static constexpr Text peers =
      "torch.logical_and, jax.numpy.logical_and, "
      "tf.math.logical_and";
  template <class T>
  static auto value(T a, T b) {
    return a & b;
  }
};
struct LogicalXor : MaskRule {
  static constexpr Text name = "logical_xor", formula = "either a or b";
  static constexpr Text peers =
      "torch.logical_xor, jax.numpy.logical_xor, "
      "tf.math.logical_xor";
  template <class T>
  static auto value(T a, T b) {
    return a != b;
  }
};
struct LogicalNot : Elementwise<1> {
  static constexpr Text name = "logical_not", formula = "not a", domain = "masks";
  static constexpr Text source = "Harris et al., Array programming with NumPy, 2020";
  static constexpr Text peers =
      "torch.logical_not, jax.numpy.logical_not, "
      "tf.math.logical_not";
  static constexpr DTypes dtypes = booleans;
  static constexpr bool stops_gradient = true;
  static constexpr Range ranges[] = {{0, 1, DType::boolean}};
  template <class T, int>
  using In = bool;
  template <class T>
  using Out = bool;
  template <class T>
  static auto value(T a) {
    return a == T(false);
  }
};

struct Where : Elementwise<3> {
  static constexpr Text name = "where", formula = "a if c else b";
  static constexpr Text source = "Harris et al., Array programming with NumPy, 2020";
  static constexpr Text signature = "where(c, a, b)";
  static constexpr Text peers = "torch.where, jax.numpy.where, tf.where";
  static constexpr DTypes dtypes = every_dtype;
  static constexpr Range ranges[] = {{0, 1, DType::boolean}, {-2, 2}, {-2, 2}};
  template <class T, int k>
  using In = std::conditional_t<k == 0, bool, T>;
  template <class C, class T>
  static T value(C c, T a, T b) {
    using math::where;
    return where(c, a, b);
  }
  template <int I, class C, class T>
  static auto partial(C c, T, T, T) {
    if constexpr (I == 0) {
      return Zero{};
    } else if constexpr (I == 1) {
      return only_if(c);
    } else {
      return only_if(c == C(false));
    }
  }
};

/// `where` with a structural zero for its second branch. The cotangents of `where`, `relu`, `max`
/// are of this kind, so a branch that was not taken never leaks an infinity.
struct Select : Elementwise<2> {
  static constexpr Text name = "select", formula = "x if c else 0";
  static constexpr Text source = "Harris et al., Array programming with NumPy, 2020";
  static constexpr Text signature = "select(c, x)";
  static constexpr DTypes dtypes = numbers;
  static constexpr Range ranges[] = {{0, 1, DType::boolean}, {-2, 2}};
  template <class T, int k>
  using In = std::conditional_t<k == 0, bool, T>;
  template <class C, class T>
  static T value(C c, T x) {
    using math::where;
    return where(c, x, T(0));
  }
  template <int I, class C, class T>
  static auto partial(C c, T, T) {
    if constexpr (I == 0) {
      return Zero{};
    } else {
      return only_if(c);
    }
  }
};

}  // namespace ops

inline Comparison operator>(const Operand& a, const Operand& b) {
  return Comparison(record<ops::Greater>({a, b}));
}
inline Comparison operator>=(const Operand& a, const Operand& b) {
  return Comparison(record<ops::GreaterEqual>({a, b}));
}
inline Comparison operator<(const Operand& a, const Operand& b) {
  return Comparison(record<ops::Less>({a, b}));
}
inline Comparison operator<=(const Operand& a, const Operand& b) {
  return Comparison(record<ops::LessEqual>({a, b}));
}
inline Equality operator==(const Operand& a, const Operand& b) {
  return Equality(record<ops::Equal>({a, b}));
}
inline Equality operator!=(const Operand& a, const Operand& b) {
  return Equality(record<ops::NotEqual>({a, b}));
}

/// The masks that hold where either does, where both do, and where just one does. Throw TypeError
/// for operands that are no masks.
inline Var logical_or(const Operand& a, const Operand& b) { return record<ops::LogicalOr>({a, b}); }
inline Var logical_and(const Operand& a, const Operand& b) {
  return record<ops::LogicalAnd>({a, b});
}
inline Var logical_xor(const Operand& a, const Operand& b) {
  return record<ops::LogicalXor>({a, b});
}
inline Var operator|(const Var& a, const Var& b) { return logical_or(a, b); }
inline Var operator&(const Var& a, const Var& b) { return logical_and(a, b); }
inline Var operator^(const Var& a, const Var& b) { return logical_xor(a, b); }
/// The mask that holds where the given one does not.
inline Var logical_not(const Operand& a) { return record<ops::LogicalNot>({a}); }

/// x where the mask holds, a structural zero elsewhere.
inline Var select(const Operand& condition, const Operand& x) {
  return record<ops::Select>({condition, x});
}
/// a where the mask holds, b elsewhere; all three broadcast. The gradient of the branch not taken
/// is exactly zero, whatever its value. Throws TypeError unless the condition is of dtype bool.
inline Var where(const Operand& condition, const Operand& a, const Operand& b) {
  return record<ops::Where>({condition, a, b});
}

using ComparisonOps = OpList<ops::Greater, ops::GreaterEqual, ops::Less, ops::LessEqual, ops::Equal,
                             ops::NotEqual, ops::LogicalOr, ops::LogicalAnd, ops::LogicalXor,
                             ops::LogicalNot, ops::Where, ops::Select>;
std::span<const OpRecord> records_of(ComparisonOps);

}  // namespace tapewise
