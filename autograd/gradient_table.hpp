#pragma once
#include <iosfwd>
#include <memory>
#include <span>
#include <tapewise/autograd/tape.hpp>
#include <vector>

namespace tapewise {

/// One term of an entry's sum: what the node gets through one use by one child.
struct Contribution {
  Var child;  ///< the node u(i) of which this node is a parent
  int use;    ///< as which parent: 0 is the first operand
  Var term;   ///< the vector-Jacobian product, a node of B; empty for a structural zero
};

/// The gradient table: for each node that the output depends on, its entry ∂output/∂node and the
/// contributions it is the sum of. All of them are Vars of subgraph B, so they can be printed,
/// compiled and differentiated like any other. What `backward` returns; copying is cheap.
class GradientTable {
 public:
  /// The entry of a node: a Var of the node's shape; zeros for a node that the output does not
  /// depend on. Throws HandleError for a node of another tape or one that was rewound, TypeError
  /// for an int, bool or constant, GradientError for a node that was left out by `wanted`.
  Var operator[](const Var& node) const;
  /// What the entry is the sum of, by descending child, then use. None for the output itself and
  /// for nodes it does not depend on.
  std::vector<Contribution> contributions(const Var& node) const;
  /// The node that was differentiated, and the nodes with entries, in the order of recording.
  const Var& output() const;
  std::vector<Var> nodes() const;

 private:
  friend class GraphTable;
  friend std::ostream& operator<<(std::ostream&, const GradientTable&);
  /// A Var without its tape. Generation 0: an empty Var, a structural zero.
  struct Handle {
    NodeId id = 0;
    std::uint32_t generation = 0;
  };
  struct Term {
    NodeId child;
    std::uint32_t use;
    Handle term;
  };
  struct Entries {
    std::vector<NodeId> nodes;  // ascending
    std::vector<Handle> entries;
    std::vector<Term> terms;           // those of the last node first
    std::vector<std::uint32_t> begin;  // of the terms of a node; those of the next one end there
    bool only_wanted = false;
  };

  /// Position of a node, or the number of nodes; throws unless the node is fit to have an entry.
  std::size_t find(const Var& node) const;
  /// Throws HandleError for a table that `backward` has not made, or one that was rewound.
  const Entries& entries() const;
  void print_row(std::ostream& out, std::size_t position, std::size_t name_width) const;

  Var var(Handle handle) const;

  Var output_;
  std::shared_ptr<const Entries> table_;
};

/// A row per node, last first: name, shape, value, entry, and the sum the entry is made of:
/// `∂L/∂b = 5 = 2·1 (via c) + 3·1 (via d)`, each term being entry of the child times local
/// derivative.
std::ostream& operator<<(std::ostream& out, const GradientTable& table);

}  // namespace tapewise
