#pragma once
#include <span>
#include <string>
#include <string_view>
#include <tapewise/autograd/tape.hpp>
#include <tapewise/lessons/expression/syntax.hpp>
#include <utility>
#include <vector>

namespace tapewise::lessons {

/// A value for a name of an expression: {"w1", ".02"} or {"X", "[[0,0],[0,1]]"}.
struct Binding {
  std::string name, value;
};
/// Reads "w1=.02". Throws Error when there is no name or no value.
Binding read_binding(std::string_view text);

/// An expression as it was recorded.
struct RecordedExpression {
  std::vector<Var> inputs;  ///< in the order of the bindings, labelled
  std::vector<Var> named;   ///< by statements, in their order
  Var output;               ///< the value of the last statement
};

/// Records an expression on a tape: an input for each binding, then the statements, such as
///
///     u = sigmoid(w1*x1^3 + w2*x2);  L = 0.5*(y - u)^2
///
/// with `+ - * / @ ^`, comparisons, brackets, arrays `[[0,0],[0,1]]` (float64), and calls of the
/// library's ops, `softmax(z, axis=0)`. `pi`, `e`, `inf` and `nan` are known unless a binding says
/// otherwise.
/// A statement's name labels its node. Errors of shapes point into the expression as well.
/// Throws ExpressionError; the tape is left as it was then.
RecordedExpression record_expression(Tape& tape, std::string_view source,
                                     std::span<const Binding> bindings);

/// For a `catch (const Error&)` around the values and gradients of an expression: throws an
/// ExpressionError that points at the place in `source` which recorded the node of the error, or
/// the error again when it names none.
[[noreturn]] void point_at_place(std::string_view source, const Error& error);

}  // namespace tapewise::lessons
