#pragma once
#include <tapewise/autograd/gradient_table.hpp>
#include <tapewise/autograd/subgraph.hpp>
#include <vector>

namespace tapewise {

/// The table of Algorithm 6.2 whose entries are nodes: filling it records subgraph B.
class GraphTable {
 public:
  /// `G` gives its list of nodes away in the end.
  GraphTable(Subgraph& G, const Var& seed);

  /// grad[u(n)] = 1, or the cotangent that was given.
  void set_to_one(std::size_t n);
  /// The vector-Jacobian product of u(i) for its parent number `use`, with grad[u(i)].
  Var vjp(std::size_t i, std::size_t use);
  /// grad[u(j)] += term
  void add(std::size_t j, std::size_t i, std::size_t use, const Var& term);

  GradientTable finish(const Var& output, bool only_wanted);

 private:
  Var entry(std::size_t j) const;
  /// Asks memory for what the next children of u(j) will need: they may lie anywhere on the tape.
  void look_ahead(std::size_t j) const;
  static GradientTable::Handle handle(const Var& v);

  Subgraph& G_;
  Var seed_;
  std::shared_ptr<GradientTable::Entries> table_;  // as far as it is filled in
};

}  // namespace tapewise
