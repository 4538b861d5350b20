#include <tapewise/autograd/trace/json_writer.hpp>

namespace tapewise {

namespace {

/// How many bytes of `text` from `at` on are one character of UTF-8 other than ASCII; 0 if none is.
/// Table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing past U+10FFFF.
std::size_t character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t k) {
    return at + k < text.size() ? static_cast<unsigned char>(text[at + k]) : 0U;
  };
  const unsigned first = byte(0), second = byte(1);
  const std::size_t length = first < 0xC2   ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xC0U) != 0x80U) return 0;
  }
  const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                   (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return bad ? 0 : length;
}

/// Whether a text stands in JSON as it is.
bool is_plain(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t length = character(text, at);
      if (length == 0) return false;
      at += length;
    } else {
      if (c < ' ' || c == '"' || c == '\\' || c == '\x7f') return false;
      ++at;
    }
  }
  return true;
}

}  // namespace

void JsonWriter::value(double number) {
  separate();
  if (!std::isfinite(number)) {
    text_ += json_number(number).dump();
    return;
  }
  char digits[64];
  text_.append(digits, nlohmann::detail::to_chars(digits, digits + sizeof digits, number));
}

void JsonWriter::value(std::string_view text) {
  separate();
  if (is_plain(text)) {
    ((text_ += '"') += text) += '"';
  } else {
    using Json = nlohmann::json;
    text_ += Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

}  // namespace tapewise
