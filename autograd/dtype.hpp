#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tapewise/autograd/complex.hpp>

namespace tapewise {

/// What a node's elements are. `complex128` never appears on a tape: it is the number type that a
/// plan puts in the place of floats for the complex-step check.
enum class DType : std::uint8_t { boolean, int64, float32, float64, complex128 };
/// How many dtypes a node can have: all but complex128.
inline constexpr std::size_t dtypes_count = 4;

/// A set of dtypes, as a rule states which it takes.
struct DTypes {
  unsigned bits = 0;

  constexpr bool contains(DType d) const { return (bits >> static_cast<unsigned>(d) & 1U) != 0; }
  friend constexpr DTypes operator|(DTypes a, DTypes b) { return {a.bits | b.bits}; }
};
constexpr DTypes only(DType d) { return {1U << static_cast<unsigned>(d)}; }

inline constexpr DTypes booleans = only(DType::boolean);
inline constexpr DTypes integers = only(DType::int64);
inline constexpr DTypes floats = only(DType::float32) | only(DType::float64);
inline constexpr DTypes numbers = integers | floats;
inline constexpr DTypes every_dtype = booleans | numbers;

/// "float32", "bool", ...
constexpr std::string_view name_of(DType d) {
  constexpr std::string_view names[] = {"bool", "int64", "float32", "float64", "complex128"};
  return names[static_cast<std::size_t>(d)];
}

/// Bytes of one element.
constexpr std::size_t size_of(DType d) {
  constexpr std::size_t sizes[] = {1, 8, 4, 8, 16};
  return sizes[static_cast<std::size_t>(d)];
}

constexpr bool is_float(DType d) { return floats.contains(d); }

/// A C++ number type that an array on a tape can hold as it is.
template <class T>
concept Element = std::same_as<T, bool> || std::same_as<T, std::int64_t> ||
    std::same_as<T, float> || std::same_as<T, double>;

/// The dtype that stands for the C++ type `T`; `Complex` is allowed for kernels.
template <class T>
requires(Element<T> || std::same_as<T, Complex>) inline constexpr DType dtype_of =
    std::same_as<T, bool>           ? DType::boolean
    : std::same_as<T, std::int64_t> ? DType::int64
    : std::same_as<T, float>        ? DType::float32
    : std::same_as<T, double>       ? DType::float64
                                    : DType::complex128;

/// Calls `f` with a value of the C++ type that stands for `d`, and returns what it returns.
template <class F>
constexpr decltype(auto) with_type(DType d, F&& f) {
  switch (d) {
    case DType::boolean: return f(bool{});
    case DType::int64: return f(std::int64_t{});
    case DType::float32: return f(float{});
    case DType::float64: return f(double{});
    default: return f(Complex{});
  }
}

}  // namespace tapewise
