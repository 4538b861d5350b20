#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tapewise/autograd/simd_level.hpp>

namespace tapewise {

/// The number type that a plan puts in the place of the recorded float dtypes.
enum class Numbers : std::uint8_t {
  as_recorded,
  float64,     ///< float32 graphs replayed in double
  complex128,  ///< the complex-step check
};

/// How to make a plan. Every pass can be switched off.
struct CompileOptions {
  bool fold = true;              ///< compute nodes of constants once, while planning
  bool share = true;             ///< common subexpressions: equal nodes are computed once
  bool absorb = true;            ///< transposes as flags of matmul, broadcasts read in place
  bool accumulate = true;        ///< sums of products: gemm adds to what is there (with absorb)
  bool hoist = true;             ///< contributions to shared weights as soon as they can be made
  bool advance = true;           ///< new parameter values are computed as early as they can be
  bool fuse = true;              ///< elementwise runs and the sums that end them, block by block
  bool panels = true;            ///< tall products some rows at a time, with what reads them
  bool scalars = true;           ///< ops on single numbers as byte-code
  bool pair = true;              ///< values that one kernel gives at once: a loss and its gradient
  bool regroup = true;           ///< independent scalar ops of one kind as vector instructions
  std::int64_t fuse_from = 512;  ///< elements from which on arrays are fused
  bool reuse = true;             ///< buffers are reused when their last reader is done
  bool update_in_place = true;   ///< new parameter values are written straight to their cell
  bool checkpoints = true;       ///< values inside of checkpoints are computed again for backward
  /// Bytes of values, beside the outputs, that may be kept: what does not fit is computed again.
  /// `Program::working_bytes` and `extra_flops` say what it came to. Needs `reuse`.
  std::optional<std::size_t> memory_budget = {};
  Numbers numbers = Numbers::as_recorded;
  std::optional<SimdLevel> simd = {};  ///< the instruction set; else default_simd_level()
};

}  // namespace tapewise
