#pragma once
// What emscripten 3.1.6's standard library lacks of C++20; included before every file of the engine
// that runs in the page (-include).
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace std {

template <class To, class From>
To bit_cast(const From& from) noexcept {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}

namespace tapewise_compat {

/// The fewest digits that read back as `x`, in the shorter of the two forms.
template <class T, class Read>
to_chars_result shortest(char* first, char* last, T x, int most_digits, Read read) {
  char scientific[40], fixed[400];
  int decimals = 0;
  for (; decimals < most_digits; ++decimals) {
    snprintf(scientific, sizeof scientific, "%.*e", decimals, static_cast<double>(x));
    if (read(scientific, nullptr) == x) break;
  }
  const char* exponent = strchr(scientific, 'e');
  const char* text = scientific;
  if (exponent != nullptr) {
    const int after_point = decimals - atoi(exponent + 1);
    snprintf(fixed, sizeof fixed, "%.*f", after_point > 0 ? after_point : 0,
             static_cast<double>(x));
    if (strlen(fixed) <= strlen(scientific)) text = fixed;
  }
  const auto length = static_cast<ptrdiff_t>(strlen(text));
  if (length > last - first) return {last, errc::value_too_large};
  memcpy(first, text, static_cast<size_t>(length));
  return {first + length, errc()};
}

}  // namespace tapewise_compat

inline to_chars_result to_chars(char* first, char* last, double x) {
  return tapewise_compat::shortest(first, last, x, 17, strtod);
}
inline to_chars_result to_chars(char* first, char* last, float x) {
  return tapewise_compat::shortest(first, last, x, 9, strtof);
}

inline from_chars_result from_chars(const char* first, const char* last, double& x) {
  const string text(first, last);
  char* end = nullptr;
  const double read = strtod(text.c_str(), &end);
  if (end == text.c_str()) return {first, errc::invalid_argument};
  x = read;
  return {first + (end - text.c_str()), errc()};
}

}  // namespace std
