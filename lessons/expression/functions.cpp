#include <tapewise/lessons/expression/functions.hpp>

#include <algorithm>
#include <map>
#include <tapewise/lessons/expression/catalogue.hpp>
#include <tapewise/tapewise.hpp>

namespace tapewise::lessons {

namespace {

const std::map<std::string_view, std::string_view>& aliases() {
  static const std::map<std::string_view, std::string_view> all = {
      {"ln", "log"},      {"σ", "sigmoid"},        {"neg", "negate"}, {"maximum", "max"},
      {"minimum", "min"}, {"logistic", "sigmoid"}, {"ζ", "softplus"}};
  return all;
}

/// A parameter of a signature: "slope" of "leaky_relu(x, slope=0.01)".
struct Parameter {
  std::string name;
  std::string otherwise;  // empty: has to be given
};

/// Operands first, then what the attribute holds.
std::vector<Parameter> parameters_of(const OpRecord& op) {
  static constexpr const char* operands[] = {"a", "b", "c"};
  std::vector<Parameter> all;
  const std::size_t open = op.signature.find('('), close = op.signature.rfind(')');
  std::string_view rest = open < close && close != std::string_view::npos
                              ? op.signature.substr(open + 1, close - open - 1)
                              : std::string_view();
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view one = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    const std::size_t equals = one.find('=');
    all.push_back({std::string(one.substr(0, equals)),
                   equals == std::string_view::npos ? "" : std::string(one.substr(equals + 1))});
  }
  for (auto k = std::ssize(all); k < op.arity; ++k) {  // an op without a signature, or an operator
    all.push_back({op.arity == 1 ? "x" : operands[std::min<std::ptrdiff_t>(k, 2)], ""});
  }
  return all;
}

std::vector<Parameter> attribute_parameters(const OpRecord& op) {
  std::vector<Parameter> all = parameters_of(op);
  all.erase(all.begin(), all.begin() + std::max(op.arity, 0));
  return all;
}

/// A choice that an attribute stores as its number.
std::optional<std::uint64_t> choice(std::string_view word) {
  static const std::map<std::string_view, std::uint64_t> all = {
      {"left", 0},  {"right", 1}, {"middle", 2}, {"inner", 3},
      {"outer", 4}, {"exact", 0}, {"tanh", 1}};
  const auto found = all.find(word);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

/// "0.01" or "1/6".
std::optional<double> as_number(const std::string& text) {
  char* end = nullptr;
  const double x = std::strtod(text.c_str(), &end);
  if (end == text.c_str()) return {};
  if (*end == '/') return x / std::strtod(end + 1, nullptr);
  return x;
}

/// The bytes of an attribute whose members are numbers and choices, eight bytes each.
std::vector<std::uint64_t> attribute_of(const OpRecord& op, Arguments& in) {
  std::vector<std::uint64_t> words;
  if (op.attribute_bytes == 0) return words;
  const std::vector<Parameter> parameters = attribute_parameters(op);
  if (parameters.size() * 8 > op.attribute_bytes) {
    throw in.error("cannot be called from an expression");
  }
  for (const Parameter& p : parameters) {
    const Argument* given = p.otherwise.empty() ? &in.required(p.name) : in.next(p.name);
    const auto number = given != nullptr ? given->number : as_number(p.otherwise);
    const std::string word = given != nullptr ? given->word : p.otherwise;
    const auto bits = number ? std::optional(std::bit_cast<std::uint64_t>(*number)) : choice(word);
    if (!bits) {
      const bool is_word = choice(p.otherwise).has_value();
      throw in.error(is_word ? "expected a word for " + p.name + ", " + p.otherwise + " say"
                             : "expected a number for " + p.name,
                     *given);
    }
    words.push_back(*bits);
  }
  words.resize((op.attribute_bytes + 7) / 8);  // what no argument sets
  return words;
}

bool callable(const OpRecord& op) {
  if (op.traits.leaf || op.traits.assign || op.traits.composite || op.arity < 1) return false;
  return op.traits.elementwise || op.attribute_bytes == 0;
}

Var call_op(const OpRecord& op, Arguments& in) {
  const std::vector<Parameter> parameters = parameters_of(op);
  std::vector<Operand> operands;
  for (std::size_t k = 0; k < static_cast<std::size_t>(op.arity); ++k) {
    operands.push_back(in.operand(parameters[k].name));
  }
  const std::vector<std::uint64_t> attribute = attribute_of(op, in);
  in.require_all_used();
  const std::vector<OperandRef> refs(operands.begin(), operands.end());
  return Tape::record(op, refs, attribute.data());
}

/// A function that has a line of its own; null when there is none.
const Function* find_function(std::string_view name) {
  for (const FunctionTable* table : {&structured_functions(), &network_functions()}) {
    if (const auto found = table->find(name); found != table->end()) return found->second.get();
  }
  return nullptr;
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

const OpRecord* find_op(std::string_view name) {
  for (const OpRecord* op : all_ops()) {
    if (op->name == name && callable(*op)) return op;
  }
  const auto alias = aliases().find(name);
  return alias == aliases().end() ? nullptr : find_op(alias->second);
}

std::vector<std::uint64_t> default_attribute(const OpRecord& op) {
  std::vector<std::uint64_t> words(op.attribute_bytes / 8 + 1);
  const std::vector<Parameter> parameters = attribute_parameters(op);
  if (parameters.size() * 8 > op.attribute_bytes) return words;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    const std::string& text = parameters[k].otherwise;
    if (text.empty()) continue;
    const auto number = as_number(text);
    words[k] = number ? std::bit_cast<std::uint64_t>(*number) : choice(text).value_or(0);
  }
  return words;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const OpRecord* op : all_ops()) {
    if (callable(*op)) names.emplace_back(op->name);
  }
  for (const FunctionTable* table : {&structured_functions(), &network_functions()}) {
    for (const auto& [name, function] : *table) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string function_call(std::string_view name) {
  if (const Function* function = find_function(name); function != nullptr) {
    return std::string(name) + "(" + function->parameters() + ")";
  }
  const OpRecord* op = find_op(name);
  if (op == nullptr) return {};
  std::string all;
  for (const Parameter& p : parameters_of(*op)) parameters::append(all, p.name, p.otherwise);
  return std::string(name) + "(" + all + ")";
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
  const auto beginning = [&](const std::string& name) {  // how much of it is the same
    return std::mismatch(word.begin(), word.end(), name.begin(), name.end()).first - word.begin();
  };
  std::string best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3);
  for (const std::string& name : names) {
    const std::size_t d = distance(word, name);
    if (d > least) continue;
    if (best.empty() || d < least || beginning(name) > beginning(best)) best = name;
    least = d;
  }
  return best;
}

Var call_function(Tape& tape, const std::string& function, const std::vector<Argument>& arguments,
                  SourceLine where) {
  Arguments in(tape, function, arguments, where);
  // max(x) is the largest element, max(a, b) the larger of two; pow(x, 3) differs from pow(x, y).
  const bool of_one = in.unnamed() == 1 && (function == "max" || function == "min");
  const bool of_nodes = function == "pow" && arguments.size() == 2 && arguments[1].var;
  const std::string name = of_one ? "a" + function : of_nodes ? "power" : function;
  if (const Function* found = find_function(name); found != nullptr) return found->call(in);
  if (const OpRecord* op = find_op(name); op != nullptr) return call_op(*op, in);
  const std::string near = nearest_name(function, function_names());
  throw CallError(
      "no function \"" + function + "\"" +
      (near.empty() ? ": `tapewise ops --calls` lists them" : ", did you mean " + near + "?"));
}

}  // namespace tapewise::lessons
