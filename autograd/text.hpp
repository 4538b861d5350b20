#pragma once
#include <string>

namespace tapewise {

/// The shortest decimal text that reads back as exactly this number.
std::string to_text(double number);

}  // namespace tapewise
