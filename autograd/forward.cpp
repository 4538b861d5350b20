#include <tapewise/autograd/forward.hpp>

#include <array>
#include <tapewise/autograd/graph_walk.hpp>
#include <tapewise/autograd/leaves.hpp>

namespace tapewise {

namespace {

/// u(i) = x_i: a leaf's value is its cell's memory, or the number in its attribute.
void set_leaf(Tape& tape, NodeId i, std::uint64_t epoch) {
  if (const CellPtr& cell = tape.cell(i)) return tape.values().refer(i, cell->data(), epoch);
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

/// u(i) = f(i)(A(i))
void compute(Tape& tape, NodeId i, std::span<const void* const> A, std::uint64_t epoch) {
  const Node& node = tape.node(i);
  if (node.op->traits.alias) return tape.values().refer(i, A[0], epoch);
  const Kernel f = kernel_of(tape, i);
  void* u = tape.values().reserve(i, tape.type(i).bytes());
  try {
    f.run({u, A.data(), f.params});
  } catch (const DomainError& error) {
    throw DomainError(tape.describe(i, error.what()));
  }
  tape.values().validate(i, epoch);
}

}  // namespace

const void* forward(Tape& tape, NodeId n) {
  const std::uint64_t epoch = tape.epoch();
  if (const void* known = tape.values().find(n, epoch)) return known;

  const auto is_known = [&](NodeId i) { return tape.values().find(i, epoch) != nullptr; };
  const std::vector<NodeId> order = ancestors(tape, std::span(&n, 1), is_known);

  // Algorithm 6.1. The ids are in topological order, so A(i) is there when u(i) is computed.
  std::vector<const void*> A;
  for (const NodeId i : order) {
    if (tape.node(i).op->traits.leaf) {
      set_leaf(tape, i, epoch);
      continue;
    }
    A.clear();
    for (const NodeId j : tape.parents(i)) A.push_back(tape.values().find(j, epoch));
    compute(tape, i, A, epoch);
  }
  return tape.values().find(n, epoch);
}

}  // namespace tapewise
