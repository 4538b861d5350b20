#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <optional>
#include <set>
#include <tapewise/lessons/expression/expression.hpp>
#include <tapewise/lessons/expression/functions.hpp>
#include <tapewise/tapewise.hpp>

namespace tapewise::lessons {

namespace {

using Kind = Syntax::Kind;

/// Numbers stay numbers until they meet a node, so that x^3 keeps its 3.
struct Value {
  std::optional<double> number;
  Var var;
};

/// Elements of an array literal, row after row.
struct Literal {
  std::vector<std::int64_t> shape;
  std::vector<double> elements;
};

/// The message of an error without the lines that say where.
std::string without_place(std::string what) {
  return what.substr(0, std::min(what.find("\n  recorded at"), what.find("\n  at ")));
}

class Reader {
 public:
  Reader(Tape& tape, std::string_view source) : tape_(tape), source_(source) {}

  void bind(const Binding& binding, RecordedExpression& recorded) {
    if (!is_name(binding.name)) {
      throw Error("[expression] \"" + binding.name + "\" is no name: letters, digits and _ are");
    }
    const std::string source = binding.name + "=" + binding.value;
    const std::vector<Statement> statements = parse(source);
    if (statements.size() != 1 || statements[0].name != binding.name) {
      throw Error("[expression] expected one value for " + binding.name + ", given " + source);
    }
    const Reader literal(tape_, source);
    const Array array = literal.literal_array(statements[0].value);
    const Var input = tape_.input(array, binding.name, {"expression", 0});
    if (!known_.emplace(binding.name, Value{{}, input}).second) {
      throw Error("[expression] " + binding.name + " is given twice");
    }
    recorded.inputs.push_back(input);
  }

  void record(const Statement& statement, RecordedExpression& recorded) {
    if (const auto bound = known_.find(statement.name); bound != known_.end()) {
      fail(statement.offset, "\"" + statement.name + "\" has a value already: take another name");
    }
    Value value = evaluate(statement.value);
    if (value.number) value = {{}, tape_.constant(*value.number, {}, where(statement.value))};
    if (tape_.label(value.var.id()).empty() && !statement.name.empty()) {
      (void)value.var.named(statement.name);
    }
    if (!statement.name.empty()) {
      known_.emplace(statement.name, value);
      recorded.named.push_back(value.var);
    }
    recorded.output = value.var;
  }

  void require_used(std::span<const Binding> bindings) const {
    for (const Binding& binding : bindings) {
      if (used_.contains(binding.name)) continue;
      throw Error("[expression] a value of " + binding.name +
                  " is given, but the expression does not use it");
    }
  }

 private:
  [[noreturn]] void fail(std::size_t offset, const std::string& what) const {
    throw ExpressionError(source_, offset, what);
  }
  SourceLine where(const Syntax& at) const {
    return {"expression", static_cast<std::uint32_t>(characters(source_.substr(0, at.offset)) + 1)};
  }

  Operand operand(const Value& value, const Syntax& at) const {
    return value.number ? Operand(*value.number, where(at)) : Operand(value.var, where(at));
  }

  Value evaluate(const Syntax& at) {
    switch (at.kind) {
      case Kind::number: return {at.number, {}};
      case Kind::name: return name(at);
      case Kind::array: return {{}, tape_.constant(literal_array(at), {}, where(at))};
      case Kind::call: return call(at);
      case Kind::prefix: return prefix(at);
      default: return chain(at);
    }
  }

  static std::optional<double> constant(std::string_view name) {
    if (name == "pi" || name == "π") return std::numbers::pi;
    if (name == "e") return std::numbers::e;
    if (name == "inf") return std::numeric_limits<double>::infinity();
    if (name == "nan") return std::numeric_limits<double>::quiet_NaN();
    return {};
  }

  Value name(const Syntax& at) {
    used_.insert(at.text);
    if (const auto found = known_.find(at.text); found != known_.end()) return found->second;
    if (const auto number = constant(at.text)) return {number, {}};
    fail(at.offset, no_value(at.text));
  }

  /// Runs `recording` and points at the place in the expression when it throws.
  template <class F>
  Var guarded(const Syntax& at, F&& recording) const {
    try {
      return recording();
    } catch (const ExpressionError&) {
      throw;
    } catch (const CallError& error) {
      fail(error.offset().value_or(at.offset), error.what());
    } catch (const Error& error) {
      fail(at.offset, without_place(error.what()));
    }
  }

  Value prefix(const Syntax& at) {
    const Value x = evaluate(at.parts[0]);
    if (at.text == "+") return x;
    if (x.number) return {-*x.number, {}};
    return {{}, guarded(at, [&] { return -x.var; })};
  }

  static std::optional<double> folded(const std::string& sign, double a, double b) {
    if (sign == "+") return a + b;
    if (sign == "-") return a - b;
    if (sign == "*") return a * b;
    if (sign == "/") return a / b;
    if (sign == "^") return std::pow(a, b);
    return {};
  }

  Value chain(const Syntax& at) {
    Value value = evaluate(at.parts[0]);
    for (std::size_t k = 1; k < at.parts.size(); ++k) value = infix(value, at.parts[k]);
    return value;
  }

