#pragma once
#include <string>
#include <string_view>
#include <tapewise/autograd/op.hpp>
#include <tapewise/autograd/text.hpp>
#include <type_traits>

namespace tapewise {

/// The reader that writes a rule down: as text in one notation, and which arguments it used.
class Probe {
 public:
  /// How tightly an expression binds; brackets are written around looser operands.
  enum Strength { additive = 1, multiplicative = 2, prefix = 3, power = 4, atom = 5 };

  /// A literal of the rule.
  template <class T>
  requires std::is_arithmetic_v<T> Probe(T number)
      : Probe(to_text(static_cast<double>(number)),
              static_cast<double>(number) < 0 ? prefix : atom) {}
  Probe(std::string text, Strength strength, unsigned reads = 0,
        Notation notation = Notation::plain)
      : text_(std::move(text)), strength_(strength), reads_(reads), notation_(notation) {}
  /// Argument number `bit` under the name `text`.
  static Probe argument(std::string text, unsigned bit, Notation notation) {
    return {std::move(text), atom, 1U << bit, notation};
  }

  const std::string& text() const { return text_; }
  /// Bit k: argument k was used.
  unsigned reads() const { return reads_; }

  friend Probe operator+(const Probe& a, const Probe& b) { return binary("+", additive, a, b); }
  friend Probe operator-(const Probe& a, const Probe& b) { return binary("-", additive, a, b); }
  friend Probe operator*(const Probe& a, const Probe& b) {
    return binary("*", multiplicative, a, b);
  }
  friend Probe operator/(const Probe& a, const Probe& b) { return fraction(a, b); }
  friend Probe operator-(const Probe& a);
  friend Probe operator>(const Probe& a, const Probe& b) { return binary(">", additive, a, b); }
  friend Probe operator<(const Probe& a, const Probe& b) { return binary("<", additive, a, b); }
  friend Probe operator>=(const Probe& a, const Probe& b) { return binary(">=", additive, a, b); }
  friend Probe operator<=(const Probe& a, const Probe& b) { return binary("<=", additive, a, b); }
  friend Probe operator==(const Probe& a, const Probe& b) { return binary("==", additive, a, b); }
  friend Probe operator!=(const Probe& a, const Probe& b) { return binary("!=", additive, a, b); }
  friend Probe operator&(const Probe& a, const Probe& b) { return binary("and", additive, a, b); }
  friend Probe operator|(const Probe& a, const Probe& b) { return binary("or", additive, a, b); }

  friend Probe exp(const Probe& x) { return call("exp", x); }
  friend Probe log(const Probe& x) { return call("log", x); }
  friend Probe sin(const Probe& x) { return call("sin", x); }
  friend Probe cos(const Probe& x) { return call("cos", x); }
  friend Probe tanh(const Probe& x) { return call("tanh", x); }
  friend Probe tan(const Probe& x) { return call("tan", x); }
  friend Probe asin(const Probe& x) { return call("asin", x); }
  friend Probe acos(const Probe& x) { return call("acos", x); }
  friend Probe atan(const Probe& x) { return call("atan", x); }
  friend Probe sinh(const Probe& x) { return call("sinh", x); }
  friend Probe cosh(const Probe& x) { return call("cosh", x); }
  friend Probe asinh(const Probe& x) { return call("asinh", x); }
  friend Probe acosh(const Probe& x) { return call("acosh", x); }
  friend Probe atanh(const Probe& x) { return call("atanh", x); }
  friend Probe exp2(const Probe& x) { return call("exp2", x); }
  friend Probe log2(const Probe& x) { return call("log2", x); }
  friend Probe log10(const Probe& x) { return call("log10", x); }
  friend Probe cbrt(const Probe& x) { return call("cbrt", x); }
  friend Probe erf(const Probe& x) { return call("erf", x); }
  friend Probe erfc(const Probe& x) { return call("erfc", x); }
  friend Probe erfinv(const Probe& x) { return call("erfinv", x); }
  friend Probe lgamma(const Probe& x) { return call("lgamma", x); }
  friend Probe digamma(const Probe& x) { return call("digamma", x); }
  friend Probe floor(const Probe& x) { return call("floor", x); }
  friend Probe ceil(const Probe& x) { return call("ceil", x); }
  friend Probe nearbyint(const Probe& x) { return call("round", x); }
  friend Probe trunc(const Probe& x) { return call("trunc", x); }
  friend Probe isfinite(const Probe& x) { return call("isfinite", x); }
  friend Probe isnan(const Probe& x) { return call("isnan", x); }
  friend Probe isinf(const Probe& x) { return call("isinf", x); }
  friend Probe hypot(const Probe& a, const Probe& b) { return call("hypot", a, b); }
  friend Probe atan2(const Probe& a, const Probe& b) { return call("atan2", a, b); }
  friend Probe fmod(const Probe& a, const Probe& b) { return call("fmod", a, b); }
  friend Probe polygamma(double order, const Probe& x) {
    return call("polygamma", Probe(order), x);
  }
  friend Probe sinc(double order, const Probe& x) {
    return call(order == 0 ? "sinc" : "sinc^(" + to_text(order) + ")", x);
  }
  friend Probe log1p(const Probe& x) { return call("log1p", x); }
  friend Probe expm1(const Probe& x) { return call("expm1", x); }
  friend Probe sign(const Probe& x) { return call("sign", x); }
  friend Probe softplus(const Probe& x) { return log1p(exp(x)); }
  friend Probe x_minus_tanh(const Probe& x) { return x - tanh(x); }
  friend Probe one_minus_square(const Probe& x) { return Probe(1) - square(x); }
  friend Probe sigmoid(const Probe& x) { return call("σ", x); }
  friend Probe square(const Probe& x) { return pow(x, Probe(2)); }
  friend Probe abs(const Probe& x);
  friend Probe sqrt(const Probe& x);
  friend Probe pow(const Probe& x, const Probe& p);
  friend Probe where(const Probe& condition, const Probe& a, const Probe& b);
  /// A function without a notation of its own: "name(x)".
  static Probe call(std::string_view name, const Probe& x);
  /// "name(a, b)"
  static Probe call(std::string_view name, const Probe& a, const Probe& b);

 private:
  static Probe binary(std::string_view sign, Strength strength, const Probe& a, const Probe& b);
  static Probe fraction(const Probe& a, const Probe& b);
  std::string in_brackets(Strength context) const;

  std::string text_;
  Strength strength_;
  unsigned reads_;
  Notation notation_;
};

}  // namespace tapewise
