#include <iostream>
#include <stan/math.hpp>

int main() {
  const double X[3][2] = {{1, 2}, {3, 4}, {5, 6}}, y[3] = {0.1, 0.2, 0.3};
  stan::math::var w[2] = {0.05, -0.02}, loss = 0;
  for (int i = 0; i < 3; ++i) {
    const stan::math::var e = tanh(X[i][0] * w[0] + X[i][1] * w[1]) - y[i];
    loss += e * e / 3;
  }
  loss.grad();
  std::cout << w[0].adj() << ' ' << w[1].adj() << '\n';
}
