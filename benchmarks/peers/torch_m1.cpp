// libtorch: modules, cross-entropy and optimizers as its tutorials use them.
#include "../m1_mlp.hpp"
#include "torch_common.hpp"

namespace {

using namespace bench::m1;
namespace libtorch = bench::libtorch;

template <bool with_adam>
struct Step {
  const Data& start;
  torch::nn::Linear linear[layers] = {torch::nn::Linear(sizes[0], sizes[1]),
                                      torch::nn::Linear(sizes[1], sizes[2]),
                                      torch::nn::Linear(sizes[2], sizes[3])};
  torch::nn::Sequential net{linear[0], torch::nn::ReLU(), linear[1], torch::nn::ReLU(), linear[2]};
  at::Tensor x, labels, loss;
  std::unique_ptr<torch::optim::Optimizer> optimizer;

  explicit Step(const Data* data)
      : start(*data),
        x(libtorch::tensor(data->x.data(), {data->batch, sizes[0]})),
        labels(libtorch::tensor(data->labels.data(), {data->batch})) {
    torch::NoGradGuard no_grad;
    for (std::size_t l = 0; l < layers; ++l) {
      linear[l]->weight.copy_(libtorch::tensor(data->w[l].data(), {sizes[l], sizes[l + 1]}).t());
      linear[l]->bias.copy_(libtorch::tensor(data->b[l].data(), {sizes[l + 1]}));
    }
    if (with_adam) {
      optimizer = std::make_unique<torch::optim::Adam>(net->parameters(), adam_rate);
    } else {
      optimizer = std::make_unique<torch::optim::SGD>(net->parameters(), learning_rate);
    }
  }
  void run() {
    for (at::Tensor& p : net->parameters()) p.mutable_grad() = at::Tensor();
    loss = torch::nn::functional::cross_entropy(net->forward(x), labels);
    loss.backward();
    optimizer->step();
  }
  std::vector<double> result() const {
    Numbers numbers(start, loss.item<double>(), with_adam);
    for (std::size_t l = 0; l < layers; ++l) {
      const at::Tensor w = linear[l]->weight.detach().t().contiguous();
      numbers.add(w.data_ptr<float>(), l);
    }
    return numbers.list();
  }
};

const bench::Peer a("M1/b64", libtorch::peer<Step<false>, Data>()),
    b("M1/b128", libtorch::peer<Step<false>, Data>()),
    c("M1/b512", libtorch::peer<Step<false>, Data>()),
    d("M1/b64/adam", libtorch::peer<Step<true>, Data>());

}  // namespace
