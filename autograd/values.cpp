#include <tapewise/autograd/values.hpp>

#include <algorithm>
#include <bit>

namespace tapewise {

namespace {
/// Blocks come in powers of two, so that a freed one fits the next value of about its size.
std::size_t size_class(std::size_t bytes) {
  return static_cast<std::size_t>(std::bit_width(std::max<std::size_t>(bytes, 64) - 1));
}
}  // namespace

void Values::grow(NodeId id) {
  while (chunks_.size() * chunk_size <= id) {
    chunks_.push_back(std::make_unique<Slot[]>(chunk_size));
  }
  size_ = std::max(size_, id + 1);
}

Buffer* Values::take_block(std::size_t bytes) {
  const std::size_t c = size_class(bytes);
  auto& free = free_by_class_[c];
  if (free.empty()) {
    blocks_.push_back(std::make_unique<Buffer>(std::size_t{1} << c));
    return blocks_.back().get();
  }
  Buffer* block = free.back();
  free.pop_back();
  return block;
}

void* Values::reserve(NodeId id, std::size_t bytes) {
  grow(id);
  Slot& slot = at(id);
  slot.epoch_plus_one = 0;
  if (bytes <= inline_bytes) {
    slot.data = slot.number;
    return slot.number;
  }
  if (slot.block == nullptr) slot.block = take_block(bytes);  // a node's size never changes
  slot.data = slot.block->data();
  return slot.block->data();
}

void Values::refer(NodeId id, const void* data, std::uint64_t epoch) {
  grow(id);
  at(id).data = data;
  at(id).epoch_plus_one = epoch + 1;
}

void Values::shrink(NodeId size) {
  for (NodeId id = size; id < size_; ++id) {
    Slot& slot = at(id);
    if (slot.block != nullptr)
      free_by_class_[size_class(slot.block->bytes())].push_back(slot.block);
    slot = Slot{};
  }
  size_ = std::min(size_, size);
}

}  // namespace tapewise
