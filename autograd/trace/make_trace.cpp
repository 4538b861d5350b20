#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <tapewise/autograd/backward.hpp>
#include <tapewise/autograd/graph_walk.hpp>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/numbers_table.hpp>
#include <tapewise/autograd/trace/notation.hpp>
#include <tapewise/autograd/trace/numeric_column.hpp>
#include <tapewise/autograd/trace/trace.hpp>
#include <tapewise/autograd/trace/value.hpp>

namespace tapewise {

namespace {

bool is_number(const Var& v) { return &v.op() == &constant_op() && v.shape().is_scalar(); }

std::string group_of(std::string_view label) {
  const std::size_t end = label.find_last_of("./");
  return end == std::string_view::npos ? std::string() : std::string(label.substr(0, end));
}

/// A text that stands as an operand or a factor.
TraceText as_factor(const TraceText& text) {
  const bool loose = text.plain.find(' ') != std::string::npos || text.plain.starts_with('-');
  return loose && !text.plain.ends_with(']') ? notation::in_brackets(text) : text;
}

class Maker {
 public:
  Maker(const GradientTable& table, std::span<const Var> updates, const TraceOptions& options)
      : table_(table), updates_(updates), options_(options), tape_(table.output().tape()) {}

  Trace make() {
    trace_.output = table_.output().id();
    trace_.title = table_.output().name();
    add_forward();
    differentiated_ = table_.nodes();
    std::reverse(differentiated_.begin(), differentiated_.end());
    add_b();
    add_entries();
    add_updates();
    add_steps();
    return std::move(trace_);
  }

 private:
  // --- the graph ---

  void add_forward() {
    const NodeId output = table_.output().id();
    const auto ids = ancestors(tape_, std::span(&output, 1), [](NodeId) { return false; });
    for (const NodeId id : ids) {
      TraceNode node;
      node.number = trace_.nodes.size() + 1;
      node.labelled = !tape_.label(id).empty();
      node.name = node.labelled ? notation::variable(tape_.label(id))
                                : notation::variable("u_" + std::to_string(node.number));
      names_[id] = node.name;
      fill(node, tape_.var(id));
      node.group = node.labelled ? group_of(tape_.label(id)) : inherited_group(node);
      groups_[id] = node.group;
      trace_.nodes.push_back(std::move(node));
    }
    trace_.forward_nodes = trace_.nodes.size();
    trace_.title = names_[output].plain;
  }

  /// An op without a label belongs where its leaves do, else where its newest parent does.
  std::string inherited_group(const TraceNode& node) const {
    std::string group;
    NodeId newest = 0;
    bool from_leaf = false;
    for (const NodeId parent : node.parents) {
      const std::string& its = groups_.at(parent);
      const bool leaf = tape_.op(parent).traits.leaf;
      if (its.empty() || (from_leaf && !leaf)) continue;
      if (parent >= newest || (leaf && !from_leaf)) {
        group = its;
        newest = parent;
        from_leaf = leaf;
      }
    }
    return group;
  }

  void fill(TraceNode& node, const Var& v) {
    const OpRecord& op = v.op();
    node.id = v.id();
    node.op = op.name;
    node.family = op.family;
    node.role = op.traits.leaf ? node.op : "op";
    node.rule = op.formula;
    if (op.attribute_text != nullptr) node.attribute = op.attribute_text(v.attribute_data());
    const auto parents = tape_.parents(v.id());
    node.parents.assign(parents.begin(), parents.end());
    const SourceLine where = v.node().where;
    if (where.line != 0) node.where = to_string(where);
    node.value = value_of(v, options_);
    if (op.traits.leaf) {
      node.formula = node.name;
      if (v.shape().is_scalar()) node.numbers = number_text(v);
      return;
    }
    node.formula = notation::formula(op, operands(v, false), v.attribute_data());
    node.numbers = notation::formula(op, operands(v, true), v.attribute_data());
  }

  TraceText number_text(const Var& v) const {
    return notation::number(number_at(v.dtype(), tape_.value(v.id()), 0));
  }

  /// The operands as they stand in a formula: names, or the numbers of those that are scalars.
  std::vector<TraceText> operands(const Var& v, bool numbers) {
    std::vector<TraceText> texts;
    for (std::size_t k = 0; k < v.parent_count(); ++k) {
      const Var parent = v.parent(k);
      texts.push_back((numbers && parent.shape().is_scalar()) || is_number(parent)
                          ? number_text(parent)
                          : name(parent.id()));
    }
    return texts;
  }

  TraceText name(NodeId id) const {
    const auto known = names_.find(id);
    if (known != names_.end()) return known->second;
    const std::string_view label = tape_.label(id);
    return notation::variable(label.empty() ? "b_" + std::to_string(id) : std::string(label));
  }

