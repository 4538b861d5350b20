#include <tapewise/lessons/command/picture.hpp>

#include <cairo-svg.h>
#include <cairo.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <tapewise/autograd/error.hpp>

namespace tapewise::lessons {

namespace {

struct Bounds {
  double low = 0, high = 0;
  double fraction(double v) const { return (v - low) / (high - low); }
};

Bounds bounds_x(const Chart& chart) { return {chart.x.front(), chart.x.back()}; }

/// Room for every finite point; a curve that shoots up does not flatten the others.
Bounds bounds_y(const Chart& chart) {
  std::vector<double> all;
  for (const Curve& curve : chart.curves) {
    std::copy_if(curve.y.begin(), curve.y.end(), std::back_inserter(all),
                 [](double v) { return std::isfinite(v); });
  }
  if (all.empty()) return {-1, 1};
  std::sort(all.begin(), all.end());
  const double widest = 20 * (all[all.size() * 9 / 10] - all[all.size() / 10]) + 1e-3;
  const double middle = all[all.size() / 2];
  Bounds b{std::max(all.front(), middle - widest), std::min(all.back(), middle + widest)};
  const double margin = b.high > b.low ? 0.05 * (b.high - b.low) : 1.0;
  return {b.low - margin, b.high + margin};
}

std::string label(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", v);
  return text;
}

/// 1, 2 or 5 times a power of ten, for some five marks.
double tick(const Bounds& b) {
  const double rough = (b.high - b.low) / 5, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

constexpr double width = 640, height = 400, left = 60, right = 620, top = 40, bottom = 360;

struct Canvas {
  cairo_t* cairo;
  Bounds x, y;
  double at_x(double v) const { return left + (right - left) * x.fraction(v); }
  double at_y(double v) const { return bottom - (bottom - top) * y.fraction(v); }
  void line(double x0, double y0, double x1, double y1) const {
    cairo_move_to(cairo, x0, y0);
    cairo_line_to(cairo, x1, y1);
    cairo_stroke(cairo);
  }
  void text(double px, double py, const std::string& words) const {
    cairo_move_to(cairo, px, py);
    cairo_show_text(cairo, words.c_str());
  }
};

constexpr double colours[][3] = {{0.0, 0.35, 0.70}, {0.84, 0.37, 0.0}};  // told apart by everyone

void draw_axes(const Canvas& c) {
  cairo_set_line_width(c.cairo, 1);
  for (double v = std::ceil(c.x.low / tick(c.x)) * tick(c.x); v <= c.x.high; v += tick(c.x)) {
    const double shown = std::abs(v) < 1e-9 * tick(c.x) ? 0 : v;
    cairo_set_source_rgb(c.cairo, 0.87, 0.87, 0.87);
    c.line(c.at_x(v), top, c.at_x(v), bottom);
    cairo_set_source_rgb(c.cairo, 0.2, 0.2, 0.2);
    c.text(c.at_x(v) - 8, bottom + 18, label(shown));
  }
  for (double v = std::ceil(c.y.low / tick(c.y)) * tick(c.y); v <= c.y.high; v += tick(c.y)) {
    const double shown = std::abs(v) < 1e-9 * tick(c.y) ? 0 : v;
    cairo_set_source_rgb(c.cairo, 0.87, 0.87, 0.87);
    c.line(left, c.at_y(v), right, c.at_y(v));
    cairo_set_source_rgb(c.cairo, 0.2, 0.2, 0.2);
    c.text(8, c.at_y(v) + 4, label(shown));
  }
  if (c.x.low < 0 && c.x.high > 0) c.line(c.at_x(0), top, c.at_x(0), bottom);
  if (c.y.low < 0 && c.y.high > 0) c.line(left, c.at_y(0), right, c.at_y(0));
}

void draw_curve(const Canvas& c, const Chart& chart, std::size_t k) {
  const double* rgb = colours[k % 2];
  const double dashes[] = {6, 4};
  cairo_set_source_rgb(c.cairo, rgb[0], rgb[1], rgb[2]);
  cairo_set_line_width(c.cairo, 2);
  cairo_set_dash(c.cairo, dashes, k == 0 ? 0 : 2, 0);
  cairo_save(c.cairo);
  cairo_rectangle(c.cairo, left, top, right - left, bottom - top);
  cairo_clip(c.cairo);
  bool down = false;
  for (std::size_t i = 0; i < chart.x.size(); ++i) {
    const double y = chart.curves[k].y[i];
    if (!std::isfinite(y)) {
      down = false;
      continue;
    }
    const double py = std::clamp(c.at_y(y), -10 * height, 10 * height);
    down ? cairo_line_to(c.cairo, c.at_x(chart.x[i]), py)
         : cairo_move_to(c.cairo, c.at_x(chart.x[i]), py);
    down = true;
  }
  cairo_stroke(c.cairo);
  cairo_restore(c.cairo);
  c.text(left + 8 + 250 * static_cast<double>(k), top - 8,
         (k == 0 ? "— " : "- - ") + chart.curves[k].name);
  cairo_set_dash(c.cairo, dashes, 0, 0);
}

void draw(cairo_surface_t* surface, const Chart& chart) {
  const std::unique_ptr<cairo_t, void (*)(cairo_t*)> cairo(cairo_create(surface), cairo_destroy);
  cairo_set_source_rgb(cairo.get(), 1, 1, 1);
  cairo_paint(cairo.get());
  cairo_select_font_face(cairo.get(), "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cairo.get(), 12);
  const Canvas canvas{cairo.get(), bounds_x(chart), bounds_y(chart)};
  draw_axes(canvas);
  for (std::size_t k = 0; k < chart.curves.size(); ++k) draw_curve(canvas, chart, k);
  cairo_set_source_rgb(cairo.get(), 0.2, 0.2, 0.2);
  canvas.text(left, 18, chart.title);
}

using Surface = std::unique_ptr<cairo_surface_t, void (*)(cairo_surface_t*)>;

void require(cairo_status_t status, const std::string& path) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw IoError("[plot] cannot write " + path + ": " + cairo_status_to_string(status));
}

/// "-" is standard output.
const char* file_of(const std::string& path) { return path == "-" ? "/dev/stdout" : path.c_str(); }

}  // namespace

std::string chart_text(const Chart& chart, int columns, int rows) {
  std::vector<std::string> canvas(static_cast<std::size_t>(rows),
                                  std::string(static_cast<std::size_t>(columns), ' '));
  const Bounds bx = bounds_x(chart), by = bounds_y(chart);
  const auto column = [&](double v) {
    return static_cast<int>(std::lround(bx.fraction(v) * (columns - 1)));
  };
  const auto row = [&](double v) {
    return rows - 1 - static_cast<int>(std::lround(by.fraction(v) * (rows - 1)));
  };
  const auto put = [&](int c, int r, char mark) {
    if (c < 0 || c >= columns || r < 0 || r >= rows) return;
    char& at = canvas[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)];
    const bool other = (at == '*' || at == 'o') && at != mark && (mark == '*' || mark == 'o');
    at = other ? '@' : at == '@' ? '@' : mark;
  };
  if (by.low < 0 && by.high > 0) {
    for (int c = 0; c < columns; ++c) put(c, row(0), '-');
  }
  if (bx.low < 0 && bx.high > 0) {
    for (int r = 0; r < rows; ++r) put(column(0), r, '|');
  }
  for (std::size_t k = 0; k < chart.curves.size(); ++k) {
    for (std::size_t i = 0; i < chart.x.size(); ++i) {
      const double y = chart.curves[k].y[i];
      if (y >= by.low && y <= by.high) put(column(chart.x[i]), row(y), k == 0 ? '*' : 'o');
    }
  }
  std::string out = chart.title + "\n";
  for (std::size_t k = 0; k < chart.curves.size(); ++k) {
    out += std::string(k == 0 ? "  * " : "  o ") + chart.curves[k].name + "\n";
  }
  for (std::size_t r = 0; r < canvas.size(); ++r) {
    std::string edge = r == 0 ? label(by.high) : r + 1 == canvas.size() ? label(by.low) : "";
    edge.insert(0, 10 - std::min<std::size_t>(10, edge.size()), ' ');
    std::string line = edge + " |" + canvas[r];
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  const std::string low = label(bx.low), high = label(bx.high);
  return out + std::string(12, ' ') + low +
         std::string(static_cast<std::size_t>(columns) - low.size() - high.size(), ' ') + high +
         "\n";
}

void write_chart_svg(const std::string& path, const Chart& chart) {
  const Surface surface(cairo_svg_surface_create(file_of(path), width, height),
                        cairo_surface_destroy);
  require(cairo_surface_status(surface.get()), path);
  draw(surface.get(), chart);
  cairo_surface_finish(surface.get());
  require(cairo_surface_status(surface.get()), path);
}

void write_chart_png(const std::string& path, const Chart& chart) {
  const int scale = 2;  // for screens with dense pixels
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, scale * static_cast<int>(width),
                                 scale * static_cast<int>(height)),
      cairo_surface_destroy);
  cairo_surface_set_device_scale(surface.get(), scale, scale);
  draw(surface.get(), chart);
  require(cairo_surface_write_to_png(surface.get(), file_of(path)), path);
}

}  // namespace tapewise::lessons
