#pragma once
#include <tapewise/autograd/op.hpp>
#include <tapewise/autograd/trace/trace.hpp>

// How a trace writes names, numbers and formulas.

namespace tapewise::notation {

/// A label as a variable: "w1" is w₁, "u_in" is u with the index in.
TraceText variable(std::string_view label);
/// A number with six digits, in brackets when it is negative: an operand of a formula.
TraceText number(double value);
/// A number as text, "1e-30" or "inf", for LaTeX.
std::string latex_number(const std::string& text);
/// Text around a formula, or between two: "a" + "·" + "b".
TraceText in_brackets(const TraceText& inner);
TraceText product(const TraceText& a, const TraceText& b);
TraceText sum(std::span<const TraceText> terms);
/// ∇[u] of a node, ∂a/∂b of two.
TraceText nabla(const TraceText& node);
TraceText derivative(const TraceText& of, const TraceText& by);
/// "Σ …": summed over the axes that were broadcast.
TraceText summed(const TraceText& inner);

/// What an op computes from operands written as given: the rule's own formula for an elementwise
/// op, else "name(operands; attribute)".
TraceText formula(const OpRecord& op, std::span<const TraceText> operands, const void* attribute);
/// ∂y/∂operand `use` of an elementwise op.
TraceText partial(const OpRecord& op, int use, std::span<const TraceText> operands,
                  const TraceText& y, const void* attribute);

}  // namespace tapewise::notation
