#include <tapewise/ops/kernels/levels.hpp>

#include <tapewise/autograd/fused.hpp>

#include <string>

// Each is `level_kernels_here()` of ops/kernels/level.cpp, compiled for its level in a namespace of
// its own.
extern "C" const void* tapewise_kernels_sse2();
#if defined(__x86_64__)
extern "C" const void* tapewise_kernels_avx2();
extern "C" const void* tapewise_kernels_avx512();
#else
constexpr auto tapewise_kernels_avx2 = tapewise_kernels_sse2;
constexpr auto tapewise_kernels_avx512 = tapewise_kernels_sse2;
#endif

namespace tapewise::kernels {

const LevelKernels& level_kernels(SimdLevel level) {
  const void* kernels = level == SimdLevel::avx512 ? tapewise_kernels_avx512()
                        : level == SimdLevel::avx2 ? tapewise_kernels_avx2()
                                                   : tapewise_kernels_sse2();
  return *static_cast<const LevelKernels*>(kernels);
}

}  // namespace tapewise::kernels

namespace tapewise {

ElementLoop arithmetic_pair_loop(Arithmetic first, Arithmetic second, bool on_right, DType number,
                                 unsigned repeated, SimdLevel simd) {
  const auto& all = *kernels::level_kernels(simd).pairs;
  const auto& loops =
      all[static_cast<std::size_t>(first)][static_cast<std::size_t>(second)][on_right ? 1 : 0];
  return (number == DType::float32 ? loops.float_loops : loops.double_loops)[repeated];
}

ElementLoop arithmetic_loop_past(Arithmetic op, DType number, unsigned repeated, SimdLevel simd) {
  if (number != DType::float32 && number != DType::float64) return nullptr;
  const auto& loops = (*kernels::level_kernels(simd).past)[static_cast<std::size_t>(op)];
  return (number == DType::float32 ? loops.float_loops : loops.double_loops)[repeated];
}

StreamCopy stream_copy(SimdLevel simd) { return kernels::level_kernels(simd).stream; }

}  // namespace tapewise

namespace tapewise::kernels {

LoopsByLevel::LoopsByLevel(std::string_view rule) {
  for (std::size_t level = 0; level < by_level_.size(); ++level) {
    for (const RuleLoops& loops : level_kernels(static_cast<SimdLevel>(level)).rules) {
      if (loops.name == rule) by_level_[level] = &loops;
    }
    if (by_level_[level] == nullptr) {
      throw Error("[" + std::string(rule) + "] no loops: its family is missing in all_lists.hpp");
    }
  }
}

}  // namespace tapewise::kernels
