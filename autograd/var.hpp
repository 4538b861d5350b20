#pragma once
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <tapewise/autograd/array.hpp>
#include <tapewise/autograd/node.hpp>
#include <utility>

namespace tapewise {

class Tape;

// What only looks something up is defined at the end of tape.hpp.

/// A handle to a node: its tape and id. Copy it freely. It must not outlive its tape, and throws
/// HandleError when used after a `rewind` has removed the node.
class Var {
 public:
  /// A Var of no tape, to be assigned to later.
  Var() = default;
  Var(Tape& tape, NodeId id, std::uint32_t generation)
      : tape_(&tape), id_(id), generation_(generation) {}

  Tape& tape() const;
  NodeId id() const { return id_; }
  bool has_tape() const { return tape_ != nullptr; }
  /// False for a Var of no tape, and after a `rewind` that removed the node.
  bool valid() const;
  const Type& type() const;
  const Shape& shape() const { return type().shape; }
  DType dtype() const { return type().dtype; }

  /// The node itself, its op, its parents Pa(u) and its attribute.
  Node node() const;
  const OpRecord& op() const;
  std::size_t parent_count() const;
  Var parent(std::size_t k) const;
  const void* attribute_data() const;

  /// Names the node, for tables, errors and pictures. Returns the Var itself.
  Var named(std::string_view label) const;
  /// The label; "%17" for a node without one.
  std::string name() const;

  /// The value at the leaves as they are now, as an xtensor container (a copy) or an adaptor on
  /// the tape's memory (valid until the next write to a leaf, `rewind` or `clear`).
  /// Throws TypeError unless `T` is the node's dtype. Defined in xtensor_bridge.hpp.
  template <class T>
  auto value() const;
  template <class T>
  auto view() const;
  /// A leaf's own memory as an adaptor, to be written; what was computed from it is stale.
  template <class T>
  auto mutable_view() const;
  /// The value of a one-element node as a C++ number. Throws ShapeError for any other.
  double item() const;
  /// The raw value: contiguous, row-major, computed if it is not yet.
  const void* data() const;

  /// Writes an input's or parameter's cell. Throws TypeError for other nodes, ShapeError or
  /// TypeError for an array of another shape or dtype; the cell is unchanged then.
  void set(const ArrayView& value) const;
  /// The memory behind `mutable_view`. Throws TypeError for nodes that are not leaves.
  void* mutable_data() const;

  /// Throws TypeError, naming `who`, unless the node is of this dtype.
  void require_dtype(DType asked, const char* who) const;

  friend bool same_node(const Var& a, const Var& b) {
    return a.tape_ == b.tape_ && a.id_ == b.id_ && a.generation_ == b.generation_;
  }

 private:
  friend class Tape;
  friend class Operand;
  [[noreturn]] static Tape& refuse_empty();
  [[noreturn]] void refuse_parent(std::size_t k) const;

  Tape* tape_ = nullptr;
  NodeId id_ = 0;
  std::uint32_t generation_ = 0;
};

/// Whether two Vars are handles of one node.
bool same_node(const Var& a, const Var& b);

/// "name = value", arrays in brackets with long ones shortened; computes the value if need be.
std::ostream& operator<<(std::ostream& out, const Var& v);

/// Elements as nested brackets, with the stream's precision; long axes are shortened.
void print_elements(std::ostream& out, const Type& type, const void* data);

/// What an op's function takes: a Var, or a number or array that becomes a constant of the tape of
/// the Var it meets; a number takes the dtype of what it meets. Remembers the line on which the op
/// is written, because operators cannot have default arguments.
class Operand {
 public:
  /// Throws HandleError for a Var that was never recorded.
  Operand(const Var& v, SourceLine where = SourceLine::here())
      : tape_(v.tape_),
        file_(where.file),
        id_(v.id_),
        generation_(v.generation_),
        line_(where.line) {
    if (!v.has_tape()) refuse_empty();
  }
  template <class T>
  requires std::is_arithmetic_v<T> Operand(T number, SourceLine where = SourceLine::here())
      : number_(static_cast<double>(number)),
        file_(where.file),
        line_(where.line),
        number_dtype_(std::is_same_v<T, bool> ? DType::boolean
                      : std::is_integral_v<T> ? DType::int64
                                              : DType::float64) {}
  template <class X>
  requires(!std::is_arithmetic_v<X> && !std::is_base_of_v<Var, X> &&
           !std::is_base_of_v<Operand, X> && std::is_constructible_v<ArrayView, const X&>)
      Operand(const X& array, SourceLine where = SourceLine::here())
      : array_(new ArrayView(array)), file_(where.file), line_(where.line) {}
  Operand(const Operand& other)
      : Operand(other, other.array_ == nullptr ? nullptr : copy_of(*other.array_)) {}
  Operand(Operand&& other) noexcept : Operand(other, other.array_) { other.array_ = nullptr; }
  Operand& operator=(Operand other) noexcept {
    std::swap(tape_, other.tape_);
    std::swap(id_, other.id_);
    std::swap(generation_, other.generation_);
    std::swap(number_, other.number_);
    std::swap(array_, other.array_);
    std::swap(file_, other.file_);
    std::swap(line_, other.line_);
    std::swap(number_dtype_, other.number_dtype_);
    return *this;
  }
  ~Operand() {
    if (array_ != nullptr) drop_array();
  }

  bool is_var() const { return tape_ != nullptr; }
  bool is_number() const { return !is_var() && array_ == nullptr; }
  /// The Var; an empty one for numbers and arrays.
  Var var() const {
    Var v;
    v.tape_ = tape_;
    v.id_ = id_;
    v.generation_ = generation_;
    return v;
  }
  double number() const { return number_; }
  DType number_dtype() const { return number_dtype_; }
  /// The array; null for Vars and numbers.
  const ArrayView* array() const { return array_; }
  SourceLine where() const { return {file_, line_}; }

 private:
  Operand(const Operand& other, const ArrayView* array)
      : tape_(other.tape_),
        number_(other.number_),
        array_(array),
        file_(other.file_),
        id_(other.id_),
        generation_(other.generation_),
        line_(other.line_),
        number_dtype_(other.number_dtype_) {}
  [[noreturn]] void refuse_empty() const;
  static const ArrayView* copy_of(const ArrayView& array);
  void drop_array() noexcept;

  // Without a smart pointer, so that Operands of Vars and numbers cost a few moves: two are made
  // for each `a + b` that is recorded. The parts of a Var stand apart, as a compiler that copies
  // them with one load of 16 bytes waits for the two stores that have just written them.
  Tape* tape_ = nullptr;
  double number_ = 0.0;
  const ArrayView* array_ = nullptr;  // owned
  const char* file_;
  NodeId id_ = 0;
  std::uint32_t generation_ = 0;
  std::uint32_t line_;
  DType number_dtype_ = DType::float64;
};

/// An operand among others: lists of them are handed on without copying any.
class OperandRef {
 public:
  OperandRef(const Operand& operand) : operand_(&operand) {}
  const Operand* operator->() const { return operand_; }
  const Operand& operator*() const { return *operand_; }

 private:
  const Operand* operand_;
};

}  // namespace tapewise
