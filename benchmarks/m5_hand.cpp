// Compiled with -O3 -march=native.
#include <numeric>
#include <tapewise/autograd/threads.hpp>
#include <xsimd/xsimd.hpp>

#include "m5_chain.hpp"

namespace bench::m5 {

using Batch = xsimd::batch<float>;

Hand::Hand(const Data& data) : data_(data) {
  for (std::size_t k = 0; k < 5; ++k) g_[k].resize(data.in[k].size());
}

double Hand::part(std::size_t begin, std::size_t end) {
  const float *a = data_.in[0].data(), *x = data_.in[1].data(), *b = data_.in[2].data(),
              *c = data_.in[3].data(), *d = data_.in[4].data();
  const Batch factor(2.0F / static_cast<float>(n)), one(1.0F);
  double total = 0;
  for (std::size_t i = begin; i < end;) {
    const std::size_t stop = std::min(end, i + 4096);  // so that the sum keeps its digits
    Batch sum(0.0F);
    for (; i + Batch::size <= stop; i += Batch::size) {
      const auto at = [i](const float* p) { return Batch::load_unaligned(p + i); };
      const Batch A = at(a), X = at(x), C = at(c);
      const Batch t = xsimd::tanh(A * X + at(b));
      const Batch z = t * C + at(d);
      sum += z * z;
      const Batch gz = z * factor, gu = gz * C * (one - t * t);
      (gu * X).store_unaligned(&g_[0][i]);
      (gu * A).store_unaligned(&g_[1][i]);
      gu.store_unaligned(&g_[2][i]);
      (gz * t).store_unaligned(&g_[3][i]);
      gz.store_unaligned(&g_[4][i]);
    }
    total += static_cast<double>(xsimd::hadd(sum));
    if (stop == end) break;
  }
  return total;
}

void Hand::run(int threads) {
  const std::size_t count = n / Batch::size * Batch::size;  // 1e6 is a multiple
  if (threads == 1) {
    value_ = part(0, count) / static_cast<double>(n);
    return;
  }
  double sums[tapewise::threads::max_parts];
  tapewise::threads::for_parts(threads, [&](int k) {
    const auto edge = [&](int e) {
      return count / Batch::size * static_cast<std::size_t>(e) / static_cast<std::size_t>(threads) *
             Batch::size;
    };
    sums[k] = part(edge(k), edge(k + 1));
  });
  value_ = std::accumulate(sums, sums + threads, 0.0) / static_cast<double>(n);
}

std::vector<double> Hand::result() const {
  std::vector<double> numbers{value_};
  for (const auto& g : g_) {
    for (std::size_t i = 0; i < 5000; ++i) {
      numbers.push_back(static_cast<double>(g[i]) * static_cast<double>(n));
    }
  }
  return numbers;
}

}  // namespace bench::m5
