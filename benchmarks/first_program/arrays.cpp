// The arrays of the first program and nothing else: what xtensor's containers alone cost.
#include <iostream>
#include <xtensor/xarray.hpp>

int main() {
  const xt::xarray<double> X = {{1, 2}, {3, 4}, {5, 6}}, y = {0.1, 0.2, 0.3}, start = {0.05, -0.02};
  std::cout << X(0, 0) << ' ' << y(0) << ' ' << start(0) << '\n';
}
