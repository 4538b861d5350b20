// libtorch: plain, and with checkpoints every 32 layers, each segment computed again when backward
// reaches it (which is what `torch.utils.checkpoint` does; C++ has no function for it).
#include "../m8_deep.hpp"
#include "torch_common.hpp"

namespace {

using namespace bench::m8;
using torch::autograd::grad;
namespace libtorch = bench::libtorch;

template <int segment>
struct Deep {
  at::Tensor h, y;
  std::vector<at::Tensor> w, gradients;

  explicit Deep(const Data* data) : h(libtorch::tensor(data->h.data(), {batch, width})) {
    for (int i = 0; i < layers; ++i) {
      w.push_back(libtorch::leaf(data->w.data() + std::size_t(i) * width * width, {width, width}));
    }
  }
  at::Tensor through(at::Tensor z, int begin, int end) const {
    for (int i = begin; i < end; ++i) z = z.mm(w[std::size_t(i)]).tanh();
    return z;
  }
  void run() {
    gradients.clear();
    if constexpr (segment == 0) {
      y = through(h, 0, layers).square().sum();
      gradients = grad({y}, w);
    } else {
      checkpointed();
    }
  }
  void checkpointed() {
    std::vector<at::Tensor> kept = {h};
    {
      torch::NoGradGuard no_grad;
      for (int i = 0; i + segment < layers; i += segment) {
        kept.push_back(through(kept.back(), i, i + segment));
      }
    }
    gradients.resize(layers);
    at::Tensor g;
    for (std::size_t k = kept.size(); k-- > 0;) {
      const int begin = static_cast<int>(k) * segment, end = std::min(begin + segment, layers);
      const at::Tensor from = kept[k].detach().requires_grad_();
      at::Tensor out = through(from, begin, end);
      std::vector<at::Tensor> in(w.begin() + begin, w.begin() + end);
      in.push_back(from);
      if (end == layers) y = out = out.square().sum();
      const auto parts = grad({out}, in, {g});
      std::copy(parts.begin(), parts.end() - 1, gradients.begin() + begin);
      g = parts.back();
      kept.pop_back();
    }
  }
  std::vector<double> result() const {
    std::vector<double> numbers = {y.item<double>()};
    libtorch::append(numbers, gradients.front(), 1000);
    libtorch::append(numbers, gradients.back(), 1000);
    return numbers;
  }
};

const bench::Peer a("M8/plain", libtorch::peer<Deep<0>, Data>()),
    b("M8/14MB", libtorch::peer<Deep<32>, Data>());

}  // namespace
