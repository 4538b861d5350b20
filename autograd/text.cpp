#include <tapewise/autograd/text.hpp>

#include <charconv>

namespace tapewise {

std::string to_text(double number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

}  // namespace tapewise
