// libtorch: gradients of gradients. The dense Hessian pushes all unit cotangents through one graph,
// as `torch.autograd.functional.hessian(vectorize=True)` does.
#include <ATen/VmapMode.h>

#include "../m7_second_order.hpp"
#include "torch_common.hpp"

namespace {

using namespace bench::m7;
using torch::autograd::grad;
namespace libtorch = bench::libtorch;

struct Rosenbrock {
  at::Tensor x, v, hv;

  explicit Rosenbrock(const Chain* data)
      : x(libtorch::leaf(data->x.data(), {chain_length})),
        v(libtorch::tensor(data->v.data(), {chain_length})) {}
  void run() {
    const at::Tensor head = x.slice(0, 0, chain_length - 1), next = x.slice(0, 1, chain_length);
    const at::Tensor y = (100.0 * (next - head.square()).square() + (1.0 - head).square()).sum();
    const at::Tensor g = grad({y}, {x}, {}, true, true)[0];
    hv = grad({g}, {x}, {v})[0];
  }
  std::vector<double> result() const {
    std::vector<double> numbers;
    libtorch::append(numbers, hv);
    return numbers;
  }
};

template <bool dense>
struct Logistic {
  at::Tensor A, minus_y, x, v, out, unit = torch::eye(features, torch::kFloat64);

  explicit Logistic(const Regression* data)
      : A(libtorch::tensor(data->a.data(), {samples, features})),
        minus_y(-libtorch::tensor(data->y.data(), {samples})),
        x(libtorch::leaf(data->x.data(), {features})),
        v(libtorch::tensor(data->v.data(), {features})) {}
  void run() {
    const at::Tensor loss = -torch::log_sigmoid(-minus_y * A.mv(x)).sum();
    const at::Tensor g = grad({loss}, {x}, {}, true, true)[0];
    out = dense ? rows(g) : grad({g}, {x}, {v})[0];
  }
  at::Tensor rows(const at::Tensor& g) const {
    const std::int64_t level = at::impl::VmapMode::increment_nesting();
    const at::Tensor batch = grad({g}, {x}, {at::_add_batch_dim(unit, 0, level)})[0];
    const at::Tensor H = at::_remove_batch_dim(batch, level, features, 0);
    at::impl::VmapMode::decrement_nesting();
    return H;
  }
  std::vector<double> result() const {
    std::vector<double> numbers;
    libtorch::append(numbers, out);
    return numbers;
  }
};

const bench::Peer a("M7/hvp_rosenbrock", libtorch::peer<Rosenbrock, Chain>()),
    b("M7/hvp_logreg", libtorch::peer<Logistic<false>, Regression>()),
    c("M7/hessian_logreg", libtorch::peer<Logistic<true>, Regression>());

}  // namespace
