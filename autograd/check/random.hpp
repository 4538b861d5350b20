#pragma once
#include <cstdint>

namespace tapewise::checking {

/// Random numbers that are the same on every machine: splitmix64 (Steele, Lea & Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  /// Uniform in [0, 1).
  double uniform() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1.0p-53;
  }
  /// Uniform in [-1, 1).
  double symmetric() { return 2.0 * uniform() - 1.0; }
  /// Of either sign, between 1/2 and 1 in size.
  double sign_and_size() {
    const double size = 0.5 + 0.5 * uniform();
    return uniform() < 0.5 ? -size : size;
  }

 private:
  std::uint64_t state_;
};

}  // namespace tapewise::checking
