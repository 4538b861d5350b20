#include <tapewise/lessons/expression/functions.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <tapewise/tapewise.hpp>

namespace tapewise::lessons {

namespace {

/// The arguments of one call, taken by position or keyword.
class Arguments {
 public:
  Arguments(Tape& tape, std::string function, const std::vector<Argument>& given, SourceLine where)
      : tape_(tape), function_(std::move(function)), given_(given), where_(where) {}

  std::size_t count() const { return given_.size(); }
  SourceLine where() const { return where_; }

  /// Operand number k, as a node.
  Operand operand(std::size_t k, const char* name) {
    const Argument& a = required(k, name);
    if (a.var) return {*a.var, where_};
    if (a.number) return {tape_.constant(*a.number, {}, where_), where_};
    throw CallError(function_ + ": expected a value for " + name);
  }
  double number(std::size_t k, const char* name, double otherwise) {
    const Argument* a = find(k, name);
    if (a == nullptr) return otherwise;
    if (!a->number) throw CallError(function_ + ": expected a number for " + name);
    return *a->number;
  }
  std::int64_t integer(std::size_t k, const char* name, std::int64_t otherwise) {
    const double x = number(k, name, static_cast<double>(otherwise));
    if (x != static_cast<double>(static_cast<std::int64_t>(x))) {
      throw CallError(function_ + ": expected a whole number for " + name);
    }
    return static_cast<std::int64_t>(x);
  }
  std::string word(std::size_t k, const char* name, const char* otherwise) {
    const Argument* a = find(k, name);
    return a == nullptr ? otherwise : a->word;
  }
  /// A number or a list of them; none when left out.
  std::optional<std::vector<std::int64_t>> integers(std::size_t k, const char* name) {
    const Argument* a = find(k, name);
    if (a == nullptr) return {};
    if (a->number) return std::vector{integer(k, name, 0)};
    if (a->list.empty()) throw CallError(function_ + ": expected whole numbers for " + name);
    return std::vector<std::int64_t>(a->list.begin(), a->list.end());
  }
  /// Throws for arguments that nobody has asked for.
  void require_all_used() const {
    for (std::size_t k = 0; k < given_.size(); ++k) {
      if (used_.contains(&given_[k])) continue;
      throw CallError(
          function_ + ": " +
          (given_[k].keyword.empty()
               ? "takes fewer arguments, argument " + std::to_string(k + 1) + " is one too many"
               : "has no argument \"" + given_[k].keyword + "\""));
    }
  }

  const Argument* find(std::size_t k, const std::string& name) {
    const Argument* found = nullptr;
    if (k < given_.size() && given_[k].keyword.empty()) found = &given_[k];
    for (const Argument& a : given_) {
      if (a.keyword == name) found = &a;
    }
    if (found != nullptr) used_[found] = true;
    return found;
  }

 private:
  const Argument& required(std::size_t k, const char* name) {
    const Argument* a = find(k, name);
    if (a == nullptr) {
      throw CallError(function_ + ": expected " + (k == 0 ? "an" : "another") + " argument, " +
                      name);
    }
    return *a;
  }

