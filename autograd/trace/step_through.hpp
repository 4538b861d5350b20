#pragma once
#include <iosfwd>
#include <tapewise/autograd/trace/trace.hpp>

namespace tapewise {

/// Every step of the forward pass and of back-propagation from `output` as text, then the gradient
/// table with the numeric check. Graphs of more than 40 nodes are folded by the prefix of their
/// labels ("0" of "0.weight"). The tape is left as it was.
/// Throws HandleError for a node of another tape, and what `backward` throws.
void step_through(Tape& tape, const Var& output, std::ostream& out);
/// The same interactively: reads `next`, `back`, `jump NAME`, `graph`, `table`, `open GROUP`,
/// `fold`, `all`, `help`, `quit` from `in`; an empty line is `next`.
void step_through(Tape& tape, const Var& output, std::istream& in, std::ostream& out);
/// The same in a terminal; when standard input is none, every step to standard output.
void step_through(Tape& tape, const Var& output);
/// A trace that was made before.
void step_through(const Trace& trace, std::istream& in, std::ostream& out);

}  // namespace tapewise
