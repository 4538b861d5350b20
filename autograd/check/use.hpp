#pragma once
#include <optional>
#include <tapewise/autograd/check/differences.hpp>
#include <tapewise/autograd/check/line.hpp>
#include <tapewise/autograd/check/replay.hpp>
#include <tapewise/autograd/check/waves.hpp>
#include <vector>

namespace tapewise::checking {

/// The size of the largest element that is finite.
double size_of_all(const std::vector<double>& x);

/// One use of one node: the node, its elements weighted and summed, as a function of that operand
/// alone. No derivative rule is read.
class Use {
 public:
  Use(Replay& real, Replay& complex, NodeId node, int use);

 protected:
  NodeId parent() const { return tape_.parents(node_)[static_cast<std::size_t>(use_)]; }
  static bool is_single(const Direction& d) { return d.end - d.begin == 1; }
  /// How large the elements are that move.
  double size_along(const Direction& d) const;

  /// By the complex step where there is one, else by differences.
  Estimate slope(const Direction& d);
  /// How far the complex step moves at the floating-point neighbours of the operand, as it does
  /// beside a pole.
  double complex_step_noise(const Direction& d, double slope);

  /// The node as one number, from what it is at x: elements that do not change round nothing.
  Curve curve(const Direction& d);
  /// What rounding does to the node's value, the operands being exact.
  std::vector<double> bound_of_node();
  /// Whether differences over this step move an element further than a wave is long.
  bool steps_over_waves(const Direction& d, double step);
  /// Whether quotients over steps too short for an extrapolation are nearer to another slope than
  /// to the estimate, and rounding is not why.
  bool shorter_steps_give(const Direction& d, double slope, const Estimate& n);
  /// Elements of an elementwise node that sit on kinks, all tried at once, where `slopes` lie
  /// between those of the two sides.
  std::vector<std::size_t> harmless_kinks(std::span<const double> slopes);
  /// How much of the node's change over a step goes to one side alone, as at a jump.
  double rise_at_jumps(const Direction& d, double step);

  Replay& real_;
  Replay& complex_;
  Tape& tape_;
  NodeId node_;
  int use_;
  std::vector<double> weights_;
  std::vector<double> base_;  // the operand
  bool has_complex_ = false;

 private:
  double complex_step(const Direction& d, const std::vector<double>& x, double h = 1e-100);
  std::vector<const void*> operands(Replay& replay, const void* moved) const;
  /// The node's elements with the operand at x + t·v (for one element: at x_i = t).
  std::vector<double> node_at(const Direction& d, double t);

  std::optional<std::vector<Wave>> waves_;
};

}  // namespace tapewise::checking
