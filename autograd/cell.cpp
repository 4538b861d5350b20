#include <tapewise/autograd/cell.hpp>

#include <tapewise/autograd/error.hpp>

namespace tapewise {

Cell::Cell(const ArrayView& initial, std::shared_ptr<Clock> clock)
    : array_(initial.type()), clock_(clock ? std::move(clock) : std::make_shared<Clock>()) {
  std::memcpy(array_.data(), initial.data(), type().bytes());
}

void Cell::set(const ArrayView& given) {
  const ArrayView value =
      given.is_number() && type().shape.is_scalar() ? number_as(given, type().dtype, "set") : given;
  require_same_type(value.type(), type(), "set");
  std::memcpy(mutable_data(), value.data(), type().bytes());
}

void require_same_type(const Type& given, const Type& wanted, const char* who) {
  if (given == wanted) return;  // without making a text: sets happen between runs
  const std::string start = "[" + std::string(who) + "] given " + to_string(given) + ", wanted " +
                            to_string(wanted) + ": ";
  if (given.dtype != wanted.dtype) {
    throw TypeError(start + "the dtype of a leaf is fixed when it is made");
  }
  if (given.shape != wanted.shape) {
    throw ShapeError(start +
                     "the shape of a leaf is fixed when it is made; record anew for another");
  }
}

}  // namespace tapewise
