#include <torch/torch.h>

#include <iostream>

int main() {
  const auto f64 = torch::kFloat64;
  const auto X = torch::tensor({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}, f64),
             y = torch::tensor({0.1, 0.2, 0.3}, f64),
             w = torch::tensor({0.05, -0.02}, f64).requires_grad_();
  (X.mv(w).tanh() - y).square().mean().backward();
  std::cout << w.grad()[0].item<double>() << ' ' << w.grad()[1].item<double>() << '\n';
}
