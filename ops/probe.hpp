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
  friend Probe log1p(const Probe& x) { return call("log1p", x); }
  friend Probe expm1(const Probe& x) { return call("expm1", x); }
  friend Probe sign(const Probe& x) { return call("sign", x); }
  friend Probe sigmoid(const Probe& x) { return call("σ", x); }
  friend Probe square(const Probe& x) { return pow(x, Probe(2)); }
  friend Probe abs(const Probe& x);
  friend Probe sqrt(const Probe& x);
  friend Probe pow(const Probe& x, const Probe& p);
  friend Probe where(const Probe& condition, const Probe& a, const Probe& b);
  /// A function without a notation of its own: "name(x)".
  static Probe call(std::string_view name, const Probe& x);

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
