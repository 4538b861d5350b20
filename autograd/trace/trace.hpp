#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tapewise/autograd/gradient_table.hpp>
#include <vector>

namespace tapewise {

/// A formula in the notations that ops write: `u_out·(1 - u_out)`.
struct TraceText {
  std::string plain, latex, mathml;
};

/// An array of the run: in full when it is small, else by shape, extremes and a small picture.
struct TraceValue {
  Type type;
  std::vector<double> elements;       ///< row-major; empty when there are more than `full_up_to`
  std::int64_t not_finite = 0;        ///< how many elements are infinite or NaN
  double min = 0, max = 0, mean = 0;  ///< of the finite elements
  /// Means of blocks of the array seen as a matrix (all axes but the last are rows), at most 24 by
  /// 24; for arrays that are not in `elements`.
  std::size_t rows = 0, columns = 0;
  std::vector<double> picture;

  bool in_full() const { return !elements.empty() || type.size() == 0; }
};

/// A node of the graph G, or of the subgraph B that back-propagation has added.
struct TraceNode {
  NodeId id = 0;
  std::size_t number = 0;  ///< i of u(i): 1, 2, ... in the order of the tape; 0 for nodes of B
  TraceText name;          ///< the label; u_i without one; ∇[u_i] or b_id in B
  bool labelled = false;
  bool in_b = false;
  NodeId belongs_to = 0;  ///< of a node of B: the node of G whose entry it helps to compute
  std::string role;       ///< "input", "parameter", "constant" or "op"
  std::string op, family, attribute;
  std::string rule;             ///< the op's formula as its record gives it
  std::vector<NodeId> parents;  ///< Pa(u(i)), in the order of the operands
  TraceText formula;            ///< f(i)(A(i)) with the names of the parents
  TraceText numbers;            ///< the same with their numbers, where they are scalars
  TraceValue value;
  std::string group;  ///< prefix of the label, by which large graphs are folded: "0" of "0.weight"
  std::string where;  ///< "file:line" that recorded it
};

/// One term of an entry: what ∇[u(j)] gets through one use by one child.
struct TraceContribution {
  NodeId child = 0;
  int use = 0;                 ///< as which operand of the child, from 0
  std::optional<NodeId> term;  ///< the node of B that holds it; none for a structural zero
  /// "product": incoming gradient times local derivative, element by element; "vjp": a
  /// vector-Jacobian product of a structured op; "zero": structurally zero.
  std::string kind;
  bool summed = false;           ///< the product is summed over the axes that were broadcast
  TraceText derivative;          ///< ∂u(i)/∂u(j) with names; empty for a vjp
  TraceText derivative_numbers;  ///< the same with numbers
  std::optional<TraceValue> derivative_value;
  std::string rule;   ///< of a vjp: the derivative as the op's record gives it
  TraceText product;  ///< ∇[u(i)]·∂u(i)/∂u(j), or the vjp as B computes it
  TraceText product_numbers;
  TraceValue value;
};

/// What the numeric check says of an entry.
struct TraceCheck {
  /// "right", "wrong", "undecidable", "none": not checked, or "pending": still to be checked.
  std::string verdict = "none";
  std::string method;       ///< "complex step" or "central differences"
  std::size_t checked = 0;  ///< elements compared
  double analytic = 0, numeric = 0, error = 0, allowed = 0;  ///< of the worst element
  std::string why;                                           ///< for "none" and "undecidable"
};

/// A row of the gradient table.
struct TraceEntry {
  NodeId node = 0;      ///< j
  NodeId gradient = 0;  ///< the node of B that holds ∇[u(j)]
  TraceText name;       ///< ∂L/∂w1
  TraceValue value;
  std::vector<TraceContribution> contributions;  ///< none for the output itself
  TraceText sum;                                 ///< the contributions added up
  TraceText sum_numbers;                         ///< 2 + 3
  TraceCheck check;
};

/// A leaf before and after the updates that were recorded for it.
struct TraceUpdate {
  NodeId leaf = 0;
  NodeId assign = 0;
  TraceText formula, numbers;  ///< of the new value
  TraceValue before, after;
};

/// One step of the time line, forward or backward.
struct TraceStep {
  enum class Kind : std::uint8_t {
    forward,       ///< u(i) = f(i)(A(i)), or an input
    seed,          ///< ∇[u(n)] = 1
    contribution,  ///< one term of ∇[u(j)]
    sum,           ///< ∇[u(j)] = the sum of its terms
    update,        ///< the new value of a leaf
  };
  Kind kind = Kind::forward;
  std::size_t index = 0;         ///< position in `nodes`, `entries` or `updates`
  std::size_t contribution = 0;  ///< which term of the entry
};
std::string_view name_of(TraceStep::Kind kind);

/// What is written down, and how much of it.
struct TraceOptions {
  std::int64_t full_up_to = 64;    ///< elements of arrays that are kept in full
  bool check = true;               ///< the numeric check beside each entry
  std::int64_t check_up_to = 256;  ///< elements of an entry that is checked
  std::size_t check_nodes = 200;   ///< entries in a table that is checked whole, else leaves only
};

/// What a run did, node by node: the forward pass (Algorithm 6.1), the gradient table with every
/// contribution (Algorithm 6.2), the updates, and the time line through all of it. Plain data,
/// copied from the tape, which it does not need any more. docs/trace.md describes its JSON.
struct Trace {
  std::string title;
  NodeId output = 0;
  std::vector<TraceNode> nodes;     ///< of G by ascending id, then those of B
  std::size_t forward_nodes = 0;    ///< how many of them are of G
  std::vector<TraceEntry> entries;  ///< the output first
  std::vector<TraceUpdate> updates;
  std::vector<TraceStep> steps;

  /// Throws HandleError when the node is not in the trace.
  const TraceNode& node(NodeId id) const;
  /// The entry of a node of G; null for a node that has none (a constant, say).
  const TraceEntry* entry(NodeId id) const;
};

/// Traces what `table` was made from, at the leaves as they are now. `updates` are the assign nodes
/// of an optimizer, if any. Throws what computing a value throws.
Trace make_trace(const GradientTable& table, std::span<const Var> updates = {},
                 const TraceOptions& options = {});
/// The same for an output that has not been differentiated; the tape is left as it was.
/// Throws what `backward` throws: GradientError unless the output is a scalar, for one.
Trace make_trace(const Var& output, const TraceOptions& options = {});

/// The numeric check of one entry of a trace that was made from `table`, as `make_trace` writes it
/// beside the entry: for a trace that was made without, to be checked little by little.
TraceCheck check_entry(const GradientTable& table, const Trace& trace, std::size_t entry,
                       const TraceOptions& options = {});

/// How a trace is written as JSON.
struct TraceJson {
  int indent = -1;    ///< spaces; one line if negative
  bool latex = true;  ///< whether texts have their `latex`, which pages do without
};
/// The trace as a JSON object, see docs/trace.md.
std::string to_json(const Trace& trace, const TraceJson& how = {});

}  // namespace tapewise
