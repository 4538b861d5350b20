#include <tapewise/autograd/error.hpp>
#include <tapewise/autograd/shape.hpp>

namespace tapewise {

void Shape::refuse(std::int64_t size) {
  if (size < 0) throw ShapeError("[shape] a size is negative: " + std::to_string(size));
  throw ShapeError("[shape] an array has at most " + std::to_string(max_rank) + " axes");
}

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (axis > 0) text += ",";
    text += std::to_string(shape[axis]);
  }
  return text + (shape.rank() == 1 ? ",)" : ")");
}

std::string to_string(const Type& type) {
  return std::string(name_of(type.dtype)) + " " + to_string(type.shape);
}

Strides row_major_strides(const Shape& shape) {
  Strides strides{};
  std::int64_t stride = 1;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

Strides broadcast_strides(const Shape& from, const Shape& to) {
  const Strides own = row_major_strides(from);
  Strides strides{};
  const std::size_t added = to.rank() - from.rank();
  for (std::size_t axis = 0; axis < from.rank(); ++axis) {
    strides[axis + added] = from[axis] == 1 ? 0 : own[axis];
  }
  return strides;
}

bool broadcast(const Shape& a, const Shape& b, Shape& result) {
  const std::size_t rank = std::max(a.rank(), b.rank());
  const auto size_at = [rank](const Shape& s, std::size_t axis) {
    const std::size_t missing = rank - s.rank();
    return axis < missing ? std::int64_t{1} : s[axis - missing];
  };
  result = Shape{};
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::int64_t x = size_at(a, axis), y = size_at(b, axis);
    if (x != y && x != 1 && y != 1) return false;
    result.push_back(x == 1 ? y : x);
  }
  return true;
}

}  // namespace tapewise
