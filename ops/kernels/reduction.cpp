#include <tapewise/ops/kernels/reduction.hpp>

#include <tapewise/ops/kernels/levels.hpp>
#include <tapewise/ops/kernels/reduction_kernels.hpp>

namespace tapewise::kernels {

Reduction plan_reduction(const Shape& x, std::uint32_t axes, SimdLevel simd) {
  // Axes of size 1 left out, neighbours of one kind merged, outermost first.
  struct Group {
    std::int64_t size, stride;
    bool folds;
  };
  std::array<Group, Shape::max_rank> groups{};
  std::size_t count = 0;
  Reduction p{};
  p.count = 1;
  p.simd = simd;
  const Strides strides = row_major_strides(x);
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    const bool folds = (axes >> axis & 1U) != 0;
    if (folds) p.count *= x[axis];
    if (x[axis] == 1) continue;
    if (count > 0 && groups[count - 1].folds == folds) {
      groups[count - 1].size *= x[axis];
      groups[count - 1].stride = strides[axis];
    } else {
      groups[count++] = {x[axis], strides[axis], folds};
    }
  }
  p.inner = count > 0 && !groups[count - 1].folds ? groups[--count].size : 1;
  p.rows = count > 0 && groups[count - 1].folds ? groups[--count].size : 1;
  for (std::size_t k = 0; k < count; ++k) {
    const Reduction::Loop loop{groups[k].size, groups[k].stride};
    if (groups[k].folds)
      p.folded[p.folded_count++] = loop;
    else
      p.kept[p.kept_count++] = loop;
  }
  return p;
}

template <class T>
const ReductionKernels<T>& reductions_at(SimdLevel level) {
  if constexpr (std::is_same_v<T, float>) {
    return level_kernels(level).float_reductions;
  } else if constexpr (std::is_same_v<T, double>) {
    return level_kernels(level).double_reductions;
  } else {
    return reduction_kernels<T>;
  }
}

template const ReductionKernels<float>& reductions_at(SimdLevel);
template const ReductionKernels<double>& reductions_at(SimdLevel);
template const ReductionKernels<std::int64_t>& reductions_at(SimdLevel);
template const ReductionKernels<Complex>& reductions_at(SimdLevel);

}  // namespace tapewise::kernels
