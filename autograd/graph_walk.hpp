#pragma once
#include <algorithm>
#include <span>
#include <tapewise/autograd/huge_pages.hpp>
#include <tapewise/autograd/tape.hpp>
#include <vector>

namespace tapewise {

/// Ascending ids of the roots and all they are computed from, leaving out the nodes for which
/// `skip` is true and what only they need. No recursion: a chain of any length is fine.
/// Takes time proportional to what is visited, not to the length of the tape.
template <class Skip>
std::vector<NodeId> ancestors(Tape& tape, std::span<const NodeId> roots, Skip&& skip) {
  const std::span<std::uint32_t> marks = tape.visited();
  const std::uint32_t waits = tape.new_tickets(2), is_found = waits + 1;
  std::size_t waiting = 0;
  std::vector<NodeId> found;
  const auto meet = [&](NodeId id) {
    if (marks[id] == waits || marks[id] == is_found || skip(id)) return;
    marks[id] = waits;
    ++waiting;
  };
  const auto find = [&](NodeId id) {
    marks[id] = is_found;
    --waiting;
    found.push_back(id);
    for (const NodeId parent : tape.parents(id)) meet(parent);
  };
  for (const NodeId root : roots) meet(root);
  if (waiting == 0) return found;

  // Down the tape, as long as a good part of what lies on the way is found: this reads memory in
  // order.
  constexpr std::size_t sparse = 16, many = 1U << 16U;
  const NodeId top = *std::max_element(roots.begin(), roots.end()) + 1;
  for (NodeId at = top; waiting > 0 && (top - at) / sparse <= found.size();) {
    if (marks[--at] != waits) continue;
    if (found.size() == many) reserve_huge(found, many + at + 1);
    find(at);
  }
  if (waiting == 0) {
    std::reverse(found.begin(), found.end());
    return found;
  }

  // Along the edges.
  const auto find_waiting = [&](NodeId id) {
    if (marks[id] == waits) find(id);
  };
  for (const NodeId root : roots) find_waiting(root);
  for (std::size_t next = 0; waiting > 0; ++next) {
    for (const NodeId parent : tape.parents(found[next])) find_waiting(parent);
  }
  const NodeId low = *std::min_element(found.begin(), found.end());
  if ((top - low) / sparse < found.size()) {
    found.clear();  // dense after all: reading the marks in order is faster than sorting
    for (NodeId id = low; id < top; ++id) {
      if (marks[id] == is_found) found.push_back(id);
    }
  } else {
    std::sort(found.begin(), found.end());
  }
  return found;
}

/// Where in an ascending list of ids each of them stands: kept in the marks of the tape, so only
/// until the next walk.
class Positions {
 public:
  Positions(Tape& tape, std::span<const NodeId> ids)
      : marks_(tape.visited()),
        first_(tape.new_tickets(ids.size())),
        size_(static_cast<std::uint32_t>(ids.size())) {
    for (std::uint32_t k = 0; k < size_; ++k) marks_[ids[k]] = first_ + k;
  }
  /// Position of a node; a larger number than any when it is not in the list.
  std::uint32_t operator()(NodeId id) const { return marks_[id] - first_; }
  bool has(NodeId id) const { return marks_[id] - first_ < size_; }

 private:
  std::span<std::uint32_t> marks_;
  std::uint32_t first_, size_;
};

}  // namespace tapewise
