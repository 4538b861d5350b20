#include <algorithm>
#include <tapewise/autograd/graph_walk.hpp>
#include <tapewise/autograd/huge_pages.hpp>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

/// The guards that a program must keep: those recorded before its newest forward node.
std::vector<Guard> guards_before_newest(const Tape& tape, std::span<const NodeId> needed) {
  if (tape.guards().empty()) return {};
  NodeId newest = 0;
  for (const NodeId id : needed) {
    if (!tape.is_in_b(id)) newest = std::max(newest, id);
  }
  std::vector<Guard> kept;
  for (const Guard& guard : tape.guards()) {
    if (guard.recorded_before <= newest) kept.push_back(guard);
  }
  return kept;
}

/// A constant number, or an array constant, as an array of the plan.
std::shared_ptr<const Array> constant_array(const Tape& tape, NodeId id, Numbers numbers) {
  Type type = tape.type(id);
  LeafAttribute attribute;
  std::memcpy(&attribute, tape.attribute(id), sizeof attribute);
  const void* from = tape.cell(id) != nullptr ? tape.cell(id)->data() : &attribute.bits;
  return converted(from, type, numbers);
}

}  // namespace

Draft reach(std::span<const Var> outputs, Numbers numbers) {
  if (outputs.empty()) throw HandleError("[compile] no outputs: compile({loss, ...})");
  Tape& tape = outputs[0].tape();
  std::vector<NodeId> roots;
  for (const Var& output : outputs) {
    tape.require_own(output, "compile");
    roots.push_back(output.id());
  }
  const auto everything = [](NodeId) { return false; };
  std::vector<NodeId> needed = ancestors(tape, roots, everything);
  const std::vector<Guard> guards = guards_before_newest(tape, needed);
  for (const Guard& guard : guards) roots.push_back(guard.condition);
  if (!guards.empty()) needed = ancestors(tape, roots, everything);

  Draft draft;
  draft.tape = &tape;
  draft.numbers = numbers;
  draft.types = tape.types();
  if (numbers != Numbers::as_recorded) {
    for (Type& type : draft.types) {
      if (is_float(type.dtype)) type.dtype = DType::float64;
    }
  }
  const Positions position(tape, needed);
  draft.has.guards = !guards.empty();
  std::size_t operands = guards.size();
  for (const NodeId id : needed) operands += tape.parents(id).size();
  reserve_huge(draft.nodes, needed.size() + guards.size());
  reserve_huge(draft.operands, operands);
  for (const NodeId id : needed) {
    const PackedNode& node = tape.packed_nodes()[id];
    const OpRecord& op = *node.op;
    DraftNode& d = draft.nodes.emplace_back();
    d.op = &op;
    d.alias = op.traits.alias;
    draft.has.aliases = draft.has.aliases || d.alias;
    draft.has.accumulating = draft.has.accumulating || op.accumulating != nullptr;
    draft.has.by_products = draft.has.by_products || op.by_product != nullptr;
    draft.has.absorbing = draft.has.absorbing || op.absorb != nullptr || op.traits.broadcast;
    d.type = node.type;
    d.origin = id;
    d.operands_begin = static_cast<std::uint32_t>(draft.operands.size());
    d.operands_count = node.parents_count;
    for (const NodeId parent : tape.parents(id)) {
      const DraftId operand = position(parent);
      // An alias of an alias reads what that one does: no chain is ever walked.
      draft.operands.push_back(d.alias ? draft.memory_of(operand) : operand);
    }
    d.attribute = static_cast<std::uint32_t>(draft.attributes.size());
    const auto* words = static_cast<const std::uint64_t*>(tape.attribute(id));
    if (const std::size_t count = (op.attribute_bytes + 7) / 8; count > 0) {
      draft.attributes.insert(draft.attributes.end(), words, words + count);
    }
    if (&op == &constant_op()) {
      d.role = Role::constant;
      d.data = static_cast<std::uint32_t>(draft.constants.size());
      draft.constants.push_back(constant_array(tape, id, numbers));
    } else if (op.traits.leaf) {
      d.role = Role::cell;
      d.data = static_cast<std::uint32_t>(draft.cells.size());
      draft.cells.push_back(tape.cell(id));
    } else if (op.traits.assign) {
      d.role = Role::assign;
      draft.has.assigns = true;
    }
  }
  for (const NodeId root : std::span(roots).first(outputs.size())) {
    draft.outputs.push_back(position(root));
  }
  for (const Guard& guard : guards) {
    DraftNode d;
    d.role = Role::guard;
    d.guard_taken = guard.taken;
    d.origin = guard.condition;
    d.type = tape.node(guard.condition).type;
    d.operands_begin = static_cast<std::uint32_t>(draft.operands.size());
    d.operands_count = 1;
    draft.operands.push_back(position(guard.condition));
    draft.nodes.push_back(d);
  }
  return draft;
}

}  // namespace tapewise::passes
