#include <tapewise/ops/slices.hpp>

namespace tapewise {

namespace {

/// The places that a slice chooses along an axis: `count` of them from `begin` on.
struct Places {
  std::int64_t begin, count;
};

Places places_of(const Slice& s, std::int64_t size) {
  const bool backwards = s.step < 0;
  // Where a walk may begin and must end: before the first place and behind the last one included.
  const std::int64_t low = backwards ? -1 : 0, high = backwards ? size - 1 : size;
  const auto clamped = [&](std::int64_t place, std::int64_t if_none) {
    if (place == Slice::none) return if_none;
    return std::clamp(place < 0 ? place + size : place, low, high);
  };
  const std::int64_t begin = clamped(s.start, backwards ? high : low);
  const std::int64_t end = clamped(s.stop, backwards ? low : high);
  const std::int64_t distance = backwards ? begin - end : end - begin;
  if (distance <= 0) return {0, 0};
  // Unsigned: the step may be the most negative number.
  const auto stride =
      backwards ? 0 - static_cast<std::uint64_t>(s.step) : static_cast<std::uint64_t>(s.step);
  return {begin,
          static_cast<std::int64_t>((static_cast<std::uint64_t>(distance) - 1) / stride) + 1};
}

}  // namespace

void Slices::check(const Shape& x, const TypeArgs& args) const {
  if (count_ > x.rank()) {
    throw args.shape_error(std::to_string(count_) + " slices are more than " + to_string(x) +
                           " has axes");
  }
  for (std::size_t axis = 0; axis < count_; ++axis) {
    if (slices_[axis].step == 0) {
      throw args.shape_error("the step along axis " + std::to_string(axis) + " of " + to_string(x) +
                             " is 0");
    }
  }
}

Shape Slices::shape_of(const Shape& x) const {
  Shape shape = x;
  for (std::size_t axis = 0; axis < count_; ++axis) {
    shape.set(axis, places_of(slices_[axis], x[axis]).count);
  }
  return shape;
}

std::int64_t Slices::begin_in(const Shape& x) const {
  const Strides strides = row_major_strides(x);
  std::int64_t begin = 0;
  for (std::size_t axis = 0; axis < count_; ++axis) {
    begin += places_of(slices_[axis], x[axis]).begin * strides[axis];
  }
  return begin;
}

Strides Slices::strides_in(const Shape& x) const {
  Strides strides = row_major_strides(x);
  for (std::size_t axis = 0; axis < count_; ++axis) {
    // A step beyond the axis is never taken, and might not fit.
    const bool steps = places_of(slices_[axis], x[axis]).count > 1;
    strides[axis] = steps ? strides[axis] * slices_[axis].step : 0;
  }
  return strides;
}

std::string Slices::text() const {
  std::string text = "[";
  for (std::size_t axis = 0; axis < count_; ++axis) {
    const auto& [start, stop, step] = slices_[axis];
    if (axis > 0) text += ",";
    if (start != Slice::none) text += std::to_string(start);
    text += ":";
    if (stop != Slice::none) text += std::to_string(stop);
    if (step != 1) text += ":" + std::to_string(step);
  }
  return text + "]";
}

}  // namespace tapewise
