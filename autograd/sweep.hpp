#pragma once
#include <concepts>
#include <initializer_list>
#include <span>
#include <tapewise/autograd/flat_array.hpp>
#include <tapewise/autograd/tape.hpp>
#include <vector>

namespace tapewise {

/// The gradients of one output as numbers: what `sweep` returns. They are those of the moment of
/// the sweep, whatever is written to the leaves later, and are float64 for float32 nodes too.
/// Using them after a `rewind` that removed the output throws HandleError.
class NumericGradients {
 public:
  /// ∂output/∂node for a node of one element; 0 when the output does not depend on it.
  /// Throws ShapeError for more elements, HandleError for a node of another tape or one that was
  /// rewound, TypeError for an int, bool or constant, GradientError for a node that was left out
  /// by `wanted`.
  double operator[](const Var& node) const;
  /// ∂output/∂node in the node's shape, as an xtensor adaptor on memory that is good until the next
  /// sweep with the same object. Throws as above. Defined in xtensor_bridge.hpp.
  template <class T = double>  // a template, so that only who calls it compiles the adaptor
  requires std::same_as<T, double>
  auto value(const Var& node) const;
  /// The same as flat numbers, row-major.
  std::span<const double> numbers(const Var& node) const;
  /// The node that was differentiated, and its value in the sweep.
  const Var& output() const;
  double output_value() const;

 protected:
  /// Throws unless the node is fit to have a gradient in this sweep.
  void require_fit(const Var& node) const;

  Var output_;
  double output_value_ = 0.0;
  bool done_ = false;
  std::vector<NodeId> wanted_;      // ascending; empty: all
  FlatArray<std::uint8_t> needed_;  // by id: is the output computed from it?
  FlatArray<double> gradients_;     // by id; of an array its place in arrays_
  std::vector<std::vector<double>> arrays_;
  mutable std::vector<double> zeros_;
};

/// Back-propagation in numbers, for a graph that is differentiated once and then recorded anew:
/// nothing is recorded, no subgraph B is made. A first walk over the nodes that the output needs,
/// in topological order, is Algorithm 6.1 and keeps the partials of each node beside its value;
/// the second, in reverse, is Algorithm 6.2 on numbers: a multiplication and an addition per use.
/// The contributions and their order are those of subgraph B, so scalar graphs of float64 give the
/// same bits. Elementwise scalar nodes are what this is fast for; others work, but slowly. If most
/// of a graph of scalars was needed last time, the first walk takes all of its nodes.
///
///     Sweep sweep;
///     for (...) {
///       tape.rewind(mark);
///       const Var loss = record(...);
///       sweep.run(loss);
///       use(sweep.output_value(), sweep[w]);
///     }
///
/// The object keeps its memory: from the second run on, scalar graphs allocate nothing.
class Sweep : public NumericGradients {
 public:
  /// Computes the value of `output` at the leaves as they are now, and the gradients.
  /// Throws GradientError when the output is not a scalar or an op on the way has no derivative,
  /// TypeError when it is not float, DomainError as its value would.
  void run(const Var& output);
  /// Only what is needed for the gradients of the `wanted` nodes.
  void run(const Var& output, std::span<const Var> wanted);
  void run(const Var& output, std::initializer_list<Var> wanted) {
    run(output, std::span(wanted.begin(), wanted.size()));
  }

 private:
  static constexpr std::size_t block = 256;  // ids, of which none or some are needed

  void reach();
  template <class IsNeeded>
  NodeId forward_doubles(NodeId id, NodeId end, IsNeeded is_needed);
  void forward();
  bool forward_over_all();
  template <bool reaches>
  void reverse_scalars();
  void reverse();
  void finish(bool may_be_dense);
  void other_value(NodeId id);
  void other_vjp(NodeId id);
  std::vector<double> elementwise_vjp(NodeId id, std::size_t use);
  void add(NodeId id, std::span<const double> term);
  std::span<double> entry(NodeId id);
  bool are_empty(std::size_t first_of_eight) const;
  template <class Visit>
  void for_blocks(Visit&& visit) const;
  template <class Visit>
  void for_groups(Visit&& visit) const;
  template <class Visit>
  void for_needed(Visit&& visit) const;
  template <class Visit>
  void for_needed_in_reverse(Visit&& visit) const;

  Tape* tape_ = nullptr;
  std::uint64_t epoch_ = 0;
  FlatArray<std::uint8_t> blocks_;  // by id / block: is one of them needed?
  FlatArray<double> partials_;      // one per use, beside the tape's parents
  FlatArray<std::uint8_t> leads_;   // by id: depends on a wanted node
  std::size_t arrays_used_ = 0;
  bool has_zeros_ = false;  // structural zeros, or nodes without a contribution
  bool has_others_ = false;
  bool is_dense_ = false;  // the last output needed most of the nodes before it, all plain numbers
};

/// The gradients of `output` in numbers, computed at once: see Sweep, which keeps its memory for
/// the next one.
NumericGradients sweep(const Var& output);
/// Only those of the `wanted` nodes.
NumericGradients sweep(const Var& output, std::span<const Var> wanted);
NumericGradients sweep(const Var& output, std::initializer_list<Var> wanted);

}  // namespace tapewise
