#pragma once
#include <cstdint>
#include <memory>
#include <tapewise/autograd/array.hpp>
#include <tapewise/autograd/node.hpp>
#include <vector>

namespace tapewise {

/// The values a tape has computed on demand. A node has a slot of eight bytes, by its id: the
/// number itself, or where a larger value stands. Slots lie in chunks that never move, so a view of
/// a value stays good while more nodes are recorded; `rewind` gives memory back for the next
/// values.
class Values {
 public:
  struct alignas(8) Slot {
    std::byte bytes[8];
  };

  Values();

  /// The value of `id` if it was computed in this epoch, else null.
  const void* find(NodeId id, std::uint64_t epoch) const {
    if (id / 64 >= groups_.size()) return nullptr;
    const Group& group = groups_[id / 64];
    if (group.epoch_plus_one != epoch + 1 || (group.valid >> id % 64 & 1U) == 0) return nullptr;
    return (group.elsewhere >> id % 64 & 1U) == 0 ? slot(id) : pointer(id);
  }
  /// Memory for the value of `id`, not yet valid.
  void* reserve(NodeId id, std::size_t bytes);
  /// The value of `id` is memory that somebody else owns.
  void refer(NodeId id, const void* data, std::uint64_t epoch);
  /// What `reserve` gave holds the value of this epoch now.
  void validate(NodeId id, std::uint64_t epoch) {
    validate(id, std::uint64_t{1} << id % 64, epoch);
  }
  /// The same for several of the 64 nodes of which `id` is one: those of the bits.
  void validate(NodeId id, std::uint64_t bits, std::uint64_t epoch) {
    Group& group = touch(id);
    if (group.epoch_plus_one != epoch + 1) {
      group.epoch_plus_one = epoch + 1;
      group.valid = 0;
    }
    group.valid |= bits;
  }
  /// Forget the values of all nodes from `size` on; their blocks are reused.
  void shrink(NodeId size) noexcept;

  // --- for walks over scalars, which write slots themselves ---
  static constexpr std::size_t chunk_size = 4096;
  /// Slots for all ids below `size`, and the chunks they lie in.
  void make_slots(NodeId size);
  Slot* const* chunks() const { return chunks_.data(); }
  void* slot(NodeId id) const { return chunks_[id / chunk_size] + id % chunk_size; }

 private:
  /// What is known of 64 slots.
  struct Group {
    std::uint64_t epoch_plus_one = 0;  // of those that are valid; 0: of none
    std::uint64_t valid = 0;
    std::uint64_t elsewhere = 0;  // the slot holds a pointer
  };
  /// A block of memory in use.
  struct Held {
    NodeId id;
    Buffer* block;
    friend bool operator<(const Held& a, const Held& b) { return a.id < b.id; }
  };

  const void* pointer(NodeId id) const;
  Buffer* take_block(std::size_t bytes);

  Group& touch(NodeId id) {
    const std::size_t g = id / 64;
    if (g >= touched_) touched_ = g + 1;
    return groups_[g];
  }

  std::vector<Buffer> slots_;
  std::vector<Slot*> chunks_;  // they lie in slots_
  std::vector<Group> groups_;
  std::size_t touched_ = 0;  // groups from here on are as new
  std::vector<Held> held_;   // a heap: the newest node on top, to be forgotten first
  std::vector<std::unique_ptr<Buffer>> blocks_;
  std::vector<std::vector<Buffer*>> free_by_class_;
};

}  // namespace tapewise
