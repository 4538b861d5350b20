#include <tapewise/nn/random.hpp>

#include <cmath>
#include <random>
#include <tapewise/autograd/error.hpp>
#include <utility>

namespace tapewise::nn {

struct Random::State {
  explicit State(std::uint64_t seed) : engine(seed) {}

  std::mt19937_64 engine;
  double spare = 0.0;  // the polar method makes two normal numbers at a time
  bool has_spare = false;
};

Random::Random(std::uint64_t seed) : state_(std::make_unique<State>(seed)) {}
Random::~Random() = default;
Random::Random(Random&&) noexcept = default;
Random& Random::operator=(Random&&) noexcept = default;

std::uint64_t Random::bits() { return state_->engine(); }

double Random::uniform() { return static_cast<double>(bits() >> 11U) * 0x1p-53; }

double Random::uniform(double low, double high) {
  const double x = low + (high - low) * uniform();
  return x < high ? x : low;  // rounding can reach `high`
}

double Random::normal() {
  State& s = *state_;
  if (s.has_spare) {
    s.has_spare = false;
    return s.spare;
  }
  double u = 0, v = 0, square = 0;
  do {  // a point in the unit disc, not its centre
    u = 2.0 * uniform() - 1.0;
    v = 2.0 * uniform() - 1.0;
    square = u * u + v * v;
  } while (square >= 1.0 || square == 0.0);
  const double factor = std::sqrt(-2.0 * std::log(square) / square);
  s.spare = v * factor;
  s.has_spare = true;
  return u * factor;
}

std::uint64_t Random::below(std::uint64_t n) {
  if (n == 0) throw DomainError("[random] there is no number below 0");
  const std::uint64_t uneven = (0 - n) % n;  // 2^64 mod n: so many draws would favour small numbers
  std::uint64_t x = bits();
  while (x < uneven) x = bits();
  return x % n;
}

void Random::shuffle(std::span<std::int64_t> elements) {
  for (std::size_t n = elements.size(); n > 1; --n) {
    std::swap(elements[n - 1], elements[below(n)]);
  }
}

}  // namespace tapewise::nn
