#pragma once
#include <string>
#include <tapewise/lessons/expression/arguments.hpp>
#include <vector>

// The functions that an expression can call: the library's ops, by name.

namespace tapewise::lessons {

/// Records `function(arguments)` on `tape`. Ops with nothing but operands and numbers are found in
/// the list of ops, so new ones appear by themselves; their attributes are read from their
/// signature. The others have a line each in structured.cpp or networks.cpp. Throws CallError for
/// an unknown function (with the nearest name) or arguments that it does not take.
Var call_function(Tape& tape, const std::string& function, const std::vector<Argument>& arguments,
                  SourceLine where);

/// The record of an op that is called by operands and numbers alone; null when there is none of
/// that name or alias.
const OpRecord* find_op(std::string_view name);
/// The attribute of an elementwise op with every argument left out; zeros where one has to be
/// given.
std::vector<std::uint64_t> default_attribute(const OpRecord& op);
/// Every name that can be called, in alphabetic order.
std::vector<std::string> function_names();
/// How a function is called: "huber(prediction, target, delta=1, reduction=mean, factor=1)"; empty
/// when there is none of that name.
std::string function_call(std::string_view name);
/// The name most like `word`, or an empty text when none is near.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace tapewise::lessons
