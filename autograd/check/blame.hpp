#pragma once
#include <tapewise/autograd/check/replay.hpp>
#include <tapewise/autograd/gradcheck.hpp>

namespace tapewise::checking {

/// Checks the derivative rule of each node by itself: its operands are held at their values, one
/// use is moved, and the slope of a weighted sum of the node is compared with what the vjp records
/// for these weights. What is wrong elsewhere has no part in it. Rules that are off by more than
/// `least` of their size are reported, in the order of the tape. The tape is left as it was.
std::vector<GradcheckBlame> blame(Replay& real, Replay& complex, std::span<const NodeId> nodes,
                                  double least);

}  // namespace tapewise::checking
