#pragma once
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <tapewise/tapewise.hpp>

// What tests compare as text, so that a failure shows both sides.

namespace tests {

/// "(2,3) 1 2 3 4 5 6": the value of a Var, row-major; "float32 " and such before it unless the
/// dtype is float64.
inline std::string show(const tapewise::Var& v) {
  std::ostringstream out;
  if (v.dtype() != tapewise::DType::float64) out << tapewise::name_of(v.dtype()) << ' ';
  out << tapewise::to_string(v.shape());
  const void* data = v.data();
  for (std::int64_t i = 0; i < v.type().size(); ++i) {
    out << ' ' << tapewise::number_at(v.dtype(), data, i);
  }
  return out.str();
}

/// The message of the `E` that `f` throws; what it did instead when it throws none.
template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another exception: ") + error.what();
  }
  return "no exception";
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace tests
