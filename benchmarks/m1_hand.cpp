// The step by hand: loops around the same products. Compiled with -O3 -march=native -ffast-math.
#include <cblas.h>

#include <algorithm>
#include <cmath>

#include "m1_mlp.hpp"

namespace bench::m1 {

Hand::Hand(Data d, bool with_adam) : data_(std::move(d)), with_adam_(with_adam) {
  for (std::size_t l = 0; l < layers; ++l) {
    const auto out = static_cast<std::size_t>(data_.batch * sizes[l + 1]);
    h_[l].resize(out);
    g_[l].resize(out);
    dw_[l].resize(data_.w[l].size());
    db_[l].resize(data_.b[l].size());
    for (std::vector<float>* state : {&m_[2 * l], &v_[2 * l]}) state->resize(data_.w[l].size());
    for (std::vector<float>* state : {&m_[2 * l + 1], &v_[2 * l + 1]}) {
      state->resize(data_.b[l].size());
    }
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
  steps_ += 1;
  const double correction = std::sqrt(1 - std::pow(0.999, steps_));
  step_size_ = static_cast<float>(adam_rate * correction / (1 - std::pow(0.9, steps_)));
  epsilon_ = static_cast<float>(1e-8 * correction);
  for (std::size_t l = layers; l-- > 0;) {
    backward_products(l);
    const auto out = static_cast<std::size_t>(sizes[l + 1]);
    if (l > 0) {
      float* g = g_[l - 1].data();
      const float* h = h_[l - 1].data();
      for (std::size_t i = 0; i < g_[l - 1].size(); ++i) g[i] = h[i] > 0 ? g[i] : 0.0F;
    }
    float* db = db_[l].data();
    std::fill(db, db + out, 0.0F);
    for (std::size_t r = 0; r < batch; ++r) {
      const float* g = g_[l].data() + r * out;
      for (std::size_t c = 0; c < out; ++c) db[c] += g[c];
    }
    update(l);
  }
}

void Hand::update(std::size_t l) {
  const auto descend = [](std::vector<float>& theta, const std::vector<float>& gradient) {
    const auto rate = static_cast<float>(learning_rate);
    float* w = theta.data();
    const float* g = gradient.data();
    for (std::size_t i = 0; i < theta.size(); ++i) w[i] -= rate * g[i];
  };
  const auto adam = [this](std::vector<float>& theta, const std::vector<float>& gradient,
                           std::size_t state) {
    const float size = step_size_, epsilon = epsilon_;
    float *w = theta.data(), *m = m_[state].data(), *v = v_[state].data();
    const float* g = gradient.data();
#pragma GCC ivdep
    for (std::size_t i = 0; i < theta.size(); ++i) {
      m[i] = 0.9F * m[i] + 0.1F * g[i];
      v[i] = 0.999F * v[i] + 0.001F * (g[i] * g[i]);
      w[i] -= size * m[i] / (std::sqrt(v[i]) + epsilon);
    }
  };
  if (with_adam_) {
    adam(data_.w[l], dw_[l], 2 * l);
    adam(data_.b[l], db_[l], 2 * l + 1);
  } else {
    descend(data_.w[l], dw_[l]);
    descend(data_.b[l], db_[l]);
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
  Numbers numbers(start, loss_, with_adam_);
  for (std::size_t l = 0; l < layers; ++l) numbers.add(data_.w[l].data(), l);
  return numbers.list();
}

}  // namespace bench::m1
