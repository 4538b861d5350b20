#pragma once
#include <tapewise/autograd/op.hpp>

namespace tapewise {

/// The attribute of a leaf: the cell it refers to, or the bits of a constant number.
struct LeafAttribute {
  static constexpr std::uint64_t no_cell = ~std::uint64_t{0};
  std::uint64_t cell = no_cell;  ///< position among the tape's cells
  std::uint64_t bits = 0;        ///< the number's bytes when there is no cell
};

const OpRecord& input_op();
const OpRecord& parameter_op();
const OpRecord& constant_op();
const OpRecord& assign_op();
/// A copy of its operand: inserted by plans, never recorded.
const OpRecord& copy_op();

/// The node by which a program updates a leaf: it writes `value` to the cell of `leaf` when the run
/// ends. Every other node of the program reads the old value. The node's own value is `value`.
/// Throws TypeError for a leaf that cannot be set or another dtype, ShapeError for another shape.
Var assign(const Var& leaf, const Operand& value);

}  // namespace tapewise
