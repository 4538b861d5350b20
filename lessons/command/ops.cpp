#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tapewise/autograd/op.hpp>
#include <tapewise/lessons/command/command.hpp>
#include <tapewise/lessons/expression/functions.hpp>

namespace tapewise::lessons {

namespace {

std::string signature(const OpRecord& op) {
  if (!op.signature.empty()) return std::string(op.signature);
  static constexpr const char* operands[] = {"(...)", "(x)", "(a, b)", "(a, b, c)"};
  if (op.arity == 1) return std::string(op.name) + operands[1];
  if (op.name == "where") return "where(c, a, b)";
  return std::string(op.name) + operands[op.arity >= 2 && op.arity <= 3 ? op.arity : 0];
}

/// The operands as the signature "where(c, a, b)" calls them, and y.
std::vector<std::string> operand_names(const OpRecord& op) {
  const std::string text = signature(op);
  std::vector<std::string> names;
  std::size_t at = text.find('(');
  while (std::ssize(names) < op.arity && at != std::string::npos && text[at] != ')') {
    const std::size_t begin = text.find_first_not_of(" ,(", at);
    at = text.find_first_of(",)=", begin);
    names.push_back(text.substr(begin, at - begin));
  }
  if (std::ssize(names) < op.arity) {  // an operator, "a + b"
    names = op.arity == 1 ? std::vector<std::string>{"x"} : std::vector<std::string>{"a", "b", "c"};
    names.resize(static_cast<std::size_t>(op.arity));
  }
  names.emplace_back("y");
  return names;
}

std::string derivative(const OpRecord& op) {
  if (!op.derivative.empty()) return std::string(op.derivative);
  if (op.traits.composite) return "of the ops it is written in";
  if (op.traits.stops_gradient || (op.vjp == nullptr && op.partial_text == nullptr)) return "none";
  if (op.partial_text == nullptr) return "given, as a vector-Jacobian product";
  const std::vector<std::string> names = operand_names(op);
  const std::vector<std::uint64_t> attribute = default_attribute(op);
  std::string all;
  for (int use = 0; use < op.arity; ++use) {
    all += (use > 0 ? ";  " : "") + op.partial_text(use, Notation::plain, names, attribute.data());
  }
  return all;
}

std::vector<std::string_view> dtypes(const OpRecord& op) {
  std::vector<std::string_view> all;
  for (const DType d : {DType::float64, DType::float32, DType::int64, DType::boolean}) {
    if (op.dtypes.contains(d)) all.push_back(name_of(d));
  }
  return all;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string all;
  for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  return all;
}

std::vector<const OpRecord*> chosen(const std::string& name) {
  std::vector<const OpRecord*> ops;
  for (const OpRecord* op : all_ops()) {
    if (name.empty() || op->name == name || op->family == name) ops.push_back(op);
  }
  if (ops.empty()) {
    std::vector<std::string> names;
    for (const OpRecord* op : all_ops()) names.emplace_back(op->name);
    const std::string near = nearest_name(name, names);
    throw Error("[ops] no op or family \"" + name + "\"" +
                (near.empty() ? "" : ", did you mean " + near + "?"));
  }
  return ops;
}

std::string json_of(const std::vector<const OpRecord*>& ops) {
  auto list = nlohmann::ordered_json::array();
  for (const OpRecord* op : ops) {
    list.push_back({{"name", op->name},
                    {"family", op->family},
                    {"signature", signature(*op)},
                    {"formula", op->formula},
                    {"derivative", derivative(*op)},
                    {"domain", op->domain},
                    {"has_kinks", op->traits.has_kinks},
                    {"kinks", op->kinks},
                    {"elementwise", op->traits.elementwise},
                    {"differentiable", derivative(*op) != "none"},
                    {"dtypes", dtypes(*op)},
                    {"peers", op->peers},
                    {"source", op->source},
                    {"call", function_call(op->name)}});
  }
  return list.dump(1) + "\n";
}

/// In a cell of a Markdown table, as it stands.
std::string cell(const std::string& text) {
  if (text.empty()) return "";
  std::string out = "`";
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out + "`";
}

std::string markdown_of(const std::vector<const OpRecord*>& ops) {
  std::ostringstream out;
  out << "# Ops\n\n"
         "Made by `tapewise ops --markdown` from the ops' own records; a test compares.\n"
         "In derivatives y is the result; those of several operands are separated by `;`.\n";
  std::string_view family;
  for (const OpRecord* op : ops) {
    if (op->family != family) {
      family = op->family;
      out << "\n## " << family
          << "\n\n| op | formula | derivative | domain | kinks | dtypes | elsewhere | source |\n"
             "|---|---|---|---|---|---|---|---|\n";
    }
    out << "| " << cell(signature(*op)) << " | " << cell(std::string(op->formula)) << " | "
        << cell(derivative(*op)) << " | " << op->domain << " | " << op->kinks << " | "
        << joined(dtypes(*op)) << " | " << op->peers << " | " << op->source << " |\n";
  }
  return out.str();
}

void print(const std::vector<const OpRecord*>& ops) {
  std::string_view family;
  for (const OpRecord* op : ops) {
    if (op->family != family) {
      family = op->family;
      std::cout << (op == ops.front() ? "" : "\n") << family << '\n';
    }
    std::cout << "  " << signature(*op) << " = " << op->formula << '\n'
              << "      derivative: " << derivative(*op) << '\n'
              << "      domain: " << op->domain << "; " << joined(dtypes(*op)) << '\n';
    if (!op->kinks.empty()) std::cout << "      kinks: " << op->kinks << '\n';
    const std::string call = function_call(op->name);
    if (!call.empty()) std::cout << "      in expressions: " << call << '\n';
    if (!op->peers.empty()) std::cout << "      elsewhere: " << op->peers << '\n';
    if (!op->source.empty()) std::cout << "      source: " << op->source << '\n';
  }
}

/// How expressions call `ops`; functions that are no op of that name come with all.
void print_calls(const std::vector<const OpRecord*>& ops) {
  const bool all = ops.size() == all_ops().size();
  for (const std::string& name : function_names()) {
    const auto is_it = [&](const OpRecord* op) { return op->name == name; };
    if (all || std::any_of(ops.begin(), ops.end(), is_it)) std::cout << function_call(name) << '\n';
  }
}

}  // namespace

void add_ops_command(CLI::App& app, Run& run) {
  struct Options {
    std::string name;
    bool json = false, markdown = false, calls = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("ops", "List the ops: formula, derivative, domain, dtypes");
  sub->add_option("name", options->name, "Only this op or family");
  sub->add_flag("--json", options->json, "As JSON");
  sub->add_flag("--markdown", options->markdown, "As docs/ops.md")->excludes("--json");
  sub->add_flag("--calls", options->calls, "Only how expressions call them")->excludes("--json");
  sub->callback([&run, options] {
    run = [options] {
      const auto ops = chosen(options->name);
      if (options->calls)
        print_calls(ops);
      else if (options->json)
        std::cout << json_of(ops);
      else if (options->markdown)
        std::cout << markdown_of(ops);
      else
        print(ops);
      return all_right;
    };
  });
}

}  // namespace tapewise::lessons
