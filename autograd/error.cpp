#include <tapewise/autograd/error.hpp>

#include <string_view>

namespace tapewise {

std::string to_string(const SourceLine& where) {
  if (where.line == 0) return "an unknown line";
  std::string_view file = where.file;
  if (const auto slash = file.find_last_of('/'); slash != std::string_view::npos) {
    file.remove_prefix(slash + 1);
  }
  return std::string(file) + ":" + std::to_string(where.line);
}

}  // namespace tapewise
