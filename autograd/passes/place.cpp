#include <algorithm>
#include <tapewise/autograd/huge_pages.hpp>
#include <tapewise/autograd/passes/arena.hpp>
#include <tapewise/autograd/passes/passes.hpp>
#include <tapewise/autograd/passes/slots.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;
constexpr std::uint32_t never = ~std::uint32_t{0};

/// When each value is last read, as a position among the units, and whether anyone but its own unit
/// reads it.
struct Lifetimes {
  ScratchVector<std::uint32_t> last_read;
  std::vector<bool> read_outside;

  Lifetimes(const Draft& draft, const Units& units)
      : last_read(draft.scratch_vector<std::uint32_t>(draft.nodes.size())),
        read_outside(draft.nodes.size()) {
    for (std::uint32_t u = 0; u < units.units.size(); ++u) {
      for (const DraftId id : units.members_of(units.units[u])) {
        last_read[id] = std::max(last_read[id], u);
        for (const DraftId operand : draft.operands_of(draft.nodes[id])) {
          const DraftId memory = draft.memory_of(operand);
          last_read[memory] = std::max(last_read[memory], u);
          if (units.unit_of[memory] != u) read_outside[memory] = true;
        }
      }
    }
    for (const DraftId output : draft.outputs) {
      last_read[draft.memory_of(output)] = never;
      read_outside[draft.memory_of(output)] = true;
    }
  }
};

/// Whether the member `reader` of a unit has read an operand's element before the member `writer`
/// of the same unit writes the element at the same place.
bool reads_before(const Draft& draft, DraftId reader, DraftId operand, DraftId writer) {
  return reader <= writer && draft.nodes[reader].op->traits.elementwise &&
         draft.type_of(draft.nodes[operand]).shape == draft.type_of(draft.nodes[reader]).shape &&
         draft.type_of(draft.nodes[reader]).shape == draft.type_of(draft.nodes[writer]).shape;
}

/// The same for all members of a unit that read this memory.
bool all_read_before(const Draft& draft, std::span<const DraftId> members, DraftId memory,
                     DraftId writer) {
  for (const DraftId reader : members) {
    for (const DraftId operand : draft.operands_of(draft.nodes[reader])) {
      if (draft.memory_of(operand) == memory && !reads_before(draft, reader, operand, writer)) {
        return false;
      }
    }
  }
  return true;
}

/// Which new values of parameters can be written straight to their cells.
class UpdatesInPlace {
 public:
  UpdatesInPlace(const Draft& draft, const Units& units, const Lifetimes& lifetimes)
      : draft_(draft),
        units_(units),
        lifetimes_(lifetimes),
        last_read_(draft.nodes.size(), 0),
        copies_(draft.nodes.size(), 0) {
    for (std::uint32_t u = 0; u < units.units.size(); ++u) {
      const auto members = units.members_of(units.units[u]);
      const DraftNode& first = draft.nodes[members[0]];
      if (first.role == Role::assign) {
        ++copies_[draft.memory_of(draft.operands_of(first)[1])];
        continue;
      }
      if (first.role == Role::guard || first.op->traits.may_throw) last_throwing_ = u;
      for (const DraftId reader : members) {
        for (const DraftId operand : draft.operands_of(draft.nodes[reader])) {
          last_read_[draft.memory_of(operand)] = u;
        }
      }
    }
  }

  /// Nobody may read the old value from then on (the step itself may, element by element), nothing
  /// may throw any more, and no other assign may copy the old value or this one.
  bool allow(DraftId leaf, DraftId value) const {
    const DraftNode& node = draft_.nodes[value];
    if (node.role != Role::compute || node.alias || node.op->traits.may_throw) return false;
    if (lifetimes_.last_read[value] == never) return false;  // an output
    const std::uint32_t at = units_.unit_of[value];
    const Units::Unit& unit = units_.units[at];
    if (unit.kind == Units::Kind::scalars) return false;
    return last_throwing_ <= at && last_read_[leaf] <= at && copies_[leaf] == 0 &&
           copies_[value] == 1 && all_read_before(draft_, units_.members_of(unit), leaf, value);
  }

