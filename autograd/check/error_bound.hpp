#pragma once
#include <span>
#include <tapewise/autograd/check/replay.hpp>
#include <unordered_map>
#include <vector>

namespace tapewise::checking {

/// A running error analysis: beside each value of a replay, a bound on how far rounding can have
/// carried it from the number that exact arithmetic would give for the same leaves. Forward and
/// backward nodes alike, as B is on the same tape; no derivative rule is read.
///
/// Each op is taken to be a mixed-stable algorithm: its result is, to some units in the last place,
/// that of operands which are themselves off by some units. The operands' errors pass through
/// |∂y/∂x|, found by the complex step (by differences where there is none), element by element;
/// elementwise ops are also evaluated at the ends of their operands' ranges, so neither curvature
/// nor a kink nearby is missed. Results that are moved or chosen round nothing. A condition or
/// index that rounding may turn makes everything that hangs on it unsure.
///
/// Wilkinson 1963, Rounding Errors in Algebraic Processes; Higham 2002, Accuracy and Stability of
/// Numerical Algorithms, 3.3 (running error analysis) and 1.5 (mixed errors).
class ErrorBounds {
 public:
  /// In which dtypes the values are computed: in those of the tape, or all in float64, as `real`
  /// is.
  enum class Precision { as_recorded, float64 };
  /// Values come from `real`, which has to hold the nodes that are asked for.
  ErrorBounds(Replay& real, Precision precision);

  /// Gives a node a bound of one's own: 0 for values that are taken as exact.
  void set(NodeId id, std::vector<double> bound);
  /// Gives a constant the bound of a number that was meant with more digits than it has: 1/3, but
  /// not 2 or 0.5.
  void set_constant(NodeId id);
  /// The bounds of the node's elements; infinite where nothing is sure.
  /// For bools and integers: 1 where rounding may change the element.
  const std::vector<double>& of(NodeId id);

 private:
  /// Units by which an op's result may be off, and those by which its operands count as off.
  /// Library functions are good to two or three; rules are a few operations.
  static constexpr double result_units = 4.0, operand_units = 2.0;

  /// Values of an operand to try, its bounds, and the imaginary parts for `slopes`.
  struct Operand {
    NodeId id = 0;
    bool is_float = false, is_bool = false;
    std::vector<double> x, bound, move;
    bool unsure() const;
  };
  /// Sums over the elements of the operands of a structured op, for each element of its result.
  struct Sums {
    explicit Sums(std::size_t n);
    std::vector<double> passed;  ///< |∂y/∂x|·bound
    std::vector<double> sizes;   ///< |∂y/∂x|·|x|
    std::vector<double> slopes;  ///< |∂y/∂x|
    std::vector<double> most;    ///< the largest |x| that counts
    std::vector<double> terms;   ///< how many count
  };
  void compute(NodeId id);
  void note_meetings(NodeId id, std::vector<Operand> in, std::vector<double>& bound);
  std::vector<double> bound_of_choice(NodeId id, std::vector<Operand>& in);
  bool bound_of_moved(NodeId id, const std::vector<Operand>& in, std::vector<double>& bound);
  bool only_chooses(NodeId id, const std::vector<Operand>& in);
  std::vector<double> bound_of_elementwise(NodeId id, std::vector<Operand>& in);
  std::vector<double> bound_of_structured(NodeId id, std::vector<Operand>& in);
  std::vector<double> bound_of_products(NodeId id, const std::vector<Operand>& in);
  std::size_t row_length(NodeId id, const std::vector<Operand>& in) const;
  std::vector<double> differences(NodeId id, const std::vector<Operand>& in);
  bool pass_through_slopes(NodeId id, std::vector<Operand>& in, std::size_t k, Sums& sums);
  void pass_through_choices(NodeId id, std::vector<Operand>& in, std::size_t k, Sums& sums);
  void try_corners(NodeId id, const std::vector<Operand>& in, bool alone, Sums& sums);

  std::vector<Operand> operands_of(NodeId id);
  std::vector<double> evaluate(NodeId id, const std::vector<Operand>& in);
  bool slopes(NodeId id, const std::vector<Operand>& in, std::vector<double>& out);
  double unit(NodeId id) const;
  bool adds_up(NodeId id, const std::vector<Operand>& in);

  Replay& real_;
  Replay complex_;
  Precision precision_;
  std::unordered_map<NodeId, std::vector<double>> bounds_;
};

}  // namespace tapewise::checking
