#pragma once
#include <optional>
#include <tapewise/autograd/check/differences.hpp>
#include <tapewise/autograd/check/replay.hpp>
#include <tapewise/autograd/check/waves.hpp>
#include <vector>

namespace tapewise::checking {

/// A way to move a node's value: one element, or all of [begin, end) at once with weights.
struct Direction {
  std::int64_t begin = 0, end = 0;
  std::vector<double> weights;  ///< by element of the node; empty: 1
  /// What it does to the output that x + t·v is rounded, where several elements move.
  double rounding = 0.0;
  bool by_size = false;  ///< elements move by their own size, as far as they may
  double weight(std::int64_t i) const {
    return weights.empty() ? 1.0 : weights[static_cast<std::size_t>(i)];
  }
};
inline Direction one_element(std::int64_t i) { return {i, i + 1, {}}; }

/// The smallest size of elements that are not 0, and at most 1: how far those move that are 0.
double smallest_size(std::span<const double> x);

/// The output as a function of one node: holds the node, replays what is below it. What it moved
/// is as before when it goes.
class Line {
 public:
  /// `complex` may be null: no complex step then.
  Line(Replay& real, Replay* complex, NodeId held, NodeId output);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  NodeId held() const { return held_; }
  const std::vector<NodeId>& below() const { return below_; }
  /// Whether every op below can be computed in complex numbers.
  bool has_complex_step() const { return complex_ != nullptr; }
  /// f(x + ih) = f(x) + ih f'(x) + O(h²): no difference is taken, so h can be as small as we like.
  double complex_step(const Direction& direction);
  /// How far the complex step moves when it rounds otherwise: with other imaginary steps, at the
  /// floating-point neighbours of the point. Terms may cancel in a slope, and leave only this.
  double complex_step_noise(const Direction& direction);
  /// Whether differences over this step move the operand of an elementwise function below further
  /// than its waves are long.
  bool steps_over_waves(const Direction& direction, double step);
  /// The output with the node at x + t·v (for one element: at x_i = t).
  double value_at(const Direction& direction, double t);
  /// Only moves the node and replays.
  void move(const Direction& direction, double t);
  /// Puts back the values that `move` changed.
  void restore();
  /// The curve for differences. `noise` is what rounding does to the output.
  Curve curve(const Direction& direction, double noise);
  /// Size of the elements that move.
  double size(const Direction& direction) const;
  /// Whether x ± t moves, or x + t·v.
  bool is_single(const Direction& d) const { return d.end - d.begin == 1 && d.weights.empty(); }
  double at(const Direction& d) const {
    return is_single(d) ? base_[static_cast<std::size_t>(d.begin)] : 0.0;
  }
  Replay& real() { return real_; }
  NodeId output() const { return output_; }
  /// The values of a node with nothing moved.
  const std::vector<double>& base(std::size_t below) const { return base_below_[below]; }
  /// How far rounding moves them. Nothing may be moved.
  const std::vector<double>& rounding(std::size_t below);

 private:
  /// The complex step with the held node at x.
  double imaginary_slope(const Direction& direction, const std::vector<double>& x, double h);
  Replay& real_;
  Replay* complex_;
  NodeId held_, output_;
  std::vector<NodeId> below_;
  std::vector<double> base_;
  std::vector<std::vector<double>> base_below_;
  double typical_ = 0.0;
  std::vector<std::vector<double>> rounding_;  // of the nodes below; empty: not known yet
  std::optional<std::vector<Wave>> waves_;
  bool moved_ = false, stepped_ = false;  // the real values, the complex ones
};

}  // namespace tapewise::checking
