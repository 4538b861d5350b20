// The gradient of mean((tanh(X w) - y)^2) in w.
#include <iostream>
#include <tapewise/tapewise.hpp>

int main() {
  tapewise::Tape tape;
  const xt::xarray<double> X = {{1, 2}, {3, 4}, {5, 6}}, y = {0.1, 0.2, 0.3}, start = {0.05, -0.02};
  const auto w = tape.input(start, "w");
  const auto loss = mean(square(tanh(matmul(tape.constant(X), w)) - tape.constant(y)));
  const auto g = tapewise::backward(loss)[w].value<double>();
  std::cout << g(0) << ' ' << g(1) << '\n';
}
