#pragma once
#include <tapewise/autograd/trace/trace.hpp>

namespace tapewise {

/// A node's value as a trace keeps it; computes the value if need be.
TraceValue value_of(const Var& v, const TraceOptions& options);
/// The same of numbers that stand on no tape.
TraceValue value_of(std::span<const double> all, const Type& type, const TraceOptions& options);
TraceValue zeros(const Type& type, const TraceOptions& options);

}  // namespace tapewise
