#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace tapewise {

/// The instruction sets for which the library holds kernels. One binary holds all three.
enum class SimdLevel : std::uint8_t { sse2, avx2, avx512 };

/// "sse2", "avx2" (with FMA) or "avx512".
std::string_view name_of(SimdLevel level);

/// The levels that this machine can run, narrowest first.
std::vector<SimdLevel> simd_levels();

/// What is used unless `CompileOptions::simd` asks for another: the widest that the machine has, or
/// the one named by the environment variable TAPEWISE_SIMD.
/// Throws Error when the variable names none, or one that the machine lacks.
SimdLevel default_simd_level();

/// Throws Error, naming the levels there are, unless the machine can run this one.
void require_simd_level(SimdLevel level);

}  // namespace tapewise
