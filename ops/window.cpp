#include <tapewise/ops/window.hpp>

#include <algorithm>

namespace tapewise::ops {

void WindowRule::check(const TypeArgs& args, const Shape& image) const {
  constexpr std::int64_t most = 1 << 30;
  const auto require = [&](const Pair& p, std::int64_t least, const char* what) {
    if (std::min(p.rows, p.columns) < least || std::max(p.rows, p.columns) > most) {
      throw args.shape_error(std::string("the ") + what + " is at least " + std::to_string(least) +
                             ", given " + to_string(p));
    }
  };
  require(kernel, 1, "kernel");
  require(stride, 1, "stride");
  require(padding, 0, "padding");
  require(dilation, 1, "dilation");
  const std::int64_t height = image[image.rank() - 2], width = image.back();
  if (rows(height).out == 0 || columns(width).out == 0) {
    throw args.shape_error("a kernel " + to_string(kernel) + " does not fit into an image " +
                           to_string(Pair(height, width)) + " with " + text());
  }
}

std::string WindowRule::text() const {
  std::string text = "stride=" + to_string(stride);
  if (!(padding == Pair(0))) text += " padding=" + to_string(padding);
  if (!(dilation == Pair(1))) text += " dilation=" + to_string(dilation);
  if (round_up != 0) text += " ceil_mode";
  return text;
}

}  // namespace tapewise::ops
