#pragma once
#include <numbers>
#include <tapewise/ops/elementary.hpp>
#include <tapewise/ops/error_function.hpp>

namespace tapewise {

namespace ops {

using namespace math;

struct Erf : Elementwise<1> {
  static constexpr Text name = "erf", formula = "2/√π·∫₀ˣ e^(-t²) dt",
                        source = "Abramowitz & Stegun 7.1.1";
  static constexpr Text peers = "torch.erf, jax.scipy.special.erf, tf.math.erf";
  static constexpr bool complex_step = false;  // no complex version
  static constexpr Range ranges[] = {{-2, 2}};
  template <class T>
  static T value(T x) {
    return error_function(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(2.0 * std::numbers::inv_sqrtpi) * exp(-(x * x));
  }
};

struct Erfc : Elementwise<1> {
  static constexpr Text name = "erfc", formula = "1 - erf x", source = "Abramowitz & Stegun 7.1.2";
  static constexpr Text peers = "torch.erfc, jax.scipy.special.erfc, tf.math.erfc";
  static constexpr bool complex_step = false;  // no complex version
  static constexpr Range ranges[] = {{-2, 2}};
  template <class T>
  static T value(T x) {
    return complementary_error_function(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(-2.0 * std::numbers::inv_sqrtpi) * exp(-(x * x));
  }
};

struct Erfinv : Elementwise<1> {
  static constexpr Text name = "erfinv", formula = "the y with erf y = x", domain = "-1 < x < 1",
                        source = "Boost.Math";
  static constexpr Text peers = "torch.erfinv, jax.scipy.special.erfinv, tf.math.erfinv";
  static constexpr bool simd = false;
  static constexpr bool complex_step = false;  // no complex version
  static constexpr Range ranges[] = {{-0.8, 0.8}};
  template <class T>
  static T value(T x) {
    return erfinv(x);
  }
  template <int I, class T>
  static T partial(T, T y) {
    return T(0.5 / std::numbers::inv_sqrtpi) * exp(y * y);
  }
};

struct Lgamma : Elementwise<1> {
  static constexpr Text name = "lgamma", formula = "log |Γ(x)|", domain = "not 0, -1, -2, ...",
                        source = "Abramowitz & Stegun 6.1";
  static constexpr Text peers = "torch.lgamma, jax.scipy.special.gammaln, tf.math.lgamma";
  static constexpr bool simd = false;
  static constexpr bool complex_step = false;  // no complex version
  static constexpr Range ranges[] = {{0.5, 5}};
  template <class T>
  static T value(T x) {
    return lgamma(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return digamma(x);
  }
};

struct Digamma : Elementwise<1> {
  static constexpr Text name = "digamma", formula = "Γ'(x)/Γ(x)", domain = "not 0, -1, -2, ...",
                        source = "Abramowitz & Stegun 6.3";
  static constexpr Text peers = "torch.digamma, jax.scipy.special.digamma, tf.math.digamma";
  static constexpr bool simd = false;
  static constexpr bool complex_step = false;  // no complex version
  static constexpr Range ranges[] = {{0.5, 5}};
  template <class T>
  static T value(T x) {
    return digamma(x);
  }
  template <int I, class T>
  static T partial(T x, T) {
    return polygamma(1.0, x);
  }
};

struct Polygamma : Elementwise<1> {
  static constexpr Text name = "polygamma", formula = "the n-th derivative of digamma x",
                        domain = "not 0, -1, -2, ...", source = "Abramowitz & Stegun 6.4";
  static constexpr Text signature = "polygamma(n, x)";
  static constexpr Text derivative = "polygamma(n + 1, x)";
  static constexpr Text peers = "torch.polygamma, jax.scipy.special.polygamma, tf.math.polygamma";
  static constexpr bool simd = false;
  static constexpr bool complex_step = false;  // no complex version
  static constexpr Range ranges[] = {{0.5, 5}};
  struct Attribute {
    double order;  ///< n, a whole number
  };
  static constexpr Attribute example{1.0};
  template <class T>
  static T value(T x, const Attribute& a) {
    return polygamma(a.order, x);
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return polygamma(a.order + 1.0, x);
  }
  static std::string refusal(const Attribute& a) {
    if (a.order >= 0.0 && a.order == std::floor(a.order)) return {};
    return "wanted an order of 0, 1, 2, ..., given " + to_text(a.order);
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return "n=" + to_text(a.order);
  }
};

/// sinc and its derivatives, each of which is the next one's integral: exact at and near 0, where
/// the quotient's own derivative would be 0/0.
struct Sinc : Elementwise<1> {
  static constexpr Text name = "sinc", formula = "sin(πx)/(πx), 1 for x = 0", source = "numpy.sinc";
  static constexpr Text signature = "sinc(x)";
  static constexpr Text peers = "torch.sinc, jax.numpy.sinc";
  static constexpr bool simd = false;
  static constexpr bool complex_step = false;  // no complex version
  static constexpr Range ranges[] = {{-3, 3}};
  struct Attribute {
    double order = 0.0;  ///< of the derivative that this is
  };
  static constexpr Attribute example{0.0};
  template <class T>
  static T value(T x, const Attribute& a) {
    return sinc(a.order, x);
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    return sinc(a.order + 1.0, x);
  }
  static std::string attribute_text(const void* attribute) {
    const auto& a = *static_cast<const Attribute*>(attribute);
    return a.order == 0.0 ? std::string() : "order=" + to_text(a.order);
  }
};

}  // namespace ops

/// The error function and 1 minus it, which keeps its digits for large x.
inline Var erf(const Operand& x) { return record<ops::Erf>({x}); }
inline Var erfc(const Operand& x) { return record<ops::Erfc>({x}); }
/// The inverse of erf; ±∞ at ±1, NaN beyond.
inline Var erfinv(const Operand& x) { return record<ops::Erfinv>({x}); }
/// log |Γ(x)|; +∞ at 0, -1, -2, ...
inline Var lgamma(const Operand& x) { return record<ops::Lgamma>({x}); }
/// ψ(x), the derivative of lgamma; ∓∞ at ±0, NaN at -1, -2, ...
inline Var digamma(const Operand& x) { return record<ops::Digamma>({x}); }
/// ψ⁽ⁿ⁾(x), the n-th derivative of digamma. Throws DomainError for a negative n.
inline Var polygamma(double n, const Operand& x) { return record<ops::Polygamma>({x}, {n}); }
/// ψ'(x), the derivative of digamma.
inline Var trigamma(const Operand& x) { return polygamma(1.0, x); }
/// sin(πx)/(πx), 1 at 0.
inline Var sinc(const Operand& x) { return record<ops::Sinc>({x}); }
/// Its derivative number `order`; at 0 too.
inline Var sinc(double order, const Operand& x) { return record<ops::Sinc>({x}, {order}); }

using SpecialOps =
    OpList<ops::Erf, ops::Erfc, ops::Erfinv, ops::Lgamma, ops::Digamma, ops::Polygamma, ops::Sinc>;
std::span<const OpRecord> records_of(SpecialOps);

}  // namespace tapewise