  // --- subgraph B ---

  /// The nodes of B, each under the first entry, from the output down, that needs it.
  void add_b() {
    std::map<NodeId, NodeId> owner;
    const auto claim = [&](const Var& root, NodeId node) {
      const NodeId id = root.id();
      for (const NodeId found : ancestors(tape_, std::span(&id, 1), [&](NodeId n) {
             return names_.contains(n) || owner.contains(n);
           })) {
        owner.emplace(found, node);
      }
    };
    for (const Var& node : differentiated_) {
      for (const Contribution& c : table_.contributions(node)) {
        if (c.term.has_tape()) claim(c.term, node.id());
      }
      const Var entry = table_[node];
      claim(entry, node.id());
      entry_of_.emplace(entry.id(), node.id());
    }
    for (const Var& update : updates_) claim(update, update.parent(0).id());
    for (const auto& [id, belongs_to] : owner) {
      const auto entry = entry_of_.find(id);
      if (entry != entry_of_.end()) names_[id] = notation::nabla(name(entry->second));
    }
    for (const auto& [id, belongs_to] : owner) {
      TraceNode node;
      node.in_b = true;
      node.belongs_to = belongs_to;
      node.labelled = !tape_.label(id).empty();
      node.name = name(id);
      fill(node, tape_.var(id));
      node.group = groups_[belongs_to];
      trace_.nodes.push_back(std::move(node));
    }
  }

  /// What B computes at a node, written out down to G and to other entries, with names or with the
  /// numbers of scalars. `incoming` is an entry that is called by its own name, as several nodes
  /// can share one.
  TraceText expression(const Var& v, const Contribution* incoming, bool numbers, int depth = 6) {
    const bool is_incoming = incoming != nullptr && same_node(v, table_[incoming->child]);
    const bool named = depth < 6 && (names_.contains(v.id()) || depth == 0);
    const bool leaf = v.parent_count() == 0;
    if (is_number(v) || (numbers && v.shape().is_scalar() && (is_incoming || named || leaf))) {
      return number_text(v);
    }
    if (is_incoming) return notation::nabla(name(incoming->child.id()));
    if (named || leaf) return name(v.id());
    std::vector<TraceText> texts;
    for (std::size_t k = 0; k < v.parent_count(); ++k) {
      const TraceText text = expression(v.parent(k), incoming, numbers, depth - 1);
      texts.push_back(v.op().traits.elementwise ? as_factor(text) : text);
    }
    return notation::formula(v.op(), texts, v.attribute_data());
  }

  // --- the table ---

  void add_entries() {
    const auto checks = numeric_column(table_, differentiated_, options_);
    const TraceText output = name(table_.output().id());
    for (std::size_t p = 0; p < differentiated_.size(); ++p) {
      const Var& node = differentiated_[p];
      const Var gradient = table_[node];
      TraceEntry entry;
      entry.node = node.id();
      entry.gradient = gradient.id();
      entry.name = notation::derivative(output, name(node.id()));
      entry.value = value_of(gradient, options_);
      entry.check = checks[p];
      std::vector<TraceText> terms, numbers;
      for (const Contribution& c : table_.contributions(node)) {
        entry.contributions.push_back(contribution(node, c));
        const TraceContribution& made = entry.contributions.back();
        terms.push_back(made.product);
        if (node.shape().is_scalar()) {
          numbers.push_back(notation::number(made.value.elements.at(0)));
        }
      }
      if (terms.empty()) {
        terms.push_back({"1", "1", "<mn>1</mn>"});
        if (gradient.shape().is_scalar()) numbers.push_back(number_text(gradient));
      }
      entry.sum = notation::sum(terms);
      if (!numbers.empty()) entry.sum_numbers = notation::sum(numbers);
      trace_.entries.push_back(std::move(entry));
    }
  }

  TraceContribution contribution(const Var& node, const Contribution& c) {
    TraceContribution made;
    made.child = c.child.id();
    made.use = c.use;
    const OpRecord& op = c.child.op();
    made.rule = op.derivative;
    if (c.term.has_tape()) {
      made.term = c.term.id();
      made.value = value_of(c.term, options_);
    } else {
      made.value = zeros(node.type(), options_);
    }
    const bool elementwise = op.partial != nullptr;
    made.kind = !c.term.has_tape() ? "zero" : elementwise ? "product" : "vjp";
    if (elementwise) {
      write_product(made, node, c);
    } else if (c.term.has_tape()) {
      made.product = expression(c.term, &c, false);
    } else {
      made.product = made.product_numbers = {"0", "0", "<mn>0</mn>"};
    }
    return made;
  }

