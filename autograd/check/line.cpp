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

const std::vector<NodeId>& Line::lost_phases() {
  if (lost_phases_) return *lost_phases_;
  restore();
  lost_phases_.emplace();
  const Tape& tape = real_.tape();
  for (const NodeId id : below_) {
    const OpTraits& traits = tape.op(id).traits;
    if (!real_.is_float(id) || !traits.elementwise || traits.arithmetic != Arithmetic::none ||
        tape.parents(id).size() != 1) {
      continue;
    }
    const NodeId watched[] = {id, tape.parents(id)[0]};
    const std::vector<double> y = real_.numbers(id), x = real_.numbers(watched[1]);
    const auto rounding = rounding_spread(real_, watched, unit64);
    std::vector<double> nearby = x, there(y.size());
    for (double& v : nearby) v *= 1.01;
    const std::vector<const void*> operands{nearby.data()};
    real_.evaluate(id, operands, there.data());
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double size = std::max(std::abs(y[i]), std::abs(there[i] - y[i]));
      const bool lost = rounding[0][i] > 1e-8 * size && size > 0.0;
      if (!lost || rounding[1][i] > 1e-12 * std::abs(x[i])) continue;
      lost_phases_->push_back(id);
      break;
    }
  }
  return *lost_phases_;
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
