#include <algorithm>
#include <tapewise/autograd/passes/arena.hpp>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;
constexpr std::size_t never = ~std::size_t{0};

/// When each value is made and last read, as positions in the order of steps.
struct Lifetimes {
  std::vector<std::size_t> made, last_read;

  Lifetimes(const Draft& draft, std::span<const DraftId> order)
      : made(draft.nodes.size(), never), last_read(draft.nodes.size(), 0) {
    for (std::size_t step = 0; step < order.size(); ++step) {
      const DraftNode& node = draft.nodes[order[step]];
      made[order[step]] = step;
      const DraftId own = draft.memory_of(order[step]);
      last_read[own] = std::max(last_read[own], step);
      for (const DraftId operand : draft.operands_of(node)) {
        const DraftId memory = draft.memory_of(operand);
        last_read[memory] = std::max(last_read[memory], step);
      }
    }
    for (const DraftId output : draft.outputs) last_read[draft.memory_of(output)] = never;
  }
};

/// The new value of a parameter can be written straight to its cell when nobody reads the old one
/// from then on (the step itself may, element by element) and nothing can throw any more.
bool can_update_in_place(const Draft& draft, std::span<const DraftId> order,
                         const Lifetimes& lifetimes, DraftId leaf, DraftId value) {
  const DraftNode& node = draft.nodes[value];
  if (node.role != Role::compute || node.op->traits.alias || node.op->traits.may_throw)
    return false;
  for (const DraftId output : draft.outputs) {
    if (draft.memory_of(output) == value) return false;
  }
  const std::size_t at = lifetimes.made[value];
  for (std::size_t step = at; step < order.size(); ++step) {
    const DraftNode& later = draft.nodes[order[step]];
    if (later.role == Role::guard || (later.role == Role::compute && later.op->traits.may_throw)) {
      return false;
    }
    if (later.role == Role::assign) {
      // Another assign may copy the old value of this cell, or this value to a second cell.
      const DraftId source = draft.memory_of(draft.operands_of(later)[1]);
      const DraftId target = draft.operands_of(later)[0];
      if (source == leaf || (source == value && target != leaf)) return false;
      continue;
    }
    for (const DraftId operand : draft.operands_of(later)) {
      if (draft.memory_of(operand) != leaf) continue;
      const bool same_element = step == at && later.op->traits.elementwise &&
                                draft.type_of(draft.nodes[operand]) == draft.type_of(later);
      if (!same_element) return false;
    }
  }
  return true;
}

}  // namespace

Placement place(const Draft& draft, std::span<const DraftId> order, const CompileOptions& options) {
  Placement placement;
  placement.places.resize(draft.nodes.size());
  placement.assigned_by_producer.resize(draft.nodes.size());
  const Lifetimes lifetimes(draft, order);

  std::vector<bool> placed(draft.nodes.size());
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    const DraftNode& node = draft.nodes[id];
    if (node.role == Role::cell) placement.places[id] = {Place::Kind::cell, node.data};
    if (node.role == Role::constant) placement.places[id] = {Place::Kind::constant, node.data};
    placed[id] = node.role != Role::compute;
  }
  for (const DraftId id : order) {
    const DraftNode& node = draft.nodes[id];
    if (node.role != Role::assign) continue;
    const DraftId leaf = draft.operands_of(node)[0];
    const DraftId value = draft.memory_of(draft.operands_of(node)[1]);
    placement.places[id] = placement.places[leaf];
    if (options.update_in_place && value == draft.operands_of(node)[1] && !placed[value] &&
        can_update_in_place(draft, order, lifetimes, leaf, value)) {
      placement.places[value] = placement.places[leaf];
      placement.assigned_by_producer[id] = true;
      placed[value] = true;
    }
  }

  // The arena: take a block where a value is made, give it back after its last reader.
  ArenaPacker packer;
  std::vector<std::vector<DraftId>> dying(options.reuse ? order.size() : 0);
  std::size_t alive = 0;
  for (std::size_t step = 0; step < order.size(); ++step) {
    const DraftId id = order[step];
    const DraftNode& node = draft.nodes[id];
    if (node.role == Role::compute) {
      const DraftId memory = draft.memory_of(id);
      if (memory != id) {
        placement.places[id] = placement.places[memory];
      } else if (!placed[id]) {
        const std::size_t bytes = draft.bytes_of(node);
        placement.places[id] = {Place::Kind::arena, packer.take(bytes)};
        alive += ArenaPacker::rounded(bytes);
        placement.peak_bytes = std::max(placement.peak_bytes, alive);
        if (options.reuse && lifetimes.last_read[id] != never) {
          dying[lifetimes.last_read[id]].push_back(id);
        }
      }
    }
    if (!options.reuse) continue;
    for (const DraftId dead : dying[step]) {
      const std::size_t bytes = draft.bytes_of(draft.nodes[dead]);
      packer.give_back(placement.places[dead].at, bytes);
      alive -= ArenaPacker::rounded(bytes);
    }
  }
  placement.arena_bytes = packer.size();
  return placement;
}

}  // namespace tapewise::passes
