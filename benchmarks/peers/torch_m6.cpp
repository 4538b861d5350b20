#include "../m6_cross_entropy.hpp"
#include "torch_common.hpp"

namespace {

using namespace bench::m6;
namespace libtorch = bench::libtorch;

struct Work {
  at::Tensor z, labels, y, gradient;

  explicit Work(const Data* data)
      : z(libtorch::leaf(data->z.data(), {rows, classes})),
        labels(libtorch::tensor(data->labels.data(), {rows})) {}
  void run() {
    y = torch::nn::functional::cross_entropy(z, labels);
    gradient = torch::autograd::grad({y}, {z})[0];
  }
  std::vector<double> result() const {
    std::vector<double> numbers;
    libtorch::append(numbers, gradient * static_cast<double>(rows));
    numbers.push_back(y.item<double>());
    return numbers;
  }
};

const bench::Peer a("M6", libtorch::peer<Work, Data>());

}  // namespace
