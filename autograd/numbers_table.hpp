#pragma once
#include <span>
#include <tapewise/autograd/subgraph.hpp>
#include <vector>

namespace tapewise {

/// The table of Algorithm 6.2 whose entries are numbers: back-propagation computed at once, at the
/// leaves as they are, without a subgraph B. Slow and independent: what tests compare B with.
class NumbersTable {
 public:
  NumbersTable(const Subgraph& G, double seed);

  void set_to_one(std::size_t n);
  /// The vector-Jacobian product as flat numbers, in the shape of the parent.
  std::vector<double> vjp(std::size_t i, std::size_t use);
  void add(std::size_t j, std::size_t i, std::size_t use, const std::vector<double>& term);

  /// ∂output/∂node, flat and row-major; zeros for a node that the output does not depend on.
  std::vector<double> operator[](const Var& node) const;

 private:
  const Subgraph& G_;
  double seed_;
  std::vector<std::vector<double>> entries_;
};

/// ∂y/∂x_use of an elementwise node, element by element of y, straight from the rule.
std::vector<double> local_derivatives(const Var& y, std::size_t use);

/// The vector-Jacobian product of a structured op with the numbers `g`, computed by recording its
/// vjp on a scratch tape.
std::vector<double> structured_vjp_in_numbers(const Var& y, std::size_t use,
                                              std::span<const double> g);

/// Back-propagation in numbers from a one-element output.
/// Throws GradientError when the output has more elements or an op has no derivative.
std::vector<std::vector<double>> numeric_gradients(const Var& output, std::span<const Var> wanted);

}  // namespace tapewise
