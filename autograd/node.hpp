#pragma once
#include <cstdint>
#include <tapewise/autograd/dtype.hpp>
#include <tapewise/autograd/source_line.hpp>

namespace tapewise {

struct OpRecord;

/// A node's place on its tape. Ids grow in the order of recording, which is a topological order.
using NodeId = std::uint32_t;

/// One node u(i) of the graph: plain data. Its parents Pa(u(i)), type and attribute stand in flat
/// arrays of the tape, by the positions kept here.
struct Node {
  const OpRecord* op = nullptr;
  SourceLine where;
  std::uint32_t parents_begin = 0;
  std::uint32_t parents_count = 0;
  std::uint32_t type = 0;
  std::uint32_t attribute = 0;
  /// Which recording of this id it is: a `Var` made before a `rewind` carries another number.
  std::uint32_t generation = 0;
  /// Depends on an input or parameter through floats: it has an entry in the gradient table.
  bool active = false;
  /// Recorded by `backward`: a node of subgraph B.
  bool in_b = false;
  /// Depends on a leaf that can be set: its value may change between runs.
  bool variable = false;
};

/// A node as the tape keeps it, half as large: recording and walking a graph of scalars is bound by
/// memory. `Tape::node` unpacks it.
struct PackedNode {
  static constexpr std::uint32_t is_active = 1, is_in_b = 2, is_variable = 4, was_read = 8;
  /// Four more bits say what a single number is: its dtype plus one; 0 for all other shapes.
  static constexpr std::uint32_t number_shift = 4, number_bits = 15U << number_shift;
  static constexpr std::uint32_t max_line = (1U << 24U) - 1, max_parents = 0xFFFF;

  const OpRecord* op;
  std::uint32_t parents_begin;
  std::uint32_t type;
  std::uint32_t attribute;
  std::uint32_t generation;
  std::uint32_t line_and_flags;  ///< flags in the lowest byte
  std::uint16_t file;            ///< position in the tape's list of file names
  std::uint16_t parents_count;

  bool has(std::uint32_t flag) const { return (line_and_flags & flag) != 0; }
  /// A dtype as these bits.
  static constexpr std::uint32_t number_flags(DType d) {
    return (static_cast<std::uint32_t>(d) + 1U) << number_shift;
  }
  std::uint32_t number() const { return (line_and_flags & number_bits) >> number_shift; }
  bool is_number(DType d) const { return (line_and_flags & number_bits) == number_flags(d); }
};
static_assert(sizeof(void*) != 8 || sizeof(PackedNode) == 32);

}  // namespace tapewise
