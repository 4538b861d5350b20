#include <tapewise/autograd/check/checker.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tapewise/autograd/check/random.hpp>

// Checks along random directions, for inputs too large to go through one by one.

namespace tapewise::checking {

/// The complex step moves no element, so that all weigh as much.
Direction Checker::random_direction(std::size_t k, Line& line, std::uint64_t seed) const {
  Random random(seed + 1U);
  Direction d{0, real_.size(held_[k]), {}};
  for (std::int64_t i = 0; i < d.end; ++i) d.weights.push_back(random.sign_and_size());
  const bool has_complex_step = line.has_complex_step() && std::isfinite(line.complex_step(d));
  return has_complex_step ? d : by_own_size(k, line, std::move(d));
}

/// Where elements do move, each moves by its own size, those that are 0 as far as the smallest
/// other: small elements beside large ones would leave their domain, or pass kinks that are far.
Direction Checker::by_own_size(std::size_t k, const Line& line, Direction d) const {
  const std::vector<double> x = real_.numbers(held_[k]);
  const double all = line.size({}), least = smallest_size(x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    d.weights[i] *= (std::isfinite(x[i]) && x[i] != 0.0 ? std::abs(x[i]) : least) / all;
  }
  d.by_size = true;
  return d;
}

/// Only the elements of [begin, end) move, and of those not the ones that are held.
Direction Checker::part_of(std::size_t k, Direction d, std::int64_t begin, std::int64_t end,
                           std::span<const std::int64_t> held) const {
  d.begin = begin;
  d.end = end;
  for (const std::int64_t i : held) d.weights[static_cast<std::size_t>(i)] = 0.0;
  d.rounding = 0.0;
  for (std::int64_t i = begin; i < end; ++i) {
    const double off =
        0x1p-53 * analytic_[k][static_cast<std::size_t>(i)] * real_.number(held_[k], i);
    if (d.weight(i) != 0.0 && std::isfinite(off)) d.rounding = std::hypot(d.rounding, off);
  }
  return d;
}

void Checker::check_projections(std::size_t k, Line& line) {
  const double scale = slope_scale(line);
  std::vector<std::int64_t> held;
  const std::int64_t size = real_.size(held_[k]);
  for (int r = 0; r < options_.projections && std::ssize(held) < std::max<std::int64_t>(size, 1);
       ++r) {
    const Direction all =
        random_direction(k, line, options_.seed + 1000U * static_cast<unsigned>(r));
    Direction d = part_of(k, all, 0, size, held);
    GradcheckElement e = along(k, line, d, scale);
    const std::size_t before = held.size();
    if (e.verdict == Verdict::undecidable) hold_silent(k, line, d, scale, held);
    if (held.size() > before) {
      if (std::ssize(held) == size) return;
      d = part_of(k, all, 0, size, held);
      e = along(k, line, d, scale);
    }
    e.index = r;
    if (e.verdict == Verdict::wrong) e.located = locate(k, line, d);
    count(std::move(e));
  }
}

GradcheckElement Checker::along(std::size_t k, Line& line, const Direction& d, double scale) {
  GradcheckElement e = element(k, 0);
  e.projection = true;
  project(k, d, e);
  decide(e, line, d, std::max(scale, std::abs(e.analytic)));
  return e;
}

/// One element on a kink, or where a slope is no number, leaves a whole direction undecided. Such
/// elements are found by halves, checked by themselves, and held for the directions.
void Checker::hold_silent(std::size_t k, Line& line, const Direction& d, double scale,
                          std::vector<std::int64_t>& held) {
  constexpr std::size_t most = 32;  // so that the cost does not grow with the number of elements
  if (held.size() >= most || d.begin == d.end) return;
  if (d.end - d.begin == 1) {
    GradcheckElement e = element(k, d.begin);
    e.analytic = analytic_[k][static_cast<std::size_t>(d.begin)];
    e.rounding = rounding_[k][static_cast<std::size_t>(d.begin)];
    decide(e, line, one_element(d.begin), std::max(scale, std::abs(e.analytic)));
    if (e.verdict != Verdict::undecidable) return;
    held.push_back(d.begin);
    count(std::move(e));
    return;
  }
  const std::int64_t middle = d.begin + (d.end - d.begin) / 2;
  for (const auto& [begin, end] : {std::pair{d.begin, middle}, std::pair{middle, d.end}}) {
    const Direction half = part_of(k, d, begin, end, held);
    if (along(k, line, half, scale).verdict == Verdict::undecidable) {
      hold_silent(k, line, half, scale, held);
    }
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
