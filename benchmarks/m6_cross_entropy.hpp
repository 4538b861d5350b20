#pragma once
#include <cstdint>
#include <vector>

namespace bench::m6 {

inline constexpr std::int64_t rows = 512, classes = 1000;

struct Data {
  std::vector<float> z;
  std::vector<std::int64_t> labels;
};

/// Row by row, each exponential computed once.
class Hand {
 public:
  explicit Hand(const Data& data) : data_(data), g_(data.z.size()) {}
  void run(int threads);
  /// `rows` times the gradient, then the value.
  std::vector<double> result() const;

 private:
  double part(std::int64_t begin, std::int64_t end);
  const Data& data_;
  std::vector<float> g_;
  double value_ = 0;
};

}  // namespace bench::m6
