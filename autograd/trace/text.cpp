#include <tapewise/autograd/trace/text.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <ostream>
#include <sstream>
#include <tapewise/autograd/text.hpp>

namespace tapewise {

namespace {

std::string digits(double x, int precision) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", precision, x);
  return text;
}

void nested(std::string& out, const TraceValue& value, std::size_t axis, std::size_t& next) {
  if (axis == value.type.shape.rank()) {
    out += digits(value.elements[next++], 6);
    return;
  }
  out += '[';
  for (std::int64_t i = 0; i < value.type.shape[axis]; ++i) {
    if (i > 0) out += ", ";
    nested(out, value, axis + 1, next);
  }
  out += ']';
}

/// Shades from the smallest to the largest mean, at most eight rows.
std::string heat_map(const TraceValue& value) {
  static constexpr const char* shades[] = {"·", "░", "▒", "▓", "█"};
  const auto [low, high] = std::minmax_element(value.picture.begin(), value.picture.end());
  const double width = *high > *low ? *high - *low : 1.0;
  std::string out;
  const std::size_t stride = (value.rows + 7) / 8;
  for (std::size_t r = 0; r < value.rows; r += stride) {
    out += "\n        ";
    for (std::size_t c = 0; c < value.columns; ++c) {
      const double x = (value.picture[r * value.columns + c] - *low) / width;
      out +=
          shades[x >= 0 && x <= 1 ? std::min<std::size_t>(4, static_cast<std::size_t>(5 * x)) : 0];
    }
  }
  return out;
}

/// "a = b = c", leaving out what is empty or stands there already.
std::string chain(std::initializer_list<std::string> parts) {
  std::string out, last;
  for (const std::string& part : parts) {
    if (part.empty() || part == last) continue;
    out += (out.empty() ? "" : " = ") + part;
    last = part;
  }
  return out;
}

std::string verdict(const TraceCheck& check, bool scalar) {
  if (check.verdict == "none") return check.why;
  std::string out = "checked: " + check.verdict;
  if (scalar && check.checked > 0) out += ", numeric " + to_text(check.numeric);
  out += " (" + check.method;
  if (!scalar) out += ", " + std::to_string(check.checked) + " elements";
  if (!check.why.empty()) out += ", " + check.why;
  return out + ")";
}

std::string forward_text(const TraceNode& node) {
  const std::string value = to_text(node.value);
  if (node.role != "op") return node.name.plain + " = " + value + "   (" + node.role + ")";
  const bool scalars = node.numbers.plain != node.formula.plain;
  return chain({node.name.plain, node.formula.plain, scalars ? node.numbers.plain : "", value}) +
         "   (" + node.op + ")";
}

std::string contribution_text(const Trace& trace, const TraceEntry& entry, std::size_t which) {
  const TraceContribution& c = entry.contributions[which];
  const TraceNode& child = trace.node(c.child);
  std::string out = entry.name.plain + ", term " + std::to_string(which + 1) + " of " +
                    std::to_string(entry.contributions.size()) + ", via " + child.name.plain +
                    " = " + child.formula.plain + "\n";
  if (c.kind == "product") {
    out += "        ∂" + child.name.plain + "/∂" + trace.node(entry.node).name.plain + " = " +
           chain({c.derivative.plain, c.derivative_numbers.plain, to_text(*c.derivative_value)}) +
           "\n";
  } else if (!c.rule.empty()) {
    out += "        rule of " + child.op + ": " + c.rule + "\n";
  }
  const TraceEntry* incoming = trace.entry(c.child);
  if (incoming != nullptr && c.kind != "zero") {
    out += "        ∇[" + child.name.plain + "] = " + to_text(incoming->value) + "\n";
  }
  return out +
         "        term = " + chain({c.product.plain, c.product_numbers.plain, to_text(c.value)});
}

std::string sum_text(const TraceEntry& entry) {
  const bool one = entry.contributions.size() < 2;
  const bool scalar = entry.value.type.shape.is_scalar();
  return chain({entry.name.plain, one ? "" : entry.sum.plain, one ? "" : entry.sum_numbers.plain,
                to_text(entry.value)}) +
         "\n        " + verdict(entry.check, scalar);
}

const std::string& group_of(const Trace& trace, const TraceStep& step) {
  const NodeId id = step.kind == TraceStep::Kind::forward  ? trace.nodes[step.index].id
                    : step.kind == TraceStep::Kind::update ? trace.updates[step.index].leaf
                                                           : trace.entries[step.index].node;
  return trace.node(id).group;
}

bool is_forward(const TraceStep& step) { return step.kind == TraceStep::Kind::forward; }

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}
void pad(std::ostream& out, const std::string& text, std::size_t width) {
  out << text << std::string(width > width_of(text) ? width - width_of(text) : 0, ' ');
}

}  // namespace

std::string to_text(const TraceValue& value) {
  if (value.type.shape.is_scalar()) return digits(value.elements.at(0), 10);
  std::string out;
  if (value.in_full()) {
    std::size_t next = 0;
    nested(out, value, 0, next);
    return out;
  }
  out = to_string(value.type) + " from " + digits(value.min, 4) + " to " + digits(value.max, 4) +
        ", mean " + digits(value.mean, 4);
  if (value.not_finite > 0) out += ", " + std::to_string(value.not_finite) + " not finite";
  return out + heat_map(value);
}

