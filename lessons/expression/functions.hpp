#pragma once
#include <optional>
#include <string>
#include <tapewise/autograd/op.hpp>
#include <tapewise/autograd/tape.hpp>
#include <vector>

// The functions that an expression can call: the library's ops, by name.

namespace tapewise::lessons {

/// An argument: a node, or what was written.
struct Argument {
  std::string keyword;  ///< "axis" of `axis=0`
  std::optional<Var> var;
  std::optional<double> number;
  std::vector<double> list;  ///< of an array without nesting
  std::string word;          ///< a name that is no node: `reduction=sum`
};

/// Something wrong with a call; the reader adds where.
class CallError : public Error {
 public:
  using Error::Error;
};

/// Records `function(arguments)` on `tape`. Elementwise ops are found in the list of ops, so new
/// ones appear by themselves; their attributes are read from their signature. Throws CallError for
/// an unknown function (with the nearest name) or arguments that it does not take.
Var call_function(Tape& tape, const std::string& function, const std::vector<Argument>& arguments,
                  SourceLine where);

/// The record of a callable op; null when there is none of that name or alias.
const OpRecord* find_op(std::string_view name);
/// The attribute of an elementwise op with every argument left out; zeros where one has to be
/// given.
std::vector<std::uint64_t> default_attribute(const OpRecord& op);
/// Every name that can be called, in alphabetic order.
std::vector<std::string> function_names();
/// The name most like `word`, or an empty text when none is near.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace tapewise::lessons