 private:
  const Draft& draft_;
  const Units& units_;
  const Lifetimes& lifetimes_;
  std::uint32_t last_throwing_ = 0;
  std::vector<std::uint32_t> last_read_;  // by memory: the last unit that is no assign
  std::vector<std::uint32_t> copies_;     // by memory: assigns of it
};

class Placer {
 public:
  Placer(const Draft& draft, const Units& units, const CompileOptions& options)
      : draft_(draft),
        units_(units),
        options_(options),
        lifetimes_(draft, units),
        last_reader_(draft.scratch_vector<DraftId>(draft.nodes.size())),
        block_(draft.scratch_vector<std::uint32_t>(draft.nodes.size())) {
    placement_.places = huge_vector<Place>(draft.nodes.size());
    placement_.stored.resize(draft.nodes.size());
    placement_.assigned_by_producer.resize(draft.nodes.size());
    placement_.load_slots = huge_vector<std::uint32_t>(draft.nodes.size());
    has_load_slot_.resize(draft.nodes.size());
  }

  Placement run() {
    place_leaves();
    place_updates();
    list_dying();
    for (std::uint32_t u = 0; u < units_.units.size(); ++u) {
      if (units_.units[u].kind == Units::Kind::scalars)
        place_scalars(u);
      else
        place_results(u);
      if (options_.reuse) release(u);
    }
    for (DraftId id = 0; draft_.has.aliases && id < draft_.nodes.size(); ++id) {
      const DraftId memory = draft_.memory_of(id);
      if (memory != id) placement_.places[id] = placement_.places[memory];
    }
    placement_.arena_bytes = packer_.size();
    placement_.peak_bytes += bank_.bytes();
    measure_outputs();
    return std::move(placement_);
  }

 private:
  void place_leaves() {
    for (DraftId id = 0; id < draft_.nodes.size(); ++id) {
      const DraftNode& node = draft_.nodes[id];
      if (node.role == Role::cell) placement_.places[id] = {Place::Kind::cell, node.data};
      if (node.role == Role::constant) placement_.places[id] = {Place::Kind::constant, node.data};
    }
  }

  void place_updates() {
    if (!draft_.has.assigns) return;
    const UpdatesInPlace updates(draft_, units_, lifetimes_);
    for (const Units::Unit& unit : units_.units) {
      const DraftId id = units_.members[unit.begin];
      const DraftNode& node = draft_.nodes[id];
      if (node.role != Role::assign) continue;
      const DraftId leaf = draft_.operands_of(node)[0];
      const DraftId value = draft_.operands_of(node)[1];
      placement_.places[id] = placement_.places[leaf];
      if (options_.update_in_place && draft_.nodes[value].role == Role::compute &&
          draft_.memory_of(value) == value && !placement_.stored[value] &&
          updates.allow(leaf, value)) {
        placement_.places[value] = placement_.places[leaf];
        placement_.stored[value] = true;
        placement_.assigned_by_producer[id] = true;
      }
    }
  }

  bool needs_place(DraftId id, const Units::Unit& unit) const {
    if (draft_.nodes[id].role != Role::compute || placement_.stored[id]) return false;
    return unit.kind != Units::Kind::fused || lifetimes_.read_outside[id];
  }

  // --- single numbers ---

  bool is_scalar(DraftId id) const {
    const std::uint32_t unit = units_.unit_of[id];
    return unit != Units::none && units_.units[unit].kind == Units::Kind::scalars;
  }

