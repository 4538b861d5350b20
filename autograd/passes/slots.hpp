#pragma once
#include <cstdint>
#include <tapewise/autograd/passes/arena.hpp>
#include <unordered_map>
#include <vector>

namespace tapewise::passes {

/// Slots of 8 bytes for single numbers, in chunks of the arena. The slot given back last is taken
/// first: it is still in the cache. Neighbouring slots are handed out as blocks.
class SlotBank {
 public:
  explicit SlotBank(ArenaPacker& arena) : arena_(arena) {}

  std::uint32_t take() {
    if (free_.empty()) {
      const std::uint32_t slot = take_fresh(1);
      return slot;
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(std::uint32_t slot) { free_.push_back(slot); }

  std::uint32_t take_block(std::uint32_t count) {
    auto& blocks = free_blocks_[count];
    if (blocks.empty()) return take_fresh(count);
    const std::uint32_t slot = blocks.back();
    blocks.pop_back();
    return slot;
  }
  void give_back_block(std::uint32_t slot, std::uint32_t count) {
    free_blocks_[count].push_back(slot);
  }

  /// Bytes of the arena that the bank holds.
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::uint32_t largest_chunk = 1U << 16U;

  std::uint32_t take_fresh(std::uint32_t count) {
    if (next_ + count > end_) {
      while (next_ < end_) free_.push_back(next_++);
      chunk_ = std::max(std::min(chunk_ * 2, largest_chunk), (count + 7U) / 8U * 8U);
      next_ = static_cast<std::uint32_t>(arena_.take(std::size_t{chunk_} * 8) / 8);
      end_ = next_ + chunk_;
      bytes_ += std::size_t{chunk_} * 8;
    }
    const std::uint32_t slot = next_;
    next_ += count;
    return slot;
  }

  ArenaPacker& arena_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> free_blocks_;
  std::uint32_t next_ = 0, end_ = 0, chunk_ = 4;
  std::size_t bytes_ = 0;
};

}  // namespace tapewise::passes
