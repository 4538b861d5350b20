#include <tapewise/autograd/tape.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <tapewise/autograd/forward.hpp>
#include <tapewise/autograd/huge_pages.hpp>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/tape_index.hpp>
#include <unordered_map>

namespace tapewise {

namespace {

/// A number as the bytes of an element.
std::uint64_t bits_of(const ArrayView& number) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, number.data(), number.type().bytes());
  return bits;
}

}  // namespace

ShapeError TypeArgs::shape_error(const std::string& what) const {
  return ShapeError(named(op.name, composer) + what + recorded_at(where, id));
}
TypeError TypeArgs::type_error(const std::string& what) const {
  return TypeError(named(op.name, composer) + what + recorded_at(where, id));
}
DomainError TypeArgs::domain_error(const std::string& what) const {
  return DomainError(named(op.name, composer) + what + recorded_at(where, id));
}

Tape::Tape()
    : own_clock_(std::make_shared<Clock>()),
      index_(std::make_unique<Index>()),
      life_(std::make_shared<char>()) {
  attributes_.push(0);  // position 0 stands for "no attribute"
  files_.push("");
  composers_.push(no_composer);
}
Tape::~Tape() = default;

std::weak_ptr<const void> Tape::life() const { return life_; }
std::span<const Guard> Tape::guards() const { return guards_; }
std::span<const Checkpoint> Tape::checkpoints() const { return checkpoints_; }
void Tape::add_checkpoint(NodeId begin) { checkpoints_.push_back({begin, size()}); }

// --- leaves -------------------------------------------------------------------------------------

Var Tape::input(const ArrayView& initial, std::string_view label, SourceLine where) {
  return leaf(input_op(), std::make_shared<Cell>(initial, own_clock_), label, where);
}

Var Tape::parameter(const ArrayView& initial, std::string_view label, SourceLine where) {
  return leaf(parameter_op(), std::make_shared<Cell>(initial, own_clock_), label, where);
}

Var Tape::attach_parameter(const CellPtr& cell, std::string_view label, SourceLine where) {
  return leaf(parameter_op(), cell, label, where);
}

Var Tape::attach_input(const CellPtr& cell, std::string_view label, SourceLine where) {
  return leaf(input_op(), cell, label, where);
}

Var Tape::constant(const ArrayView& value, std::string_view label, SourceLine where) {
  if (!value.type().shape.is_scalar()) {
    return leaf(constant_op(), std::make_shared<Cell>(value, own_clock_), label, where);
  }
  const LeafAttribute attribute{LeafAttribute::no_cell, bits_of(value)};
  const Var v = var(append(constant_op(), {}, intern(value.type()), &attribute, where));
  return label.empty() ? v : v.named(label);
}

Var Tape::leaf(const OpRecord& op, const CellPtr& cell, std::string_view label, SourceLine where) {
  if (cell == nullptr) throw HandleError("[" + std::string(op.name) + "] the cell is null");
  if (const auto known = index_->leaf_of_cell.find(cell.get());
      known != index_->leaf_of_cell.end()) {
    const Var v = var(known->second);
    if (&v.op() == &op) return v;
    throw TypeError(describe(v.id(), "[" + std::string(op.name) + "] this cell is on the tape as " +
                                         std::string(v.op().name) + " already"));
  }
  const LeafAttribute attribute{cells_.size(), 0};
  const NodeId id = append(op, {}, intern(cell->type()), &attribute, where);
  if (&op != &constant_op()) index_->leaf_of_cell.emplace(cell.get(), id);
  attach(cell);
  return label.empty() ? var(id) : var(id).named(label);
}

Var Tape::literal(double number, DType dtype, SourceLine where) {
  const std::uint64_t bits = dtype == DType::float64
                                 ? std::bit_cast<std::uint64_t>(number)
                                 : bits_of(number_as(ArrayView(number), dtype, "constant"));
  Index::Literal& known = index_->literals[bits * 0x9E3779B97F4A7C15U >> 58U];
  if (known.generation == 0 || known.bits != bits || known.dtype != dtype || known.id >= size() ||
      nodes_[known.id].generation != known.generation) {
    const LeafAttribute attribute{LeafAttribute::no_cell, bits};
    known.id = append(constant_op(), {}, scalar_type(dtype), &attribute, where);
    known = {bits, dtype, known.id, nodes_[known.id].generation};
  }
  return var(known.id);
}

const CellPtr& Tape::cell(NodeId id) const {
  static const CellPtr none;
  LeafAttribute a;
  std::memcpy(&a, attribute(id), sizeof a);
  return a.cell == LeafAttribute::no_cell ? none : cells_[a.cell];
}

void Tape::attach(const CellPtr& cell) {
  cells_.push_back(cell);
  const auto& clock = cell->clock();
  if (index_->clock_uses[clock.get()]++ == 0) {
    epoch_base_ -= clock->ticks();
    clocks_.push_back(clock);
  }
}

void Tape::detach(const CellPtr& cell) {
  const auto& clock = cell->clock();
  if (--index_->clock_uses[clock.get()] > 0) return;
  index_->clock_uses.erase(clock.get());
  epoch_base_ += clock->ticks();
  std::erase(clocks_, clock);
}

