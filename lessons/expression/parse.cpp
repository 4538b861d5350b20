#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <tao/pegtl/contrib/limit_depth.hpp>
#include <tapewise/lessons/expression/grammar.hpp>
#include <tapewise/lessons/expression/syntax.hpp>

namespace tapewise::lessons {

namespace {

struct Place {
  std::string_view line, before;
};
Place place(std::string_view source, std::size_t offset) {
  offset = std::min(offset, source.size());
  const std::size_t before = source.substr(0, offset).rfind('\n');
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t end = std::min(source.find('\n', offset), source.size());
  return {source.substr(begin, end - begin), source.substr(begin, offset - begin)};
}

/// What is shown of a line: all, or some characters around the place.
Place excerpt(Place at) {
  constexpr std::size_t near = 60;
  const auto continues = [](char c) { return (c & 0xC0) == 0x80; };  // inside of a character
  const std::size_t offset = at.before.size();
  std::size_t begin = offset > near ? offset - near : 0;
  std::size_t end = std::min(offset + near, at.line.size());
  while (begin < offset && continues(at.line[begin])) ++begin;
  while (end < at.line.size() && continues(at.line[end])) ++end;
  return {at.line.substr(begin, end - begin), at.line.substr(begin, offset - begin)};
}

std::string message(std::string_view source, std::size_t offset, const std::string& what,
                    std::size_t column) {
  const Place at = place(source, offset), shown = excerpt(at);
  const auto line = std::count(source.data(), at.line.data(), '\n') + 1;
  const bool several = source.find('\n') != std::string_view::npos;
  std::string mark;  // below the place, also where the line has tabs
  for (const char c : shown.before) {
    if ((c & 0xC0) != 0x80) mark += c == '\t' ? '\t' : ' ';
  }
  return "[expression] " + (several ? "line " + std::to_string(line) + ", " : "") + "column " +
         std::to_string(column) + ": " + what + "\n  " + std::string(shown.line) + "\n  " + mark +
         "^";
}

/// What is being built: finished parts, and where open brackets and signs wait for theirs.
struct Builder {
  std::vector<Statement> statements;
  std::vector<Syntax> parts;
  std::vector<Syntax> open;  // calls, arrays and operators whose parts are not complete
  std::vector<std::size_t> begin;
  std::string target;
  std::size_t target_offset = 0;
  std::vector<std::string> keywords;

