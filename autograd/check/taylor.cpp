#include <tapewise/autograd/check/taylor.hpp>

#include <algorithm>
#include <cmath>
#include <tapewise/autograd/check/random.hpp>

namespace tapewise::checking {

namespace {

double largest(std::span<const double> x) {
  double most = 0.0;
  for (const double v : x) {
    if (std::isfinite(v)) most = std::max(most, std::abs(v));
  }
  return most > 0.0 ? most : 1.0;
}

}  // namespace

TaylorWitness taylor_witness(Replay& real, std::span<const NodeId> held, NodeId output,
                             std::span<const std::vector<double>> gradients, double noise,
                             std::uint64_t seed) {
  Random random(seed);
  const std::vector<NodeId> below = real.below(held, output);
  std::vector<std::vector<double>> x, v;
  double slope = 0.0;             // ∇f·v
  double rounding = 2.0 * noise;  // of f, and of moving x
  for (std::size_t k = 0; k < held.size(); ++k) {
    x.push_back(real.numbers(held[k]));
    const double size = largest(x[k]);
    v.emplace_back();
    for (std::size_t i = 0; i < x[k].size(); ++i) {
      v[k].push_back(size * random.sign_and_size());
      slope += gradients[k][i] * v[k][i];
      rounding += 0x1p-52 * std::abs(gradients[k][i] * x[k][i]);
    }
  }
  const double here = real.number(output, 0);
  const auto replay = [&](double h) {
    for (std::size_t k = 0; k < held.size(); ++k) {
      for (std::size_t i = 0; i < x[k].size(); ++i) {
        real.set(held[k], static_cast<std::int64_t>(i), h == 0.0 ? x[k][i] : x[k][i] + h * v[k][i]);
      }
    }
    for (const NodeId id : below) real.compute(id);
    return real.number(output, 0);
  };
  constexpr double shrink = 4.0;
  TaylorWitness witness;
  double before = 0.0, last_over_h = 0.0;
  int points = 0;
  bool finite = std::isfinite(here) && std::isfinite(slope);
  for (double h = 0x1p-8; h > 0x1p-25 && finite; h /= shrink) {
    const double remainder = std::abs(replay(h) - here - h * slope);
    if (!std::isfinite(remainder)) continue;  // outside of the domain
    if (remainder <= 64.0 * (rounding + 0x1p-52 * std::abs(h * slope))) {
      if (points < 2) {
        witness.verdict = Verdict::right;
        witness.rate = 2.0;
      }
      break;
    }
    if (before > 0.0) witness.rate = std::log(before / remainder) / std::log(shrink);
    before = remainder;
    last_over_h = remainder / h;
    ++points;
  }
  replay(0.0);
  if (points < 2) return witness;
  if (witness.rate > 1.6) {
    witness.verdict = Verdict::right;
  } else if (witness.rate < 1.2 && witness.rate > 0.8 && last_over_h > 1e-6 * std::abs(slope)) {
    witness.verdict = Verdict::wrong;
  }
  return witness;
}

}  // namespace tapewise::checking
