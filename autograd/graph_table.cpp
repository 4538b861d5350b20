#include <tapewise/autograd/graph_table.hpp>

#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/autograd/huge_pages.hpp>

namespace tapewise {

GraphTable::GraphTable(Subgraph& G, const Var& seed)
    : G_(G), seed_(seed), table_(std::make_shared<GradientTable::Entries>()) {
  table_->entries = huge_vector<GradientTable::Handle>(G.size());
  table_->begin = huge_vector<std::uint32_t>(G.size() + 1);
  reserve_huge(table_->terms, G.uses_count());
}

GradientTable::Handle GraphTable::handle(const Var& v) {
  return v.has_tape() ? GradientTable::Handle{v.id(), v.tape().generation(v.id())}
                      : GradientTable::Handle{};
}

Var GraphTable::entry(std::size_t j) const {
  const auto [id, generation] = table_->entries[j];
  return generation == 0 ? Var{} : Var(G_.tape(), id, generation);
}

void GraphTable::set_to_one(std::size_t n) { table_->entries[n] = handle(seed_); }

Var GraphTable::vjp(std::size_t i, std::size_t use) {
  const Var g = entry(i);
  if (!g.has_tape()) return {};  // a structural zero has nothing to pass on
  Tape& tape = G_.tape();
  const Var y = tape.var(G_.node(i));
  const OpRecord& op = tape.op(y.id());
  if (op.vjp == nullptr) {
    throw GradientError(
        tape.describe(y.id(), "[" + std::string(op.name) +
                                  "] gives no derivative: add a vjp to its rule, or wrap "
                                  "the operand in stop_gradient"));
  }
  const Tape::BScope scope(tape, tape.where(y.id()));
  const Var term = op.vjp({y, g, static_cast<int>(use)});
  if (term.has_tape()) tape.require_own(term, "backward");
  if (term.has_tape() && !tape.same_type(term.id(), tape.parents(y.id())[use])) {
    throw GradientError(
        tape.describe(y.id(), "[" + std::string(op.name) + "] its vjp for operand " +
                                  std::to_string(use + 1) + " gave " + to_string(term.type()) +
                                  ", the operand is " + to_string(y.parent(use).type())));
  }
  return term;
}

void GraphTable::look_ahead(std::size_t j) const {
  constexpr std::size_t far = 16, near = 8, next = 4;
  const auto children = G_.children(j);
  const std::size_t done = table_->begin[j];
  if (done + far < children.size()) {
    __builtin_prefetch(&G_.nodes()[children[done + far].child]);
    __builtin_prefetch(&table_->entries[children[done + far].child]);
  }
  const PackedNode* nodes = G_.tape().packed_nodes();
  if (done + near < children.size()) {
    __builtin_prefetch(nodes + G_.node(children[done + near].child));
    __builtin_prefetch(nodes + table_->entries[children[done + near].child].id);
  }
  if (done + next < children.size()) {
    const PackedNode& child = nodes[G_.node(children[done + next].child)];
    __builtin_prefetch(G_.tape().packed_parents() + child.parents_begin);
  }
}

void GraphTable::add(std::size_t j, std::size_t i, std::size_t use, const Var& term) {
  Tape& tape = G_.tape();
  look_ahead(j);
  table_->terms.push_back({G_.node(i), static_cast<std::uint32_t>(use), handle(term)});
  ++table_->begin[j];  // counted here, added up at the end
  if (!term.has_tape()) return;
  GradientTable::Handle& sum = table_->entries[j];
  if (sum.generation == 0) {
    sum = handle(term);
  } else {
    const Tape::BScope scope(tape, tape.where(G_.node(j)));
    sum = handle(cotangent_sum(entry(j), term));
  }
}

GradientTable GraphTable::finish(const Var& output, bool only_wanted) {
  table_->only_wanted = only_wanted;
  // Terms were collected from the last node to the first.
  std::uint32_t end = 0;
  for (std::size_t p = G_.size(); p-- > 0;) {
    end += table_->begin[p];
    table_->begin[p] = end;
  }
  table_->nodes = G_.take_nodes();
  GradientTable result;
  result.output_ = output;
  result.table_ = std::move(table_);
  return result;
}

}  // namespace tapewise
