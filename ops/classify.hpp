#pragma once
#include <tapewise/ops/comparison.hpp>
#include <tapewise/ops/math.hpp>

namespace tapewise {

namespace ops {

using namespace math;

struct IsFinite : Elementwise<1> {
  static constexpr Text name = "isfinite", formula = "x is finite";
  static constexpr Text source = "IEEE 754-2019, 5.7.2";
  static constexpr Text peers = "torch.isfinite, jax.numpy.isfinite, tf.math.is_finite";
  static constexpr bool stops_gradient = true;
  static constexpr Range ranges[] = {{-1, 1}};
  template <class T>
  using Out = bool;
  template <class T>
  static auto value(T x) {
    return isfinite(x);
  }
};

struct IsNan : Elementwise<1> {
  static constexpr Text name = "isnan", formula = "x is NaN";
  static constexpr Text source = "IEEE 754-2019, 5.7.2";
  static constexpr Text peers = "torch.isnan, jax.numpy.isnan, tf.math.is_nan";
  static constexpr bool stops_gradient = true;
  static constexpr Range ranges[] = {{-1, 1}};
  template <class T>
  using Out = bool;
  template <class T>
  static auto value(T x) {
    return isnan(x);
  }
};

struct IsInf : Elementwise<1> {
  static constexpr Text name = "isinf", formula = "x is infinite";
  static constexpr Text source = "IEEE 754-2019, 5.7.2";
  static constexpr Text peers = "torch.isinf, jax.numpy.isinf, tf.math.is_inf";
  static constexpr bool stops_gradient = true;
  static constexpr Range ranges[] = {{-1, 1}};
  template <class T>
  using Out = bool;
  template <class T>
  static auto value(T x) {
    return isinf(x);
  }
};

}  // namespace ops

/// The masks of where x is a finite number, is NaN, is +∞ or -∞.
inline Var isfinite(const Operand& x) { return record<ops::IsFinite>({x}); }
inline Var isnan(const Operand& x) { return record<ops::IsNan>({x}); }
inline Var isinf(const Operand& x) { return record<ops::IsInf>({x}); }

using ClassifyOps = OpList<ops::IsFinite, ops::IsNan, ops::IsInf>;
std::span<const OpRecord> records_of(ClassifyOps);

}  // namespace tapewise
