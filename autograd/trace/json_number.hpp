#pragma once
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace tapewise {

/// A number of a trace. JSON has no infinities: they are written as text.
inline nlohmann::ordered_json json_number(double x) {
  if (std::isfinite(x)) return x;
  return std::isnan(x) ? "NaN" : x > 0 ? "Infinity" : "-Infinity";
}

/// Numbers as a list.
template <class Numbers>
nlohmann::ordered_json json_numbers(const Numbers& all) {
  auto list = nlohmann::ordered_json::array();
  for (const double x : all) list.push_back(json_number(x));
  return list;
}

/// Adds members to the text of an object, which is not read again for it.
inline void add_members(std::string& object, const nlohmann::ordered_json& more, int indent) {
  object.pop_back();
  if (object.back() == '\n') object.pop_back();
  object += "," + more.dump(indent).substr(1);
}

}  // namespace tapewise