std::string to_text(const Trace& trace, const TraceStep& step) {
  using Kind = TraceStep::Kind;
  switch (step.kind) {
    case Kind::forward: return "forward   " + forward_text(trace.nodes[step.index]);
    case Kind::seed:
      return "backward  " + trace.entries[step.index].name.plain + " = " +
             to_text(trace.entries[step.index].value) + "   (where back-propagation starts)";
    case Kind::contribution:
      return "backward  " + contribution_text(trace, trace.entries[step.index], step.contribution);
    case Kind::sum: return "entry     " + sum_text(trace.entries[step.index]);
    default: {
      const TraceUpdate& update = trace.updates[step.index];
      return "update    " + trace.node(update.leaf).name.plain + " ← " +
             chain({update.formula.plain, update.numbers.plain, to_text(update.after)}) +
             "   (was " + to_text(update.before) + ")";
    }
  }
}

TraceFold fold_large(const Trace& trace, std::size_t threshold) {
  TraceFold fold;
  if (trace.forward_nodes <= threshold) return fold;
  for (const TraceNode& node : trace.nodes) {
    if (!node.group.empty()) fold.insert(node.group);
  }
  return fold;
}

std::vector<TraceLine> lines_of(const Trace& trace, const TraceFold& fold) {
  std::vector<TraceLine> lines;
  for (std::size_t s = 0; s < trace.steps.size(); ++s) {
    const TraceStep& step = trace.steps[s];
    const std::string& group = group_of(trace, step);
    const bool folded = fold.contains(group) && step.kind != TraceStep::Kind::update;
    if (folded && !lines.empty() && lines.back().group == group &&
        is_forward(trace.steps[lines.back().first]) == is_forward(step)) {
      ++lines.back().count;
    } else {
      lines.push_back({s, 1, folded ? group : std::string()});
    }
  }
  return lines;
}

std::string to_text(const Trace& trace, const TraceLine& line) {
  const TraceStep& first = trace.steps[line.first];
  if (line.group.empty()) return to_text(trace, first);
  std::string out = is_forward(first) ? "forward   ▸ " : "backward  ▸ ";
  out += line.group + ": " + std::to_string(line.count) + " steps folded";
  const TraceStep& last = trace.steps[line.first + line.count - 1];
  if (is_forward(last)) {
    const TraceNode& node = trace.nodes[last.index];
    return out + ", ends with " + node.name.plain + " " + to_string(node.value.type);
  }
  return out + ", ends with " + trace.entries[last.index].name.plain;
}

namespace {

/// The lines of folded groups, each where its first node would stand.
class FoldedGroups {
 public:
  FoldedGroups(const Trace& trace, const TraceFold& fold) : fold_(fold) {
    for (std::size_t p = 0; p < trace.forward_nodes; ++p) ++nodes_[trace.nodes[p].group];
  }
  /// Whether the node is not to be shown by itself.
  bool hide(std::ostream& out, const TraceNode& node) {
    if (!fold_.contains(node.group)) return false;
    std::size_t& count = nodes_[node.group];
    if (count > 0) out << "▸ " << node.group << ": " << count << " nodes\n";
    count = 0;
    return true;
  }

 private:
  const TraceFold& fold_;
  std::map<std::string, std::size_t> nodes_;
};

}  // namespace

void print_graph(std::ostream& out, const Trace& trace, const TraceFold& fold) {
  FoldedGroups folded(trace, fold);
  for (std::size_t p = 0; p < trace.forward_nodes; ++p) {
    const TraceNode& node = trace.nodes[p];
    if (folded.hide(out, node)) continue;
    out << "u(" << node.number << ")  ";
    pad(out, node.name.plain, 10);
    out << "  ";
    pad(out, node.op, 12);
    out << "  " << to_string(node.value.type.shape);
    if (!node.parents.empty()) out << "  from";
    for (const NodeId parent : node.parents) out << ' ' << trace.node(parent).name.plain;
    out << '\n';
  }
}

void print_table(std::ostream& out, const Trace& trace, const TraceFold& fold) {
  std::size_t name = 4, value = 5;
  const auto shown = [&](const TraceEntry& e) { return !fold.contains(trace.node(e.node).group); };
  const auto number = [](const TraceValue& v) {
    return v.type.shape.is_scalar() ? to_text(v.elements.at(0))
           : v.in_full()
               ? to_text(v)
               : to_string(v.type.shape) + " " + digits(v.min, 4) + " to " + digits(v.max, 4);
  };
  for (const TraceEntry& e : trace.entries) {
    if (!shown(e)) continue;
    name = std::max(name, width_of(trace.node(e.node).name.plain));
    value = std::max(value, width_of(number(trace.node(e.node).value)));
  }
  value = std::min<std::size_t>(value, 40);
  out << "gradient table of " << trace.title << '\n';
  FoldedGroups folded(trace, fold);
  for (const TraceEntry& e : trace.entries) {
    const TraceNode& node = trace.node(e.node);
    if (folded.hide(out, node)) continue;
    pad(out, node.name.plain, name);
    out << "  ";
    pad(out, number(node.value), value);
    const bool several = e.contributions.size() > 1;
    out << "  " << chain({e.name.plain, number(e.value), several ? e.sum_numbers.plain : ""});
    if (several) {
      out << " (via";
      for (const TraceContribution& c : e.contributions) {
        out << ' ' << trace.node(c.child).name.plain;
      }
      out << ')';
    }
    if (e.check.verdict != "none") out << "  " << e.check.verdict;
    out << '\n';
  }
}

void print_all(std::ostream& out, const Trace& trace, const TraceFold& fold) {
  const std::vector<TraceLine> lines = lines_of(trace, fold);
  for (std::size_t k = 0; k < lines.size(); ++k) {
    std::string position = std::to_string(k + 1);
    position.insert(0, 4 - std::min<std::size_t>(4, position.size()), ' ');
    out << position << "  " << to_text(trace, lines[k]) << '\n';
  }
  out << '\n';
  print_table(out, trace, fold);
}

}  // namespace tapewise
