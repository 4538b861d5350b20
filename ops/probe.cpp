#include <tapewise/ops/probe.hpp>

#include <algorithm>
#include <utility>

namespace tapewise {

namespace {

/// The notation of an expression: literals do not know theirs and follow the other operand.
Notation common(Notation a, Notation b) { return std::max(a, b); }

std::string mathml_operator(std::string_view sign) {
  static constexpr std::pair<std::string_view, std::string_view> escaped[] = {
      {"*", "·"},  {"-", "−"},  {"<", "&lt;"}, {">", "&gt;"},
      {"<=", "≤"}, {">=", "≥"}, {"==", "="},   {"!=", "≠"}};
  for (const auto& [from, to] : escaped) {
    if (sign == from) return "<mo>" + std::string(to) + "</mo>";
  }
  return "<mo>" + std::string(sign) + "</mo>";
}

std::string plain_operator(std::string_view sign) {
  return sign == "*" ? "·" : " " + std::string(sign) + " ";
}

std::string latex_operator(std::string_view sign) {
  static constexpr std::pair<std::string_view, std::string_view> named[] = {
      {"*", " \\cdot "}, {"<=", " \\le "},    {">=", " \\ge "}, {"==", " = "},
      {"!=", " \\ne "},  {"and", " \\land "}, {"or", " \\lor "}};
  for (const auto& [from, to] : named) {
    if (sign == from) return std::string(to);
  }
  return " " + std::string(sign) + " ";
}

/// MathML wants every piece to be one element.
std::string row(const std::string& pieces) { return "<mrow>" + pieces + "</mrow>"; }

std::string as_mathml(const std::string& text) {
  if (text.starts_with('<')) return text;
  const bool number = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
  return number ? "<mn>" + text + "</mn>" : "<mi>" + text + "</mi>";
}

}  // namespace

std::string Probe::in_brackets(Strength context) const {
  std::string text = notation_ == Notation::mathml ? as_mathml(text_) : text_;
  if (strength_ >= context) return text;
  if (notation_ == Notation::latex) return "\\left(" + text + "\\right)";
  if (notation_ == Notation::mathml) return row("<mo>(</mo>" + text + "<mo>)</mo>");
  return "(" + text + ")";
}

Probe Probe::binary(std::string_view sign, Strength strength, const Probe& a, const Probe& b) {
  const Notation notation = common(a.notation_, b.notation_);
  Probe left = a, right = b;
  left.notation_ = right.notation_ = notation;
  // a - (b - c) and a / (b * c) need their brackets.
  const auto tighter = static_cast<Strength>(sign == "-" ? strength + 1 : strength);
  const std::string l = left.in_brackets(strength), r = right.in_brackets(tighter);
  std::string text = notation == Notation::mathml  ? row(l + mathml_operator(sign) + r)
                     : notation == Notation::latex ? l + latex_operator(sign) + r
                                                   : l + plain_operator(sign) + r;
  return {std::move(text), strength, a.reads_ | b.reads_, notation};
}

Probe Probe::fraction(const Probe& a, const Probe& b) {
  const Notation notation = common(a.notation_, b.notation_);
  Probe left = a, right = b;
  left.notation_ = right.notation_ = notation;
  const unsigned reads = a.reads_ | b.reads_;
  if (notation == Notation::latex) {
    return {"\\frac{" + left.text_ + "}{" + right.text_ + "}", atom, reads, notation};
  }
  if (notation == Notation::mathml) {
    return {"<mfrac>" + as_mathml(left.text_) + as_mathml(right.text_) + "</mfrac>", atom, reads,
            notation};
  }
  return {left.in_brackets(multiplicative) + "/" + right.in_brackets(prefix), multiplicative, reads,
          notation};
}

Probe operator-(const Probe& a) {
  const std::string operand = a.in_brackets(Probe::prefix);
  return {a.notation_ == Notation::mathml ? row("<mo>−</mo>" + operand) : "-" + operand,
          Probe::prefix, a.reads_, a.notation_};
}

Probe Probe::call(std::string_view name, const Probe& x) {
  const std::string f(name);
  switch (x.notation_) {
    case Notation::latex:
      return {
          (f == "σ" ? "\\sigma" : "\\operatorname{" + f + "}") + "\\left(" + x.text_ + "\\right)",
          atom, x.reads_, x.notation_};
    case Notation::mathml:
      return {row("<mi>" + f + "</mi><mo>(</mo>" + as_mathml(x.text_) + "<mo>)</mo>"), atom,
              x.reads_, x.notation_};
    default: return {f + "(" + x.text_ + ")", atom, x.reads_, x.notation_};
  }
}

Probe Probe::call(std::string_view name, const Probe& a, const Probe& b) {
  const Notation notation = common(a.notation_, b.notation_);
  const bool mathml = notation == Notation::mathml;
  const std::string both = mathml ? row(as_mathml(a.text_) + "<mo>,</mo>" + as_mathml(b.text_))
                                  : a.text_ + ", " + b.text_;
  return call(name, Probe(both, atom, a.reads_ | b.reads_, notation));
}

Probe abs(const Probe& x) {
  switch (x.notation_) {
    case Notation::latex:
      return {"\\left|" + x.text_ + "\\right|", Probe::atom, x.reads_, x.notation_};
    case Notation::mathml:
      return {row("<mo>|</mo>" + as_mathml(x.text_) + "<mo>|</mo>"), Probe::atom, x.reads_,
              x.notation_};
    default: return {"|" + x.text_ + "|", Probe::atom, x.reads_, x.notation_};
  }
}

Probe sqrt(const Probe& x) {
  switch (x.notation_) {
    case Notation::latex: return {"\\sqrt{" + x.text_ + "}", Probe::atom, x.reads_, x.notation_};
    case Notation::mathml:
      return {"<msqrt>" + as_mathml(x.text_) + "</msqrt>", Probe::atom, x.reads_, x.notation_};
    default: return Probe::call("sqrt", x);
  }
}

Probe pow(const Probe& x, const Probe& p) {
  const Notation notation = common(x.notation_, p.notation_);
  Probe base = x, exponent = p;
  base.notation_ = exponent.notation_ = notation;
  const unsigned reads = x.reads_ | p.reads_;
  switch (notation) {
    case Notation::latex:
      return {base.in_brackets(Probe::atom) + "^{" + exponent.text_ + "}", Probe::power, reads,
              notation};
    case Notation::mathml:
      return {"<msup>" + base.in_brackets(Probe::atom) + as_mathml(exponent.text_) + "</msup>",
              Probe::power, reads, notation};
    default:
      return {base.in_brackets(Probe::atom) + "^" + exponent.in_brackets(Probe::atom), Probe::power,
              reads, notation};
  }
}

Probe where(const Probe& condition, const Probe& a, const Probe& b) {
  const Notation notation = common(condition.notation_, common(a.notation_, b.notation_));
  const unsigned reads = condition.reads_ | a.reads_ | b.reads_;
  switch (notation) {
    case Notation::latex:
      return {"\\begin{cases}" + a.text_ + " & " + condition.text_ + " \\\\ " + b.text_ +
                  " & \\text{otherwise}\\end{cases}",
              Probe::atom, reads, notation};
    case Notation::mathml:
      return {row("<mo>{</mo><mtable><mtr><mtd>" + as_mathml(a.text_) + "</mtd><mtd>" +
                  as_mathml(condition.text_) + "</mtd></mtr><mtr><mtd>" + as_mathml(b.text_) +
                  "</mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable>"),
              Probe::atom, reads, notation};
    default:
      return {"(" + a.text_ + " if " + condition.text_ + " else " + b.text_ + ")", Probe::atom,
              reads, notation};
  }
}

}  // namespace tapewise
