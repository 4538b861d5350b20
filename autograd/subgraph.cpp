#include <tapewise/autograd/subgraph.hpp>

#include <algorithm>
#include <tapewise/autograd/graph_walk.hpp>
#include <tapewise/autograd/huge_pages.hpp>

namespace tapewise {

namespace {

/// Leaves those of the ascending `nodes` that are wanted or computed from a wanted one.
void leave_dependent(Tape& tape, std::vector<NodeId>& nodes, std::span<const NodeId> wanted) {
  const Positions position(tape, nodes);
  std::vector<bool> keep(nodes.size());
  for (const NodeId w : wanted) {
    if (position.has(w)) keep[position(w)] = true;
  }
  std::size_t kept = 0;
  for (std::size_t p = 0; p < nodes.size(); ++p) {
    for (const NodeId parent : tape.parents(nodes[p])) {
      if (position.has(parent) && keep[position(parent)]) keep[p] = true;
    }
    if (keep[p]) nodes[kept++] = nodes[p];
  }
  nodes.resize(kept);
}

}  // namespace

Subgraph::Subgraph(Tape& tape, NodeId output, std::span<const NodeId> wanted) : tape_(&tape) {
  const auto inactive = [&](NodeId id) { return !tape.is_active(id); };
  nodes_ = ancestors(tape, std::span(&output, 1), inactive);
  if (!wanted.empty()) leave_dependent(tape, nodes_, wanted);
  const Positions position(tape, nodes_);

  // Children from parents: count the uses of each node, then fill them in. Going through the
  // children from the last one down leaves them in descending order.
  const auto each_use = [&](auto&& visit) {
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      const auto parents = tape.parents(nodes_[i]);
      for (std::size_t use = 0; use < parents.size(); ++use) {
        if (!position.has(parents[use])) continue;
        visit(position(parents[use]),
              Use{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(use)});
      }
    }
  };
  uses_begin_ = huge_vector<std::uint32_t>(nodes_.size() + 2);
  each_use([&](std::uint32_t j, Use) { ++uses_begin_[j + 2]; });
  for (std::size_t p = 0; p < nodes_.size(); ++p) uses_begin_[p + 2] += uses_begin_[p + 1];
  uses_ = huge_vector<Use>(uses_begin_.back());
  // uses_begin_[j + 1] is where the next use of j goes: in the end, where those of j + 1 begin.
  each_use([&](std::uint32_t j, Use use) { uses_[uses_begin_[j + 1]++] = use; });
}

std::size_t Subgraph::position(NodeId id) const {
  const auto found = std::lower_bound(nodes_.begin(), nodes_.end(), id);
  if (found == nodes_.end() || *found != id) return size();
  return static_cast<std::size_t>(found - nodes_.begin());
}

}  // namespace tapewise
