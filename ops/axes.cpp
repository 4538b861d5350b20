#include <tapewise/ops/axes.hpp>

namespace tapewise {

void Axes::check(const Shape& shape, const TypeArgs& args) const {
  if (count() > Shape::max_rank) {
    throw args.shape_error(std::to_string(count()) + " axes are more than " + to_string(shape) +
                           " has");
  }
  std::uint32_t seen = 0;
  for (std::size_t k = 0; k < count(); ++k) {
    const int axis = normal_axis(axes_[k], shape.rank());
    if (axis < 0) {
      throw args.shape_error("axis " + std::to_string(axes_[k]) + " is out of range for " +
                             to_string(shape));
    }
    if ((seen >> axis & 1U) != 0) {
      throw args.shape_error("axis " + std::to_string(axes_[k]) + " of " + to_string(shape) +
                             " is given twice: " + text());
    }
    seen |= 1U << axis;
  }
}

std::uint32_t Axes::bits(std::size_t rank) const {
  if (all()) return (1U << rank) - 1U;
  std::uint32_t bits = 0;
  for (std::size_t k = 0; k < count(); ++k) bits |= 1U << accepted_axis(axes_[k], rank);
  return bits;
}

Axes Axes::one_further(std::size_t rank) const {
  const std::uint32_t named = bits(rank);
  std::array<std::int64_t, Shape::max_rank> axes{};
  std::size_t count = 0;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if ((named >> axis & 1U) != 0) axes[count++] = static_cast<std::int64_t>(axis + 1);
  }
  return Axes(std::span<const std::int64_t>(axes.data(), count));
}

std::string Axes::text() const {
  if (all()) return "";
  std::string text = "axes=";
  for (std::size_t k = 0; k < count(); ++k) {
    text += (k > 0 ? "," : "") + std::to_string(axes_[k]);
  }
  return text;
}

}  // namespace tapewise
