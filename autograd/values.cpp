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

Values::Values() : free_by_class_(64) {}

void Values::make_slots(NodeId size) {
  while (chunks_.size() * chunk_size < size) {
    // One chunk at a time while there are few; then so many that they lie in huge pages.
    const std::size_t more = chunks_.size() < 16 ? 1 : 128;
    groups_.resize((chunks_.size() + more) * chunk_size / 64);
    slots_.emplace_back(more * chunk_size * sizeof(Slot));
    auto* first = reinterpret_cast<Slot*>(slots_.back().data());
    for (std::size_t c = 0; c < more; ++c) chunks_.push_back(first + c * chunk_size);
  }
}

const void* Values::pointer(NodeId id) const {
  const void* data = nullptr;
  std::memcpy(&data, slot(id), sizeof data);
  return data;
}

Buffer* Values::take_block(std::size_t bytes) {
  const std::size_t c = size_class(bytes);
  auto& free = free_by_class_[c];
  if (free.empty()) {
    blocks_.push_back(std::make_unique<Buffer>(std::size_t{1} << c));
    free.reserve(blocks_.size());  // so that giving blocks back allocates nothing
    return blocks_.back().get();
  }
  Buffer* block = free.back();
  free.pop_back();
  return block;
}

void* Values::reserve(NodeId id, std::size_t bytes) {
  make_slots(id + 1);
  Group& group = touch(id);
  const std::uint64_t bit = std::uint64_t{1} << id % 64;
  group.valid &= ~bit;
  if (bytes <= sizeof(Slot)) return slot(id);
  if ((group.elsewhere & bit) == 0) {  // a node's size never changes
    Buffer* block = take_block(bytes);
    held_.push_back({id, block});
    std::push_heap(held_.begin(), held_.end());
    const void* data = block->data();
    std::memcpy(slot(id), &data, sizeof data);
    group.elsewhere |= bit;
  }
  return const_cast<void*>(pointer(id));
}

void Values::refer(NodeId id, const void* data, std::uint64_t epoch) {
  make_slots(id + 1);
  std::memcpy(slot(id), &data, sizeof data);
  touch(id).elsewhere |= std::uint64_t{1} << id % 64;
  validate(id, epoch);
}

void Values::shrink(NodeId size) noexcept {
  while (!held_.empty() && held_.front().id >= size) {
    Buffer* block = held_.front().block;
    std::pop_heap(held_.begin(), held_.end());
    held_.pop_back();
    free_by_class_[size_class(block->bytes())].push_back(block);
  }
  std::size_t first = size / 64;
  if (size % 64 != 0 && first < groups_.size()) {
    const std::uint64_t kept = (std::uint64_t{1} << size % 64) - 1;
    groups_[first].valid &= kept;
    groups_[first].elsewhere &= kept;
    ++first;
  }
  for (std::size_t g = first; g < touched_; ++g) groups_[g] = Group{};
  touched_ = std::min(touched_, first);
}

}  // namespace tapewise
