#include <tapewise/autograd/check/kinks.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace tapewise::checking {

namespace {

constexpr std::size_t steps = 4;

/// The values of the nodes below on both sides, at falling steps.
struct Sides {
  double h[steps];
  std::vector<std::vector<double>> high[steps], low[steps];
};

Sides look_at_both_sides(Line& line, const Direction& d, double reach) {
  Sides sides;
  double h = reach * line.size(d);
  const double at = line.at(d);
  for (std::size_t s = 0; s < steps; ++s, h /= 4.0) {
    const double up = at + h;  // as far as `at` can be told from its neighbours
    sides.h[s] = up - at;
    const auto values = [&](double t) {
      line.move(d, t);
      std::vector<std::vector<double>> all;
      for (const NodeId id : line.below()) all.push_back(line.real().numbers(id));
      return all;
    };
    sides.high[s] = values(up);
    sides.low[s] = values(at - sides.h[s]);
  }
  line.restore();
  return sides;
}

/// Whether the element's slope jumps: its second difference over h is as good as constant (a kink)
/// or grows as h falls (the value itself jumps), where it would shrink with h if it were smooth.
/// Each side by itself has to be a line, or a step: a wave that is finer than h is neither.
bool jumps(const Sides& sides, std::size_t node, std::size_t e, double here) {
  const auto near = [](double x, double to) { return x > 0.8 * to && x < 1.25 * to; };
  double before = 0.0, up_before = 0.0, down_before = 0.0, rise_before = 0.0;
  bool kink = true, gap = true;
  for (std::size_t s = 0; s < steps; ++s) {
    const double high = sides.high[s][node][e], low = sides.low[s][node][e], h = sides.h[s];
    const double second = high - 2.0 * here + low;
    const double up = (high - here) / h, down = (here - low) / h;
    const double rise = std::max(std::abs(high - here), std::abs(here - low));
    const double largest = std::max({std::abs(high), std::abs(low), std::abs(here)});
    if (!(std::abs(second) > 0x1p-47 * largest) || std::abs(second) < 1e-3 * rise) return false;
    const double jump = second / h;
    // At a jump one side goes on; at the peak of a wave neither seems to.
    gap = gap && std::min(std::abs(up), std::abs(down)) * h < 0.5 * rise;
    if (s > 0) {
      const double slack = 0.25 * rise / h;
      const bool lines = std::abs(up - up_before) <= slack && std::abs(down - down_before) <= slack;
      kink = kink && near(jump / before, 1.0) && lines;
      gap = gap && near(jump / before, sides.h[s - 1] / h) && near(rise / rise_before, 1.0);
    }
    before = jump;
    up_before = up;
    down_before = down;
    rise_before = rise;
  }
  return kink || gap;
}

/// Whether an element of a mask, of indices or of other whole numbers is another on the two sides.
bool flips(const Sides& sides, std::size_t node, std::size_t e) {
  return sides.high[steps - 1][node][e] != sides.low[steps - 1][node][e];
}

/// The element's second difference at the shortest step.
double second_difference(const Sides& sides, std::size_t node, std::size_t e, double here) {
  return std::abs(sides.high[steps - 1][node][e] - 2.0 * here + sides.low[steps - 1][node][e]);
}

GradcheckKink describe(Line& line, NodeId id, std::int64_t element) {
  const Tape& tape = line.real().tape();
  GradcheckKink kink;
  kink.node = id;
  kink.op = tape.op(id).name;
  kink.name = line.real().tape().var(id).name();
  kink.where = to_string(tape.where(id));
  kink.index = element;
  return kink;
}

/// The slope of the output on one side; infinite where it jumps.
double slope_beside(Line& line, const Direction& d, int side, double noise) {
  const Curve curve = line.curve(d, noise);
  const double near = 1e-9 * curve.size;
  const double jump = curve.f(curve.at + side * near) - curve.f(curve.at);
  const double further = curve.f(curve.at + side * 64.0 * near) - curve.f(curve.at);
  if (std::abs(jump) > 64.0 * noise && std::abs(further) < 4.0 * std::abs(jump)) {
    return std::copysign(std::numeric_limits<double>::infinity(), jump * side);
  }
  return one_sided_slope(curve, side).slope;
}

}  // namespace

