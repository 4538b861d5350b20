#include <tapewise/autograd/trace/numeric_column.hpp>

#include <tapewise/autograd/error.hpp>
#include <tapewise/autograd/gradcheck.hpp>
#include <tapewise/autograd/subgraph.hpp>

namespace tapewise {

namespace {

/// The output as a function of one node: everything between them recorded anew, everything else
/// constant.
GradcheckReport check_alone(const Var& output, const Var& node) {
  Tape& tape = output.tape();
  Tape scratch;
  const Subgraph G(tape, output.id(), std::vector<NodeId>{node.id()});
  std::vector<Var> copies(G.size());
  const Var held = scratch.input(ArrayView(node.data(), node.type()), node.name());
  for (std::size_t p = 0; p < G.size(); ++p) {
    const Var original = tape.var(G.node(p));
    if (original.id() == node.id()) {
      copies[p] = held;
      continue;
    }
    std::vector<Operand> operands;
    for (std::size_t k = 0; k < original.parent_count(); ++k) {
      const Var parent = original.parent(k);
      const std::size_t q = G.position(parent.id());
      operands.emplace_back(
          q < G.size() ? copies[q] : scratch.constant(ArrayView(parent.data(), parent.type())));
    }
    const std::vector<OperandRef> refs(operands.begin(), operands.end());
    copies[p] =
        scratch.record(original.op(), refs, original.attribute_data(), original.node().where);
  }
  return gradcheck(copies.back(), std::span(&held, 1));
}

TraceCheck read(const GradcheckReport& report) {
  TraceCheck check;
  check.method = report.method;
  check.checked = report.checked;
  check.verdict = report.wrong > 0 ? "wrong" : report.checked > 0 ? "right" : "undecidable";
  if (report.undecidable > 0) {
    check.why =
        std::to_string(report.undecidable) + " elements at a kink or without a finite slope";
  }
  check.analytic = report.worst.analytic;
  check.numeric = report.worst.numeric;
  check.error = report.worst.error;
  check.allowed = report.worst.allowed;
  return check;
}

TraceCheck unchecked(std::string why) {
  TraceCheck check;
  check.why = std::move(why);
  return check;
}

/// The check of a node in a table of `entries` entries.
TraceCheck check_node(const GradientTable& table, const Var& node, std::size_t entries,
                      const TraceOptions& options) {
  const Var& output = table.output();
  if (!options.check) return unchecked("not asked for");
  if (output.type().size() != 1) return unchecked("the output is not a scalar");
  if (same_node(node, output)) return unchecked("1 by definition");
  if (node.type().size() > options.check_up_to) {
    return unchecked("more than " + std::to_string(options.check_up_to) + " elements");
  }
  if (entries > options.check_nodes && !node.op().traits.leaf) {
    return unchecked("a large graph: leaves only");
  }
  try {
    return read(check_alone(output, node));
  } catch (const Error& error) {
    return unchecked(error.what());
  }
}

}  // namespace

std::vector<TraceCheck> numeric_column(const GradientTable& table, std::span<const Var> nodes,
                                       const TraceOptions& options) {
  std::vector<TraceCheck> column;
  for (const Var& node : nodes) column.push_back(check_node(table, node, nodes.size(), options));
  return column;
}

TraceCheck check_entry(const GradientTable& table, const Trace& trace, std::size_t entry,
                       const TraceOptions& options) {
  const Var node = table.output().tape().var(trace.entries.at(entry).node);
  return check_node(table, node, trace.entries.size(), options);
}

}  // namespace tapewise
