#include <tapewise/autograd/check/taylor.hpp>

#include <algorithm>
#include <cmath>
#include <tapewise/autograd/check/line.hpp>
#include <tapewise/autograd/check/random.hpp>

namespace tapewise::checking {

TaylorWitness taylor_witness(Replay& real, std::span<const NodeId> held, NodeId output,
                             std::span<const std::vector<double>> gradients,
                             std::span<const std::vector<double>> roundings, double noise,
                             std::uint64_t seed) {
  Random random(seed);
  const std::vector<NodeId> below = real.below(held, output);
  std::vector<std::vector<double>> x, v;
  double slope = 0.0;  // ∇f·v
  double slope_rounding = 0.0;
  double rounding = 2.0 * noise;  // of f, and of moving x
  for (std::size_t k = 0; k < held.size(); ++k) {
    x.push_back(real.numbers(held[k]));
    const double size_of_zeros = smallest_size(x[k]);
    v.emplace_back();
    for (std::size_t i = 0; i < x[k].size(); ++i) {
      // Each by its own size: elements of one array may be of very different magnitudes.
      const double size = x[k][i] != 0.0 ? std::abs(x[k][i]) : size_of_zeros;
      v[k].push_back(size * random.sign_and_size());
      slope += gradients[k][i] * v[k][i];
      slope_rounding += roundings[k][i] * std::abs(v[k][i]);
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
  double before = 0.0, rise_before = 0.0, last_over_h = 0.0;
  int points = 0, straight = 0;
  int linear = 0, quadratic = 0;  // steps in a row over which the remainder fell with h, with h²
  bool finite = std::isfinite(here) && std::isfinite(slope);
  // Down into rounding: the remainder of a curve that turns within the longer steps falls with h
  // there, too.
  for (double h = 0x1p-8; h > 0x1p-50 && finite; h /= shrink) {
    const double change = replay(h) - here, rise = std::abs(change);
    const double remainder = std::abs(change - h * slope);
    if (!std::isfinite(remainder)) continue;      // outside of the domain
    if (rise == 0.0 && rise_before > 0.0) break;  // what moves has drowned in a value on the way
    const double noise_here = 64.0 * (rounding + h * (slope_rounding + 0x1p-52 * std::abs(slope)));
    if (remainder <= noise_here) {
      // A straight line; but once may be chance, and where noise is as large as the rise, nothing
      // is known.
      if (points < 2 && noise_here <= 0.01 * std::abs(h * slope)) {
        if (++straight < 2) continue;
        witness.verdict = Verdict::right;
        witness.rate = 2.0;
      }
      // A wrong gradient's remainder would be a quarter of the one before, and still be seen.
      if (before > 4.0 * shrink * noise_here) linear = 0;
      break;
    }
    if (before > 0.0) {
      const double rate = std::log(before / remainder) / std::log(shrink);
      // Over steps that pass many waves f does not fall with h at all, and h·slope is all there is.
      const bool falls = rise <= 8.0 * noise || rise < rise_before / 3.0;
      linear = rate > 0.8 && rate < 1.2 && falls ? linear + 1 : 0;
      const bool steady = quadratic == 0 || std::abs(rate - witness.rate) < 0.3;
      quadratic = rate > 1.6 ? (steady ? quadratic + 1 : 1) : 0;
      witness.rate = rate;
    }
    before = remainder;
    rise_before = rise;
    last_over_h = remainder / h;
    ++points;
  }
  replay(0.0);
  if (points < 2) return witness;
  // Twice at the same rate: once may be a remainder on its way through zero. And down to where an
  // error of 3 % would be seen beside it.
  if (quadratic >= 2 && last_over_h <= 0.01 * std::abs(slope)) {
    witness.verdict = Verdict::right;
  } else if (linear >= 3 && last_over_h > 1e-6 * std::abs(slope)) {
    witness.verdict = Verdict::wrong;
  }
  return witness;
}

}  // namespace tapewise::checking
