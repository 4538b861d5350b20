#include <tapewise/autograd/trace/notation.hpp>

#include <cctype>
#include <cmath>
#include <cstdio>

namespace tapewise::notation {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

std::string escaped_for_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      default: out += c;
    }
  }
  return out;
}

/// The command of a character that LaTeX's fonts do not have, or that means something there.
std::string_view latex_symbol(std::string_view character) {
  static constexpr std::pair<std::string_view, std::string_view> all[] = {
      {"α", "\\alpha"},       {"β", "\\beta"},        {"γ", "\\gamma"},   {"δ", "\\delta"},
      {"ε", "\\varepsilon"},  {"ζ", "\\zeta"},        {"η", "\\eta"},     {"θ", "\\theta"},
      {"κ", "\\kappa"},       {"λ", "\\lambda"},      {"μ", "\\mu"},      {"ν", "\\nu"},
      {"ξ", "\\xi"},          {"π", "\\pi"},          {"ρ", "\\rho"},     {"σ", "\\sigma"},
      {"τ", "\\tau"},         {"φ", "\\varphi"},      {"χ", "\\chi"},     {"ψ", "\\psi"},
      {"ω", "\\omega"},       {"Δ", "\\Delta"},       {"Σ", "\\Sigma"},   {"Φ", "\\Phi"},
      {"Ω", "\\Omega"},       {"ŷ", "\\hat{y}"},      {"²", "^{2}"},      {"³", "^{3}"},
      {"½", "\\tfrac{1}{2}"}, {"¼", "\\tfrac{1}{4}"}, {"∂", "\\partial"}, {"∇", "\\nabla"},
      {"·", "\\cdot"},        {"×", "\\times"},       {"∞", "\\infty"},   {"^", "{\\wedge}"},
      {"\\", "\\backslash"},  {"~", "\\sim"}};
  for (const auto& [written, command] : all) {
    if (written == character) return command;
  }
  return {};
}

/// A name in a formula, or text between words of one.
std::string escaped_for_latex(std::string_view text, bool in_formula = true) {
  std::string out;
  while (!text.empty()) {
    std::size_t length = 1;  // of one character in UTF-8
    while (length < text.size() && (text[length] & 0xC0) == 0x80) ++length;
    const std::string_view character = text.substr(0, length), symbol = latex_symbol(character);
    text.remove_prefix(length);
    if (!symbol.empty())
      out += in_formula ? std::string(symbol) + ' ' : '$' + std::string(symbol) + '$';
    else if (in_formula && character == " ")
      out += "\\ ";
    else
      (out += std::string_view("_%#&${}").find(character) == std::string_view::npos ? "" : "\\") +=
          character;
  }
  return out;
}

std::string latex_word(std::string_view word) {
  if (const auto command = latex_symbol(word); !command.empty()) return std::string(command);
  if (word.size() == 1 && is_letter(word[0])) return std::string(word);
  if (!word.empty() && is_digit(word[0])) return std::string(word);
  return "\\mathrm{" + escaped_for_latex(word) + "}";
}

std::string mathml_word(std::string_view word) {
  const char* tag = !word.empty() && is_digit(word[0]) ? "mn" : "mi";
  return std::string("<") + tag + ">" + escaped_for_xml(word) + "</" + tag + ">";
}

std::string row(const std::string& pieces) { return "<mrow>" + pieces + "</mrow>"; }

/// Base and index of a label: "w1" is w, 1; "u_in" is u, in; "x" is x and nothing.
std::pair<std::string_view, std::string_view> split(std::string_view label) {
  const std::size_t low = label.find('_');
  if (low != std::string_view::npos && low > 0 && low + 1 < label.size()) {
    return {label.substr(0, low), label.substr(low + 1)};
  }
  std::size_t digits = label.size();
  while (digits > 1 && is_digit(label[digits - 1])) --digits;
  const bool plain_word = digits < label.size() && is_letter(label[digits - 1]);
  return plain_word ? std::pair{label.substr(0, digits), label.substr(digits)}
                    : std::pair{label, std::string_view()};
}

constexpr Notation notations[] = {Notation::plain, Notation::latex, Notation::mathml};

std::string& in(TraceText& text, Notation notation) {
  return notation == Notation::plain   ? text.plain
         : notation == Notation::latex ? text.latex
                                       : text.mathml;
}
const std::string& in(const TraceText& text, Notation notation) {
  return in(const_cast<TraceText&>(text), notation);
}

std::vector<std::string> all_in(std::span<const TraceText> texts, Notation notation) {
  std::vector<std::string> out;
  for (const TraceText& text : texts) out.push_back(in(text, notation));
  return out;
}

/// A lone literal of a rule comes without its MathML element.
std::string as_element(std::string text) {
  if (text.starts_with('<')) return text;
  return is_digit(text[0]) || text[0] == '-' ? "<mn>" + text + "</mn>" : "<mi>" + text + "</mi>";
}

