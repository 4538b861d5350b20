#include <tapewise/autograd/trace/json_writer.hpp>

namespace tapewise {

void JsonWriter::value(double number) {
  separate();
  text_ += json_number(number).dump();
}

void JsonWriter::value(std::string_view text) {
  separate();
  using Json = nlohmann::json;
  text_ += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tapewise