  Tape& tape_;
  std::string function_;
  const std::vector<Argument>& given_;
  SourceLine where_;
  std::map<const Argument*, bool> used_;
};

using Function = std::function<Var(Arguments&)>;

Axes axes(Arguments& in) {
  const auto given = in.integers(1, "axis");
  return given ? Axes(std::span<const std::int64_t>(*given)) : Axes();
}

template <Var (*f)(const Operand&, const Axes&, bool)>
Var reduce(Arguments& in) {
  const Operand x = in.operand(0, "x");
  return f(x, axes(in), in.number(2, "keepdims", 0) != 0);
}

Var highest(const Operand& x, const Axes& axes, bool keepdims) { return amax(x, axes, keepdims); }
Var lowest(const Operand& x, const Axes& axes, bool keepdims) { return amin(x, axes, keepdims); }

LossOptions loss_options(Arguments& in) {
  const std::string word = in.word(2, "reduction", "mean");
  LossOptions options;
  if (word == "sum")
    options.reduction = Reduction::sum;
  else if (word == "none")
    options.reduction = Reduction::none;
  else if (word != "mean")
    throw CallError("expected mean, sum or none for reduction");
  options.factor = in.number(3, "factor", 1.0);
  return options;
}

/// Labels come as float numbers from the text.
Operand as_labels(const Operand& y, SourceLine where) {
  return is_float(y.var().dtype()) ? Operand(cast(y, DType::int64), where) : y;
}

/// Ops whose attributes are no plain numbers.
const std::map<std::string, Function, std::less<>>& structured_functions() {
  static const std::map<std::string, Function, std::less<>> all = {
      {"sum", reduce<sum>},
      {"mean", reduce<mean>},
      {"amax", reduce<highest>},
      {"amin", reduce<lowest>},
      {"prod", reduce<prod>},
      {"logsumexp", reduce<logsumexp>},
      {"softmax",
       [](Arguments& in) {
         const Operand x = in.operand(0, "x");
         return softmax(x, in.integer(1, "axis", -1));
       }},
      {"log_softmax",
       [](Arguments& in) {
         const Operand x = in.operand(0, "x");
         return log_softmax(x, in.integer(1, "axis", -1));
       }},
      {"matmul",
       [](Arguments& in) {
         const Operand a = in.operand(0, "a");
         return matmul(a, in.operand(1, "b"));
       }},
      {"transpose",
       [](Arguments& in) {
         const Operand x = in.operand(0, "x");
         return transpose(x, axes(in));
       }},
      {"reshape",
       [](Arguments& in) {
         const Operand x = in.operand(0, "x");
         const auto shape = in.integers(1, "shape");
         if (!shape) throw CallError("reshape: expected a shape, [2, 3] say");
         return reshape(x, Sizes(std::span<const std::int64_t>(*shape)));
       }},
      {"mse",
       [](Arguments& in) {
         const Operand prediction = in.operand(0, "prediction"), target = in.operand(1, "target");
         return mse(prediction, target, loss_options(in));
       }},
      {"bce_with_logits",
       [](Arguments& in) {
         const Operand logits = in.operand(0, "logits"), targets = in.operand(1, "targets");
         return bce_with_logits(logits, targets, loss_options(in));
       }},
      {"cross_entropy",
       [](Arguments& in) {
         const Operand logits = in.operand(0, "logits"), labels = in.operand(1, "labels");
         const bool classes = labels.var().shape().rank() < logits.var().shape().rank();
         return cross_entropy(logits, classes ? as_labels(labels, in.where()) : labels,
                              loss_options(in));
       }},
      {"polygamma",
       [](Arguments& in) {
         const auto n = in.integer(0, "n", 0);
         return polygamma(static_cast<double>(n), in.operand(1, "x"));
       }},
      {"one_hot",
       [](Arguments& in) {
         const Operand labels = in.operand(0, "labels");
         return one_hot(as_labels(labels, in.where()), in.integer(1, "classes", 0));
       }},
  };
  return all;
}

const std::map<std::string_view, std::string_view>& aliases() {
  static const std::map<std::string_view, std::string_view> all = {
      {"ln", "log"},      {"σ", "sigmoid"},        {"neg", "negate"}, {"maximum", "max"},
      {"minimum", "min"}, {"logistic", "sigmoid"}, {"ζ", "softplus"}};
  return all;
}

/// A parameter of a signature that is no operand: "slope" of "leaky_relu(x, slope=0.01)".
struct Parameter {
  std::string name;
  std::string otherwise;  // empty: has to be given
};

std::vector<Parameter> attribute_parameters(const OpRecord& op) {
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
  const auto operands = static_cast<std::ptrdiff_t>(op.arity);
  all.erase(all.begin(), all.begin() + std::min(operands, std::ssize(all)));
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
  const std::string name(op.name);
  const std::vector<Parameter> parameters = attribute_parameters(op);
  if (parameters.size() * 8 > op.attribute_bytes) {
    throw CallError(name + " cannot be called from an expression");
  }
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    const Parameter& p = parameters[k];
    const Argument* given = in.find(static_cast<std::size_t>(op.arity) + k, p.name);
    if (given == nullptr && p.otherwise.empty()) {
      throw CallError(name + ": expected another argument, " + p.name);
    }
    const auto number = given != nullptr ? given->number : as_number(p.otherwise);
    const std::string word = given != nullptr ? given->word : p.otherwise;
    const auto bits = number ? std::optional(std::bit_cast<std::uint64_t>(*number)) : choice(word);
    if (!bits) throw CallError(name + ": no such " + p.name + ", \"" + word + "\"");
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
  static constexpr const char* names[] = {"a", "b", "c"};
  std::vector<Operand> operands;
  for (int k = 0; k < op.arity; ++k) {
    operands.push_back(
        in.operand(static_cast<std::size_t>(k), op.arity == 1 ? "x" : names[std::min(k, 2)]));
  }
  const std::vector<std::uint64_t> attribute = attribute_of(op, in);
  in.require_all_used();
  const std::vector<OperandRef> refs(operands.begin(), operands.end());
  return Tape::record(op, refs, attribute.data());
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
  for (const auto& [name, function] : structured_functions()) names.push_back(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
  std::string best;
  std::size_t least = 1 + word.size() / 3;
  for (const std::string& name : names) {
    const std::size_t d = distance(word, name);
    if (d <= least && (best.empty() || d < least)) {
      best = name;
      least = d;
    }
  }
  return best;
}

Var call_function(Tape& tape, const std::string& function, const std::vector<Argument>& arguments,
                  SourceLine where) {
  Arguments in(tape, function, arguments, where);
  const auto structured = structured_functions().find(function);
  const auto operands = std::count_if(arguments.begin(), arguments.end(),
                                      [](const Argument& a) { return a.keyword.empty(); });
  // max(x) is the largest element, max(a, b) the larger of two.
  if (function == "max" && operands == 1) {
    const Var y = reduce<highest>(in);
    in.require_all_used();
    return y;
  }
  if (structured != structured_functions().end()) {
    const Var y = structured->second(in);
    in.require_all_used();
    return y;
  }
  if (const OpRecord* op = find_op(function); op != nullptr) return call_op(*op, in);
  const std::string near = nearest_name(function, function_names());
  throw CallError("no function \"" + function + "\"" +
                  (near.empty() ? ": `tapewise ops` lists them" : ", did you mean " + near + "?"));
}

}  // namespace tapewise::lessons
