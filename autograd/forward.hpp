#pragma once
#include <tapewise/autograd/tape.hpp>

namespace tapewise {

/// Forward propagation, Algorithm 6.1 of Goodfellow, Bengio & Courville, for the node u(n) and
/// what it needs; values that are known for the leaves as they are now are not computed again.
/// Returns the value of u(n). Throws DomainError from an op that meets a value it refuses.
const void* forward(Tape& tape, NodeId n);

}  // namespace tapewise
