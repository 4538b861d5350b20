#include <tapewise/autograd/growing_memory.hpp>

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <tapewise/autograd/huge_pages.hpp>

namespace tapewise {

#ifdef __linux__

namespace {

constexpr std::size_t huge_page = 2U << 20U, large = 2 * huge_page;

/// Addresses of their own for whole huge pages.
std::byte* map(std::size_t bytes) {
  void* mapped = mmap(nullptr, bytes + huge_page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* all = static_cast<std::byte*>(mapped);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(all) % huge_page;
  if (before > 0) munmap(all, before);
  munmap(all + before + bytes, huge_page - before);
  advise_huge_pages(all + before, bytes);
  return all + before;
}

}  // namespace

void GrowingMemory::grow(std::size_t kept, std::size_t bytes) {
  if (bytes < large) {
    Buffer larger(bytes);
    if (kept > 0) std::memcpy(larger.data(), data_, kept);
    buffer_ = std::move(larger);
    data_ = buffer_.data();
    return;
  }
  bytes = (bytes + huge_page - 1) / huge_page * huge_page;
  std::byte* room = map(bytes);
  if (mapped_ == 0) {
    if (kept > 0) std::memcpy(room, data_, kept);
    buffer_ = {};
  } else if (mremap(data_, mapped_, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, room) == MAP_FAILED) {
    munmap(room, bytes);
    throw std::bad_alloc();
  }
  data_ = room;
  mapped_ = bytes;
}

GrowingMemory::~GrowingMemory() {
  if (mapped_ > 0) munmap(data_, mapped_);
}

#else

void GrowingMemory::grow(std::size_t kept, std::size_t bytes) {
  Buffer larger(bytes);
  if (kept > 0) std::memcpy(larger.data(), data_, kept);
  buffer_ = std::move(larger);
  data_ = buffer_.data();
}

GrowingMemory::~GrowingMemory() = default;

#endif

}  // namespace tapewise
