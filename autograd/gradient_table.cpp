#include <tapewise/autograd/gradient_table.hpp>

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/autograd/graph_walk.hpp>

namespace tapewise {

namespace {

/// Width on the screen: UTF-8 continuation bytes take no column.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void pad(std::ostream& out, const std::string& text, std::size_t width) {
  out << text;
  for (std::size_t c = columns(text); c < width; ++c) out << ' ';
}

/// ∂u(i)/∂parent at the numbers of an elementwise node that is a scalar with scalar parents.
bool local_derivative(const Var& child, int use, double& derivative) {
  const OpRecord& op = child.op();
  if (op.partial == nullptr || !child.shape().is_scalar()) return false;
  std::vector<double> x;
  for (std::size_t k = 0; k < child.parent_count(); ++k) {
    if (!child.parent(k).shape().is_scalar()) return false;
    x.push_back(child.parent(k).item());
  }
  derivative = op.partial(use, x.data(), child.attribute_data());
  return true;
}

/// A term in numbers, "2·1 (via c)", or as the vjp it is: "vjp of matmul (via logits, operand 2)".
void print_term(std::ostream& out, const GradientTable& table, const Contribution& c) {
  double derivative = 0;
  const bool twice = c.child.parent_count() > 1;
  if (!c.term.has_tape()) {
    out << "0 (via " << c.child.name() << ")";
  } else if (local_derivative(c.child, c.use, derivative)) {
    out << table[c.child].item() << "·" << derivative << " (via " << c.child.name() << ")";
  } else {
    out << "vjp of " << c.child.op().name << " (via " << c.child.name();
    if (twice) out << ", operand " << c.use + 1;
    out << ")";
  }
}

}  // namespace

const GradientTable::Entries& GradientTable::entries() const {
  if (table_ == nullptr) throw HandleError("[gradient table] the table is empty: call backward");
  output_.tape().require_own(output_, "gradient table");
  return *table_;
}

const Var& GradientTable::output() const {
  (void)entries();
  return output_;
}

std::size_t GradientTable::find(const Var& node) const {
  const auto& nodes = entries().nodes;
  Tape& tape = output_.tape();
  tape.require_own(node, "gradient table");
  if (!node.node().active) {
    throw TypeError(
        tape.describe(node.id(), "[gradient table] " + std::string(node.op().name) + " " +
                                     to_string(node.type()) +
                                     " has no gradient: only float nodes that depend on "
                                     "an input or parameter have"));
  }
  const auto found = std::lower_bound(nodes.begin(), nodes.end(), node.id());
  if (found != nodes.end() && *found == node.id()) {
    return static_cast<std::size_t>(found - nodes.begin());
  }
  if (table_->only_wanted) {
    const NodeId output = output_.id();
    const auto above =
        ancestors(tape, std::span(&output, 1), [&](NodeId id) { return !tape.is_active(id); });
    if (std::binary_search(above.begin(), above.end(), node.id())) {
      throw GradientError(tape.describe(node.id(),
                                        "[gradient table] this node was not among the wanted ones: "
                                        "name it in backward(y, {...})"));
    }
  }
  return nodes.size();
}

Var GradientTable::var(Handle handle) const {
  if (handle.generation == 0) return {};
  return {output_.tape(), handle.id, handle.generation};
}

Var GradientTable::operator[](const Var& node) const {
  const std::size_t p = find(node);
  if (p < table_->nodes.size()) {
    if (const Var entry = var(table_->entries[p]); entry.has_tape()) return entry;
  }
  return filled(output_.tape(), node.type(), 0.0);
}

std::vector<Contribution> GradientTable::contributions(const Var& node) const {
  const std::size_t p = find(node);
  std::vector<Contribution> found;
  if (p == table_->nodes.size()) return found;
  const std::size_t begin = table_->begin[p + 1], end = table_->begin[p];
  found.reserve(end - begin);
  for (std::size_t t = begin; t < end; ++t) {
    const Term& term = table_->terms[t];
    found.push_back({output_.tape().var(term.child), static_cast<int>(term.use), var(term.term)});
  }
  return found;
}

std::vector<Var> GradientTable::nodes() const {
  std::vector<Var> all;
  for (const NodeId id : entries().nodes) all.push_back(output_.tape().var(id));
  return all;
}

void GradientTable::print_row(std::ostream& out, std::size_t position, std::size_t width) const {
  const Var node = output_.tape().var(table_->nodes[position]);
  pad(out, node.name(), width);
  out << "  ";
  pad(out, to_string(node.shape()), 8);
  std::ostringstream value;
  value.precision(out.precision());
  print_elements(value, node.type(), node.data());
  pad(out, value.str(), 12);
  out << "  ∂" << output_.name() << "/∂" << node.name() << " = ";
  const Var entry = (*this)[node];
  print_elements(out, entry.type(), entry.data());
  const auto terms = contributions(node);
  for (std::size_t k = 0; k < terms.size(); ++k) {
    out << (k == 0 ? " = " : " + ");
    print_term(out, *this, terms[k]);
  }
  out << '\n';
}

std::ostream& operator<<(std::ostream& out, const GradientTable& table) {
  std::size_t width = 4;
  for (const Var& node : table.nodes()) width = std::max(width, columns(node.name()));
  out << "gradient table of " << table.output().name() << '\n';
  pad(out, "node", width);
  out << "  ";
  pad(out, "shape", 8);
  pad(out, "value", 12);
  out << "  gradient = sum over the children of (child's gradient)·(local derivative)\n";
  for (std::size_t p = table.table_->nodes.size(); p-- > 0;) table.print_row(out, p, width);
  return out;
}

}  // namespace tapewise
