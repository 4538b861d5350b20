#include <tapewise/autograd/check/use.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tapewise/autograd/check/error_bound.hpp>
#include <tapewise/autograd/check/random.hpp>

namespace tapewise::checking {

double size_of_all(const std::vector<double>& x) {
  double most = 0.0;
  for (const double v : x) {
    if (std::isfinite(v)) most = std::max(most, std::abs(v));
  }
  return most;
}

Use::Use(Replay& real, Replay& complex, NodeId node, int use)
    : real_(real), complex_(complex), tape_(real.tape()), node_(node), use_(use) {
  Random random(node * 31U + static_cast<unsigned>(use));
  for (std::int64_t i = 0; i < real.size(node); ++i) weights_.push_back(random.sign_and_size());
  base_ = real.numbers(parent());
  has_complex_ = complex.computes(node);
}

Estimate Use::slope(const Direction& d) {
  if (has_complex_) {
    const double s = complex_step(d, base_);
    return {s, 0x1p-46 * (std::abs(s) + 1e-6), 0.0};
  }
  return differentiate(curve(d));
}

double Use::complex_step(const Direction& d, const std::vector<double>& x, double h) {
  std::vector<Complex> moved(x.begin(), x.end());
  for (std::int64_t i = d.begin; i < d.end; ++i) {
    moved[static_cast<std::size_t>(i)].im = h * d.weight(i);
  }
  std::vector<Complex> y(weights_.size());
  complex_.evaluate(node_, operands(complex_, moved.data()), y.data());
  double sum = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) sum += weights_[i] * y[i].im;
  return sum / h;
}

double Use::complex_step_noise(const Direction& d, double slope) {
  constexpr int samples = 4;
  Random random(0xB1A3E);
  double spread = 0.0;
  for (int sample = 0; sample < samples; ++sample) {
    std::vector<double> x = base_;
    for (double& v : x) v += v * (0x1p-52 * random.sign_and_size());
    const double off = std::abs(complex_step(d, x, 1e-100 * (1.0 + random.uniform())) - slope);
    spread = std::isfinite(off) ? std::max(spread, off) : std::numeric_limits<double>::infinity();
  }
  return spread;
}

std::vector<const void*> Use::operands(Replay& replay, const void* moved) const {
  std::vector<const void*> all;
  for (const NodeId p : tape_.parents(node_)) all.push_back(replay.data(p));
  all[static_cast<std::size_t>(use_)] = moved;
  return all;
}

std::vector<double> Use::node_at(const Direction& d, double t) {
  std::vector<double> moved = base_;
  for (std::int64_t i = d.begin; i < d.end; ++i) {
    double& x = moved[static_cast<std::size_t>(i)];
    x = is_single(d) ? t : x + t * d.weight(i);
  }
  std::vector<double> y(weights_.size());
  real_.evaluate(node_, operands(real_, moved.data()), y.data());
  return y;
}

double Use::size_along(const Direction& d) const {
  if (!is_single(d)) {
    const double all = size_of_all(base_);
    return all > 0.0 ? all : 1.0;
  }
  const double x = base_[static_cast<std::size_t>(d.begin)];
  return x != 0.0 ? std::abs(x) : smallest_size(base_);
}

Curve Use::curve(const Direction& d) {
  Curve curve;
  curve.f = [this, d, here = real_.numbers(node_)](double t) {
    const std::vector<double> y = node_at(d, t);
    double sum = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (y[i] != here[i]) sum += weights_[i] * (y[i] - here[i]);
    }
    return sum;
  };
  curve.at = is_single(d) ? base_[static_cast<std::size_t>(d.begin)] : 0.0;
  curve.size = size_along(d);
  const std::vector<double> here = real_.numbers(node_);
  const std::vector<double> there = node_at(d, curve.at + 0.01 * curve.size);
  for (std::size_t i = 0; i < here.size(); ++i) {
    if (there[i] != here[i]) curve.noise += 0x1p-50 * std::abs(weights_[i] * here[i]);
  }
  curve.noise += d.rounding;
  return curve;
}

std::vector<double> Use::bound_of_node() {
  ErrorBounds own(real_, ErrorBounds::Precision::float64);
  for (const NodeId p : tape_.parents(node_)) {
    own.set(p, std::vector<double>(static_cast<std::size_t>(real_.size(p)), 0.0));
  }
  return own.of(node_);
}

bool Use::steps_over_waves(const Direction& d, double step) {
  if (!waves_) waves_ = waves_of(real_, node_, static_cast<std::size_t>(use_));
  return std::any_of(waves_->begin(), waves_->end(), [&](const Wave& w) {
    const bool moves = w.element >= d.begin && w.element < d.end;
    return moves && std::abs(step * d.weight(w.element)) > w.length;
  });
}

bool Use::shorter_steps_give(const Direction& d, double slope, const Estimate& n) {
  const Curve c = curve(d);
  const double off = std::abs(slope - n.slope);
  for (double h = n.step / 8.0; c.at + h > c.at && c.noise < 0.1 * off * h; h /= 8.0) {
    const double high = c.at + h, low = c.at - h;
    const double quotient = (c.f(high) - c.f(low)) / (high - low);
    if (std::abs(quotient - slope) < 0.25 * off) return true;
  }
  return false;
}

std::vector<std::size_t> Use::harmless_kinks(std::span<const double> slopes) {
  const OpTraits& traits = tape_.op(node_).traits;
  if (!traits.has_kinks || !traits.elementwise || base_.size() != weights_.size()) return {};
  const double least = smallest_size(base_);
  Direction d{0, std::ssize(base_), {}};
  for (const double x : base_) d.weights.push_back(x != 0.0 ? std::abs(x) : least);
  const std::vector<double> here = real_.numbers(node_);
  std::vector<double> apart;  // of the slopes of both sides, at the longer step
  std::vector<std::size_t> found;
  for (const double h : {1e-6, 1e-8}) {
    const std::vector<double> high = node_at(d, h), low = node_at(d, -h);
    const bool first = apart.empty();
    for (std::size_t i = 0; i < here.size(); ++i) {
      const double by = h * d.weights[i] / weights_[i];
      const double right = (high[i] - here[i]) / by, left = (here[i] - low[i]) / by;
      const double jump = right - left, slack = 1e-3 * std::abs(jump);
      if (first) {
        apart.push_back(jump);
        continue;
      }
      const bool bends = slack > 1e-6 * std::max(std::abs(left), std::abs(right));
      const bool stays = std::abs(jump - apart[i]) < 0.1 * std::abs(jump);
      const bool between =
          slopes[i] >= std::min(left, right) - slack && slopes[i] <= std::max(left, right) + slack;
      if (bends && stays && between) found.push_back(i);
    }
  }
  return found;
}

double Use::rise_at_jumps(const Direction& d, double step) {
  const double at = curve(d).at;
  const std::vector<double> here = real_.numbers(node_), high = node_at(d, at + step),
                            low = node_at(d, at - step);
  double sum = 0.0;
  for (std::size_t i = 0; i < here.size(); ++i) {
    const double second = std::abs(high[i] - 2.0 * here[i] + low[i]);
    const double rise = std::max(std::abs(high[i] - here[i]), std::abs(here[i] - low[i]));
    if (second > 0.5 * rise) sum += std::abs(weights_[i]) * second;
  }
  return sum;
}

}  // namespace tapewise::checking
