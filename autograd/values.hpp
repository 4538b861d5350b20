#pragma once
#include <cstdint>
#include <memory>
#include <tapewise/autograd/array.hpp>
#include <tapewise/autograd/node.hpp>
#include <vector>

namespace tapewise {

/// The values a tape has computed on demand. Memory lies in chunks that never move, so a view of a
/// value stays good while more nodes are recorded; `rewind` gives blocks back for the next values.
class Values {
 public:
  /// The value of `id` if it was computed in this epoch, else null.
  const void* find(NodeId id, std::uint64_t epoch) const {
    if (id >= size_) return nullptr;
    const Slot& slot = at(id);
    return slot.epoch_plus_one == epoch + 1 ? slot.data : nullptr;
  }
  /// Memory for the value of `id`, not yet valid.
  void* reserve(NodeId id, std::size_t bytes);
  /// The value of `id` is memory that somebody else owns.
  void refer(NodeId id, const void* data, std::uint64_t epoch);
  /// What `reserve` gave holds the value of this epoch now.
  void validate(NodeId id, std::uint64_t epoch) { at(id).epoch_plus_one = epoch + 1; }
  /// Forget the values of all nodes from `size` on; their blocks are reused.
  void shrink(NodeId size);

 private:
  static constexpr std::size_t chunk_size = 4096;
  static constexpr std::size_t inline_bytes = 8;
  struct Slot {
    std::uint64_t epoch_plus_one = 0;  // 0: never computed
    const void* data = nullptr;
    Buffer* block = nullptr;  // null: the number is kept inline, or referred to
    alignas(8) std::byte number[inline_bytes]{};
  };

  Slot& at(NodeId id) const { return chunks_[id / chunk_size][id % chunk_size]; }
  void grow(NodeId id);
  Buffer* take_block(std::size_t bytes);

  std::vector<std::unique_ptr<Slot[]>> chunks_;
  NodeId size_ = 0;
  std::vector<std::unique_ptr<Buffer>> blocks_;
  std::vector<std::vector<Buffer*>> free_by_class_ = std::vector<std::vector<Buffer*>>(64);
};

}  // namespace tapewise
