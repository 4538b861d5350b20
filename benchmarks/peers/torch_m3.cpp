// libtorch: the mixture in matrix form, as ours.
#include "../m3_mixture.hpp"
#include "torch_common.hpp"

namespace {

using namespace bench::m3;
namespace libtorch = bench::libtorch;

struct Mixture {
  const Data& p;
  at::Tensor X, index, nothing, y;
  std::vector<at::Tensor> in, gradients;

  explicit Mixture(const Data* data) : p(*data) {
    const std::vector<std::int64_t> at = triangle_index(p);
    X = libtorch::tensor(p.x.data(), {p.n, p.d});
    index = libtorch::tensor(at.data(), {p.K * p.d * p.d});
    nothing = torch::zeros({1}, torch::kFloat64);
    in = {libtorch::leaf(p.alpha.data(), {p.K}), libtorch::leaf(p.mu.data(), {p.K, p.d}),
          libtorch::leaf(p.q.data(), {p.K, p.d}),
          libtorch::leaf(p.l.data(), {p.K, p.d * (p.d - 1) / 2})};
  }
  void run() {
    const at::Tensor &alpha = in[0], &mu = in[1], &q = in[2], &l = in[3];
    const at::Tensor diagonal = q.exp();
    const at::Tensor numbers = torch::cat({diagonal.reshape({-1}), l.reshape({-1}), nothing});
    const at::Tensor Q = numbers.index_select(0, index).reshape({p.K, p.d, p.d});
    const at::Tensor center = torch::bmm(Q, mu.unsqueeze(2)).squeeze(2);
    const at::Tensor z = X.mm(Q.reshape({p.K * p.d, p.d}).t()).reshape({p.n, p.K, p.d});
    const at::Tensor distance = (z - center).square().sum(-1);
    const at::Tensor logits = alpha + q.sum(-1) - 0.5 * distance;
    y = logits.logsumexp(-1).sum() - static_cast<double>(p.n) * alpha.logsumexp(0) +
        0.5 * wishart_gamma * wishart_gamma * (diagonal.square().sum() + l.square().sum()) -
        static_cast<double>(wishart_m) * q.sum() + constant_part(p);
    gradients = torch::autograd::grad({y}, in);
  }
  std::vector<double> result() const {
    std::vector<double> numbers = {y.item<double>()};
    for (const at::Tensor& g : gradients) libtorch::append(numbers, g);
    return numbers;
  }
};

const bench::Peer a("M3/1k_d2_K5", libtorch::peer<Mixture, Data>()),
    b("M3/1k_d10_K25", libtorch::peer<Mixture, Data>()),
    c("M3/1k_d32_K25", libtorch::peer<Mixture, Data>()),
    d("M3/10k_d10_K25", libtorch::peer<Mixture, Data>());

}  // namespace
