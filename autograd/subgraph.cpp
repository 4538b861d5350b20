#include <tapewise/autograd/subgraph.hpp>

#include <algorithm>
#include <tapewise/autograd/graph_walk.hpp>
#include <tapewise/autograd/huge_pages.hpp>

namespace tapewise {

namespace {

/// Positions of ids in an ascending list: looked up in an array when the ids lie close together,
/// by bisection when they do not (few nodes of a long tape).
class Positions {
 public:
  explicit Positions(std::span<const NodeId> ids) : ids_(ids) {
    if (ids.empty() || (ids.back() - ids.front()) / 16 >= ids.size()) return;
    dense_ = huge_vector(ids.back() - ids.front() + 1, none());
    for (std::size_t p = 0; p < ids.size(); ++p) {
      dense_[ids[p] - ids.front()] = static_cast<std::uint32_t>(p);
    }
  }
  static constexpr std::uint32_t none() { return 0xFFFFFFFFU; }
  std::uint32_t operator()(NodeId id) const {
    if (ids_.empty() || id < ids_.front() || id > ids_.back()) return none();
    if (!dense_.empty()) return dense_[id - ids_.front()];
    const auto found = std::lower_bound(ids_.begin(), ids_.end(), id);
    return *found == id ? static_cast<std::uint32_t>(found - ids_.begin()) : none();
  }

 private:
  std::span<const NodeId> ids_;
  std::vector<std::uint32_t> dense_;
};

/// Those of the ascending `nodes` that are wanted or computed from a wanted one.
std::vector<NodeId> depending_on(const Tape& tape, std::span<const NodeId> nodes,
                                 std::span<const NodeId> wanted) {
  const Positions position(nodes);
  std::vector<bool> keep(nodes.size());
  for (const NodeId w : wanted) {
    if (const auto p = position(w); p != Positions::none()) keep[p] = true;
  }
  std::vector<NodeId> kept;
  for (std::size_t p = 0; p < nodes.size(); ++p) {
    for (const NodeId parent : tape.parents(nodes[p])) {
      const auto q = position(parent);
      if (q != Positions::none() && keep[q]) keep[p] = true;
    }
    if (keep[p]) kept.push_back(nodes[p]);
  }
  return kept;
}

}  // namespace

Subgraph::Subgraph(Tape& tape, NodeId output, std::span<const NodeId> wanted) : tape_(&tape) {
  const auto inactive = [&](NodeId id) { return !tape.node(id).active; };
  nodes_ = ancestors(tape, std::span(&output, 1), inactive);
  if (!wanted.empty()) nodes_ = depending_on(tape, nodes_, wanted);
  const Positions position(nodes_);

  // Children from parents: count the uses of each node, then fill them in. Going through the
  // children from the last one down leaves them in descending order.
  uses_begin_ = huge_vector<std::uint32_t>(nodes_.size() + 1);
  const auto each_use = [&](auto&& visit) {
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      const auto parents = tape.parents(nodes_[i]);
      for (std::size_t use = 0; use < parents.size(); ++use) {
        if (const auto j = position(parents[use]); j != Positions::none()) {
          visit(j, Use{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(use)});
        }
      }
    }
  };
  each_use([&](std::uint32_t j, Use) { ++uses_begin_[j + 1]; });
  for (std::size_t p = 0; p < nodes_.size(); ++p) uses_begin_[p + 1] += uses_begin_[p];
  uses_ = huge_vector<Use>(uses_begin_.back());
  std::vector<std::uint32_t> next(uses_begin_.begin(), uses_begin_.end() - 1);
  each_use([&](std::uint32_t j, Use use) { uses_[next[j]++] = use; });
}

std::size_t Subgraph::position(NodeId id) const {
  const auto found = std::lower_bound(nodes_.begin(), nodes_.end(), id);
  if (found == nodes_.end() || *found != id) return size();
  return static_cast<std::size_t>(found - nodes_.begin());
}

}  // namespace tapewise
