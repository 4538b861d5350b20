#pragma once
#include <cstddef>
#include <cstring>
#include <tapewise/autograd/growing_memory.hpp>
#include <type_traits>
#include <utility>

namespace tapewise {

/// A growing array of plain data that is written through raw pointers: make room first, then write
/// and count. Shrinking keeps the memory and costs nothing, as nothing has to be destroyed. A large
/// one lies in huge pages.
template <class T>
class FlatArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T* data() { return reinterpret_cast<T*>(memory_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(memory_.data()); }
  /// Where the next element goes.
  T* end() { return data() + size_; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }

  bool has_room(std::size_t more) const { return capacity_ - size_ >= more; }
  /// Memory for `more` elements behind the last one.
  void make_room(std::size_t more) {
    if (!has_room(more)) grow(more);
  }
  /// The last `more` elements have been written. Room must have been made.
  void count(std::size_t more) { size_ += more; }
  void push(const T& value) {
    make_room(1);
    data()[size_++] = value;
  }
  /// At most the size there is.
  void shrink(std::size_t size) { size_ = size; }

 private:
  void grow(std::size_t more) {
    const std::size_t wanted = size_ + more;
    const std::size_t doubled = capacity_ < 64 ? 64 : 2 * capacity_;
    const std::size_t capacity = wanted > doubled ? wanted : doubled;
    memory_.grow(size_ * sizeof(T), capacity * sizeof(T));
    capacity_ = capacity;
  }

  GrowingMemory memory_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace tapewise
