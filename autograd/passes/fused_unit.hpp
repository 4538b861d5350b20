#pragma once
#include <algorithm>
#include <span>
#include <tapewise/autograd/fused.hpp>
#include <tapewise/autograd/passes/passes.hpp>
#include <tapewise/autograd/passes/units.hpp>

namespace tapewise::passes {

/// A fused unit of a draft, and what has to be known of its members to build it.
struct FusedUnit {
  const Draft& draft;
  const Units& units;
  const Units::Unit& unit;
  const Placement& placement;
  std::span<const DraftId> members = units.members_of(unit);

  const DraftNode& node(DraftId id) const { return draft.nodes[id]; }
  std::span<const DraftId> operands_of(DraftId id) const { return draft.operands_of(node(id)); }
  bool is_member(DraftId memory) const {
    const std::uint32_t of = units.unit_of[memory];
    return of != Units::none && &units.units[of] == &unit;
  }
  /// Whether others read the value: it has a place outside of the group.
  bool is_stored(DraftId id) const { return placement.stored[id]; }

  /// Whether members read the value.
  bool is_read_inside(DraftId id) const {
    return std::any_of(members.begin(), members.end(), [&](DraftId reader) {
      const auto operands = operands_of(reader);
      return std::any_of(operands.begin(), operands.end(),
                         [&](DraftId operand) { return draft.memory_of(operand) == id; });
    });
  }

  const Shape& shape_of(DraftId id) const { return draft.type_of(node(id)).shape; }
  DType number_of(DraftId id) const {
    const DType dtype = draft.type_of(node(id)).dtype;
    return draft.numbers == Numbers::complex128 && is_float(dtype) ? DType::complex128 : dtype;
  }
  std::int64_t element_bytes(DraftId id) const {
    return static_cast<std::int64_t>(size_of(number_of(id)));
  }

  bool is_elementwise(DraftId id) const { return node(id).op->traits.elementwise; }
  bool is_full(DraftId id) const { return shape_of(id) == unit.shape; }
  /// Ops on one number per row read their operands in that shape.
  bool is_column(DraftId id) const { return is_elementwise(id) && !is_full(id); }
  /// What a member that is not elementwise does: it folds all, folds columns, or acts on rows.
  FusedOp::Kind kind_of(DraftId id) const {
    const OpRecord& op = *node(id).op;
    if (op.folded_axes == nullptr) return FusedOp::Kind::row;
    const Type& operand = draft.type_of(node(operands_of(id)[0]));
    const std::uint32_t axes = op.folded_axes(operand, draft.attribute_of(node(id)));
    if (axes == (1U << operand.shape.rank()) - 1U) return FusedOp::Kind::total;
    return (axes & 1U) != 0 ? FusedOp::Kind::across : FusedOp::Kind::row;
  }
};

}  // namespace tapewise::passes