TraceText call(const OpRecord& op, std::span<const TraceText> operands, const void* attribute) {
  const std::string name(op.name);
  TraceText text{name + "(", "\\operatorname{" + escaped_for_latex(name) + "}\\left(",
                 "<mi>" + name + "</mi><mo>(</mo>"};
  for (std::size_t k = 0; k < operands.size(); ++k) {
    if (k > 0) text = {text.plain + ", ", text.latex + ", ", text.mathml + "<mo>,</mo>"};
    text.plain += operands[k].plain;
    text.latex += operands[k].latex;
    text.mathml += operands[k].mathml;
  }
  const std::string details = op.attribute_text == nullptr ? "" : op.attribute_text(attribute);
  if (!details.empty()) {
    text.plain += "; " + details;
    text.latex += ";\\ \\text{" + escaped_for_latex(details) + "}";
    text.mathml += "<mo>;</mo><mtext>" + escaped_for_xml(details) + "</mtext>";
  }
  return {text.plain + ")", text.latex + "\\right)", row(text.mathml + "<mo>)</mo>")};
}

}  // namespace

TraceText variable(std::string_view label) {
  const auto [base, index] = split(label);
  const std::string plain(label);
  if (index.empty()) return {plain, latex_word(base), mathml_word(base)};
  return {plain, latex_word(base) + "_{" + latex_word(index) + "}",
          "<msub>" + mathml_word(base) + mathml_word(index) + "</msub>"};
}

std::string latex_number(const std::string& text) {
  if (const std::size_t e = text.find('e'); e != std::string::npos) {
    return text.substr(0, e) + " \\cdot 10^{" + std::to_string(std::stoi(text.substr(e + 1))) + "}";
  }
  if (text == "inf") return "\\infty";
  if (text == "-inf") return "-\\infty";
  return text.ends_with("nan") ? "\\mathrm{NaN}" : text;
}

TraceText number(double value) {
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.6g", value);
  std::string text(digits);
  TraceText written{text, latex_number(text), "<mn>" + text + "</mn>"};
  return text[0] == '-' ? in_brackets(written) : written;
}

TraceText in_brackets(const TraceText& inner) {
  return {"(" + inner.plain + ")", "\\left(" + inner.latex + "\\right)",
          row("<mo>(</mo>" + inner.mathml + "<mo>)</mo>")};
}

TraceText product(const TraceText& a, const TraceText& b) {
  return {a.plain + "·" + b.plain, a.latex + " \\cdot " + b.latex,
          row(a.mathml + "<mo>·</mo>" + b.mathml)};
}

TraceText sum(std::span<const TraceText> terms) {
  TraceText text;
  for (std::size_t k = 0; k < terms.size(); ++k) {
    text.plain += (k > 0 ? " + " : "") + terms[k].plain;
    text.latex += (k > 0 ? " + " : "") + terms[k].latex;
    text.mathml += (k > 0 ? "<mo>+</mo>" : "") + terms[k].mathml;
  }
  text.mathml = row(text.mathml);
  return text;
}

TraceText nabla(const TraceText& node) {
  return {"∇[" + node.plain + "]", "\\nabla[" + node.latex + "]",
          row("<mo>∇</mo><mo>[</mo>" + node.mathml + "<mo>]</mo>")};
}

TraceText derivative(const TraceText& of, const TraceText& by) {
  return {"∂" + of.plain + "/∂" + by.plain,
          "\\frac{\\partial " + of.latex + "}{\\partial " + by.latex + "}",
          "<mfrac>" + row("<mo>∂</mo>" + of.mathml) + row("<mo>∂</mo>" + by.mathml) + "</mfrac>"};
}

TraceText summed(const TraceText& inner) {
  return {"Σ " + inner.plain, "\\sum " + inner.latex, row("<mo>∑</mo>" + inner.mathml)};
}

TraceText formula(const OpRecord& op, std::span<const TraceText> operands, const void* attribute) {
  if (op.value_text == nullptr) return call(op, operands, attribute);
  TraceText text;
  for (const Notation notation : notations) {
    in(text, notation) = op.value_text(notation, all_in(operands, notation), attribute);
  }
  text.mathml = as_element(text.mathml);
  return text;
}

TraceText partial(const OpRecord& op, int use, std::span<const TraceText> operands,
                  const TraceText& y, const void* attribute) {
  TraceText text;
  for (const Notation notation : notations) {
    std::vector<std::string> names = all_in(operands, notation);
    names.push_back(in(y, notation));
    in(text, notation) = op.partial_text(use, notation, names, attribute);
  }
  text.mathml = as_element(text.mathml);
  return text;
}

}  // namespace tapewise::notation
