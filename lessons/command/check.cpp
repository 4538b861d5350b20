#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <tapewise/lessons/command/command.hpp>
#include <tapewise/lessons/expression/expression.hpp>
#include <tapewise/ops/check_catalogue.hpp>
#include <tapewise/tapewise.hpp>

namespace tapewise::lessons {

namespace {

struct Options {
  bool all = false, json = false;
  int order = 1;
  std::string expression;
  std::vector<std::string> bindings;
};

int check_catalogue(const Options& options, std::span<const OpRecord* const> ops) {
  const std::vector<OpCheck> checks = check_all(ops);
  if (options.json) {
    std::cout << to_json(checks) << '\n';
  } else {
    for (const OpCheck& check : checks) std::cout << check << '\n';
  }
  return std::all_of(checks.begin(), checks.end(), [](const OpCheck& c) { return bool(c); })
             ? all_right
             : check_failed;
}

GradcheckReport checked(const RecordedExpression& recorded, const Options& options) {
  try {
    return gradcheck(recorded.output, recorded.inputs, {.order = options.order});
  } catch (const Error& error) {
    point_at_place(options.expression, error);
  }
}

int check_expression(const Options& options) {
  std::vector<Binding> bindings;
  for (const std::string& text : options.bindings) bindings.push_back(read_binding(text));
  Tape tape;
  const RecordedExpression recorded = record_expression(tape, options.expression, bindings);
  if (recorded.inputs.empty()) throw Error("[check] give values for the names: x=0.5");
  const GradcheckReport report = checked(recorded, options);
  if (options.json) {
    const nlohmann::ordered_json made = {{"right", static_cast<bool>(report)},
                                         {"method", report.method},
                                         {"checked", report.checked},
                                         {"wrong", report.wrong},
                                         {"undecidable", report.undecidable},
                                         {"worst",
                                          {{"input", report.worst.name},
                                           {"index", report.worst.index},
                                           {"analytic", report.worst.analytic},
                                           {"numeric", report.worst.numeric},
                                           {"error", report.worst.error},
                                           {"allowed", report.worst.allowed}}}};
    std::cout << made.dump(1) << '\n';
  } else {
    std::cout << report << '\n';
  }
  return report ? all_right : check_failed;
}

}  // namespace

void add_check_command(CLI::App& app, Run& run, std::span<const OpRecord* const> ops) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("check", "Check gradients against numeric derivatives");
  add_expression(*sub, "expression", options->expression, "An expression, as in `tapewise step`");
  sub->add_option("inputs", options->bindings, "Values of its names: x=0.5")
      ->type_name("NAME=VALUE");
  sub->add_flag("--all", options->all, "Every op of the library at its own examples");
  sub->add_flag("--json", options->json, "As JSON");
  sub->add_option("--order", options->order, "2: the second derivatives")
      ->check(CLI::Range(1, 3))
      ->capture_default_str();
  sub->footer("Exit status 1: a gradient is wrong, or nothing could be decided.");
  sub->callback([&run, options, ops] {
    if (options->all == !options->expression.empty()) {
      throw CLI::RequiredError("an expression or --all");
    }
    run = [options, ops] {
      return options->all ? check_catalogue(*options, ops) : check_expression(*options);
    };
  });
}

}  // namespace tapewise::lessons
