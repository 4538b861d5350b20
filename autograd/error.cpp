#include <tapewise/autograd/error.hpp>

#include <string_view>

namespace tapewise {

std::string named(std::string_view op, std::string_view composer) {
  if (composer.empty() || composer == op) return "[" + std::string(op) + "] ";
  return "[" + std::string(composer) + "] " + std::string(op) + ": ";
}

std::string named_by(const std::string& what, std::string_view op, std::string_view composer) {
  const std::string alone = named(op, {});
  return what.starts_with(alone) ? named(op, composer) + what.substr(alone.size()) : what;
}

std::string to_string(const SourceLine& where) {
  if (where.line == 0) return "an unknown line";
  std::string_view file = where.file;
  if (const auto slash = file.find_last_of('/'); slash != std::string_view::npos) {
    file.remove_prefix(slash + 1);
  }
  return std::string(file) + ":" + std::to_string(where.line);
}

}  // namespace tapewise