  void place_scalars(std::uint32_t u) {
    const Units::Unit& unit = units_.units[u];
    const auto members = units_.members_of(unit);
    for (const DraftId id : members) {
      for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
        const DraftId memory = draft_.memory_of(operand);
        last_reader_[memory] = id;
        if (placement_.places[memory].kind == Place::Kind::arena || has_load_slot_[memory])
          continue;
        placement_.load_slots[memory] = bank_.take();
        has_load_slot_[memory] = true;
      }
    }
    RangesFrom vectors(units_.vectors, unit.begin), sums(units_.sums, unit.begin);
    for (std::uint32_t at = unit.begin; at < unit.end;) {
      if (const Units::Range* vector = vectors.at(at)) {
        place_vector(u, *vector);
        at = vector->end;
      } else if (const Units::Range* sum = sums.at(at)) {
        place_sum(u, *sum);
        at = sum->end;
      } else {
        const DraftId id = units_.members[at++];
        release_read(u, id);
        set_slot(id, bank_.take(), 0);
      }
    }
  }

  /// All operands are read before the first result is written, but not all at once.
  void place_vector(std::uint32_t u, const Units::Range& range) {
    const std::uint32_t count = range.end - range.begin;
    const std::uint32_t first = bank_.take_block(count);
    const auto block = static_cast<std::uint32_t>(blocks_.size());
    blocks_.push_back({first, count, count});
    for (std::uint32_t k = 0; k < count; ++k) {
      set_slot(units_.members[range.begin + k], first + k, block);
    }
    for (std::uint32_t at = range.begin; at < range.end; ++at) {
      release_read(u, units_.members[at]);
    }
  }

  /// Only the last addition of a sum has a value in memory.
  void place_sum(std::uint32_t u, const Units::Range& range) {
    for (std::uint32_t at = range.begin; at < range.end; ++at) {
      release_read(u, units_.members[at]);
      if (at + 1 < range.end) last_reader_[units_.members[at]] = taken;
    }
    set_slot(units_.members[range.end - 1], bank_.take(), 0);
  }

  void set_slot(DraftId id, std::uint32_t slot, std::uint32_t block) {
    placement_.places[id] = {Place::Kind::arena, std::size_t{slot} * 8};
    placement_.stored[id] = true;
    block_[id] = block;
  }

  /// The slots of operands of the same unit that `id` is the last to read.
  void release_read(std::uint32_t u, DraftId id) {
    if (!options_.reuse) return;
    for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
      const DraftId memory = draft_.memory_of(operand);
      if (last_reader_[memory] != id || units_.unit_of[memory] != u ||
          lifetimes_.read_outside[memory]) {
        continue;
      }
      last_reader_[memory] = taken;  // once, though it may be read twice
      release_slot(memory);
    }
  }

  void release_slot(DraftId id) {
    const auto slot = static_cast<std::uint32_t>(placement_.places[id].at / 8);
    if (block_[id] == 0) return bank_.give_back(slot);
    Block& block = blocks_[block_[id]];
    if (--block.alive == 0) bank_.give_back_block(block.first, block.count);
  }

  /// For each unit, the values whose last reader it is, as a list per unit in one array.
  void list_dying() {
    const std::size_t n = units_.units.size();
    dying_begin_.assign(n + 1, 0);
    const auto for_each_dying = [&](auto&& visit) {
      for (const Units::Unit& unit : units_.units) {
        const bool scalars = unit.kind == Units::Kind::scalars;
        for (const DraftId id : units_.members_of(unit)) {
          if (scalars && !lifetimes_.read_outside[id]) continue;  // it dies inside
          if (needs_place(id, unit) && lifetimes_.last_read[id] != never) {
            visit(lifetimes_.last_read[id], id);
          }
        }
      }
    };
    for_each_dying([&](std::uint32_t u, DraftId) { ++dying_begin_[u + 1]; });
    for (std::size_t u = 0; u < n; ++u) dying_begin_[u + 1] += dying_begin_[u];
    dying_.resize(dying_begin_[n]);
    std::vector<std::uint32_t> next(dying_begin_.begin(), dying_begin_.end() - 1);
    for_each_dying([&](std::uint32_t u, DraftId id) { dying_[next[u]++] = id; });
  }
  std::span<DraftId> dying_at(std::uint32_t u) {
    return {dying_.data() + dying_begin_[u], dying_begin_[u + 1] - dying_begin_[u]};
  }

  void place_results(std::uint32_t u) {
    const Units::Unit& unit = units_.units[u];
    for (const DraftId id : units_.members_of(unit)) {
      if (!needs_place(id, unit)) continue;
      const std::size_t bytes = draft_.bytes_of(draft_.nodes[id]);
      placement_.stored[id] = true;
      if (options_.reuse && take_over(u, id, bytes)) continue;
      placement_.places[id] = {Place::Kind::arena, packer_.take(bytes)};
      alive_ += ArenaPacker::rounded(bytes);
      placement_.peak_bytes = std::max(placement_.peak_bytes, alive_);
    }
  }

  /// A result is written over an operand that dies here and has been read at that place by then.
  bool take_over(std::uint32_t u, DraftId id, std::size_t bytes) {
    if (draft_.nodes[id].op->traits.over_first) return take_first(u, id, bytes);
    if (!draft_.nodes[id].op->traits.elementwise) return false;
    const auto members = units_.members_of(units_.units[u]);
    for (DraftId& dead : dying_at(u)) {
      if (dead == taken || units_.unit_of[dead] == u || is_scalar(dead)) continue;
      if (placement_.places[dead].kind != Place::Kind::arena ||
          draft_.bytes_of(draft_.nodes[dead]) != bytes ||
          !all_read_before(draft_, members, dead, id)) {
        continue;
      }
      placement_.places[id] = placement_.places[dead];
      dead = taken;
      return true;
    }
    return false;
  }

  /// The same for an op that adds to its first operand, which it does not read otherwise.
  bool take_first(std::uint32_t u, DraftId id, std::size_t bytes) {
    const auto operands = draft_.operands_of(draft_.nodes[id]);
    const DraftId first = draft_.memory_of(operands[0]);
    for (const DraftId operand : operands.subspan(1)) {
      if (draft_.memory_of(operand) == first) return false;
    }
    for (DraftId& dead : dying_at(u)) {
      if (dead != first || is_scalar(dead) || draft_.bytes_of(draft_.nodes[dead]) != bytes ||
          placement_.places[dead].kind != Place::Kind::arena) {
        continue;
      }
      placement_.places[id] = placement_.places[dead];
      dead = taken;
      return true;
    }
    return false;
  }

  void release(std::uint32_t u) {
    for (const DraftId dead : dying_at(u)) {
      if (dead == taken) continue;
      if (is_scalar(dead)) {
        release_slot(dead);
        continue;
      }
      const std::size_t bytes = draft_.bytes_of(draft_.nodes[dead]);
      packer_.give_back(placement_.places[dead].at, bytes);
      alive_ -= ArenaPacker::rounded(bytes);
    }
  }

  void measure_outputs() {
    std::vector<DraftId> held;
    for (const DraftId output : draft_.outputs) held.push_back(draft_.memory_of(output));
    std::sort(held.begin(), held.end());
    held.erase(std::unique(held.begin(), held.end()), held.end());
    for (const DraftId id : held) {
      if (draft_.nodes[id].role != Role::compute || is_scalar(id) ||
          placement_.places[id].kind != Place::Kind::arena) {
        continue;
      }
      placement_.output_bytes += ArenaPacker::rounded(draft_.bytes_of(draft_.nodes[id]));
    }
  }

  static constexpr DraftId taken = ~DraftId{0};

  const Draft& draft_;
  const Units& units_;
  const CompileOptions& options_;
  Lifetimes lifetimes_;
  Placement placement_;
  ArenaPacker packer_;
  std::size_t alive_ = 0;

  /// Neighbouring slots that are given back together.
  struct Block {
    std::uint32_t first, count, alive;
  };
  SlotBank bank_{packer_};
  std::vector<bool> has_load_slot_;
  ScratchVector<DraftId> last_reader_;
  ScratchVector<std::uint32_t> block_;  // into blocks_; 0: a slot of its own
  std::vector<Block> blocks_{1};

  std::vector<std::uint32_t> dying_begin_;
  std::vector<DraftId> dying_;
};

}  // namespace

Placement place(const Draft& draft, const Units& units, const CompileOptions& options) {
  return Placer(draft, units, options).run();
}

}  // namespace tapewise::passes
