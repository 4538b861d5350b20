#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <sstream>
#include <string>
#include <tapewise/tapewise.hpp>
#include <vector>

// What tests of plans look at: the listing of a program, and its outputs bit by bit.

namespace tests {

inline std::string printed(const tapewise::Program& program) {
  std::ostringstream out;
  out << program;
  return out.str();
}

/// Runs both and compares every byte of every output.
inline bool same_bits(tapewise::Program& a, tapewise::Program& b, std::size_t outputs) {
  a.run();
  b.run();
  for (std::size_t k = 0; k < outputs; ++k) {
    const tapewise::Type& type = a.type(k);
    const auto bytes = static_cast<std::size_t>(type.size()) * tapewise::size_of(type.dtype);
    if (!(type == b.type(k)) || std::memcmp(a.data(k), b.data(k), bytes) != 0) return false;
  }
  return true;
}

/// sin(seed + i²): no two alike, none near a kink of the tests.
template <class T = double>
tapewise::Var wavy(tapewise::Tape& tape, const tapewise::Shape& shape, double seed,
                   std::string_view name = "") {
  std::vector<T> x(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<T>(std::sin(seed + static_cast<double>(i * i)));
  }
  constexpr auto dtype =
      std::is_same_v<T, float> ? tapewise::DType::float32 : tapewise::DType::float64;
  return tape.input(tapewise::ArrayView(x.data(), {dtype, shape}), name);
}

}  // namespace tests
