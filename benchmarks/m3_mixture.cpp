// M3: the log-likelihood of a Gaussian mixture and its full gradient (the GMM objective of
// ADBench), double precision. Ours in matrix form; the limit is a gradient by hand with BLAS and
// vector loops.
#include "m3_mixture.hpp"

#include <cblas.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <tapewise/tapewise.hpp>

#include "harness.hpp"

namespace tw = tapewise;

namespace bench::m3 {

Data make_data(std::int64_t n, std::int64_t d, std::int64_t K) {
  const auto size = [](std::int64_t s) { return static_cast<std::size_t>(s); };
  return {n,
          d,
          K,
          normal(size(n * d), 3),
          normal(size(K), 4),
          normal(size(K * d), 5),
          uniform(size(K * d), 6, -1, 1),
          uniform(size(K * d * (d - 1) / 2), 7, -0.5, 0.5)};
}

double constant_part(const Data& p) {
  const double m = wishart_m, gamma = wishart_gamma;
  const auto n = static_cast<double>(p.n), d = static_cast<double>(p.d),
             K = static_cast<double>(p.K);
  const double N = d + m + 1;
  double log_gamma = d * (d - 1) / 4 * std::log(std::numbers::pi);
  for (int j = 1; j <= p.d; ++j) log_gamma += std::lgamma(0.5 * N + 0.5 * (1 - j));
  const double C = N * d * (std::log(gamma) - 0.5 * std::log(2.0)) - log_gamma;
  return -0.5 * n * d * std::log(2 * std::numbers::pi) - K * C;
}

std::vector<std::int64_t> triangle_index(const Data& p) {
  const std::int64_t d = p.d, per_k = d * (d - 1) / 2;
  std::vector<std::int64_t> index;
  for (std::int64_t k = 0; k < p.K; ++k) {
    for (std::int64_t i = 0; i < d; ++i) {
      for (std::int64_t j = 0; j < d; ++j) {
        if (i == j)
          index.push_back(k * d + i);
        else if (j < i)  // column by column below the diagonal
          index.push_back(p.K * d + k * per_k + j * d - j * (j + 1) / 2 + (i - j - 1));
        else
          index.push_back(p.K * d + p.K * per_k);
      }
    }
  }
  return index;
}

namespace {

struct Ours {
  tw::Tape tape;
  tw::Var alpha, mu, q, l;
  std::vector<tw::Var> outputs;
  std::unique_ptr<tw::Program> program;

  explicit Ours(const Data& p) {
    const auto leaf = [&](const std::vector<double>& x, tw::Shape shape) {
      return tape.input(tw::ArrayView(x.data(), {tw::DType::float64, shape}));
    };
    const std::vector<std::int64_t> at = triangle_index(p);
    const std::vector<double> zero = {0.0};
    const tw::Var X = tape.constant(tw::ArrayView(p.x.data(), {tw::DType::float64, {p.n, p.d}}));
    const tw::Var index = tape.constant(
        tw::ArrayView(at.data(), {tw::DType::int64, {static_cast<std::int64_t>(at.size())}}));
    const tw::Var nothing = tape.constant(tw::ArrayView(zero.data(), {tw::DType::float64, {1}}));
    alpha = leaf(p.alpha, {p.K});
    mu = leaf(p.mu, {p.K, p.d});
    q = leaf(p.q, {p.K, p.d});
    l = leaf(p.l, {p.K, p.d * (p.d - 1) / 2});

    const tw::Var diagonal = exp(q);
    const tw::Var numbers =
        tw::concat({tw::reshape(diagonal, {-1}), tw::reshape(l, {-1}), nothing}, 0);
    const tw::Var Q = tw::reshape(tw::take(numbers, index, 0), {p.K, p.d, p.d});
    const tw::Var center = tw::sum(Q * tw::reshape(mu, {p.K, 1, p.d}), -1);
    const tw::Var z = tw::matmul(X, tw::transpose(tw::reshape(Q, {p.K * p.d, p.d})));
    const tw::Var distance = tw::sum(square(tw::reshape(z, {p.n, p.K, p.d}) - center), -1);
    const tw::Var logits = alpha + tw::sum(q, -1) - 0.5 * distance;
    const double n = static_cast<double>(p.n);
    const tw::Var y =
        tw::sum(tw::logsumexp(logits, -1)) - n * tw::logsumexp(alpha) +
        0.5 * wishart_gamma * wishart_gamma * (tw::sum(square(diagonal)) + tw::sum(square(l))) -
        static_cast<double>(wishart_m) * tw::sum(q) + constant_part(p);
    const tw::GradientTable table = tw::backward(y, {alpha, mu, q, l});
    outputs = {y, table[alpha], table[mu], table[q], table[l]};
    program = std::make_unique<tw::Program>(tw::compile(outputs));
  }
  std::vector<double> result() const {
    std::vector<double> numbers;
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      const auto* x = static_cast<const double*>(program->data(o));
      numbers.insert(numbers.end(), x, x + program->type(o).size());
    }
    return numbers;
  }
};

void add(const std::string& id, std::int64_t n, std::int64_t d, std::int64_t K) {
  bench::add({id, "ms", 1e3, 1e-8, [=] {
                auto data = std::make_shared<Data>(make_data(n, d, K));
                auto ours = std::make_shared<Ours>(*data);
                auto hand = std::make_shared<Hand>(*data);
                std::vector<Contender> contenders = {
                    {"ours", [ours] { ours->program->run(); }, [ours] { return ours->result(); }},
                    {"limit", [hand, data] { hand->run(); }, [hand] { return hand->result(); }}};
                for (auto& peer : Peers::of(id, data.get())) contenders.push_back(peer);
                return contenders;
              }});
}

const bool registered = [] {
  add("M3/1k_d2_K5", 1000, 2, 5);
  add("M3/1k_d10_K25", 1000, 10, 25);
  add("M3/1k_d32_K25", 1000, 32, 25);
  add("M3/10k_d10_K25", 10000, 10, 25);
  return true;
}();

}  // namespace

}  // namespace bench::m3
