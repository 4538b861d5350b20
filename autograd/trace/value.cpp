#include <tapewise/autograd/trace/value.hpp>

#include <algorithm>
#include <cmath>

namespace tapewise {

namespace {

constexpr std::size_t picture_size = 24;

/// Extremes and mean of the finite elements.
void measure(TraceValue& value, std::span<const double> numbers) {
  double sum = 0;
  std::size_t finite = 0;
  for (const double x : numbers) {
    if (!std::isfinite(x)) continue;
    value.min = finite == 0 ? x : std::min(value.min, x);
    value.max = finite == 0 ? x : std::max(value.max, x);
    sum += x;
    ++finite;
  }
  value.not_finite = static_cast<std::int64_t>(numbers.size() - finite);
  if (finite > 0) value.mean = sum / static_cast<double>(finite);
}

/// Means of blocks, all axes but the last being rows.
void draw(TraceValue& value, std::span<const double> numbers) {
  const Shape& shape = value.type.shape;
  const auto columns = static_cast<std::size_t>(shape[shape.rank() - 1]);
  const std::size_t rows = numbers.size() / columns;
  value.rows = std::min(rows, picture_size);
  value.columns = std::min(columns, picture_size);
  for (std::size_t r = 0; r < value.rows; ++r) {
    for (std::size_t c = 0; c < value.columns; ++c) {
      double sum = 0, count = 0;
      for (std::size_t i = r * rows / value.rows; i < (r + 1) * rows / value.rows; ++i) {
        for (std::size_t j = c * columns / value.columns; j < (c + 1) * columns / value.columns;
             ++j) {
          sum += numbers[i * columns + j];
          ++count;
        }
      }
      value.picture.push_back(sum / count);
    }
  }
}

}  // namespace

TraceValue value_of(std::span<const double> all, const Type& type, const TraceOptions& options) {
  TraceValue value;
  value.type = type;
  measure(value, all);
  if (static_cast<std::int64_t>(all.size()) <= std::max<std::int64_t>(1, options.full_up_to)) {
    value.elements.assign(all.begin(), all.end());
  } else {
    draw(value, all);
  }
  return value;
}

TraceValue value_of(const Var& v, const TraceOptions& options) {
  const void* data = v.tape().value(v.id());
  std::vector<double> all(static_cast<std::size_t>(v.type().size()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = number_at(v.dtype(), data, static_cast<std::int64_t>(i));
  }
  return value_of(all, v.type(), options);
}

TraceValue zeros(const Type& type, const TraceOptions& options) {
  return value_of(std::vector<double>(static_cast<std::size_t>(type.size())), type, options);
}

}  // namespace tapewise