  Value infix(const Value& left, const Syntax& at) {
    const Value right = evaluate(at.parts[0]);
    if (left.number && right.number) {
      if (const auto number = folded(at.text, *left.number, *right.number)) return {number, {}};
      fail(at.offset, "expected an array or a name beside \"" + at.text + "\", both are numbers");
    }
    return {{}, guarded(at, [&]() -> Var {
              if (at.text == "^" && right.number) return pow(left.var, *right.number);
              const Operand a = operand(left, at), b = operand(right, at);
              if (at.text == "@") return matmul(a, b);
              return Tape::record(*find_op(op_of(at.text)), a, b, nullptr);
            })};
  }

  static std::string_view op_of(std::string_view sign) {
    static const std::map<std::string_view, std::string_view> all = {
        {"+", "add"},    {"-", "subtract"},       {"*", "multiply"},    {"/", "divide"},
        {"^", "power"},  {"<", "less"},           {"<=", "less_equal"}, {">", "greater"},
        {"==", "equal"}, {">=", "greater_equal"}, {"!=", "not_equal"}};
    return all.at(sign);
  }

  Value call(const Syntax& at) {
    std::vector<Argument> arguments;
    for (const Syntax& part : at.parts) arguments.push_back(argument(part));
    return {{}, guarded(at, [&] { return call_function(tape_, at.text, arguments, where(at)); })};
  }

  Argument argument(const Syntax& part) {
    Argument made;
    made.keyword = part.keyword;
    made.offset = part.offset;
    if (part.kind == Kind::name && !known_.contains(part.text)) {
      made.word = part.text;  // also of inf, which is a number, too
      if (!constant(part.text)) return made;
    }
    if (part.kind == Kind::array) {
      const Literal literal = literal_of(part);
      if (literal.shape.size() <= 2) made.list = literal.elements;
      if (literal.shape.size() == 2) made.rows = static_cast<std::size_t>(literal.shape[0]);
    }
    const Value value = evaluate(part);
    made.number = value.number;
    if (!value.number) made.var = value.var;
    return made;
  }

  // --- arrays ---

  double literal_number(const Syntax& at) const {
    if (at.kind == Kind::number) return at.number;
    if (at.kind == Kind::name) {
      if (const auto number = constant(at.text)) return *number;
    }
    if (at.kind == Kind::prefix) {
      const double x = literal_number(at.parts[0]);
      return at.text == "-" ? -x : x;
    }
    if (at.kind == Kind::chain) {
      double value = literal_number(at.parts[0]);
      for (std::size_t k = 1; k < at.parts.size(); ++k) {
        const Syntax& tail = at.parts[k];
        const auto next = folded(tail.text, value, literal_number(tail.parts[0]));
        if (!next) fail(tail.offset, "expected a number, this is a condition");
        value = *next;
      }
      return value;
    }
    fail(at.offset, "expected a number: arrays and given values are made of numbers");
  }

  Literal literal_of(const Syntax& at) const {
    if (at.kind != Kind::array) return {{}, {literal_number(at)}};
    Literal whole{{static_cast<std::int64_t>(at.parts.size())}, {}};
    std::vector<std::int64_t> first;
    for (std::size_t k = 0; k < at.parts.size(); ++k) {
      const Literal part = literal_of(at.parts[k]);
      if (k == 0) first = part.shape;
      if (part.shape != first) {
        fail(at.parts[k].offset, "rows of an array have one length: this is " +
                                     text_of(part.shape) + ", the first is " + text_of(first));
      }
      whole.elements.insert(whole.elements.end(), part.elements.begin(), part.elements.end());
    }
    whole.shape.insert(whole.shape.end(), first.begin(), first.end());
    return whole;
  }

  static std::string text_of(const std::vector<std::int64_t>& shape) {
    return shape.empty() ? "a number" : "of length " + std::to_string(shape[0]);
  }

  Array literal_array(const Syntax& at) const {
    const Literal literal = literal_of(at);
    if (literal.shape.size() > Shape::max_rank) fail(at.offset, "too many axes");
    Array array({DType::float64, Shape(std::span<const std::int64_t>(literal.shape))});
    std::copy(literal.elements.begin(), literal.elements.end(), array.as<double>());
    return array;
  }

  Tape& tape_;
  std::string_view source_;
  std::map<std::string, Value, std::less<>> known_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace

void point_at_place(std::string_view source, const Error& error) {
  const std::string what = error.what(), mark = "\n  recorded at expression:";
  const std::size_t at = what.find(mark);
  if (at == std::string::npos) throw;
  const std::size_t character = std::stoul(what.substr(at + mark.size()));
  std::size_t offset = 0;
  while (offset < source.size() && characters(source.substr(0, offset + 1)) < character) ++offset;
  throw ExpressionError(source, offset, without_place(what));
}

Binding read_binding(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    throw Error("[expression] expected name=value, given \"" + std::string(text) + "\"");
  }
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

RecordedExpression record_expression(Tape& tape, std::string_view source,
                                     std::span<const Binding> bindings) {
  const std::vector<Statement> statements = parse(source);
  Tape::Transaction transaction(tape);
  Reader reader(tape, source);
  RecordedExpression recorded;
  for (const Binding& binding : bindings) reader.bind(binding, recorded);
  for (const Statement& statement : statements) reader.record(statement, recorded);
  reader.require_used(bindings);
  transaction.keep();
  return recorded;
}

}  // namespace tapewise::lessons
