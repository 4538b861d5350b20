#include <cmath>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <tapewise/autograd/text.hpp>
#include <tapewise/autograd/trace/step_through.hpp>
#include <tapewise/autograd/trace/text.hpp>
#include <tapewise/lessons/command/command.hpp>
#include <tapewise/lessons/command/graphviz.hpp>
#include <tapewise/lessons/command/page.hpp>
#include <tapewise/lessons/expression/session.hpp>

namespace tapewise::lessons {

namespace {

struct Options {
  std::string expression;
  std::vector<std::string> bindings;
  bool all = false, json = false, markdown = false, no_check = false;
  std::string html, dot, svg, latex, learn;
  double rate = 0;
  int steps = 1;
};

SessionOptions session_options(const Options& options) {
  SessionOptions asked;
  asked.expression = options.expression;
  for (const std::string& text : options.bindings) asked.inputs.push_back(read_binding(text));
  asked.rate = options.rate;
  asked.steps = options.steps;
  std::istringstream names(options.learn);
  for (std::string name; std::getline(names, name, ',');) {
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
    if (!name.empty()) asked.learn.push_back(name);
  }
  asked.check = !options.no_check;
  return asked;
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

std::string positive_number(const std::string& text) {
  char* end = nullptr;
  const double x = std::strtod(text.c_str(), &end);
  const bool right = end != text.c_str() && *end == '\0' && x > 0 && std::isfinite(x);
  return right ? "" : "expected a number above 0, given " + text;
}

bool any_wrong(const Trace& trace) {
  for (const TraceEntry& entry : trace.entries) {
    if (entry.check.verdict == "wrong") return true;
  }
  return false;
}

int step(const Options& options) {
  const Session session(session_options(options));
  const Trace& trace = session.trace();
  if (!session.note().empty()) std::cerr << session.note() << '\n';
  const TraceFold fold = fold_large(trace);
  bool written = false;
  const auto to_file = [&](const std::string& path, auto&& make) {
    if (path.empty()) return;
    write_file(path, make());
    written = true;
  };
  to_file(options.html, [&] { return editable_page(session.json({.latex = false})); });
  to_file(options.dot, [&] { return to_dot(trace, fold); });
  to_file(options.latex, [&] { return to_latex(trace); });
  if (!options.svg.empty()) write_svg(options.svg, to_dot(trace, fold));
  if (options.json) std::cout << session.json({.indent = 1}) << '\n';
  if (options.markdown) std::cout << to_markdown(trace);
  written = written || options.json || options.markdown || !options.svg.empty();
  if (options.all) {
    print_all(std::cout, trace, fold);
  } else if (!written) {
    step_through(trace, std::cin, std::cout);
  }
  if (session.descent() && (options.all || !written)) print(*session.descent(), trace.title);
  return any_wrong(trace) ? check_failed : all_right;
}

}  // namespace

void add_step_command(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand(
      "step", "Record an expression and step through its forward pass and back-propagation");
  add_expression(*sub, "expression", options->expression,
                 "Statements, separated by ';': u = sigmoid(w*x + b); L = (u - y)^2. Operators "
                 "+ - * / ^ @ (matrix product), comparisons, arrays [[0,0],[0,1]], and the "
                 "functions that `tapewise ops` lists")
      ->required();
  sub->add_option("inputs", options->bindings, "Values of its names: w=.02 X=[[0,0],[0,1]]")
      ->type_name("NAME=VALUE");
  CLI::Option* all = sub->add_flag("--all", options->all,
                                   "Print all steps at once instead of waiting for commands");
  CLI::Option* json =
      sub->add_flag("--json", options->json, "Print the trace as JSON (docs/trace.md)");
  sub->add_flag("--markdown", options->markdown, "Print it as Markdown with formulas")
      ->excludes(json)
      ->excludes(all);
  json->excludes(all);
  add_file_option(*sub, "--html", options->html, "Write the page to a file; - is standard output");
  add_file_option(*sub, "--dot", options->dot, "Write the graph for graphviz");
  add_file_option(*sub, "--svg", options->svg, "Draw the graph (needs graphviz)");
  add_file_option(*sub, "--latex", options->latex, "Write a LaTeX document");
  sub->add_option("--lr", options->rate, "Learning rate: also record an update and follow it")
      ->type_name("RATE")
      ->check(positive_number);
  sub->add_option("--steps", options->steps, "Steps of gradient descent, with --lr")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str()
      ->needs("--lr");
  sub->add_option("--learn", options->learn,
                  "Inputs that descent changes; without it those that begin with w, b, W or B, or "
                  "all")
      ->type_name("NAMES")
      ->needs("--lr");
  sub->add_flag("--no-check", options->no_check, "Leave out the numeric check of each entry");
  sub->footer(
      "While stepping: n next, b back, j NAME jump, g graph, t table, a all, h help, q quit.");
  sub->callback([&run, options] { run = [options] { return step(*options); }; });
}

}  // namespace tapewise::lessons
