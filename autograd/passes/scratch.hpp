#pragma once
#include <array>
#include <cstddef>
#include <vector>

namespace tapewise {

/// Memory for what the passes of one `compile` need for a while. What one pass has given back the
/// next one takes: memory that is touched for the first time costs more than a walk through it.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { release(0); }

  /// A block of at least so many bytes, on a cache line of its own. Throws std::bad_alloc.
  void* take(std::size_t bytes);
  /// `block` is free for the next one; `bytes` is what it was taken with.
  void give_back(void* block, std::size_t bytes);
  /// Gives back to the system the blocks from so many bytes on that nobody has at the moment.
  void release(std::size_t bytes);

 private:
  /// A block that nobody has, at its own beginning.
  struct Free {
    Free* next;
  };
  std::array<Free*, 64> free_{};  // by the power of two that is their size
};

/// What a vector takes such memory with.
template <class T>
struct ScratchAllocator {
  using value_type = T;
  Scratch* scratch;

  explicit ScratchAllocator(Scratch& of) : scratch(&of) {}
  template <class U>
  ScratchAllocator(const ScratchAllocator<U>& other) : scratch(other.scratch) {}
  T* allocate(std::size_t n) { return static_cast<T*>(scratch->take(n * sizeof(T))); }
  void deallocate(T* block, std::size_t n) { scratch->give_back(block, n * sizeof(T)); }
  friend bool operator==(const ScratchAllocator& a, const ScratchAllocator& b) {
    return a.scratch == b.scratch;
  }
};
template <class T>
using ScratchVector = std::vector<T, ScratchAllocator<T>>;

}  // namespace tapewise
