#pragma once
#include <concepts>
#include <string>
#include <string_view>
#include <tapewise/autograd/trace/json_number.hpp>
#include <tapewise/autograd/trace/trace.hpp>
#include <vector>

namespace tapewise {

/// JSON in one line, written from front to back. Commas come by themselves; the caller closes what
/// was opened. Numbers have the shortest text that reads back, and bytes that are no UTF-8 are
/// replaced, both as nlohmann::json has it.
class JsonWriter {
 public:
  void open(char bracket) {
    separate();
    text_ += bracket;
  }
  void close(char bracket) { text_ += bracket; }
  void key(std::string_view name) {
    separate();
    ((text_ += '"') += name) += "\":";
  }
  void null() {
    separate();
    text_ += "null";
  }
  void null(std::string_view name) {
    key(name);
    null();
  }

  void value(bool yes) {
    separate();
    text_ += yes ? "true" : "false";
  }
  template <std::integral I>
  void value(I number) {
    separate();
    text_ += std::to_string(number);
  }
  /// Infinities and NaN are written as text.
  void value(double number);
  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(const std::string& text) { value(std::string_view(text)); }
  template <class T>
  void value(const std::vector<T>& all) {
    open('[');
    for (const T& one : all) value(one);
    close(']');
  }

  template <class T>
  void member(std::string_view name, const T& what) {
    key(name);
    value(what);
  }

  std::string take() { return std::move(text_); }

 private:
  /// A comma, unless something was just opened or named. A text always ends with its quote.
  void separate() {
    if (text_.empty()) return;
    const char last = text_.back();
    if (last != '{' && last != '[' && last != ':') text_ += ',';
  }

  std::string text_;
};

/// {"verdict", "why", ...} as in docs/trace.md.
void write_json(JsonWriter& json, const TraceCheck& check);

}  // namespace tapewise
