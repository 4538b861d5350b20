#include <tapewise/lessons/lecture_example.hpp>

#include <iomanip>
#include <ostream>
#include <tapewise/tapewise.hpp>
#include <vector>

namespace tapewise::lessons {

namespace {

/// L = ½(y - u_out)², u_out = σ(u_in), u_in = w1·x1³ + w2·x2, at y = 0.
Var record_loss(Tape& tape) {
  const Var w1 = tape.input(0.02, "w1"), w2 = tape.input(0.01, "w2");
  const Var x1 = tape.input(3.0, "x1"), x2 = tape.input(5.0, "x2");
  const Var cube = pow(x1, 3).named("x1^3");
  const Var a1 = (w1 * cube).named("w1*x1^3"), a2 = (w2 * x2).named("w2*x2");
  const Var u_in = (a1 + a2).named("u_in");
  const Var u_out = sigmoid(u_in).named("u_out");
  const Var error = (0.0 - u_out).named("error");
  return (0.5 * square(error).named("square")).named("L");
}

/// The graph of `output` once more, on another tape, where `node` is an input that can be changed
/// by itself: what a numeric derivative in a node that is not a leaf needs.
struct WithFreeNode {
  Var output, node;

  WithFreeNode(Tape& fresh, const Var& given_output, const Var& given_node) {
    std::vector<Var> copies;
    for (NodeId id = 0; id <= given_output.id(); ++id) {
      const Var v = given_output.tape()[id];
      if (v.op().traits.leaf && !v.node().variable) {
        copies.push_back(fresh.constant(ArrayView(v.data(), v.type())));
      } else if (v.op().traits.leaf || same_node(v, given_node)) {
        copies.push_back(fresh.input(ArrayView(v.data(), v.type())));
      } else {
        std::vector<Operand> operands;
        for (std::size_t k = 0; k < v.parent_count(); ++k) {
          operands.emplace_back(copies[v.parent(k).id()]);
        }
        const std::vector<OperandRef> refs(operands.begin(), operands.end());
        copies.push_back(fresh.record(v.op(), refs, v.attribute_data(), SourceLine::here()));
      }
    }
    output = copies[given_output.id()];
    node = copies[given_node.id()];
  }
};

std::string verdict(const GradcheckReport& report) {
  if (report.wrong > 0) return "WRONG";
  return report.undecidable > 0 ? "undecidable" : "right";
}

/// A line of the check; false unless the entry is right.
bool check_entry(std::ostream& out, const GradientTable& table, const Var& node) {
  if (same_node(node, table.output())) return true;  // ∂L/∂L = 1 by definition
  Tape fresh;
  const WithFreeNode graph(fresh, table.output(), node);
  const GradcheckReport report = gradcheck(graph.output, std::vector{graph.node});
  const bool agrees = table[node].item() == report.worst.analytic;  // the same rules, recorded anew
  out << "  " << std::left << std::setw(10) << node.name() << std::right << std::setprecision(15)
      << std::setw(22) << table[node].item() << std::setw(22) << report.worst.numeric
      << std::setprecision(2) << std::setw(10) << report.worst.error << "  "
      << (agrees ? verdict(report) : "WRONG") << '\n';
  return agrees && verdict(report) == "right";
}

}  // namespace

bool show_lecture_example(std::ostream& out) {
  Tape tape;
  const Var loss = record_loss(tape);
  const GradientTable table = backward(loss);
  out << table << '\n';

  out << "every entry against a derivative without rules (complex step):\n"
      << "  node                    analytic               numeric     error  verdict\n";
  const auto precision = out.precision();
  bool right = true;
  for (const Var& node : table.nodes()) right = check_entry(out, table, node) && right;
  out.precision(precision);
  return right;
}

}  // namespace tapewise::lessons
