#pragma once
#include <array>
#include <cstddef>
#include <vector>

namespace bench::m5 {

inline constexpr std::size_t n = 1000000;

struct Data {
  std::array<std::vector<float>, 5> in;  ///< a, x, b, c, d
};

/// One loop over all elements.
class Hand {
 public:
  explicit Hand(const Data& data);
  void run(int threads);
  /// The value, and n times the first 5000 elements of each gradient.
  std::vector<double> result() const;

 private:
  double part(std::size_t begin, std::size_t end);
  const Data& data_;
  std::array<std::vector<float>, 5> g_;
  double value_ = 0;
};

}  // namespace bench::m5
