// libtorch: op by op.
#include "../m5_chain.hpp"
#include "torch_common.hpp"

namespace {

using namespace bench::m5;
namespace libtorch = bench::libtorch;

struct Work {
  std::vector<at::Tensor> v, gradients;
  at::Tensor y;

  explicit Work(const Data* data) {
    for (const auto& x : data->in) {
      v.push_back(libtorch::leaf(x.data(), {static_cast<std::int64_t>(x.size())}));
    }
  }
  void run() {
    y = ((v[0] * v[1] + v[2]).tanh() * v[3] + v[4]).square().mean();
    gradients = torch::autograd::grad({y}, v);
  }
  std::vector<double> result() const {
    std::vector<double> numbers = {y.item<double>()};
    for (const at::Tensor& g : gradients) {
      libtorch::append(numbers, g.slice(0, 0, 5000) * static_cast<double>(n));
    }
    return numbers;
  }
};

const bench::Peer a("M5", libtorch::peer<Work, Data>());

}  // namespace
