#pragma once
#include <tapewise/autograd/trace/trace.hpp>

namespace tapewise {

/// The numeric check of each entry of a table, in the order of `nodes`: the node is held as an
/// input, what depends on it is recorded again on a scratch tape, and replayed without any
/// derivative rule. Only a scalar output is checked.
std::vector<TraceCheck> numeric_column(const GradientTable& table, std::span<const Var> nodes,
                                       const TraceOptions& options);

}  // namespace tapewise
