#pragma once
#include <tapewise/autograd/check/replay.hpp>
#include <tapewise/autograd/gradcheck.hpp>

namespace tapewise::checking {

/// An element at a kink whose slope in the gradient lies outside of those on the two sides.
struct Suspect {
  NodeId node;
  std::int64_t element;
};

/// Checks the derivative rule of each node by itself: its operands are held at their values, one
/// use is moved, and the slope of a weighted sum of the node is compared with what the vjp records
/// for these weights. What is wrong elsewhere has no part in it. Rules that are off by more than
/// `least` of their size are reported, in the order of the tape. The tape is left as it was.
/// Large operands are moved along directions, on which a kink says nothing; `suspects` one by one.
std::vector<GradcheckBlame> blame(Replay& real, Replay& complex, std::span<const NodeId> nodes,
                                  double least, std::span<const Suspect> suspects);

}  // namespace tapewise::checking
