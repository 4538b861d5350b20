#include <adolc/adolc.h>

#include <iostream>

int main() {
  const double X[3][2] = {{1, 2}, {3, 4}, {5, 6}}, y[3] = {0.1, 0.2, 0.3};
  double w[2] = {0.05, -0.02}, g[2], value;
  trace_on(1);
  adouble a[2], loss = 0;
  for (int j = 0; j < 2; ++j) a[j] <<= w[j];
  for (int i = 0; i < 3; ++i) {
    const adouble e = tanh(X[i][0] * a[0] + X[i][1] * a[1]) - y[i];
    loss += e * e / 3;
  }
  loss >>= value;
  trace_off();
  gradient(1, 2, w, g);
  std::cout << g[0] << ' ' << g[1] << '\n';
}
