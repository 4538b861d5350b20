#pragma once
#include <map>
#include <string_view>
#include <tapewise/lessons/expression/parameters.hpp>

// Functions of expressions that need more than a list of operands and numbers: one line each, of
// the C++ function and its parameters. The names are those of the library's ops.

namespace tapewise::lessons {

using FunctionTable = std::map<std::string_view, std::unique_ptr<const Function>>;

const FunctionTable& structured_functions();
const FunctionTable& network_functions();

}  // namespace tapewise::lessons
