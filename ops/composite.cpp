#include <tapewise/ops/composite.hpp>

namespace tapewise {

namespace {

Tape& tape_of(std::string_view name, std::span<const OperandRef> operands) {
  for (const OperandRef& operand : operands) {
    if (operand->is_var()) return operand->var().tape();
  }
  throw TypeError("[" + std::string(name) +
                  "] at least one operand must be a Var; these are plain numbers or arrays\n  at " +
                  to_string(operands[0]->where()));
}

DType number_dtype(std::span<const OperandRef> operands) {
  for (const OperandRef& operand : operands) {
    if (operand->is_var() && is_float(operand->var().dtype())) return operand->var().dtype();
  }
  return DType::float64;
}

}  // namespace

Composing::Composing(std::string_view name, std::initializer_list<OperandRef> operands)
    : name_(name),
      where_((*operands.begin())->where()),
      tape_(tape_of(name, {operands.begin(), operands.size()})),
      transaction_(tape_),
      line_(tape_, where_, name.data()) {
  const std::string who(name);
  for (const OperandRef& operand : operands) {
    if (operand->is_var()) {
      tape_.require_own(operand->var(), who.c_str());
      operands_.push_back(operand->var());
    } else if (operand->is_number()) {
      const DType dtype = number_dtype({operands.begin(), operands.size()});
      operands_.push_back(
          tape_.constant(number_as(ArrayView(operand->number()), dtype, who.c_str())));
    } else {
      operands_.push_back(tape_.constant(*operand->array()));
    }
  }
}

void Composing::require_float(std::size_t k) const {
  if (!is_float(operands_[k].dtype())) {
    throw type_error("not defined for " + to_string(operands_[k].type()) +
                     ": cast it to a float dtype");
  }
}

void Composing::require_same_float(std::size_t j, std::size_t k) const {
  const Type &a = operands_[j].type(), &b = operands_[k].type();
  if (!is_float(a.dtype) || a.dtype != b.dtype) {
    throw type_error("wanted two arrays of one float dtype, given " + to_string(a) + " and " +
                     to_string(b) + ": cast one of them");
  }
}

void Composing::require_same(std::size_t j, std::size_t k) const {
  require_same_float(j, k);
  const Shape &a = operands_[j].shape(), &b = operands_[k].shape();
  if (!(a == b)) {
    throw shape_error("wanted two arrays of one shape, given " + to_string(a) + " and " +
                      to_string(b) + ": reshape or broadcast_to one of them");
  }
}

std::string Composing::message(const std::string& what) const {
  return named(name_, tape_.composer()) + what + "\n  recorded at " + to_string(where_);
}

}  // namespace tapewise
