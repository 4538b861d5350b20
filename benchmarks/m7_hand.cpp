// Compiled with -O3 -march=native.
#include <xsimd/xsimd.hpp>

#include "m7_second_order.hpp"

namespace bench::m7 {

void curvature(const double* z, double* out, std::size_t n) {
  using Batch = xsimd::batch<double>;
  for (std::size_t i = 0; i + Batch::size <= n; i += Batch::size) {  // 1000 is a multiple of 8
    const Batch s = Batch(1.0) / (Batch(1.0) + xsimd::exp(-Batch::load_unaligned(z + i)));
    (s * (Batch(1.0) - s)).store_unaligned(out + i);
  }
}

void Chain::product() {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i) hv[i] = 0;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    hv[i] += (1200 * x[i] * x[i] - 400 * x[i + 1] + 2) * v[i] - 400 * x[i] * v[i + 1];
    hv[i + 1] += -400 * x[i] * v[i] + 200 * v[i + 1];
  }
}

}  // namespace bench::m7
