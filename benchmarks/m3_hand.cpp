// The gradient of the mixture by hand; compiled with -O3 -march=native -ffast-math.
#include <cblas.h>

#include <algorithm>
#include <cmath>

#include "m3_mixture.hpp"

namespace bench::m3 {

namespace {
constexpr std::int64_t block = 64;
std::size_t size(std::int64_t s) { return static_cast<std::size_t>(s); }
}  // namespace

Hand::Hand(const Data& data)
    : p_(data),
      Q_(size(p_.K * p_.d * p_.d)),
      center_(size(p_.K * p_.d)),
      z_(size(block * p_.K * p_.d)),
      logits_(size(block * p_.K)),
      dQ_(Q_.size()),
      dcenter_(center_.size()),
      ga_(size(p_.K)),
      gmu_(center_.size()),
      gq_(center_.size()),
      gl_(p_.l.size()) {}

void Hand::run() {
  const std::int64_t n = p_.n, d = p_.d, K = p_.K, per_k = d * (d - 1) / 2;
  std::vector<double> base(size(K));
  double regular = 0, sum_q = 0;
  std::fill(Q_.begin(), Q_.end(), 0.0);
  for (std::int64_t k = 0; k < K; ++k) {
    double* Q = &Q_[size(k * d * d)];
    const double* l = p_.l.data() + k * per_k;
    double sum = 0;
    for (std::int64_t i = 0; i < d; ++i) {
      const double q = p_.q[size(k * d + i)];
      Q[i * d + i] = std::exp(q);
      regular += Q[i * d + i] * Q[i * d + i];
      sum += q;
    }
    for (std::int64_t j = 0; j < d; ++j) {
      for (std::int64_t i = j + 1; i < d; ++i) {
        Q[i * d + j] = *l;
        regular += *l * *l;
        ++l;
      }
    }
    sum_q += sum;
    base[size(k)] = p_.alpha[size(k)] + sum;
    for (std::int64_t i = 0; i < d; ++i) {
      double c = 0;
      for (std::int64_t j = 0; j <= i; ++j) c += Q[i * d + j] * p_.mu[size(k * d + j)];
      center_[size(k * d + i)] = c;
    }
  }

  std::fill(dQ_.begin(), dQ_.end(), 0.0);
  std::fill(dcenter_.begin(), dcenter_.end(), 0.0);
  std::fill(ga_.begin(), ga_.end(), 0.0);
  double total = 0;
  const int width = static_cast<int>(K * d);
  for (std::int64_t first = 0; first < n; first += block) {
    const std::int64_t rows = std::min(block, n - first);
    const double* x = p_.x.data() + first * d;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(rows), width,
                static_cast<int>(d), 1.0, x, static_cast<int>(d), Q_.data(), static_cast<int>(d),
                0.0, z_.data(), width);
    for (std::int64_t r = 0; r < rows; ++r) {
      double* z = z_.data() + r * width;
      double* logits = logits_.data() + r * K;
      for (std::int64_t e = 0; e < width; ++e) z[e] -= center_[size(e)];
      double top = -INFINITY;
      for (std::int64_t k = 0; k < K; ++k) {
        double squares = 0;
        for (std::int64_t j = 0; j < d; ++j) squares += z[k * d + j] * z[k * d + j];
        logits[k] = base[size(k)] - 0.5 * squares;
        top = std::max(top, logits[k]);
      }
      double sum = 0;
      for (std::int64_t k = 0; k < K; ++k) sum += logits[k] = std::exp(logits[k] - top);
      total += top + std::log(sum);
      for (std::int64_t k = 0; k < K; ++k) {
        const double g = logits[k] / sum;
        ga_[size(k)] += g;
        for (std::int64_t j = 0; j < d; ++j) z[k * d + j] *= -g;
      }
      for (std::int64_t e = 0; e < width; ++e) dcenter_[size(e)] -= z[e];
    }
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, width, static_cast<int>(d),
                static_cast<int>(rows), 1.0, z_.data(), width, x, static_cast<int>(d), 1.0,
                dQ_.data(), static_cast<int>(d));
  }

  double top = -INFINITY, sum = 0;
  for (const double a : p_.alpha) top = std::max(top, a);
  for (const double a : p_.alpha) sum += std::exp(a - top);
  const double N = static_cast<double>(n), gamma2 = wishart_gamma * wishart_gamma;
  value_ = total - N * (top + std::log(sum)) + 0.5 * gamma2 * regular - wishart_m * sum_q +
           constant_part(p_);
  for (std::int64_t k = 0; k < K; ++k) {
    const double* Q = &Q_[size(k * d * d)];
    double* dQ = &dQ_[size(k * d * d)];
    const double* dc = &dcenter_[size(k * d)];
    const double sum_g = ga_[size(k)];
    ga_[size(k)] -= N * std::exp(p_.alpha[size(k)] - top) / sum;
    for (std::int64_t j = 0; j < d; ++j) {
      double g = 0;
      for (std::int64_t i = j; i < d; ++i) {
        g += Q[i * d + j] * dc[i];
        dQ[i * d + j] += dc[i] * p_.mu[size(k * d + j)];
      }
      gmu_[size(k * d + j)] = g;
      gq_[size(k * d + j)] =
          (dQ[j * d + j] + gamma2 * Q[j * d + j]) * Q[j * d + j] + sum_g - wishart_m;
    }
    double* gl = gl_.data() + k * per_k;
    for (std::int64_t j = 0; j < d; ++j) {
      for (std::int64_t i = j + 1; i < d; ++i) *gl++ = dQ[i * d + j] + gamma2 * Q[i * d + j];
    }
  }
}

std::vector<double> Hand::result() const {
  std::vector<double> numbers{value_};
  for (const auto* part : {&ga_, &gmu_, &gq_, &gl_}) {
    numbers.insert(numbers.end(), part->begin(), part->end());
  }
  return numbers;
}

}  // namespace bench::m3
