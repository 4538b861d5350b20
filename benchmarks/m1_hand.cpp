// The step by hand: loops around the same products. Compiled with -O3 -march=native -ffast-math.
#include <cblas.h>

#include <algorithm>
#include <cmath>

#include "m1_mlp.hpp"

namespace bench::m1 {

Hand::Hand(Data d) : data_(std::move(d)) {
  for (std::size_t l = 0; l < layers; ++l) {
    const auto out = static_cast<std::size_t>(data_.batch * sizes[l + 1]);
    h_[l].resize(out);
    g_[l].resize(out);
    dw_[l].resize(data_.w[l].size());
  }
}

namespace {
void product(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const float* A,
             const float* B, float* C) {
  const auto i = [](std::int64_t v) { return static_cast<int>(v); };
  cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, i(m),
              i(n), i(k), 1.0F, A, i(ta ? m : k), B, i(tb ? k : n), 0.0F, C, i(n));
}
}  // namespace

const float* Hand::input_of(std::size_t l) const {
  return l == 0 ? data_.x.data() : h_[l - 1].data();
}

void Hand::forward_product(std::size_t l) {
  product(false, false, data_.batch, sizes[l + 1], sizes[l], input_of(l), data_.w[l].data(),
          h_[l].data());
}

void Hand::backward_products(std::size_t l) {
  product(true, false, sizes[l], sizes[l + 1], data_.batch, input_of(l), g_[l].data(),
          dw_[l].data());
  if (l > 0) {
    product(false, true, data_.batch, sizes[l], sizes[l + 1], g_[l].data(), data_.w[l].data(),
            g_[l - 1].data());
  }
}

void Hand::products() {
  for (std::size_t l = 0; l < layers; ++l) forward_product(l);
  for (std::size_t l = layers; l-- > 0;) backward_products(l);
}

void Hand::step() {
  const auto batch = static_cast<std::size_t>(data_.batch);
  for (std::size_t l = 0; l < layers; ++l) {
    forward_product(l);
    const auto out = static_cast<std::size_t>(sizes[l + 1]);
    const float least = l + 1 < layers ? 0.0F : -INFINITY;
    const float* b = data_.b[l].data();
    for (std::size_t r = 0; r < batch; ++r) {
      float* h = h_[l].data() + r * out;
      for (std::size_t c = 0; c < out; ++c) h[c] = std::max(h[c] + b[c], least);
    }
  }
  cross_entropy();
  const auto rate = static_cast<float>(learning_rate);
  for (std::size_t l = layers; l-- > 0;) {
    backward_products(l);
    const auto out = static_cast<std::size_t>(sizes[l + 1]);
    if (l > 0) {
      float* g = g_[l - 1].data();
      const float* h = h_[l - 1].data();
      for (std::size_t i = 0; i < g_[l - 1].size(); ++i) g[i] = h[i] > 0 ? g[i] : 0.0F;
    }
    float* w = data_.w[l].data();
    const float* dw = dw_[l].data();
    for (std::size_t i = 0; i < dw_[l].size(); ++i) w[i] -= rate * dw[i];
    float* b = data_.b[l].data();
    for (std::size_t r = 0; r < batch; ++r) {
      const float* g = g_[l].data() + r * out;
      for (std::size_t c = 0; c < out; ++c) b[c] -= rate * g[c];
    }
  }
}

void Hand::cross_entropy() {
  loss_ = 0;
  const auto batch = static_cast<float>(data_.batch);
  for (std::size_t r = 0; r < data_.labels.size(); ++r) {
    const float* z = h_[2].data() + r * 10;
    float* g = g_[2].data() + r * 10;
    const auto label = static_cast<std::size_t>(data_.labels[r]);
    float sum = 0;
    for (std::size_t c = 0; c < 10; ++c) sum += g[c] = std::exp(z[c]);
    loss_ += static_cast<double>((std::log(sum) - z[label]) / batch);
    for (std::size_t c = 0; c < 10; ++c) g[c] *= 1 / (sum * batch);
    g[label] -= 1 / batch;
  }
}

std::vector<double> Hand::result(const Data& start) const {
  Numbers numbers(start, loss_, false);
  for (std::size_t l = 0; l < layers; ++l) numbers.add(data_.w[l].data(), l);
  return numbers.list();
}

}  // namespace bench::m1
