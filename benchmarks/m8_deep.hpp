#pragma once
#include "harness.hpp"

namespace bench::m8 {

inline constexpr int layers = 1000, width = 256, batch = 64;

struct Data {
  std::vector<float> h = as<float>(normal(std::size_t{batch} * width, 80)), w;
  Data() {
    w = as<float>(normal(std::size_t{layers} * width * width, 81));
    for (float& x : w) x /= 16.0F;
  }
};

}  // namespace bench::m8
