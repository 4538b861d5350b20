#include <iostream>
#include <tapewise/lessons/command/command.hpp>
#include <tapewise/lessons/command/picture.hpp>
#include <tapewise/lessons/expression/expression.hpp>
#include <tapewise/lessons/expression/functions.hpp>
#include <tapewise/tapewise.hpp>

namespace tapewise::lessons {

namespace {

struct Options {
  std::string unit, svg, png;
  double from = -4, to = 4;
};

constexpr int points = 401;

std::vector<double> numbers_of(const Var& v) {
  std::vector<double> all;
  for (std::int64_t i = 0; i < v.type().size(); ++i) {
    all.push_back(number_at(v.dtype(), v.data(), i));
  }
  return all;
}

/// A unit by its name, or an expression in x.
std::string expression_of(const std::string& unit) {
  const bool name = unit.find_first_of("(+-*/^@= ") == std::string::npos && unit != "x";
  return name ? unit + "(x)" : unit;
}

Chart chart_of(const Options& options) {
  const std::string expression = expression_of(options.unit);
  std::string grid = "[";
  for (int i = 0; i < points; ++i) {
    char number[32];
    const double t = static_cast<double>(i) / (points - 1);
    std::snprintf(number, sizeof number, "%s%.17g", i > 0 ? "," : "",
                  options.from * (1 - t) + options.to * t);
    grid += number;
  }
  Tape tape;
  const std::vector<Binding> bindings = {{"x", grid + "]"}};
  const RecordedExpression recorded = record_expression(tape, expression, bindings);
  const Var x = recorded.inputs[0], y = recorded.output;
  if (y.shape() != x.shape()) {
    throw Error("[plot] " + expression + " does not act on each number by itself");
  }
  if (!is_float(y.dtype())) throw Error("[plot] " + expression + " is no real number");
  Chart chart{"y = " + expression, numbers_of(x), {{"y", numbers_of(y)}}};
  if (y.node().active) {
    chart.curves.push_back({"dy/dx", numbers_of(backward(sum(y), {x})[x])});
  }
  return chart;
}

int plot(const Options& options) {
  if (options.from >= options.to) throw Error("[plot] --from must be less than --to");
  const Chart chart = chart_of(options);
  if (!options.svg.empty()) write_chart_svg(options.svg, chart);
  if (!options.png.empty()) write_chart_png(options.png, chart);
  if (!options.svg.empty() || !options.png.empty()) return all_right;
  std::cout << chart_text(chart) << "\n         x           y       dy/dx\n";
  for (std::size_t i = 0; i < chart.x.size(); i += (points - 1) / 8) {
    char line[80];
    std::snprintf(line, sizeof line, "%10.4g  %10.6g  %10.6g\n", chart.x[i], chart.curves[0].y[i],
                  chart.curves.size() > 1 ? chart.curves[1].y[i] : 0.0);
    std::cout << line;
  }
  return all_right;
}

}  // namespace

void add_plot_command(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("plot", "Plot a unit and its derivative");
  sub->add_option("unit", options->unit, "A function of one operand, relu, or an expression in x")
      ->required();
  sub->add_option("--from", options->from, "Least x")->capture_default_str();
  sub->add_option("--to", options->to, "Largest x")->capture_default_str();
  sub->add_option("--svg", options->svg, "Draw to an SVG file")->type_name("FILE");
  sub->add_option("--png", options->png, "Draw to a PNG file")->type_name("FILE");
  sub->callback([&run, options] { run = [options] { return plot(*options); }; });
}

}  // namespace tapewise::lessons
