#pragma once
#include <memory>
#include <span>
#include <string>
#include <tapewise/autograd/compile_options.hpp>
#include <tapewise/autograd/passes/scratch.hpp>
#include <tapewise/autograd/tape.hpp>
#include <vector>

namespace tapewise {

/// Position of a node in a draft.
using DraftId = std::uint32_t;

/// An array of a tape in the number type of a plan: floats become double or complex.
std::shared_ptr<const Array> converted(const void* from, const Type& type, Numbers as);

/// A node on its way from the tape to the plan.
struct DraftNode {
  enum class Role : std::uint8_t {
    compute,
    cell,      ///< a leaf: reads a cell
    constant,  ///< known while planning
    guard,     ///< checks that its operand, a condition, is as it was recorded
    assign,    ///< writes its second operand to the cell of its first
    dead,
  };
  const OpRecord* op = nullptr;
  std::uint32_t type = 0;            ///< into Draft::types
  std::uint32_t operands_begin = 0;  ///< into Draft::operands
  std::uint32_t attribute = 0;       ///< into Draft::attributes
  std::uint32_t data = 0;            ///< into Draft::cells or Draft::constants
  NodeId origin = 0;                 ///< on the tape
  std::uint16_t operands_count = 0;
  Role role = Role::compute;
  bool guard_taken : 1 = false;
  bool alias : 1 = false;  ///< the op's trait, at hand
};
static_assert(sizeof(void*) != 8 || sizeof(DraftNode) == 32);

/// What a plan is made from: the part of the tape that the outputs need, which passes rewrite one
/// after the other. Nodes stay in topological order.
struct Draft {
  std::vector<DraftNode> nodes;
  std::vector<DraftId> operands;
  std::vector<std::uint64_t> attributes;
  std::vector<Type> types;
  std::vector<CellPtr> cells;
  std::vector<std::shared_ptr<const Array>> constants;
  std::vector<DraftId> outputs;
  Tape* tape = nullptr;
  Numbers numbers = Numbers::as_recorded;
  SimdLevel simd = SimdLevel::sse2;
  /// Where passes take memory from for what they need themselves.
  std::shared_ptr<Scratch> scratch = std::make_shared<Scratch>();
  /// What there is among the nodes: passes for what there is not have nothing to do.
  struct Contents {
    bool aliases = false, guards = false, assigns = false;
    /// Ops that have an accumulating form or a by-product, ops that absorb and that are absorbed.
    bool accumulating = false, by_products = false, absorbing = false;
  } has;

  std::span<DraftId> operands_of(const DraftNode& node) {
    return {operands.data() + node.operands_begin, node.operands_count};
  }
  std::span<const DraftId> operands_of(const DraftNode& node) const {
    return {operands.data() + node.operands_begin, node.operands_count};
  }
  const Type& type_of(const DraftNode& node) const { return types[node.type]; }
  const void* attribute_of(const DraftNode& node) const {
    return attributes.data() + node.attribute;
  }
  /// Bytes of a value under the plan's number type.
  std::size_t bytes_of(const Type& type) const;
  std::size_t bytes_of(const DraftNode& node) const { return bytes_of(type_of(node)); }
  /// The node whose memory holds the value: through aliases to their operand.
  DraftId memory_of(DraftId id) const { return has.aliases ? behind_aliases(id) : id; }
  DraftId behind_aliases(DraftId id) const;
  /// Puts the nodes into another topological order: at k comes what was at order[k].
  void reorder(std::span<const DraftId> order);
  /// A number per node, say, for the time of a pass.
  template <class T>
  ScratchVector<T> scratch_vector(std::size_t size, const T& value = T()) const {
    return ScratchVector<T>(size, value, ScratchAllocator<T>(*scratch));
  }
  /// The kernel for a node; `run == nullptr` when the op has none for the number type.
  Kernel kernel_of(const DraftNode& node) const;
  /// What to say of a node in an error or a listing.
  std::string describe(const DraftNode& node, const std::string& what) const {
    return tape->describe(node.origin, what);
  }
};

}  // namespace tapewise
