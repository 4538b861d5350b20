#include <tapewise/autograd/check/checker.hpp>

#include <cmath>
#include <limits>
#include <tapewise/autograd/check/random.hpp>

// Checks along random directions, for inputs too large to go through one by one.

namespace tapewise::checking {

/// Each element moves by its own size, those that are 0 as far as the smallest other: differences
/// and the search for kinks would take small elements beside large ones out of their domain.
Direction Checker::random_direction(std::size_t k, const Line& line, std::uint64_t seed) const {
  const std::vector<double> x = real_.numbers(held_[k]);
  const double all = line.size({}), least = smallest_size(x);
  Random random(seed + 1U);
  Direction d{0, std::ssize(x), {}};
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double own = std::isfinite(x[i]) && x[i] != 0.0 ? std::abs(x[i]) : least;
    // Differences move each element by its own size; the complex step moves none.
    const double part = line.has_complex_step() ? 1.0 : own / all;
    d.weights.push_back(part * random.sign_and_size());
    const double off = 0x1p-53 * analytic_[k][i] * x[i];
    if (std::isfinite(off)) d.rounding = std::hypot(d.rounding, off);
  }
  return d;
}

void Checker::check_projections(std::size_t k, Line& line) {
  const double scale = slope_scale(line);
  for (int r = 0; r < options_.projections; ++r) {
    const Direction d = random_direction(k, line, options_.seed + 1000U * static_cast<unsigned>(r));
    GradcheckElement e = element(k, r);
    e.projection = true;
    project(k, d, e);
    decide(e, line, d, std::max(scale, std::abs(e.analytic)));
    if (e.verdict == Verdict::wrong) e.located = locate(k, line, d);
    count(std::move(e));
  }
}

/// The element that is furthest off, by halves.
std::int64_t Checker::locate(std::size_t k, Line& line, Direction d) {
  while (d.end - d.begin > 1) {
    const std::int64_t middle = d.begin + (d.end - d.begin) / 2;
    const auto off = [&](std::int64_t begin, std::int64_t end) {
      d.begin = begin;
      d.end = end;
      GradcheckElement half;
      project(k, d, half);
      const double difference = std::abs(half.analytic - numeric(line, d, half.rounding).slope);
      return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
    };
    const std::int64_t begin = d.begin, end = d.end;
    const bool first = off(begin, middle) >= off(middle, end);
    d.begin = first ? begin : middle;
    d.end = first ? middle : end;
  }
  return d.begin;
}

}  // namespace tapewise::checking
