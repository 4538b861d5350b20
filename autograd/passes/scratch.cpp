#include <tapewise/autograd/passes/scratch.hpp>

#include <algorithm>
#include <bit>
#include <new>
#include <tapewise/autograd/huge_pages.hpp>
#include <utility>

namespace tapewise {

namespace {

constexpr std::size_t line = 64;  // of the cache

/// The power of two of the block that holds so many bytes.
std::size_t power_for(std::size_t bytes) { return std::bit_width(std::max(bytes, line) - 1); }

}  // namespace

void* Scratch::take(std::size_t bytes) {
  const std::size_t power = power_for(bytes);
  for (Free** first : {&free_[power], &free_[power + 1]}) {
    if (*first == nullptr) continue;
    return std::exchange(*first, (*first)->next);  // of the larger one a half is not used any more
  }
  void* block = ::operator new (std::size_t{1} << power, std::align_val_t{line});
  advise_huge_pages(block, std::size_t{1} << power);
  return block;
}

void Scratch::give_back(void* block, std::size_t bytes) {
  Free*& first = free_[power_for(bytes)];
  first = new (block) Free{first};
}

void Scratch::release(std::size_t bytes) {
  for (std::size_t power = power_for(bytes); power < free_.size(); ++power) {
    for (Free* block = std::exchange(free_[power], nullptr); block != nullptr;) {
      ::operator delete (std::exchange(block, block->next), std::align_val_t{line});
    }
  }
}

}  // namespace tapewise