  void write_product(TraceContribution& made, const Var& node, const Contribution& c) {
    const OpRecord& op = c.child.op();
    const void* attribute = c.child.attribute_data();
    made.derivative =
        notation::partial(op, c.use, operands(c.child, false), name(c.child.id()), attribute);
    const auto derivatives = local_derivatives(c.child, static_cast<std::size_t>(c.use));
    made.derivative_value = value_of(derivatives, c.child.type(), options_);
    const TraceText incoming = notation::nabla(name(c.child.id()));
    made.product = notation::product(incoming, as_factor(made.derivative));
    made.summed = node.shape() != c.child.shape();
    if (c.child.shape().is_scalar()) {
      made.derivative_numbers =
          notation::partial(op, c.use, operands(c.child, true), number_text(c.child), attribute);
      made.product_numbers =
          notation::product(number_text(table_[c.child]), notation::number(derivatives.at(0)));
    }
    if (made.summed) {
      made.product = notation::summed(made.product);
      if (!made.product_numbers.plain.empty()) {
        made.product_numbers = notation::summed(made.product_numbers);
      }
    }
  }

  // --- updates and steps ---

  void add_updates() {
    for (const Var& assign : updates_) {
      const Var leaf = assign.parent(0), next = assign.parent(1);
      TraceUpdate update;
      update.leaf = leaf.id();
      update.assign = assign.id();
      update.before = value_of(leaf, options_);
      update.after = value_of(next, options_);
      update.formula = expression(next, nullptr, false);
      if (next.shape().is_scalar()) update.numbers = expression(next, nullptr, true);
      trace_.updates.push_back(std::move(update));
    }
  }

  void add_steps() {
    using Kind = TraceStep::Kind;
    for (std::size_t p = 0; p < trace_.forward_nodes; ++p) {
      if (trace_.nodes[p].role != "constant" || trace_.nodes[p].labelled) {
        trace_.steps.push_back({Kind::forward, p, 0});
      }
    }
    for (std::size_t p = 0; p < trace_.entries.size(); ++p) {
      const std::size_t terms = trace_.entries[p].contributions.size();
      if (terms == 0) trace_.steps.push_back({Kind::seed, p, 0});
      for (std::size_t t = 0; t < terms; ++t) {
        trace_.steps.push_back({Kind::contribution, p, t});
      }
      if (terms > 0) trace_.steps.push_back({Kind::sum, p, 0});
    }
    for (std::size_t p = 0; p < trace_.updates.size(); ++p) {
      trace_.steps.push_back({Kind::update, p, 0});
    }
  }

  const GradientTable& table_;
  std::span<const Var> updates_;
  const TraceOptions& options_;
  Tape& tape_;
  Trace trace_;
  std::vector<Var> differentiated_;  // the output first
  std::map<NodeId, TraceText> names_;
  std::map<NodeId, std::string> groups_;
  std::map<NodeId, NodeId> entry_of_;  // of a node of B: the node of G whose entry it is
};

}  // namespace

std::string_view name_of(TraceStep::Kind kind) {
  switch (kind) {
    case TraceStep::Kind::forward: return "forward";
    case TraceStep::Kind::seed: return "seed";
    case TraceStep::Kind::contribution: return "contribution";
    case TraceStep::Kind::sum: return "sum";
    default: return "update";
  }
}

const TraceNode& Trace::node(NodeId id) const {
  // Both parts are ascending: nodes of G, then of B.
  const auto middle = nodes.begin() + static_cast<std::ptrdiff_t>(forward_nodes);
  const auto find = [&](auto first, auto last) {
    const auto found = std::lower_bound(
        first, last, id, [](const TraceNode& n, NodeId wanted) { return n.id < wanted; });
    return found != last && found->id == id ? &*found : nullptr;
  };
  const TraceNode* found = find(nodes.begin(), middle);
  if (found == nullptr) found = find(middle, nodes.end());
  if (found == nullptr) throw HandleError("[trace] no node %" + std::to_string(id) + " in it");
  return *found;
}

const TraceEntry* Trace::entry(NodeId id) const {
  // Entries go from the output down.
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), id,
                       [](const TraceEntry& e, NodeId wanted) { return e.node > wanted; });
  return found != entries.end() && found->node == id ? &*found : nullptr;
}

Trace make_trace(const GradientTable& table, std::span<const Var> updates,
                 const TraceOptions& options) {
  return Maker(table, updates, options).make();
}

Trace make_trace(const Var& output, const TraceOptions& options) {
  const Tape::Transaction leaves_the_tape_as_it_was(output.tape());
  return make_trace(backward(output), {}, options);
}

}  // namespace tapewise
