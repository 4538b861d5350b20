#pragma once
#include <tapewise/ops/arithmetic.hpp>

namespace tapewise {

namespace ops {

using namespace math;

struct Floor : Elementwise<1> {
  static constexpr Text name = "floor", formula = "⌊x⌋";
  static constexpr Text source = "IEEE 754-2019, 5.9";
  static constexpr Text peers = "torch.floor, jax.numpy.floor, tf.math.floor";
  static constexpr Text kinks = "whole x: a jump, slope 0 on both sides";
  static constexpr Range ranges[] = {{0.1, 0.4}};
  template <class T>
  static T value(T x) {
    return floor(x);
  }
  template <int I, class T>
  static Zero partial(T, T) {
    return {};
  }
};

struct Ceil : Elementwise<1> {
  static constexpr Text name = "ceil", formula = "⌈x⌉";
  static constexpr Text source = "IEEE 754-2019, 5.9";
  static constexpr Text peers = "torch.ceil, jax.numpy.ceil, tf.math.ceil";
  static constexpr Text kinks = "whole x: a jump, slope 0 on both sides";
  static constexpr Range ranges[] = {{0.1, 0.4}};
  template <class T>
  static T value(T x) {
    return ceil(x);
  }
  template <int I, class T>
  static Zero partial(T, T) {
    return {};
  }
};

struct Round : Elementwise<1> {
  static constexpr Text name = "round", formula = "the whole number next to x";
  static constexpr Text source = "IEEE 754-2019, 5.9";
  static constexpr Text peers = "torch.round, jax.numpy.round, tf.math.round";
  static constexpr Text kinks = "x halfway between whole numbers: a jump, slope 0 on both sides";
  static constexpr Range ranges[] = {{0.1, 0.4}};
  template <class T>
  static T value(T x) {
    return nearbyint(x);
  }
  template <int I, class T>
  static Zero partial(T, T) {
    return {};
  }
};

struct Trunc : Elementwise<1> {
  static constexpr Text name = "trunc", formula = "x without its fraction";
  static constexpr Text source = "IEEE 754-2019, 5.9";
  static constexpr Text peers = "torch.trunc, jax.numpy.trunc";
  static constexpr Text kinks = "whole x: a jump, slope 0 on both sides";
  static constexpr Range ranges[] = {{0.1, 0.4}};
  template <class T>
  static T value(T x) {
    return trunc(x);
  }
  template <int I, class T>
  static Zero partial(T, T) {
    return {};
  }
};

struct Fmod : Elementwise<2> {
  static constexpr Text name = "fmod", formula = "a - b·trunc(a/b)", domain = "b ≠ 0";
  static constexpr Text source = "ISO C11, 7.12.10.1";
  static constexpr Text peers = "torch.fmod, jax.numpy.fmod";
  static constexpr Text kinks = "whole a/b: a jump, the slopes of the side that has the value";
  static constexpr bool simd = false;  // exact for any quotient in the C library
  static constexpr Range ranges[] = {{0.6, 0.9}, {0.25, 0.28}};
  template <class T>
  static T value(T a, T b) {
    return fmod(a, b);
  }
  template <int I, class T>
  static auto partial(T a, T b, T y) {
    if constexpr (I == 0) {
      return One{};
    } else {
      return -nearbyint((a - y) / b);
    }
  }
};

}  // namespace ops

/// The next whole number below, above, nearest (a half goes to the even one, as IEEE 754 and
/// PyTorch have it), and towards zero. Their derivatives are zero everywhere.
inline Var floor(const Operand& x) { return record<ops::Floor>({x}); }
inline Var ceil(const Operand& x) { return record<ops::Ceil>({x}); }
inline Var round(const Operand& x) { return record<ops::Round>({x}); }
inline Var trunc(const Operand& x) { return record<ops::Trunc>({x}); }
/// The same as `round`, under the name of the C library.
inline Var nearbyint(const Operand& x) { return round(x); }
/// The remainder of a/b with the sign of a; NaN for b = 0. Derivatives 1 and -trunc(a/b).
inline Var fmod(const Operand& a, const Operand& b) { return record<ops::Fmod>({a, b}); }

using RoundingOps = OpList<ops::Floor, ops::Ceil, ops::Round, ops::Trunc, ops::Fmod>;
std::span<const OpRecord> records_of(RoundingOps);

}  // namespace tapewise
