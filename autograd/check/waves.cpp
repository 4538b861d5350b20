#include <tapewise/autograd/check/waves.hpp>

#include <algorithm>
#include <cmath>

namespace tapewise::checking {

namespace {

/// Around which number an element is looked at.
double centre_of(double x) { return std::copysign(std::min(std::abs(x), 0x1p26), x); }

/// How often a curve through equidistant points bends the other way.
class Turns {
 public:
  void add(double y) {
    const double rise = y - y1_, before = y1_ - y0_, second = rise - before;
    const double rounding = 0x1p-46 * std::max({std::abs(y), std::abs(y1_), std::abs(y0_)});
    const double least = 0.1 * std::max(std::abs(rise), std::abs(before)) + rounding;
    y0_ = y1_;
    y1_ = y;
    if (!(++points_ > 2 && std::abs(second) > least)) return;  // NaN: outside of the domain
    if (second * last_ < 0.0) ++count_;
    last_ = second > 0.0 ? 1.0 : -1.0;
  }
  int count() const { return count_; }

 private:
  double y0_ = 0.0, y1_ = 0.0, last_ = 0.0;
  int points_ = 0, count_ = 0;
};

/// For each element of the operand, a place in the node's value that depends on it.
std::vector<std::size_t> places_in_value(const Tape& tape, NodeId node, NodeId operand) {
  const Shape& to = tape.type(node).shape;
  const Strides stride = broadcast_strides(tape.type(operand).shape, to);
  std::vector<std::size_t> places(static_cast<std::size_t>(tape.type(operand).size()));
  for (std::int64_t e = 0; e < to.size(); ++e) {
    std::int64_t rest = e, at = 0;
    for (std::size_t axis = to.rank(); axis-- > 0; rest /= to[axis]) {
      at += rest % to[axis] * stride[axis];
    }
    places[static_cast<std::size_t>(at)] = static_cast<std::size_t>(e);
  }
  return places;
}

}  // namespace

std::vector<Wave> waves_of(Replay& real, NodeId node, std::size_t use) {
  // A few kinks make no wave; a wave of any length turns this often over some of the steps.
  constexpr int points = 16, turns = 5;
  constexpr double shortest = 0.37, longest = 0x1p13, ratio = 7.3;
  const Tape& tape = real.tape();
  const OpTraits& traits = tape.op(node).traits;
  const NodeId operand = tape.parents(node)[use];
  if (!traits.elementwise || traits.arithmetic != Arithmetic::none) return {};
  if (!real.is_float(node) || !real.is_float(operand) || real.size(node) == 0) return {};
  const std::vector<double> x = real.numbers(operand);
  std::vector<const void*> operands;
  for (const NodeId p : tape.parents(node)) operands.push_back(real.data(p));
  std::vector<double> moved = x, y(static_cast<std::size_t>(real.size(node)));
  const std::vector<std::size_t> places = places_in_value(tape, node, operand);
  operands[use] = moved.data();
  std::vector<Wave> waves;
  std::vector<bool> known(x.size());
  for (double step = shortest; step < longest; step *= ratio) {
    std::vector<Turns> of(x.size());
    for (int k = 0; k < points; ++k) {
      for (std::size_t i = 0; i < x.size(); ++i) moved[i] = centre_of(x[i]) + step * k;
      real.evaluate(node, operands, y.data());
      for (std::size_t i = 0; i < x.size(); ++i) of[i].add(y[places[i]]);
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (known[i] || of[i].count() < turns) continue;
      known[i] = true;
      waves.push_back({operand, static_cast<std::int64_t>(i), step});
    }
  }
  return waves;
}

}  // namespace tapewise::checking
