#pragma once
#include <array>
#include <span>
#include <string_view>
#include <tapewise/autograd/fused.hpp>
#include <tapewise/autograd/op.hpp>
#include <tapewise/autograd/scalar_code.hpp>
#include <tapewise/ops/kernels/blas.hpp>
#include <tapewise/ops/kernels/reduction.hpp>
#include <tapewise/ops/kernels/rows.hpp>

namespace tapewise::kernels {

/// The loops of one elementwise rule at one SIMD level: by dtype (bool, int64, float32, float64),
/// and by the bits of the operands that repeat; the last is for a single element.
struct RuleLoops {
  static constexpr std::size_t one_element = 8;
  std::string_view name;
  std::array<std::array<ElementLoop, one_element + 1>, 4> loops{};
};

/// The loops of two ops of arithmetic, by the bits of the operands that repeat.
struct PairLoops {
  std::array<ElementLoop, 8> float_loops{}, double_loops{};
};
/// By the first op, the second (as numbers of `Arithmetic`), and whether the first's value stands
/// on the right. Empty for pairs that there are not.
using AllPairLoops =
    std::array<std::array<std::array<PairLoops, 2>, arithmetics_count>, arithmetics_count>;

/// The loops of single ops of arithmetic, by their operands that repeat.
using AllPastLoops = std::array<PairLoops, arithmetics_count>;

/// As gemm, for products with a short side.
template <class T>
using ThinProduct = void (*)(const Product& p, const Leading& ld, const T* a, const T* b, T* c,
                             bool add);

/// Everything that is compiled once for each SIMD level.
struct LevelKernels {
  std::span<const RuleLoops> rules;
  const AllPairLoops* pairs;
  const AllPastLoops* past;
  ReductionKernels<float> float_reductions;
  ReductionKernels<double> double_reductions;
  RowKernels<float> float_rows;
  RowKernels<double> double_rows;
  ScalarCode::Gather gather;
  StreamCopy stream;
  ThinProduct<float> float_thin_product;
  ThinProduct<double> double_thin_product;
};

const LevelKernels& level_kernels(SimdLevel level);

/// The loops of one rule at each level.
class LoopsByLevel {
 public:
  explicit LoopsByLevel(std::string_view rule);
  ElementLoop of(DType number, unsigned repeated, bool one_element, SimdLevel simd) const {
    return by_level_[static_cast<std::size_t>(simd)]
        ->loops[static_cast<std::size_t>(number)][one_element ? RuleLoops::one_element : repeated];
  }

 private:
  std::array<const RuleLoops*, 3> by_level_{};
};

}  // namespace tapewise::kernels
