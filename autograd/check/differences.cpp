#include <tapewise/autograd/check/differences.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace tapewise::checking {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A difference quotient, and what rounding does to it.
struct Quotient {
  double value;
  double noise;
};

/// `rise` over `run`; the values from which it was taken may be larger than f at the point itself.
Quotient quotient_of(double high, double low, double run, double noise) {
  const double rounding = noise + 0x1p-51 * std::max(std::abs(high), std::abs(low));
  return {(high - low) / run, 2.0 * rounding / std::abs(run)};
}

/// An estimate with the quotients that it was extrapolated from.
struct Tableau : Estimate {
  std::vector<Quotient> quotients;
  /// How far from `slope` they are, with what is left of that beside rounding.
  double spread() const {
    double most = error;
    for (const Quotient& q : quotients) most = std::max(most, std::abs(q.value - slope) - q.noise);
    return most;
  }
};

/// One tableau: quotients with falling steps in its first column, the error terms h^p, h^2p, ...
/// taken out in the next ones. Central differences have p = 2, one-sided ones p = 1.
template <class F>
Tableau extrapolate(const F& quotient, double first, int p) {
  constexpr int rows = 7;
  constexpr double shrink = 1.7;  // no whole fraction: periods of f must not fit the steps
  Tableau best{{nan, infinity, first}, {}};
  std::vector<double> last;
  double h = first, corner = nan;
  for (int row = 0; row < rows; ++row, h /= shrink) {
    const Quotient q = quotient(h);
    std::vector<double> now{q.value};
    if (!std::isfinite(now[0])) {  // outside of the domain: begin again, closer
      last.clear();
      continue;
    }
    best.quotients.push_back(q);
    const double power = std::pow(shrink, p);
    double factor = power;
    for (std::size_t k = 1; k <= last.size(); ++k, factor *= power) {
      now.push_back((factor * now[k - 1] - last[k - 1]) / (factor - 1.0));
      const double error =
          std::max(std::abs(now[k] - now[k - 1]), std::abs(now[k] - last[k - 1])) + 2.0 * q.noise;
      if (error < best.error) static_cast<Estimate&>(best) = {now[k], error, h};
    }
    if (!last.empty() && std::abs(now.back() - corner) > 2.0 * best.error) break;
    corner = now.back();
    last = std::move(now);
  }
  return best;
}

/// The estimates from long first steps to short ones, until two agree closely; longest step first.
template <class FromStep>
std::vector<Tableau> over_all_steps(const Curve& curve, const FromStep& from_step) {
  constexpr double ratio = 1.0 / 97.0, far = 0.0107;
  const double size = curve.size > 0.0 ? curve.size : 1.0;
  const double at = std::abs(curve.at) > 0.0 ? std::abs(curve.at) : size;
  const double longest = far * (curve.nearby ? size : std::max(size, 1.0));
  const double shortest = 1e-12 * std::min(at, size);
  const double typical_slope = std::abs(curve.f(curve.at)) / size;
  std::vector<Tableau> found;
  if (curve.first_step > 0.0) found.push_back(from_step(curve.first_step * size));
  int agreeing = 0;
  for (double h = longest; h > shortest && found.size() < 10; h *= ratio) {
    Tableau e = from_step(h);
    if (!std::isfinite(e.slope)) continue;
    if (!found.empty()) {
      const Tableau& before = found.back();
      const double close = 1e-7 * std::max(std::abs(e.slope), 1e-2 * typical_slope);
      const bool agree = std::abs(e.slope - before.slope) <= 4.0 * (e.error + before.error);
      const bool sharp = std::min(e.error, before.error) <= close;
      agreeing = agree && sharp ? agreeing + 1 : 0;
    }
    found.push_back(std::move(e));
    // Steps longer than the element itself may see a curve of another scale, |x| of ∛(x³ + ε) say.
    const bool near = h <= far * size;
    if (agreeing > 0 && near && !curve.every_step) break;
  }
  std::erase_if(found, [](const Tableau& e) { return !std::isfinite(e.slope); });
  std::sort(found.begin(), found.end(),
            [](const Tableau& a, const Tableau& b) { return a.step > b.step; });
  return found;
}

/// The best of those that no shorter steps contradict: by another slope, or by quotients that leave
/// those of the longer steps further behind than rounding explains, as near a pole.
Estimate best_of(const std::vector<Tableau>& found) {
  Estimate best{nan, infinity, found.empty() ? 0.0 : found.front().step};
  for (std::size_t k = 0; k < found.size(); ++k) {
    const double slope = found[k].slope, spread = found[k].spread();
    const auto contradicts = [&](const Tableau& finer) {
      const auto off = [&](const Quotient& q) {
        return std::abs(q.value - slope) > 8.0 * (spread + q.noise);
      };
      return std::abs(finer.slope - slope) > 4.0 * (finer.error + found[k].error) ||
             std::any_of(finer.quotients.begin(), finer.quotients.end(), off);
    };
    const bool refuted =
        std::any_of(found.begin() + static_cast<std::ptrdiff_t>(k) + 1, found.end(), contradicts);
    if (!refuted && found[k].error < best.error) best = found[k];
  }
  return best;
}

std::vector<Tableau> central_estimates(const Curve& curve) {
  return over_all_steps(curve, [&](double first) {
    const auto quotient = [&](double h) {
      const double high = curve.at + h, low = curve.at - h;  // the step is what x ± h really are
      return quotient_of(curve.f(high), curve.f(low), high - low, curve.noise);
    };
    return extrapolate(quotient, first, 2);
  });
}

}  // namespace

Estimate differentiate(const Curve& curve) { return best_of(central_estimates(curve)); }

bool some_steps_give(Curve curve, double slope, double other) {
  curve.every_step = true;
  const std::vector<Tableau> found = central_estimates(curve);
  return std::any_of(found.begin(), found.end(), [&](const Estimate& e) {
    return std::abs(e.slope - slope) <= 4.0 * e.error && std::abs(e.slope - other) > 8.0 * e.error;
  });
}

Estimate one_sided_slope(const Curve& curve, int side) {
  const double here = curve.f(curve.at);
  return best_of(over_all_steps(curve, [&](double first) {
    const auto quotient = [&](double h) {
      const double there = curve.at + side * h;
      return quotient_of(curve.f(there), here, there - curve.at, curve.noise);
    };
    return extrapolate(quotient, first, 1);
  }));
}

}  // namespace tapewise::checking
