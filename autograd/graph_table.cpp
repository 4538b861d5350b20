#include <tapewise/autograd/graph_table.hpp>

#include <algorithm>
#include <tapewise/autograd/cotangent.hpp>

namespace tapewise {

GraphTable::GraphTable(const Subgraph& G, const Var& seed)
    : G_(G), seed_(seed), entries_(G.size()), counts_(G.size()) {}

Var GraphTable::vjp(std::size_t i, std::size_t use) {
  const Var& g = entries_[i];
  if (!g.has_tape()) return {};  // a structural zero has nothing to pass on
  Tape& tape = G_.tape();
  const Var y = tape.var(G_.node(i));
  const OpRecord& op = y.op();
  if (op.vjp == nullptr) {
    throw GradientError(
        tape.describe(y.id(), "[" + std::string(op.name) +
                                  "] gives no derivative: add a vjp to its rule, or wrap "
                                  "the operand in stop_gradient"));
  }
  const Tape::BScope scope(tape, y.node().where);
  const Var term = op.vjp({y, g, static_cast<int>(use)});
  if (term.has_tape() && term.type() != y.parent(use).type()) {
    throw GradientError(
        tape.describe(y.id(), "[" + std::string(op.name) + "] its vjp for operand " +
                                  std::to_string(use + 1) + " gave " + to_string(term.type()) +
                                  ", the operand is " + to_string(y.parent(use).type())));
  }
  return term;
}

void GraphTable::add(std::size_t j, std::size_t i, std::size_t use, const Var& term) {
  Tape& tape = G_.tape();
  contributions_.push_back({tape.var(G_.node(i)), static_cast<int>(use), term});
  ++counts_[j];
  if (!term.has_tape()) return;
  const Tape::BScope scope(tape, tape.node(G_.node(j)).where);
  entries_[j] = entries_[j].has_tape() ? cotangent_sum(entries_[j], term) : term;
}

GradientTable GraphTable::finish(const Var& output, bool only_wanted) {
  auto table = std::make_shared<GradientTable::Entries>();
  const std::size_t n = G_.size();
  table->only_wanted = only_wanted;
  table->nodes.reserve(n);
  for (std::size_t p = 0; p < n; ++p) table->nodes.push_back(G_.tape().var(G_.node(p)));
  table->entries = std::move(entries_);
  // They were collected from the last node to the first; each node's own are in order.
  table->begin.assign(n + 1, 0);
  for (std::size_t p = 0; p < n; ++p) table->begin[p + 1] = table->begin[p] + counts_[p];
  table->contributions.reserve(contributions_.size());
  std::size_t end = contributions_.size();
  for (std::size_t p = 0; p < n; ++p) {
    const std::size_t first = end - counts_[p];
    table->contributions.insert(table->contributions.end(),
                                contributions_.begin() + static_cast<std::ptrdiff_t>(first),
                                contributions_.begin() + static_cast<std::ptrdiff_t>(end));
    end = first;
  }
  GradientTable result;
  result.output_ = output;
  result.table_ = std::move(table);
  return result;
}

}  // namespace tapewise
