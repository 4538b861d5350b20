#pragma once
#include <tapewise/autograd/compile_options.hpp>
#include <tapewise/autograd/passes/units.hpp>

namespace tapewise::passes {

/// Block fusion: elementwise ops of one shape, with the rows they act on and the sums that end
/// them, become groups that are run block by block. Results keep every bit.
Units fuse(const Draft& draft, const CompileOptions& options);

}  // namespace tapewise::passes
