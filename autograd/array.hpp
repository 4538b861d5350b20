#pragma once
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <tapewise/autograd/shape.hpp>
#include <type_traits>

namespace tapewise {

/// Memory aligned for any SIMD level, freed by itself. Contents are not initialised.
class Buffer {
 public:
  static constexpr std::size_t alignment = 64;

  Buffer() = default;
  explicit Buffer(std::size_t bytes);

  std::byte* data() const { return data_.get(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Free {
    Free() : base(nullptr), align{} {}
    Free(std::byte* of, std::align_val_t with) : base(of), align(with) {}
    void operator()(std::byte*) const { ::operator delete(base, align); }
    std::byte* base;
    std::align_val_t align;
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t bytes_ = 0;
};

/// An array of its own: dtype, shape, and contiguous row-major elements.
class Array {
 public:
  Array() = default;
  /// Uninitialised elements. Throws ShapeError when the array could not be addressed.
  explicit Array(const Type& type);

  const Type& type() const { return type_; }
  void* data() const { return buffer_.data(); }
  template <class T>
  T* as() const {
    return static_cast<T*>(data());
  }

 private:
  Type type_{DType::float64, Shape{0}};
  Buffer buffer_;
};

/// Element `i` of raw memory as a double.
double number_at(DType dtype, const void* data, std::int64_t i);

class ArrayView;

/// A plain number in another dtype. Throws TypeError, naming `who`, when the value does not fit:
/// a fraction for an integer, say.
ArrayView number_as(const ArrayView& number, DType dtype, const char* who);

/// Whether memory could hold an array of this type: less than 2^47 bytes.
bool is_addressable(const Type& type);

/// Marks the call by which an `ArrayView` asks the xtensor bridge to read an array.
struct BridgeTag {};

/// An argument that is an array: a number, an xtensor container or expression, an `Array`.
///
/// Row-major containers of bool, int64, float and double are looked at in place; everything else
/// (lazy expressions, other layouts, other integers) is evaluated into a copy that the view keeps.
/// A plain `int` becomes float64, as `tape.input(3)` means a real number; use
/// `std::int64_t{3}` for an index.
class ArrayView {
 public:
  ArrayView(const void* data, const Type& type) : data_(data), type_(type) {}
  ArrayView(const Array& array) : data_(array.data()), type_(array.type()) {}
  explicit ArrayView(std::shared_ptr<const Array> array)
      : owned_(std::move(array)), data_(owned_->data()), type_(owned_->type()) {}

  template <class T>
  requires std::is_arithmetic_v<T> ArrayView(T number) {
    using Kept = std::conditional_t<
        Element<T>, T,
        std::conditional_t<(std::is_integral_v<T> && sizeof(T) == 8), std::int64_t, double>>;
    const Kept kept = static_cast<Kept>(number);
    std::memcpy(number_, &kept, sizeof kept);
    type_ = {dtype_of<Kept>, {}};
    is_number_ = true;
  }

  /// Anything the bridge can read: see `as_array_view` in xtensor_bridge.hpp.
  template <class X>
  requires(!std::is_arithmetic_v<X> && requires(const X& x) { as_array_view(x, BridgeTag{}); })
      ArrayView(const X& x)
      : ArrayView(as_array_view(x, BridgeTag{})) {}

  const Type& type() const { return type_; }
  const void* data() const { return data_ != nullptr ? data_ : number_; }
  /// A plain C++ number, which takes the dtype of what it meets.
  bool is_number() const { return is_number_; }

 private:
  std::shared_ptr<const Array> owned_;
  const void* data_ = nullptr;
  Type type_;
  alignas(8) std::byte number_[8]{};
  bool is_number_ = false;
};

}  // namespace tapewise
