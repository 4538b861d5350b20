#pragma once
#include <string>
#include <vector>

namespace tapewise::lessons {

/// Curves over a common axis.
struct Curve {
  std::string name;
  std::vector<double> y;  ///< NaN where there is none
};
struct Chart {
  std::string title;
  std::vector<double> x;      ///< ascending
  std::vector<Curve> curves;  ///< up to two
};

/// The chart for a terminal: `*` is the first curve, `o` the second, `@` both.
std::string chart_text(const Chart& chart, int width = 65, int height = 21);
/// The same drawn by cairo. Throws IoError when the file cannot be written.
void write_chart_svg(const std::string& path, const Chart& chart);
void write_chart_png(const std::string& path, const Chart& chart);

}  // namespace tapewise::lessons
