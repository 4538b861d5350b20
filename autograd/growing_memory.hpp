#pragma once
#include <tapewise/autograd/array.hpp>
#include <utility>

namespace tapewise {

/// Memory that grows and keeps what it holds. Small memory is copied; the pages of a large one are
/// moved to where there is room, as copying them would also mean that the system clears as many
/// new ones.
class GrowingMemory {
 public:
  GrowingMemory() = default;
  GrowingMemory(GrowingMemory&& other) noexcept { swap(other); }
  GrowingMemory& operator=(GrowingMemory&& other) noexcept {
    swap(other);
    return *this;
  }
  ~GrowingMemory();

  std::byte* data() const { return data_; }
  /// Memory for so many bytes, more than before. The first `kept` stay as they are.
  void grow(std::size_t kept, std::size_t bytes);

 private:
  void swap(GrowingMemory& other) noexcept {
    std::swap(buffer_, other.buffer_);
    std::swap(data_, other.data_);
    std::swap(mapped_, other.mapped_);
  }

  Buffer buffer_;  // as long as it is small
  std::byte* data_ = nullptr;
  std::size_t mapped_ = 0;  // bytes from data_ on, when it is large
};

}  // namespace tapewise
