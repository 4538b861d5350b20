#pragma once
#include <tapewise/autograd/tape.hpp>

namespace tapewise {

/// Forward propagation, Algorithm 6.1 of Goodfellow, Bengio & Courville, for the node u(n) and
/// what it needs; values that are known for the leaves as they are now are not computed again.
/// Returns the value of u(n). Throws DomainError from an op that meets a value it refuses.
const void* forward(Tape& tape, NodeId n);

/// One step of it: the value of a node whose parents' values are known. A leaf has it already.
const void* forward_one(Tape& tape, NodeId i, std::uint64_t epoch);
/// What is there: a leaf's memory, or the value that was computed in this epoch; else null.
const void* known_value(Tape& tape, NodeId i, std::uint64_t epoch);

}  // namespace tapewise
