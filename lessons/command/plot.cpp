#include <cmath>
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

/// What is plotted, and its title.
struct Plotted {
  std::string expression, title;
  bool along_axis = false;  ///< the unit takes numbers together, not each by itself
};

/// A unit by its name, or an expression in x. Of softmax and its like, which take several numbers,
/// the first element for (x, 0).
Plotted plotted(const std::string& unit) {
  if (!is_name(unit) || unit == "x") return {unit, "y = " + unit};
  if (function_call(unit) != unit + "(x, axis=-1)") return {unit + "(x)", "y = " + unit + "(x)"};
  return {"take(" + unit + "(stack(x, 0*x), axis=0), 0, axis=0)",
          "y = first element of " + unit + "([x, 0])", true};
}

/// Whether each element of `y` comes from one of `x`, as a plot shows it.
bool acts_on_each_number(const Var& x, const Var& y) {
  if (y.shape() != x.shape()) return false;
  for (std::uint32_t id = 0; id <= y.id(); ++id) {
    const OpTraits& traits = y.tape().var(id).op().traits;
    if (!traits.leaf && !traits.elementwise) return false;
  }
  return true;
}

Chart chart_of(const Options& options) {
  const auto [expression, title, along_axis] = plotted(options.unit);
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
  if (along_axis ? y.shape() != x.shape() : !acts_on_each_number(x, y)) {
    throw Error("[plot] " + expression + " does not act on each number by itself");
  }
  if (!is_float(y.dtype())) throw Error("[plot] " + expression + " is no real number");
  Chart chart{title, numbers_of(x), {{"y", numbers_of(y)}}};
  if (y.node().active) {
    chart.curves.push_back({"dy/dx", numbers_of(backward(sum(y), {x})[x])});
  }
  return chart;
}

int plot(const Options& options) {
  if (!(options.from < options.to) || !std::isfinite(options.from) || !std::isfinite(options.to)) {
    throw Error("[plot] --from must be less than --to, both finite");
  }
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
  add_expression(*sub, "unit", options->unit,
                 "A function of one operand, relu, or an expression in x")
      ->required();
  sub->add_option("--from", options->from, "Least x")->capture_default_str();
  sub->add_option("--to", options->to, "Largest x")->capture_default_str();
  add_file_option(*sub, "--svg", options->svg, "Draw to an SVG file");
  add_file_option(*sub, "--png", options->png, "Draw to a PNG file");
  sub->callback([&run, options] { run = [options] { return plot(*options); }; });
}

}  // namespace tapewise::lessons