std::uint64_t Tape::epoch() const {
  std::uint64_t sum = epoch_base_;
  for (const auto& clock : clocks_) sum += clock->ticks();
  return sum;
}

// --- handles, labels ----------------------------------------------------------------------------

void Tape::refuse_handle(const Var& v, const char* who) const {
  const std::string start = "[" + std::string(who) + "] ";
  if (v.tape_ == nullptr) throw HandleError(start + "the Var is empty: it was never recorded");
  if (v.tape_ != this) {
    throw HandleError(start + v.tape_->describe(v.id_,
                                                "the node is on another tape; a graph lives "
                                                "on one tape"));
  }
  throw HandleError(start + "%" + std::to_string(v.id_) +
                    " was removed by rewind or clear: record it again");
}

Var Tape::operator[](NodeId id) {
  if (id >= size()) {
    throw HandleError("[tape] there is no node %" + std::to_string(id) + ", only " +
                      std::to_string(size()) + " nodes");
  }
  return var(id);
}

std::string_view Tape::label(NodeId id) const {
  const auto found = index_->labels.find(id);
  return found == index_->labels.end() ? std::string_view{} : std::string_view(found->second);
}

void Tape::set_label(NodeId id, std::string_view label) { index_->labels[id] = label; }

std::string Tape::describe(NodeId id, const std::string& what) const {
  if (id >= size()) return what;
  std::string text = named_by(what, op(id).name, composer(id)) + recorded_at(node(id).where, id);
  if (const auto l = label(id); !l.empty()) text += " \"" + std::string(l) + "\"";
  return text;
}

std::span<std::uint32_t> Tape::visited() {
  if (visited_.capacity() < nodes_.size()) {
    visited_ = {};  // old marks say nothing any more
    reserve_huge(visited_, nodes_.capacity());
  }
  if (visited_.size() < nodes_.size()) visited_.resize(nodes_.size());
  return visited_;
}

std::uint32_t Tape::new_tickets(std::size_t count) {
  if (count > ~next_ticket_) {  // they have all been used: begin anew
    std::fill(visited_.begin(), visited_.end(), 0);
    next_ticket_ = 1;
  }
  const std::uint32_t first = next_ticket_;
  next_ticket_ += static_cast<std::uint32_t>(count);
  return first;
}

void Tape::note_read(NodeId id) {
  PackedNode& node = nodes_[id];
  if (!node.has(PackedNode::is_variable) || node.has(PackedNode::was_read)) return;
  node.line_and_flags |= PackedNode::was_read;
  index_->reads.push_back({id, size()});
  std::push_heap(index_->reads.begin(), index_->reads.end());
}

std::vector<NodeId> Tape::reads_before(NodeId newest) const {
  std::vector<NodeId> ids;
  for (const auto& read : index_->reads) {
    if (read.recorded_before <= newest) ids.push_back(read.id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

// --- values, guards -----------------------------------------------------------------------------

const void* Tape::value(NodeId id) { return forward(*this, id); }

bool Tape::guard(const Var& condition) {
  require_own(condition, "guard");
  if (condition.type() != Type{DType::boolean, {}}) {
    throw TypeError(describe(
        condition.id(),
        "[guard] a C++ condition needs a bool scalar, this is " + to_string(condition.type())));
  }
  const bool taken = *static_cast<const bool*>(value(condition.id()));
  if (nodes_[condition.id()].has(PackedNode::is_variable))
    guards_.push_back({condition.id(), taken, size()});
  return taken;
}

// --- rewind -------------------------------------------------------------------------------------

Mark Tape::mark() const {
  return {size(),          nodes_.empty() ? 0 : nodes_[size() - 1].generation,
          parents_.size(), attributes_.size(),
          cells_.size(),   guards_.size()};
}

void Tape::rewind(const Mark& mark) {
  if (mark.size > size() || mark.guards > guards_.size() ||
      (mark.size > 0 && nodes_[mark.size - 1].generation != mark.generation)) {
    throw HandleError("[rewind] the mark was removed by an earlier rewind or clear");
  }
  forget_after(mark);
}

void Tape::forget_after(const Mark& mark) noexcept {
  if (mark.size == size() && mark.guards == guards_.size()) return;
  for (std::size_t c = mark.cells; c < cells_.size(); ++c) {
    if (const auto leaf = index_->leaf_of_cell.find(cells_[c].get());
        leaf != index_->leaf_of_cell.end() && leaf->second >= mark.size) {
      index_->leaf_of_cell.erase(leaf);
    }
    detach(cells_[c]);
  }
  cells_.resize(mark.cells);
  nodes_.shrink(mark.size);
  parents_.shrink(mark.parents);
  attributes_.shrink(mark.attributes);
  guards_.resize(mark.guards);
  while (!checkpoints_.empty() && checkpoints_.back().end > mark.size) checkpoints_.pop_back();
  index_->labels.erase(index_->labels.lower_bound(mark.size), index_->labels.end());
  auto& reads = index_->reads;
  while (!reads.empty() && reads.front().id >= mark.size) {
    std::pop_heap(reads.begin(), reads.end());
    reads.pop_back();
  }
  values_.shrink(mark.size);
  ++generation_;
}

void Tape::clear() { rewind(Mark{0, 0, 0, 1, 0, 0}); }

}  // namespace tapewise
