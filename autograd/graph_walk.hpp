#pragma once
#include <algorithm>
#include <span>
#include <tapewise/autograd/tape.hpp>
#include <vector>

namespace tapewise {

/// Ascending ids of the roots and all they are computed from, leaving out the nodes for which
/// `skip` is true and what only they need. No recursion: a chain of any length is fine.
/// Takes time proportional to what is visited, not to the length of the tape.
template <class Skip>
std::vector<NodeId> ancestors(Tape& tape, std::span<const NodeId> roots, Skip&& skip) {
  const std::span<std::uint32_t> visited = tape.visited();
  const std::uint32_t ticket = tape.new_ticket();
  std::vector<NodeId> found;
  const auto visit = [&](NodeId id) {
    if (visited[id] == ticket || skip(id)) return;
    visited[id] = ticket;
    found.push_back(id);
  };
  for (const NodeId root : roots) visit(root);
  for (std::size_t next = 0; next < found.size(); ++next) {
    for (const NodeId parent : tape.parents(found[next])) visit(parent);
  }
  if (found.empty()) return found;
  const auto [low, high] = std::minmax_element(found.begin(), found.end());
  if (const NodeId first = *low, last = *high; (last - first) / 16 < found.size()) {
    found.clear();  // dense: reading the marks in order is faster than sorting
    for (NodeId id = first; id <= last; ++id) {
      if (visited[id] == ticket) found.push_back(id);
    }
  } else {
    std::sort(found.begin(), found.end());
  }
  return found;
}

}  // namespace tapewise
