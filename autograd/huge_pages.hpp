#pragma once
#include <cstddef>
#include <vector>

namespace tapewise {

/// Asks for huge pages behind large memory that is about to be written for the first time: a page
/// of 4 KiB at a time, the system takes longer to hand it out than a pass takes to fill it. Only
/// advice: of memory that was in use before, nothing changes.
void advise_huge_pages(void* data, std::size_t bytes);

/// Room for `size` elements.
template <class T>
void reserve_huge(std::vector<T>& v, std::size_t size) {
  v.reserve(size);
  advise_huge_pages(v.data(), v.capacity() * sizeof(T));
}

/// A vector of `size` times `value`.
template <class T>
std::vector<T> huge_vector(std::size_t size, const T& value = T()) {
  std::vector<T> v;
  reserve_huge(v, size);
  v.resize(size, value);
  return v;
}

}  // namespace tapewise
