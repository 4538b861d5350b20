#include <tapewise/autograd/var.hpp>

#include <ostream>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/tape.hpp>

namespace tapewise {

Tape& Var::refuse_empty() { throw HandleError("[var] the Var is empty: it was never recorded"); }

void Var::refuse_parent(std::size_t k) const {
  throw HandleError(tape_->describe(id_, "[var] there is no parent number " + std::to_string(k)));
}

Var Var::named(std::string_view label) const {
  tape().require_own(*this, "named");
  tape_->set_label(id_, label);
  return *this;
}

std::string Var::name() const {
  tape().require_own(*this, "name");
  const std::string_view label = tape_->label(id_);
  return label.empty() ? "%" + std::to_string(id_) : std::string(label);
}

const void* Var::data() const {
  tape().require_own(*this, "value");
  tape_->note_read(id_);
  return tape_->value(id_);
}

void Operand::refuse_empty() const {
  throw HandleError("[operand] the Var is empty: it was never recorded\n  used at " +
                    to_string(where()));
}

const ArrayView* Operand::copy_of(const ArrayView& array) { return new ArrayView(array); }

void Operand::drop_array() noexcept { delete array_; }

void Var::require_dtype(DType asked, const char* who) const {
  if (dtype() == asked) return;
  throw TypeError(tape_->describe(id_, "[" + std::string(who) + "] asked for " +
                                           std::string(name_of(asked)) + ", the node is " +
                                           to_string(type()) + ": ask for that, or cast the node"));
}

double Var::item() const {
  if (type().size() != 1) {
    throw ShapeError(tape_->describe(id_, "[item] one element is wanted, this has shape " +
                                              to_string(shape()) + ": use value<T>()"));
  }
  return number_at(dtype(), data(), 0);
}

namespace {
Cell& settable_cell(const Var& v, const char* who) {
  if (&v.op() != &input_op() && &v.op() != &parameter_op()) {
    throw TypeError(v.tape().describe(
        v.id(), "[" + std::string(who) + "] only an input or a parameter can be set, this is a " +
                    std::string(v.op().name)));
  }
  return *v.tape().cell(v.id());
}
}  // namespace

void Var::set(const ArrayView& value) const {
  Cell& cell = settable_cell(*this, "set");
  try {
    cell.set(value);
  } catch (const ShapeError& error) {
    throw ShapeError(tape_->describe(id_, error.what()));
  } catch (const TypeError& error) {
    throw TypeError(tape_->describe(id_, error.what()));
  }
}

void* Var::mutable_data() const { return settable_cell(*this, "mutable_view").mutable_data(); }

// --- printing -----------------------------------------------------------------------------------

namespace {

constexpr std::int64_t shown_at_each_end = 3;

void print_number(std::ostream& out, DType dtype, const void* data, std::int64_t i) {
  if (dtype == DType::boolean) {
    out << (static_cast<const bool*>(data)[i] ? "true" : "false");
  } else if (dtype == DType::int64) {
    out << static_cast<const std::int64_t*>(data)[i];
  } else {
    out << number_at(dtype, data, i);
  }
}

/// Recursion over at most Shape::max_rank axes.
void print_axis(std::ostream& out, const Type& type, const Strides& strides, const void* data,
                std::size_t axis, std::int64_t offset) {
  if (axis == type.shape.rank()) return print_number(out, type.dtype, data, offset);
  const std::int64_t n = type.shape[axis];
  const bool shorten = type.size() > 60 && n > 2 * shown_at_each_end + 1;
  out << '[';
  for (std::int64_t i = 0; i < n; ++i) {
    if (i > 0) out << ", ";
    if (shorten && i == shown_at_each_end) {
      out << "..., ";
      i = n - shown_at_each_end;
    }
    print_axis(out, type, strides, data, axis + 1, offset + i * strides[axis]);
  }
  out << ']';
}

}  // namespace

void print_elements(std::ostream& out, const Type& type, const void* data) {
  print_axis(out, type, row_major_strides(type.shape), data, 0, 0);
}

std::ostream& operator<<(std::ostream& out, const Var& v) {
  out << v.name();
  if (!v.shape().is_scalar()) out << ' ' << to_string(v.shape());
  out << " = ";
  print_elements(out, v.type(), v.data());
  return out;
}

}  // namespace tapewise
