#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

// M2's work for any scalar type: 1e6 ops over 100 inputs.

namespace bench::m2 {

inline constexpr std::size_t inputs = 100, ops = 1000000, chains = 16;

template <class T>
T trans(const std::vector<T>& x, std::size_t count = ops) {
  using std::exp, std::sin;
  T s = x[0], tot = x[1];
  for (std::size_t k = 0, i = 0, j = 37; k < count / 5; ++k) {
    const T a = s + x[i];
    const T b = a * x[j];
    const T c = sin(b);
    s = exp(c);
    tot = tot + s;
    i = i + 1 == inputs ? 0 : i + 1;
    j = j + 1 == inputs ? 0 : j + 1;
  }
  return tot;
}

template <class T>
T cheap(const std::vector<T>& x, std::size_t count = ops) {
  T s = x[0], tot = x[1];
  for (std::size_t k = 0, i = 0, j = 37; k < count / 4; ++k) {
    const T a = s + x[i];
    const T b = a * x[j];
    s = b + x[j];
    tot = tot + s;
    i = i + 1 == inputs ? 0 : i + 1;
    j = j + 1 == inputs ? 0 : j + 1;
  }
  return tot;
}

template <class T>
T sixteen_chains(const std::vector<T>& x, std::size_t count = ops) {
  using std::exp, std::sin;
  std::vector<T> s(x.begin(), x.begin() + chains);
  for (std::size_t k = 0, i = 20; k < count / (4 * chains); ++k) {
    for (T& value : s) {
      const T a = value * x[i];
      const T b = a + x[(i + 37) % inputs];
      const T c = sin(b);
      value = exp(c);
    }
    i = i + 1 == inputs ? 0 : i + 1;
  }
  T tot = s[0];
  for (std::size_t c = 1; c < chains; ++c) tot = tot + s[c];
  return tot;
}

/// The three of them by name.
template <class T>
T work(int which, const std::vector<T>& x) {
  return which == 0 ? trans(x) : which == 1 ? cheap(x) : sixteen_chains(x);
}

struct Data {
  std::vector<double> x;
};

}  // namespace bench::m2
