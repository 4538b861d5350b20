#include <tapewise/autograd/simd_level.hpp>

#include <cstdlib>
#include <string>
#include <tapewise/autograd/error.hpp>

namespace tapewise {

namespace {

constexpr SimdLevel all_levels[] = {SimdLevel::sse2, SimdLevel::avx2, SimdLevel::avx512};

bool machine_has(SimdLevel level) {
#if defined(__x86_64__)
  switch (level) {
    case SimdLevel::avx512:
      return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512cd") != 0 &&
             __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
             __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("fma") != 0;
    case SimdLevel::avx2:
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    case SimdLevel::sse2: return true;
  }
  return false;
#else
  return level == SimdLevel::sse2;  // the loops of one lane that the page's WebAssembly has
#endif
}

std::string levels_text() {
  std::string text;
  for (const SimdLevel level : simd_levels()) {
    text += (text.empty() ? "" : ", ") + std::string(name_of(level));
  }
  return text;
}

}  // namespace

std::string_view name_of(SimdLevel level) {
  constexpr std::string_view names[] = {"sse2", "avx2", "avx512"};
  return names[static_cast<std::size_t>(level)];
}

std::vector<SimdLevel> simd_levels() {
  std::vector<SimdLevel> levels;
  for (const SimdLevel level : all_levels) {
    if (machine_has(level)) levels.push_back(level);
  }
  return levels;
}

void require_simd_level(SimdLevel level) {
  if (machine_has(level)) return;
  if (level > SimdLevel::avx512) {
    throw Error("[simd] there is no level number " + std::to_string(static_cast<int>(level)) +
                ": this machine has " + levels_text());
  }
  throw Error("[simd] this machine cannot run " + std::string(name_of(level)) + ": it has " +
              levels_text());
}

SimdLevel default_simd_level() {
  static const SimdLevel chosen = [] {
    const char* asked = std::getenv("TAPEWISE_SIMD");
    if (asked == nullptr || *asked == '\0') return simd_levels().back();
    for (const SimdLevel level : all_levels) {
      if (name_of(level) != asked) continue;
      require_simd_level(level);
      return level;
    }
    throw Error("[simd] TAPEWISE_SIMD=" + std::string(asked) + " is none of " + levels_text());
  }();
  return chosen;
}

}  // namespace tapewise