std::optional<GradcheckKink> find_kink(Line& line, const Direction& direction, double reach,
                                       double noise) {
  const Sides sides = look_at_both_sides(line, direction, reach);
  std::optional<GradcheckKink> flipped;
  for (std::size_t node = 0; node < line.below().size(); ++node) {
    const NodeId id = line.below()[node];
    const std::vector<double>& base = line.base(node);
    for (std::size_t e = 0; e < base.size(); ++e) {
      if (!line.real().is_float(id)) {
        if (!flipped && flips(sides, node, e)) {
          flipped = describe(line, id, static_cast<std::int64_t>(e));
        }
      } else if (jumps(sides, node, e, base[e]) &&
                 second_difference(sides, node, e, base[e]) > 64.0 * line.rounding(node)[e]) {
        // A mask that flips is what the jump comes from.
        GradcheckKink kink = flipped ? *flipped : describe(line, id, static_cast<std::int64_t>(e));
        kink.left = slope_beside(line, direction, -1, noise);
        kink.right = slope_beside(line, direction, 1, noise);
        line.restore();
        return kink;
      }
    }
  }
  return std::nullopt;
}

bool bends(Line& line, const Direction& d, double slope, double reach, double noise) {
  const double at = line.at(d), h = reach * line.size(d);
  const double up = at + h, down = at - h;
  const double high = line.value_at(d, up), low = line.value_at(d, down);
  const double here = line.value_at(d, at);
  const double second = std::abs(high - 2.0 * here + low);
  const double rise = std::max(std::abs(high - here), std::abs(here - low));
  const double off = std::abs(high - low - slope * (up - down));
  const double least = 8.0 * noise + 1e-3 * rise;
  return second > least || off > least;
}

bool is_rippled(Line& line, const Direction& d, double reach, bool noise_too, double part) {
  const Sides sides = look_at_both_sides(line, d, reach);
  for (std::size_t node = 0; node < line.below().size(); ++node) {
    const NodeId id = line.below()[node];
    if (!line.real().is_float(id)) continue;
    const std::vector<double>& base = line.base(node);
    for (std::size_t e = 0; e < base.size(); ++e) {
      const double rise = std::max(std::abs(sides.high[steps - 1][node][e] - base[e]),
                                   std::abs(base[e] - sides.low[steps - 1][node][e]));
      const double second = second_difference(sides, node, e, base[e]);
      const auto is_real = [&](double distance) {
        const double rounding = line.rounding(node)[e];
        return distance > 64.0 * rounding || (noise_too && rounding > 1e-8 * std::abs(base[e]));
      };
      // A corner bends at all distances; a jump, a pole or a wave is not seen through.
      if (second > part * rise && is_real(second)) return true;
      // A wave can look straight at one distance, at a zero, but has another slope at the others.
      const double run = sides.high[steps - 1][node][e] - sides.low[steps - 1][node][e];
      for (std::size_t s = 0; s + 1 < steps; ++s) {
        const double longer = sides.h[s] / sides.h[steps - 1];
        const double there = sides.high[s][node][e] - sides.low[s][node][e];
        const double off = std::abs(there - longer * run);
        if (off > part * std::max(std::abs(there), longer * std::abs(run)) &&
            is_real(off / longer)) {
          return true;
        }
      }
    }
  }
  return false;
}

bool may_have_kinks(const Replay& real, std::span<const NodeId> nodes) {
  const Tape& tape = real.tape();
  return std::any_of(nodes.begin(), nodes.end(), [&](NodeId id) {
    return tape.op(id).traits.has_kinks || !is_float(tape.type(id).dtype);
  });
}

}  // namespace tapewise::checking
