#pragma once
#include <tapewise/autograd/check/replay.hpp>
#include <vector>

namespace tapewise::checking {

/// An element of an operand around which an elementwise function goes up and down over steps of
/// `length`, again and again: sin x, round x, lgamma x left of 0. Differences that move it further
/// see another function, or none of it, whatever they agree on.
struct Wave {
  NodeId operand = 0;
  std::int64_t element = 0;
  double length = 0.0;
};

/// The waves of a node in one of its operands (`use`). Far out, where neighbouring numbers lie
/// further apart than a wave, all samples of it may look smooth: sin(πx) is 0 at each of them. So
/// large elements are judged nearer to 0, where numbers are fine enough to tell.
std::vector<Wave> waves_of(Replay& real, NodeId node, std::size_t use);

}  // namespace tapewise::checking
