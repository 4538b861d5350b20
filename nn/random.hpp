#pragma once
#include <cstdint>
#include <memory>
#include <span>

namespace tapewise::nn {

/// A stream of random numbers, the same for a seed with every compiler and standard library: the
/// bits of `std::mt19937_64`, whose sequence the C++ standard fixes, and transforms of our own,
/// because those of <random> differ between libraries.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  ~Random();
  Random(Random&&) noexcept;
  Random& operator=(Random&&) noexcept;

  /// 64 random bits.
  std::uint64_t bits();
  /// A multiple of 2^-53 in [0, 1).
  double uniform();
  /// In [low, high).
  double uniform(double low, double high);
  /// Normally distributed, with mean 0 and standard deviation 1.
  /// Source: Marsaglia & Bray 1964, the polar method.
  double normal();
  /// A whole number in [0, n), all equally likely. Throws DomainError for n = 0.
  std::uint64_t below(std::uint64_t n);
  /// Puts the elements in random order, all orders equally likely.
  /// Source: Durstenfeld 1964, "Algorithm 235" (Fisher-Yates).
  void shuffle(std::span<std::int64_t> elements);

 private:
  struct State;  // keeps <random> out of here
  std::unique_ptr<State> state_;
};

}  // namespace tapewise::nn
