#pragma once
#include <span>
#include <tapewise/autograd/tape.hpp>
#include <utility>
#include <vector>

namespace tapewise {

/// One place at which a node is a parent: parent number `use` of the node at position `child`.
struct Use {
  std::uint32_t child;
  std::uint32_t use;
};

/// The nodes through which the output u(n) depends on the wanted inputs, in topological order, each
/// with its children inside: what back-propagation walks over.
class Subgraph {
 public:
  /// All float nodes that `output` depends on through inputs and parameters; only those that
  /// depend on one of `wanted`, when it is not empty.
  Subgraph(Tape& tape, NodeId output, std::span<const NodeId> wanted);

  Tape& tape() const { return *tape_; }
  /// Number of nodes; the output is the last one. 0 when the output depends on no wanted input.
  std::size_t size() const { return nodes_.size(); }
  NodeId node(std::size_t position) const { return nodes_[position]; }
  const std::vector<NodeId>& nodes() const { return nodes_; }
  /// The same, for who needs them longer; no node is inside from then on.
  std::vector<NodeId> take_nodes() { return std::move(nodes_); }
  std::size_t uses_count() const { return uses_.size(); }
  /// Position of a node, or `size()` when it is not inside.
  std::size_t position(NodeId id) const;
  /// The uses of the node at `position`: {i : j in Pa(u(i))}, by descending child, then use.
  std::span<const Use> children(std::size_t position) const {
    return {uses_.data() + uses_begin_[position],
            uses_begin_[position + 1] - uses_begin_[position]};
  }

 private:
  Tape* tape_;
  std::vector<NodeId> nodes_;
  std::vector<std::uint32_t> uses_begin_;
  std::vector<Use> uses_;
};

}  // namespace tapewise
