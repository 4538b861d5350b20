// libtorch: the XOR net in tensor operations, weights updated in place.
#include "../m4_xor.hpp"
#include "torch_common.hpp"

namespace {

using namespace bench::m4;
namespace libtorch = bench::libtorch;

struct Step {
  Weights start;
  at::Tensor in = libtorch::tensor(x, {4, 2}), wanted = libtorch::tensor(y, {4, 1}), loss;
  std::vector<at::Tensor> w = {libtorch::leaf(start.w1, {2, 2}), libtorch::leaf(start.b1, {2}),
                               libtorch::leaf(start.w2, {2, 1}), libtorch::leaf(start.b2, {1})};

  explicit Step(const void*) {}
  void run() {
    const at::Tensor h = torch::addmm(w[1], in, w[0]).tanh();
    loss = torch::mse_loss(torch::addmm(w[3], h, w[2]).sigmoid(), wanted);
    const auto gradients = torch::autograd::grad({loss}, w);
    torch::NoGradGuard no_grad;
    for (std::size_t k = 0; k < w.size(); ++k) w[k].sub_(gradients[k], rate);
  }
  std::vector<double> result() const {
    std::vector<double> numbers = {loss.item<double>()};
    for (const at::Tensor& part : w) libtorch::append(numbers, part);
    return numbers;
  }
};

const bench::Peer a("M4", libtorch::peer<Step, void>());

}  // namespace
