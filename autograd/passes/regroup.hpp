#pragma once
#include <tapewise/autograd/passes/passes.hpp>
#include <tapewise/autograd/scalar_code.hpp>

namespace tapewise::passes {

/// Independent ops of one kind in the scalar units are put next to each other and run together
/// through the vector kernel, and so are functions in a chain whose operands are there long before
/// their turn; terms of a sum that are ready at once become one instruction. May change the last
/// bit of functions and sums, so what guards depend on is left alone.
void regroup(const Draft& draft, Units& units);

}  // namespace tapewise::passes