  void wait_for_parts(Syntax::Kind kind, std::size_t offset, std::string text) {
    open.push_back({kind, offset, std::move(text), 0, {}, {}});
    begin.push_back(parts.size());
  }
  /// The last thing opened takes the parts since.
  void complete() {
    Syntax whole = std::move(open.back());
    const auto first = parts.begin() + static_cast<std::ptrdiff_t>(begin.back());
    whole.parts.assign(std::move_iterator(first), std::move_iterator(parts.end()));
    parts.erase(first, parts.end());
    open.pop_back();
    begin.pop_back();
    parts.push_back(std::move(whole));
  }
  /// An operator with its right operand joins the chain on its left, or begins one.
  void join() {
    complete();
    Syntax tail = std::move(parts.back());
    parts.pop_back();
    Syntax& left = parts.back();
    if (left.kind != Syntax::Kind::chain) {
      Syntax chain{Syntax::Kind::chain, left.offset, "", 0, {}, {}};
      chain.parts.push_back(std::move(left));
      left = std::move(chain);
    }
    left.parts.push_back(std::move(tail));
  }
};

template <class Rule>
struct Action : tao::pegtl::nothing<Rule> {};

template <>
struct Action<grammar::number> {
  template <class In>
  static void apply(const In& in, Builder& b) {
    Syntax number{Syntax::Kind::number, in.position().byte, in.string(), 0, {}, {}};
    const char* end = number.text.data() + number.text.size();
    if (std::from_chars(number.text.data(), end, number.number).ec != std::errc()) {
      number.number = std::strtod(number.text.c_str(), nullptr);  // ±inf, or near 0
      if (std::isinf(number.number)) {
        throw tao::pegtl::parse_error("this number is too large for float64, write inf for ∞", in);
      }
    }
    b.parts.push_back(std::move(number));
  }
};
template <>
struct Action<grammar::name> {
  template <class In>
  static void apply(const In& in, Builder& b) {
    b.parts.push_back({Syntax::Kind::name, in.position().byte, in.string(), 0, {}, {}});
  }
};

/// Operators have several spellings.
std::string plain_sign(const std::string& sign) {
  if (sign == "**") return "^";
  if (sign == "·" || sign == "⋅" || sign == "×") return "*";
  return sign == "−" ? "-" : sign;
}

/// An operator or bracket that waits for what follows.
template <Syntax::Kind kind>
struct Opens {
  template <class In>
  static void apply(const In& in, Builder& b) {
    const bool sign = kind == Syntax::Kind::prefix || kind == Syntax::Kind::infix;
    b.wait_for_parts(kind, in.position().byte, sign ? plain_sign(in.string()) : in.string());
  }
};
template <>
struct Action<grammar::function> : Opens<Syntax::Kind::call> {};
template <>
struct Action<grammar::open_array> : Opens<Syntax::Kind::array> {};
template <>
struct Action<grammar::sign> : Opens<Syntax::Kind::prefix> {};
template <>
struct Action<grammar::power_sign> : Opens<Syntax::Kind::infix> {};
template <>
struct Action<grammar::product_sign> : Opens<Syntax::Kind::infix> {};
template <>
struct Action<grammar::sum_sign> : Opens<Syntax::Kind::infix> {};
template <>
struct Action<grammar::compare_sign> : Opens<Syntax::Kind::infix> {};

struct Completes {
  static void apply0(Builder& b) { b.complete(); }
};
template <>
struct Action<grammar::call> : Completes {};
template <>
struct Action<grammar::array> : Completes {};
template <>
struct Action<grammar::sign_of> : Completes {};

struct Joins {
  static void apply0(Builder& b) { b.join(); }
};
template <>
struct Action<grammar::power_tail> : Joins {};
template <>
struct Action<grammar::product_tail> : Joins {};
template <>
struct Action<grammar::sum_tail> : Joins {};
template <>
struct Action<grammar::compare_tail> : Joins {};

/// Every bracket, sign and exponent is a call of the parser by itself.
template <>
struct Action<grammar::signed_value> : tao::pegtl::limit_depth<201> {};

template <>
struct Action<grammar::keyword> {
  template <class In>
  static void apply(const In& in, Builder& b) {
    b.keywords.push_back(in.string());
    b.open.push_back({});  // stands for the keyword until its value is there
    b.begin.push_back(b.parts.size());
  }
};
template <>
struct Action<grammar::argument> {
  static void apply0(Builder& b) {
    if (b.open.back().kind != Syntax::Kind::number) return;  // no keyword
    b.parts.back().keyword = std::move(b.keywords.back());
    b.keywords.pop_back();
    b.open.pop_back();
    b.begin.pop_back();
  }
};

template <>
struct Action<grammar::target> {
  template <class In>
  static void apply(const In& in, Builder& b) {
    b.target = in.string();
    b.target_offset = in.position().byte;
  }
};
template <>
struct Action<grammar::statement> {
  static void apply0(Builder& b) {
    const std::size_t offset = b.target.empty() ? b.parts.back().offset : b.target_offset;
    b.statements.push_back({std::move(b.target), offset, std::move(b.parts.back())});
    b.parts.clear();
    b.target.clear();
  }
};

/// What is said where a rule that has to hold does not.
struct Expected {
  template <class Rule>
  static constexpr const char* message = nullptr;
};
template <>
constexpr const char* Expected::message<grammar::operand> =
    "expected a number, a name, a function, \"(\" or \"[\"";
template <>
constexpr const char* Expected::message<grammar::close_call> =
    "expected an operator, \",\" or \")\"";
template <>
constexpr const char* Expected::message<grammar::close_array> =
    "expected an operator, \",\" or \"]\"";
template <>
constexpr const char* Expected::message<grammar::close_group> = "expected an operator or \")\"";
template <>
constexpr const char* Expected::message<grammar::statement_end> =
    "expected an operator, \";\" or the end";

template <class Rule>
using Control = tao::pegtl::must_if<Expected, tao::pegtl::normal, false>::control<Rule>;

/// The first byte that is no UTF-8; the size when all is.
std::size_t end_of_utf8(std::string_view source) {
  tao::pegtl::memory_input in(source.data(), source.size(), "");
  tao::pegtl::parse<tao::pegtl::star<tao::pegtl::utf8::any>>(in);
  return in.position().byte;
}

}  // namespace

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_name(std::string_view text) {
  tao::pegtl::memory_input in(text.data(), text.size(), "");
  return tao::pegtl::parse<tao::pegtl::seq<grammar::word, tao::pegtl::eof>>(in);
}

ExpressionError::ExpressionError(std::string_view source, std::size_t offset,
                                 const std::string& what)
    : ExpressionError(source, offset, what, characters(place(source, offset).before) + 1) {}

ExpressionError::ExpressionError(std::string_view source, std::size_t offset,
                                 const std::string& what, std::size_t column)
    : Error(message(source, offset, what, column)), column_(column) {}

std::vector<Statement> parse(std::string_view source) {
  if (const std::size_t end = end_of_utf8(source); end < source.size()) {
    throw ExpressionError(source, end, "expected text in UTF-8");
  }
  Builder builder;
  tao::pegtl::memory_input in(source.data(), source.size(), "expression");
  try {
    tao::pegtl::parse<grammar::statements, Action, Control>(in, builder);
  } catch (const tao::pegtl::parse_error& error) {
    std::string what(error.message());
    if (what.starts_with("maximum parser")) what = "brackets and signs are nested too deeply";
    throw ExpressionError(source, error.positions().front().byte, what);
  }
  if (builder.statements.empty()) {
    throw ExpressionError(source, 0, "expected an expression, \"L = (a + b)^2\" say");
  }
  return std::move(builder.statements);
}

}  // namespace tapewise::lessons
