#include <map>
#include <set>
#include <sstream>
#include <tapewise/autograd/trace/notation.hpp>
#include <tapewise/autograd/trace/text.hpp>

namespace tapewise {

namespace {

/// A value inside a formula: a number, or the shape of an array.
std::string latex_value(const TraceValue& value) {
  if (value.type.shape.is_scalar()) return notation::latex_number(to_text(value));
  const Shape& shape = value.type.shape;
  if (!value.in_full() || shape.rank() > 2 || value.type.size() == 0) {
    std::string sizes;
    for (const std::int64_t size : shape) {
      sizes += (sizes.empty() ? "" : " \\times ") + std::to_string(size);
    }
    return "\\left[" + sizes + "\\right]";
  }
  std::ostringstream out;
  const auto columns = static_cast<std::size_t>(shape.back());
  out << "\\begin{pmatrix}";
  for (std::size_t i = 0; i < value.elements.size(); ++i) {
    if (i > 0) out << (i % columns == 0 ? " \\\\ " : " & ");
    std::ostringstream element;
    element.precision(4);
    element << value.elements[i];
    out << notation::latex_number(element.str());
  }
  out << "\\end{pmatrix}";
  return out.str();
}

std::string equal(std::initializer_list<std::string> parts) {
  std::string out, last;
  for (const std::string& part : parts) {
    if (part.empty() || part == last) continue;
    out += (out.empty() ? "" : " = ") + part;
    last = part;
  }
  return out;
}

std::string forward(const TraceNode& node) {
  if (node.role != "op") return equal({node.name.latex, latex_value(node.value)});
  const bool scalars = node.numbers.latex != node.formula.latex;
  return equal({node.name.latex, node.formula.latex, scalars ? node.numbers.latex : "",
                latex_value(node.value)});
}

std::string backward(const TraceEntry& entry) {
  std::string numbers = entry.contributions.size() > 1 ? entry.sum_numbers.latex : std::string();
  if (entry.contributions.size() == 1) numbers = entry.contributions[0].product_numbers.latex;
  return equal({entry.name.latex, entry.sum.latex, numbers, latex_value(entry.value)});
}

std::string update(const Trace& trace, const TraceUpdate& u) {
  return trace.node(u.leaf).name.latex + " \\leftarrow " +
         equal({u.formula.latex, u.numbers.latex, latex_value(u.after)});
}

/// A formula in a cell of a Markdown table.
std::string cell(const std::string& latex) {
  std::string out = "$";
  for (const char c : latex) out += c == '|' ? std::string("\\vert ") : std::string(1, c);
  return out + "$";
}

bool is_step(const TraceNode& node) { return node.role != "constant" || node.labelled; }

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string short_value(const TraceValue& value) {
  return value.in_full() && value.elements.size() <= 8 ? to_text(value)
                                                       : to_string(value.type.shape);
}

}  // namespace

std::string to_latex(const Trace& trace) {
  std::ostringstream out;
  out << "\\documentclass{article}\n\\usepackage{amsmath}\n\\setlength{\\parindent}{0pt}\n"
         "\\allowdisplaybreaks\n\\begin{document}\n\\section*{Forward}\n";
  for (std::size_t p = 0; p < trace.forward_nodes; ++p) {
    if (is_step(trace.nodes[p])) out << "\\[ " << forward(trace.nodes[p]) << " \\]\n";
  }
  out << "\\section*{Backward}\n";
  for (const TraceEntry& entry : trace.entries) out << "\\[ " << backward(entry) << " \\]\n";
  if (!trace.updates.empty()) out << "\\section*{Update}\n";
  for (const TraceUpdate& u : trace.updates) out << "\\[ " << update(trace, u) << " \\]\n";
  out << "\\end{document}\n";
  return out.str();
}

std::string to_markdown(const Trace& trace) {
  std::ostringstream out;
  out << "## Forward\n\n| i | op | u(i) |\n|---|---|---|\n";
  for (std::size_t p = 0; p < trace.forward_nodes; ++p) {
    const TraceNode& node = trace.nodes[p];
    if (!is_step(node)) continue;
    out << "| " << node.number << " | " << node.op << " | " << cell(forward(node)) << " |\n";
  }
  out << "\n## Backward\n\n| node | entry | via | check |\n|---|---|---|---|\n";
  for (const TraceEntry& entry : trace.entries) {
    out << "| " << cell(trace.node(entry.node).name.latex) << " | " << cell(backward(entry))
        << " | ";
    const char* comma = "";
    for (const TraceContribution& c : entry.contributions) {
      out << comma << cell(trace.node(c.child).name.latex);
      comma = ", ";
    }
    out << " | " << (entry.check.verdict == "none" ? "" : entry.check.verdict) << " |\n";
  }
  if (!trace.updates.empty()) out << "\n## Update\n\n";
  for (const TraceUpdate& u : trace.updates) out << "- " << cell(update(trace, u)) << '\n';
  return out.str();
}

std::string to_dot(const Trace& trace, const TraceFold& fold) {
  std::ostringstream out;
  out << "digraph \"" << escaped(trace.title) << "\" {\n"
      << "  rankdir=BT;\n  node [shape=box, style=rounded, fontname=\"Helvetica\"];\n"
      << "  edge [fontname=\"Helvetica\", fontsize=10];\n";
  std::map<std::string, std::size_t> folded;
  const auto box = [&](NodeId id) {
    const TraceNode& node = trace.node(id);
    if (fold.contains(node.group)) return "\"group " + escaped(node.group) + "\"";
    return "u" + std::to_string(id);
  };
  for (std::size_t p = 0; p < trace.forward_nodes; ++p) {
    const TraceNode& node = trace.nodes[p];
    if (fold.contains(node.group)) {
      ++folded[node.group];
      continue;
    }
    const std::string formula = node.role == "op" ? " = " + node.formula.plain : "";
    out << "  " << box(node.id) << " [label=\"" << escaped(node.name.plain + formula) << "\\n"
        << escaped(short_value(node.value)) << "\"];\n";
    if (const TraceEntry* entry = trace.entry(node.id); entry != nullptr) {
      out << "  g" << node.id << " [label=\"" << escaped(entry->name.plain) << "\\n"
          << escaped(short_value(entry->value)) << "\", style=\"rounded,dashed\"];\n"
          << "  { rank=same; u" << node.id << "; g" << node.id << "; }\n";
    }
  }
  for (const auto& [group, count] : folded) {
    out << "  \"group " << escaped(group) << "\" [label=\"" << escaped(group) << "\\n"
        << count << " nodes\", shape=folder];\n";
  }
  std::set<std::string> drawn;  // edges between groups once
  for (std::size_t p = 0; p < trace.forward_nodes; ++p) {
    const TraceNode& node = trace.nodes[p];
    for (const NodeId parent : node.parents) {
      const std::string edge = box(parent) + " -> " + box(node.id);
      const bool inside = box(parent) == box(node.id);
      const bool grouped = !folded.empty() && edge.find("group") != std::string::npos;
      if (!inside && (!grouped || drawn.insert(edge).second)) out << "  " << edge << ";\n";
    }
  }
  for (const TraceEntry& entry : trace.entries) {
    if (fold.contains(trace.node(entry.node).group)) continue;
    for (const TraceContribution& c : entry.contributions) {
      if (fold.contains(trace.node(c.child).group)) continue;
      const std::string label =
          c.kind == "product" ? "·" + short_value(*c.derivative_value) : c.kind;
      // Written the way of G, so that B is laid out beside it; the arrow points back.
      out << "  g" << entry.node << " -> g" << c.child << " [dir=back, style=dashed, label=\""
          << escaped(label) << "\"];\n";
    }
  }
  out << "}\n";
  return out.str();
}

}  // namespace tapewise
