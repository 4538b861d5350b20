#include <tapewise/autograd/check/line.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tapewise/autograd/check/random.hpp>
#include <tapewise/autograd/check/rounding.hpp>

namespace tapewise::checking {

double smallest_size(std::span<const double> x) {
  double least = 1.0;
  for (const double v : x) {
    if (v != 0.0 && std::isfinite(v)) least = std::min(least, std::abs(v));
  }
  return least;
}

Line::Line(Replay& real, Replay* complex, NodeId held, NodeId output)
    : real_(real),
      complex_(complex),
      held_(held),
      output_(output),
      below_(real.below(std::span(&held, 1), output)),
      base_(real.numbers(held)) {
  for (const NodeId id : below_) {
    base_below_.push_back(real.numbers(id));
    if (complex_ != nullptr && !complex_->computes(id)) complex_ = nullptr;
  }
  for (const double x : base_) {
    if (std::isfinite(x)) typical_ = std::max(typical_, std::abs(x));
  }
}

Line::~Line() { restore(); }

double Line::complex_step(const Direction& d) { return imaginary_slope(d, base_, 1e-100); }

double Line::imaginary_slope(const Direction& d, const std::vector<double>& x, double h) {
  stepped_ = true;
  const auto set_all = [&](const std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      complex_->set(held_, static_cast<std::int64_t>(i), values[i]);
    }
  };
  if (&x != &base_) set_all(x);
  for (std::int64_t i = d.begin; i < d.end; ++i) {
    complex_->set(held_, i, x[static_cast<std::size_t>(i)], h * d.weight(i));
  }
  for (const NodeId id : below_) complex_->compute(id);
  const double slope = complex_->imaginary(output_, 0) / h;
  for (std::int64_t i = d.begin; i < d.end; ++i) {
    complex_->set(held_, i, base_[static_cast<std::size_t>(i)]);
  }
  if (&x != &base_) set_all(base_);
  return slope;
}

double Line::complex_step_noise(const Direction& d) {
  constexpr int samples = 6;
  const double slope = complex_step(d);
  Random random(0xC0FFEE);
  // Smaller slopes come out as denormal imaginary parts, or as none.
  double spread = std::numeric_limits<double>::min() / 1e-100;
  for (int sample = 0; sample < samples; ++sample) {
    std::vector<double> x = base_;
    for (double& v : x) v += v * (0x1p-52 * random.sign_and_size());
    const double h = 1e-100 * (1.0 + random.uniform());  // no power of two: rounds otherwise
    const double off = std::abs(imaginary_slope(d, x, h) - slope);
    if (std::isfinite(off)) spread = std::max(spread, off);
  }
  return spread;
}

const std::vector<double>& Line::rounding(std::size_t below) {
  rounding_.resize(below_.size());
  std::vector<double>& known = rounding_[below];
  if (known.empty()) known = rounding_spread(real_, std::span(&below_[below], 1), unit64)[0];
  return known;
}

bool Line::steps_over_waves(const Direction& d, double step) {
  restore();
  if (!waves_) {
    waves_.emplace();
    const auto moves = [&](NodeId id) {
      return id == held_ || std::find(below_.begin(), below_.end(), id) != below_.end();
    };
    for (const NodeId id : below_) {
      const auto parents = real_.tape().parents(id);
      for (std::size_t use = 0; use < parents.size(); ++use) {
        if (!moves(parents[use])) continue;
        const std::vector<Wave> found = waves_of(real_, id, use);
        waves_->insert(waves_->end(), found.begin(), found.end());
      }
    }
  }
  const auto operands = [&] {
    std::vector<double> x;
    for (const Wave& w : *waves_) x.push_back(real_.number(w.operand, w.element));
    return x;
  };
  const std::vector<double> here = operands();
  bool far = false;
  for (const double side : {-1.0, 1.0}) {
    if (here.empty() || far) break;
    move(d, at(d) + side * step);
    const std::vector<double> there = operands();
    for (std::size_t i = 0; i < here.size(); ++i) {
      far = far || std::abs(there[i] - here[i]) > (*waves_)[i].length;
    }
  }
  restore();
  return far;
}

void Line::move(const Direction& d, double t) {
  moved_ = true;
  for (std::int64_t i = d.begin; i < d.end; ++i) {
    const double x = base_[static_cast<std::size_t>(i)];
    real_.set(held_, i, is_single(d) ? t : x + t * d.weight(i));
  }
  for (const NodeId id : below_) real_.compute(id);
}

double Line::value_at(const Direction& d, double t) {
  move(d, t);
  const double value = real_.number(output_, 0);
  for (std::int64_t i = d.begin; i < d.end; ++i) {
    real_.set(held_, i, base_[static_cast<std::size_t>(i)]);
  }
  return value;
}

void Line::restore() {
  if (moved_) {
    for (std::size_t i = 0; i < base_.size(); ++i) {
      real_.set(held_, static_cast<std::int64_t>(i), base_[i]);
    }
    for (const NodeId id : below_) real_.compute(id);
  }
  if (stepped_) {
    for (std::size_t k = 0; k < below_.size(); ++k) {
      if (!complex_->is_float(
              below_[k])) {  // places and masks, of numbers that were moved a little
        complex_->compute(below_[k]);
        continue;
      }
      for (std::size_t i = 0; i < base_below_[k].size(); ++i) {
        complex_->set(below_[k], static_cast<std::int64_t>(i), base_below_[k][i]);
      }
    }
  }
  moved_ = stepped_ = false;
}

double Line::size(const Direction& d) const {
  if (!is_single(d)) return typical_ > 0.0 ? typical_ : 1.0;
  const double x = std::abs(base_[static_cast<std::size_t>(d.begin)]);
  if (x > 0.0) return x;
  return typical_ > 0.0 ? typical_ : 1.0;
}

Curve Line::curve(const Direction& d, double noise) {
  Curve curve;
  curve.f = [this, d](double t) { return value_at(d, t); };
  curve.at = at(d);
  curve.size = size(d);
  curve.noise = noise + d.rounding;
  return curve;
}

}  // namespace tapewise::checking
