#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench::m1 {

inline constexpr std::size_t layers = 3;
inline constexpr std::int64_t sizes[] = {784, 256, 128, 10};
inline constexpr double learning_rate = 0.01, adam_rate = 0.001;

/// Images, labels, and where all contenders start; w[l] is in x out, row-major.
struct Data {
  std::int64_t batch;
  std::vector<float> x, w[layers], b[layers];
  std::vector<std::int64_t> labels;
};
Data make_data(std::int64_t batch);

}  // namespace bench::m1
