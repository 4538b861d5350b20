#include <tapewise/autograd/forward.hpp>

#include <algorithm>
#include <array>
#include <tapewise/autograd/graph_walk.hpp>
#include <tapewise/autograd/leaves.hpp>

namespace tapewise {

namespace {

/// The number in the attribute of a constant.
void set_constant(Tape& tape, NodeId i, std::uint64_t epoch) {
  LeafAttribute number;
  std::memcpy(&number, tape.attribute(i), sizeof number);
  std::memcpy(tape.values().reserve(i, sizeof number.bits), &number.bits, sizeof number.bits);
  tape.values().validate(i, epoch);
}

/// f(i), chosen for the types of u(i) and its parents.
Kernel kernel_of(const Tape& tape, NodeId id) {
  const Node& node = tape.node(id);
  constexpr std::size_t few = 8;
  std::array<const Type*, few> few_types;
  std::vector<const Type*> many_types(node.parents_count > few ? node.parents_count : 0);
  const Type** types = node.parents_count > few ? many_types.data() : few_types.data();
  for (std::size_t k = 0; k < node.parents_count; ++k) types[k] = &tape.type(tape.parents(id)[k]);
  const Kernel kernel = node.op->kernel({{types, node.parents_count},
                                         tape.type(id),
                                         tape.attribute(id),
                                         false,
                                         default_simd_level()});
  if (kernel.run == nullptr) {
    throw TypeError(tape.describe(
        id, "[" + std::string(node.op->name) + "] has no kernel for " + to_string(tape.type(id))));
  }
  return kernel;
}

/// An elementwise node of one number needs no kernel to be chosen.
ScalarValue scalar_value_of(const Tape& tape, NodeId i) {
  const Type& type = tape.type(i);
  if (!tape.op(i).traits.elementwise || !type.shape.is_scalar()) return nullptr;
  const Type& number = type.dtype == DType::boolean ? tape.type(tape.parents(i)[0]) : type;
  return tape.op(i).scalar_value[static_cast<std::size_t>(number.dtype)];
}

/// u(i) = f(i)(A(i))
void compute(Tape& tape, NodeId i, std::span<const void* const> A, std::uint64_t epoch) {
  const std::size_t bytes = tape.type(i).bytes();
  if (tape.op(i).traits.alias && bytes > sizeof(Values::Slot)) {
    return tape.values().refer(i, A[0], epoch);
  }
  void* u = tape.values().reserve(i, bytes);
  if (tape.op(i).traits.alias) {  // a number stands in the node's own slot, as all do
    std::memcpy(u, A[0], bytes);
    return tape.values().validate(i, epoch);
  }
  if (const ScalarValue f = scalar_value_of(tape, i)) {
    const std::size_t last = A.size() - 1;
    f(A[0], A[std::min<std::size_t>(1, last)], A[last], u, tape.attribute(i));
    return tape.values().validate(i, epoch);
  }
  const Kernel f = kernel_of(tape, i);
  try {
    f.run({u, A.data(), f.params});
  } catch (const DomainError& error) {
    throw DomainError(tape.describe(i, error.what()));
  }
  tape.values().validate(i, epoch);
}

}  // namespace

const void* known_value(Tape& tape, NodeId i, std::uint64_t epoch) {
  if (tape.op(i).traits.leaf) {
    if (const CellPtr& cell = tape.cell(i)) return cell->data();
  }
  return tape.values().find(i, epoch);
}

const void* forward_one(Tape& tape, NodeId i, std::uint64_t epoch) {
  if (const void* known = known_value(tape, i, epoch)) return known;
  if (tape.op(i).traits.leaf) {
    set_constant(tape, i, epoch);
  } else {
    constexpr std::size_t few = 8;
    const auto parents = tape.parents(i);
    std::array<const void*, few> few_values;
    std::vector<const void*> many_values(parents.size() > few ? parents.size() : 0);
    const void** A = parents.size() > few ? many_values.data() : few_values.data();
    for (std::size_t k = 0; k < parents.size(); ++k) A[k] = known_value(tape, parents[k], epoch);
    compute(tape, i, {A, parents.size()}, epoch);
  }
  return tape.values().find(i, epoch);
}

const void* forward(Tape& tape, NodeId n) {
  const std::uint64_t epoch = tape.epoch();
  if (const void* known = known_value(tape, n, epoch)) return known;

  const auto is_known = [&](NodeId i) { return known_value(tape, i, epoch) != nullptr; };
  const std::vector<NodeId> order = ancestors(tape, std::span(&n, 1), is_known);

  // Algorithm 6.1. The ids are in topological order, so A(i) is there when u(i) is computed.
  for (const NodeId i : order) forward_one(tape, i, epoch);
  return known_value(tape, n, epoch);
}

}  // namespace tapewise
