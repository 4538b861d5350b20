#include <ostream>
#include <sstream>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/tape.hpp>

namespace tapewise {

namespace {

/// "multiply(%0, %4)", "pow(%2; p=3)", "constant 0.5".
std::string expression(const Tape& tape, NodeId id) {
  const OpRecord& op = *tape.node(id).op;
  std::ostringstream text;
  text << op.name;
  if (&op == &constant_op() && tape.cell(id) == nullptr) {
    LeafAttribute number;
    std::memcpy(&number, tape.attribute(id), sizeof number);
    text << ' ';
    print_elements(text, tape.type(id), &number.bits);
  }
  if (op.traits.leaf) return text.str();
  text << '(';
  const char* comma = "";
  for (const NodeId parent : tape.parents(id)) {
    text << comma << '%' << parent;
    comma = ", ";
  }
  if (op.attribute_text != nullptr) {
    const std::string attribute = op.attribute_text(tape.attribute(id));
    if (!attribute.empty()) text << "; " << attribute;
  }
  text << ')';
  return text.str();
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Tape& tape) {
  for (NodeId id = 0; id < tape.size(); ++id) {
    out << (tape.node(id).in_b ? "B " : "  ") << '%' << id << " = " << expression(tape, id) << "  "
        << to_string(tape.type(id));
    if (const auto label = tape.label(id); !label.empty()) out << "  \"" << label << '"';
    out << '\n';
  }
  return out;
}

}  // namespace tapewise
