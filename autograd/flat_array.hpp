#pragma once
#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>

namespace tapewise {

/// A growing array of plain data that is written through raw pointers: make room first, then write
/// and count. Shrinking keeps the memory and costs nothing, as nothing has to be destroyed.
template <class T>
class FlatArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T* data() { return memory_.get(); }
  const T* data() const { return memory_.get(); }
  /// Where the next element goes.
  T* end() { return memory_.get() + size_; }
  T& operator[](std::size_t i) { return memory_[i]; }
  const T& operator[](std::size_t i) const { return memory_[i]; }

  bool has_room(std::size_t more) const { return capacity_ - size_ >= more; }
  /// Memory for `more` elements behind the last one.
  void make_room(std::size_t more) {
    if (!has_room(more)) grow(more);
  }
  /// The last `more` elements have been written. Room must have been made.
  void count(std::size_t more) { size_ += more; }
  void push(const T& value) {
    make_room(1);
    memory_[size_++] = value;
  }
  /// At most the size there is.
  void shrink(std::size_t size) { size_ = size; }

 private:
  void grow(std::size_t more) {
    const std::size_t wanted = size_ + more;
    const std::size_t doubled = capacity_ < 64 ? 64 : 2 * capacity_;
    const std::size_t capacity = wanted > doubled ? wanted : doubled;
    std::unique_ptr<T[]> larger(new T[capacity]);  // not initialised
    if (size_ > 0) std::memcpy(static_cast<void*>(larger.get()), memory_.get(), size_ * sizeof(T));
    memory_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<T[]> memory_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace tapewise
