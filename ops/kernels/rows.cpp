#include <tapewise/ops/kernels/rows.hpp>

#include <tapewise/ops/kernels/levels.hpp>
#include <tapewise/ops/kernels/row_kernels.hpp>

namespace tapewise::kernels {

template <class T>
const RowKernels<T>& rows_at(SimdLevel level) {
  if constexpr (std::is_same_v<T, float>) {
    return level_kernels(level).float_rows;
  } else if constexpr (std::is_same_v<T, double>) {
    return level_kernels(level).double_rows;
  } else {
    return row_kernels<T>;
  }
}

template const RowKernels<float>& rows_at(SimdLevel);
template const RowKernels<double>& rows_at(SimdLevel);
template const RowKernels<Complex>& rows_at(SimdLevel);

}  // namespace tapewise::kernels
