// Compiled with -O3 -march=native.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <tapewise/autograd/threads.hpp>
#include <xsimd/xsimd.hpp>

#include "m6_cross_entropy.hpp"

namespace bench::m6 {

using Batch = xsimd::batch<float>;

double Hand::part(std::int64_t begin, std::int64_t end) {
  constexpr auto width = static_cast<std::int64_t>(Batch::size);
  double total = 0;
  for (std::int64_t r = begin; r < end; ++r) {
    const float* z = data_.z.data() + r * classes;
    float* g = g_.data() + r * classes;
    Batch tops = Batch::load_unaligned(z);
    std::int64_t c = width;
    for (; c + width <= classes; c += width) tops = xsimd::max(tops, Batch::load_unaligned(z + c));
    float lanes[Batch::size];
    tops.store_unaligned(lanes);
    float top = *std::max_element(lanes, lanes + width);
    for (; c < classes; ++c) top = std::max(top, z[c]);
    Batch sums(0.0F);
    for (c = 0; c + width <= classes; c += width) {
      const Batch e = xsimd::exp(Batch::load_unaligned(z + c) - Batch(top));
      e.store_unaligned(g + c);
      sums += e;
    }
    float sum = xsimd::hadd(sums);
    for (; c < classes; ++c) sum += g[c] = std::exp(z[c] - top);
    const auto label = data_.labels[static_cast<std::size_t>(r)];
    total += static_cast<double>(top + std::log(sum) - z[label]);
    const float factor = 1.0F / (sum * static_cast<float>(rows));
    for (c = 0; c < classes; ++c) g[c] *= factor;
    g[label] -= 1.0F / static_cast<float>(rows);
  }
  return total;
}

void Hand::run(int threads) {
  if (threads == 1) {
    value_ = part(0, rows) / rows;
    return;
  }
  double sums[tapewise::threads::max_parts];
  tapewise::threads::for_parts(
      threads, [&](int k) { sums[k] = part(rows * k / threads, rows * (k + 1) / threads); });
  value_ = std::accumulate(sums, sums + threads, 0.0) / rows;
}

std::vector<double> Hand::result() const {
  std::vector<double> numbers(g_.begin(), g_.end());
  for (double& g : numbers) g *= rows;
  numbers.push_back(value_);
  return numbers;
}

}  // namespace bench::m6
