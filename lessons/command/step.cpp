#include <iostream>
#include <nlohmann/json.hpp>
#include <tapewise/autograd/text.hpp>
#include <tapewise/autograd/trace/html.hpp>
#include <tapewise/autograd/trace/step_through.hpp>
#include <tapewise/autograd/trace/text.hpp>
#include <tapewise/lessons/command/command.hpp>
#include <tapewise/lessons/command/descent.hpp>
#include <tapewise/lessons/command/graphviz.hpp>
#include <tapewise/lessons/expression/expression.hpp>
#include <tapewise/nn/optimizer.hpp>
#include <tapewise/tapewise.hpp>

namespace tapewise::lessons {

namespace {

struct Options {
  std::string expression;
  std::vector<std::string> bindings, learn;
  bool all = false, json = false, markdown = false, no_check = false;
  std::string html, dot, svg, latex;
  double rate = 0;
  int steps = 1;
};

/// One expression on one tape, with what was made from it.
struct Session {
  Tape tape;
  RecordedExpression recorded;
  Var output;
  std::string note;
  Trace trace;
  std::optional<Descent> descent;
};

/// What can be differentiated: the value itself, or its sum when it is an array.
void choose_output(Session& s) {
  s.output = s.recorded.output;
  if (!is_float(s.output.dtype())) {
    throw Error("[step] the value is " + to_string(s.output.type()) +
                ": only floats have a gradient, write where(condition, a, b) say");
  }
  if (s.tape.label(s.output.id()).empty()) (void)s.output.named("f");
  if (s.output.type().size() == 1 && s.output.shape().is_scalar()) return;
  s.note =
      s.output.name() + " has shape " + to_string(s.output.shape()) + ": its sum is differentiated";
  s.output = sum(Operand(s.output, {"expression", 0})).named("sum_" + s.output.name());
}

void record(const Options& options, Session& s) {
  std::vector<Binding> bindings;
  for (const std::string& text : options.bindings) bindings.push_back(read_binding(text));
  s.recorded = record_expression(s.tape, options.expression, bindings);
  choose_output(s);
  const GradientTable table = backward(s.output);
  const TraceOptions how{.check = !options.no_check};
  if (options.rate == 0) {
    s.trace = make_trace(table, {}, how);
    return;
  }
  const std::vector<Var> learned = learned_inputs(s.recorded.inputs, options.learn);
  nn::Sgd sgd(options.rate);
  const std::vector<Var> updates = sgd.update(table, learned);
  s.trace = make_trace(table, updates, how);
  s.descent = descend(s.output, learned, updates, options.rate, options.steps);
}

nlohmann::ordered_json to_json(const TraceValue& value) {
  if (value.type.shape.is_scalar()) return value.elements.at(0);
  return value.elements;
}

std::string json_of(const Options& options, const Session& s) {
  auto made = nlohmann::ordered_json::parse(tapewise::to_json(s.trace));
  auto inputs = nlohmann::ordered_json::object();
  for (const std::string& text : options.bindings) {
    const Binding binding = read_binding(text);
    inputs[binding.name] = binding.value;
  }
  made["expression"] = {{"source", options.expression}, {"inputs", inputs}};
  if (s.descent) {
    auto rows = nlohmann::ordered_json::array();
    auto names = nlohmann::ordered_json::array();
    for (const Var& v : s.descent->learned) names.push_back(v.name());
    for (std::size_t k = 0; k < s.descent->rows.size(); ++k) {
      const Descent::Row& row = s.descent->rows[k];
      auto values = nlohmann::ordered_json::object();
      for (std::size_t v = 0; v < row.values.size(); ++v) {
        values[s.descent->learned[v].name()] = to_json(row.values[v]);
      }
      rows.push_back({{"step", k}, {"output", row.output}, {"values", values}});
    }
    made["descent"] = {{"rate", s.descent->rate}, {"learned", names}, {"rows", rows}};
  }
  return made.dump(1) + "\n";
}

void print(const Descent& descent, const std::string& output) {
  std::cout << "\ngradient descent, rate " << to_text(descent.rate) << '\n';
  for (std::size_t k = 0; k < descent.rows.size(); ++k) {
    // Long descents: the first steps, then ever fewer, and the last.
    const bool power_of_two = (k & (k - 1)) == 0;
    if (k > 16 && !power_of_two && k + 1 < descent.rows.size()) continue;
    const Descent::Row& row = descent.rows[k];
    std::cout << "step " << k << "  " << output << " = " << to_text(row.output);
    for (std::size_t v = 0; v < row.values.size(); ++v) {
      const TraceValue& value = row.values[v];
      std::cout << "  " << descent.learned[v].name() << " = "
                << (value.type.shape.is_scalar() ? to_text(value.elements.at(0)) : to_text(value));
    }
    std::cout << '\n';
  }
}

bool any_wrong(const Trace& trace) {
  for (const TraceEntry& entry : trace.entries) {
    if (entry.check.verdict == "wrong") return true;
  }
  return false;
}

int step(const Options& options) {
  Session s;
  record(options, s);
  if (!s.note.empty()) std::cerr << s.note << '\n';
  const TraceFold fold = fold_large(s.trace);
  bool written = false;
  const auto to_file = [&](const std::string& path, auto&& make) {
    if (path.empty()) return;
    write_file(path, make());
    written = true;
  };
  to_file(options.html, [&] { return html_page(json_of(options, s)); });
  to_file(options.dot, [&] { return to_dot(s.trace, fold); });
  to_file(options.latex, [&] { return to_latex(s.trace); });
  if (!options.svg.empty()) write_svg(options.svg, to_dot(s.trace, fold));
  if (options.json) std::cout << json_of(options, s);
  if (options.markdown) std::cout << to_markdown(s.trace);
  written = written || options.json || options.markdown || !options.svg.empty();
  if (options.all) {
    print_all(std::cout, s.trace, fold);
  } else if (!written) {
    step_through(s.trace, std::cin, std::cout);
  }
  if (s.descent && (options.all || !written)) print(*s.descent, s.trace.title);
  return any_wrong(s.trace) ? check_failed : all_right;
}

}  // namespace

void add_step_command(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand(
      "step", "Record an expression and step through its forward pass and back-propagation");
  sub->add_option("expression", options->expression,
                  "Statements, separated by ';': u = sigmoid(w*x + b); L = (u - y)^2. Operators "
                  "+ - * / ^ @ (matrix product), comparisons, arrays [[0,0],[0,1]], and the "
                  "functions that `tapewise ops` lists")
      ->required();
  sub->add_option("inputs", options->bindings, "Values of its names: w=.02 X=[[0,0],[0,1]]")
      ->type_name("NAME=VALUE");
  sub->add_flag("--all", options->all, "Print all steps at once instead of waiting for commands");
  sub->add_flag("--json", options->json, "Print the trace as JSON (docs/trace.md)");
  sub->add_flag("--markdown", options->markdown, "Print it as Markdown with formulas");
  sub->add_option("--html", options->html, "Write the page to a file")->type_name("FILE");
  sub->add_option("--dot", options->dot, "Write the graph for graphviz; - is standard output")
      ->type_name("FILE");
  sub->add_option("--svg", options->svg, "Draw the graph (needs graphviz)")->type_name("FILE");
  sub->add_option("--latex", options->latex, "Write a LaTeX document")->type_name("FILE");
  sub->add_option("--lr", options->rate, "Learning rate: also record an update and follow it")
      ->check(CLI::PositiveNumber);
  sub->add_option("--steps", options->steps, "Steps of gradient descent, with --lr")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str()
      ->needs("--lr");
  sub->add_option("--learn", options->learn,
                  "Inputs that descent changes; without it those that begin with w, b, W or B, or "
                  "all")
      ->delimiter(',')
      ->type_name("NAMES")
      ->expected(1)
      ->needs("--lr");
  sub->add_flag("--no-check", options->no_check, "Leave out the numeric check of each entry");
  sub->footer(
      "While stepping: n next, b back, j NAME jump, g graph, t table, a all, h help, q quit.");
  sub->callback([&run, options] { run = [options] { return step(*options); }; });
}

}  // namespace tapewise::lessons
