#pragma once
#include <cstdint>

namespace tapewise {

/// The line of user code that recorded a node. Every error about a node names it.
///
/// `std::source_location` is missing from clang 14 (clang-tidy, WebAssembly), so this stands on the
/// builtins that both compilers share.
struct SourceLine {
  const char* file = "";
  std::uint32_t line = 0;

  /// As a default argument: the line of the caller.
  static constexpr SourceLine here(const char* file = __builtin_FILE(),
                                   std::uint32_t line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace tapewise
