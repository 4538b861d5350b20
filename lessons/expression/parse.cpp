#include <algorithm>
#include <charconv>
#include <tapewise/lessons/expression/grammar.hpp>
#include <tapewise/lessons/expression/syntax.hpp>

namespace tapewise::lessons {

namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

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

std::string message(std::string_view source, std::size_t offset, const std::string& what,
                    std::size_t column) {
  const Place at = place(source, offset);
  return "[expression] column " + std::to_string(column) + ": " + what + "\n  " +
         std::string(at.line) + "\n  " + std::string(column - 1, ' ') + "^";
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
  /// The last thing opened takes the parts since, and `before` more.
  void complete(std::size_t before) {
    Syntax whole = std::move(open.back());
    const auto first = parts.begin() + static_cast<std::ptrdiff_t>(begin.back() - before);
    whole.parts.assign(std::move_iterator(first), std::move_iterator(parts.end()));
    parts.erase(first, parts.end());
    open.pop_back();
    begin.pop_back();
    parts.push_back(std::move(whole));
  }
};

template <class Rule>
struct Action : tao::pegtl::nothing<Rule> {};

template <>
struct Action<grammar::number> {
  template <class In>
  static void apply(const In& in, Builder& b) {
    Syntax number{Syntax::Kind::number, in.position().byte, in.string(), 0, {}, {}};
    std::from_chars(number.text.data(), number.text.data() + number.text.size(), number.number);
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

/// An operator or bracket that waits for what follows.
template <Syntax::Kind kind>
struct Opens {
  template <class In>
  static void apply(const In& in, Builder& b) {
    b.wait_for_parts(kind, in.position().byte, in.string());
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

template <std::size_t before>
struct Completes {
  static void apply0(Builder& b) { b.complete(before); }
};
template <>
struct Action<grammar::call> : Completes<0> {};
template <>
struct Action<grammar::array> : Completes<0> {};
template <>
struct Action<grammar::sign_of> : Completes<0> {};
template <>
struct Action<grammar::power_tail> : Completes<1> {};
template <>
struct Action<grammar::product_tail> : Completes<1> {};
template <>
struct Action<grammar::sum_tail> : Completes<1> {};
template <>
struct Action<grammar::compare_tail> : Completes<1> {};

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

constexpr std::size_t deepest = 200;  // nested brackets: the parser calls itself

void refuse_deep_nesting(std::string_view source) {
  std::size_t depth = 0, signs = 0;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (c == '(' || c == '[') ++depth;
    if ((c == ')' || c == ']') && depth > 0) --depth;
    signs = c == '-' || c == '+' || c == '^' ? signs + 1 : c == ';' || c == '\n' ? 0 : signs;
    if (depth > deepest) throw ExpressionError(source, i, "brackets are nested too deeply");
    if (signs > 50 * deepest) throw ExpressionError(source, i, "the statement is too long");
  }
}

}  // namespace

ExpressionError::ExpressionError(std::string_view source, std::size_t offset,
                                 const std::string& what)
    : ExpressionError(source, offset, what, characters(place(source, offset).before) + 1) {}

ExpressionError::ExpressionError(std::string_view source, std::size_t offset,
                                 const std::string& what, std::size_t column)
    : Error(message(source, offset, what, column)), column_(column) {}

std::vector<Statement> parse(std::string_view source) {
  refuse_deep_nesting(source);
  Builder builder;
  tao::pegtl::memory_input in(source.data(), source.size(), "expression");
  try {
    tao::pegtl::parse<grammar::statements, Action, Control>(in, builder);
  } catch (const tao::pegtl::parse_error& error) {
    throw ExpressionError(source, error.positions().front().byte, std::string(error.message()));
  }
  if (builder.statements.empty()) {
    throw ExpressionError(source, 0, "expected an expression, \"L = (a + b)^2\" say");
  }
  return std::move(builder.statements);
}

}  // namespace tapewise::lessons
