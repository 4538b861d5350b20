#include <tapewise/autograd/tape.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <tapewise/autograd/forward.hpp>
#include <tapewise/autograd/leaves.hpp>
#include <unordered_map>

namespace tapewise {

namespace {

std::string recorded_at(const SourceLine& where, NodeId id) {
  return "\n  recorded at " + to_string(where) + " as %" + std::to_string(id);
}

std::size_t hash_of(const Type& type) {
  std::size_t h = static_cast<std::size_t>(type.dtype) + 1;
  for (const std::int64_t size : type.shape) h = h * 1000003U + static_cast<std::size_t>(size) + 1;
  return h;
}

/// A number as the bytes of an element.
std::uint64_t bits_of(const ArrayView& number) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, number.data(), number.type().bytes());
  return bits;
}

}  // namespace

ShapeError TypeArgs::shape_error(const std::string& what) const {
  return ShapeError("[" + std::string(op.name) + "] " + what + recorded_at(where, id));
}
TypeError TypeArgs::type_error(const std::string& what) const {
  return TypeError("[" + std::string(op.name) + "] " + what + recorded_at(where, id));
}
DomainError TypeArgs::domain_error(const std::string& what) const {
  return DomainError("[" + std::string(op.name) + "] " + what + recorded_at(where, id));
}

struct Tape::Index {
  struct Literal {
    std::uint64_t bits = 0;
    DType dtype = DType::float64;
    NodeId id = 0;
    std::uint32_t generation = 0;  // 0: an empty place
  };

  std::unordered_multimap<std::size_t, std::uint32_t> types_by_hash;
  std::unordered_map<const Cell*, NodeId> leaf_of_cell;
  std::unordered_map<const Clock*, std::uint32_t> clock_uses;
  std::map<NodeId, std::string> labels;
  std::unordered_map<NodeId, NodeId> reads;  // node -> the first node recorded after it was read
  std::array<Literal, 64> literals;          // constants recorded for plain numbers, by hash
};

Tape::Tape() : own_clock_(std::make_shared<Clock>()), index_(std::make_unique<Index>()) {
  attributes_.push_back(0);  // position 0 stands for "no attribute"
}
Tape::~Tape() = default;

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
  const std::uint64_t bits = bits_of(number_as(ArrayView(number), dtype, "constant"));
  Index::Literal& known = index_->literals[bits * 0x9E3779B97F4A7C15U >> 58U];
  if (known.generation == 0 || known.bits != bits || known.dtype != dtype || known.id >= size() ||
      nodes_[known.id].generation != known.generation) {
    const LeafAttribute attribute{LeafAttribute::no_cell, bits};
    known.id = append(constant_op(), {}, intern({dtype, {}}), &attribute, where);
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

// --- recording ----------------------------------------------------------------------------------

/// What a plain number becomes: the dtype of the first operand that is not a mask. A number that
/// meets masks only takes the dtype of what the mask has compared.
DType Tape::literal_dtype(std::span<const OperandRef> operands) const {
  const Operand* mask = nullptr;
  for (const OperandRef& ref : operands) {
    const Operand& operand = *ref;
    if (operand.is_number()) continue;
    const DType d = operand.is_var() ? operand.var().dtype() : operand.array()->type().dtype;
    if (d != DType::boolean) return d;
    if (mask == nullptr && operand.is_var()) mask = &operand;
  }
  if (mask == nullptr) return DType::float64;
  NodeId id = mask->var().id();
  while (type(id).dtype == DType::boolean && !parents(id).empty()) id = parents(id)[0];
  return type(id).dtype == DType::boolean ? DType::float64 : type(id).dtype;
}

void Tape::require_fit(double number, DType dtype, const OpRecord& op, SourceLine where) const {
  if (is_float(dtype)) return;
  try {
    (void)number_as(ArrayView(number), dtype, op.name.data());
  } catch (const TypeError& error) {
    throw TypeError(error.what() + recorded_at(where, size()));
  }
}

Var Tape::record(const OpRecord& op, std::span<const OperandRef> operands, const void* attribute,
                 SourceLine where) {
  constexpr std::size_t few = 8;
  const std::size_t n = operands.size();
  if (in_b_) where = b_line_;

  // The operands' types first: nothing is appended before the shape rule has agreed.
  std::array<Type, few> few_literals;
  std::array<const Type*, few> few_types;
  std::array<NodeId, few> few_ids;
  std::vector<Type> many_literals(n > few ? n : 0);
  std::vector<const Type*> many_types(n > few ? n : 0);
  std::vector<NodeId> many_ids(n > few ? n : 0);
  Type* literals = n > few ? many_literals.data() : few_literals.data();
  const Type** types = n > few ? many_types.data() : few_types.data();
  NodeId* ids = n > few ? many_ids.data() : few_ids.data();

  bool one_type = op.traits.same_type;
  bool only_vars = true;
  const Operand* first_var = nullptr;
  DType number_dtype{};
  for (std::size_t k = 0; k < n; ++k) {
    const Operand& operand = *operands[k];
    if (operand.is_var()) {
      require_own(operand.var(), op.name.data());
      ids[k] = operand.var().id();
      types[k] = types_[nodes_[ids[k]].type].get();
      if (first_var == nullptr) first_var = &operand;
      one_type = one_type && nodes_[ids[k]].type == nodes_[first_var->var().id()].type;
      continue;
    }
    if (operand.is_number()) {
      if (only_vars) number_dtype = literal_dtype(operands);
      literals[k] = {operand.number_dtype() == DType::boolean ? DType::boolean : number_dtype, {}};
      require_fit(operand.number(), literals[k].dtype, op, where);
    } else {
      literals[k] = operand.array()->type();
      one_type = false;
    }
    types[k] = &literals[k];
    only_vars = false;
  }
  const TypeArgs args{op, {types, n}, attribute, where, size()};
  std::uint32_t type = 0;
  if (one_type && first_var != nullptr && op.dtypes.contains(first_var->var().dtype())) {
    type = nodes_[first_var->var().id()].type;
  } else {
    const Type inferred = op.type(args);
    if (!is_addressable(inferred)) {
      throw args.shape_error("the result " + to_string(inferred) + " is larger than memory can be");
    }
    type = intern(inferred);
  }
  if (!only_vars) {
    for (std::size_t k = 0; k < n; ++k) {
      if (operands[k]->is_var()) continue;
      ids[k] = operands[k]->is_number()
                   ? literal(operands[k]->number(), literals[k].dtype, where).id()
                   : constant(*operands[k]->array(), {}, where).id();
    }
  }
  return var(append(op, {ids, n}, type, attribute, where));
}

NodeId Tape::append(const OpRecord& op, std::span<const NodeId> parents, std::uint32_t type,
                    const void* attribute, SourceLine where) {
  if (nodes_.size() >= std::size_t{0xFFFFFFF0U} || parents_.size() >= std::size_t{0xFFFFFF00U}) {
    throw Error("[tape] a tape holds at most 2^32 nodes and uses");
  }
  Node node;
  node.op = &op;
  node.where = in_b_ ? b_line_ : where;
  node.in_b = in_b_;
  node.parents_begin = static_cast<std::uint32_t>(parents_.size());
  node.parents_count = static_cast<std::uint32_t>(parents.size());
  node.type = type;
  node.generation = generation_;
  node.variable = op.traits.leaf && &op != &constant_op();
  bool active = node.variable;
  for (const NodeId p : parents) {
    active = active || nodes_[p].active;
    node.variable = node.variable || nodes_[p].variable;
  }
  node.active = active && is_float(types_[type]->dtype) && !op.traits.stops_gradient;
  if (op.attribute_bytes > 0) {
    const std::size_t words = (op.attribute_bytes + 7) / 8;
    node.attribute = static_cast<std::uint32_t>(attributes_.size());
    attributes_.resize(attributes_.size() + words);
    std::memcpy(attributes_.data() + node.attribute, attribute, op.attribute_bytes);
  }
  parents_.insert(parents_.end(), parents.begin(), parents.end());
  nodes_.push_back(node);
  return size() - 1;
}

std::uint32_t Tape::intern(const Type& type) {
  const std::size_t h = hash_of(type);
  const auto [begin, end] = index_->types_by_hash.equal_range(h);
  for (auto it = begin; it != end; ++it) {
    if (*types_[it->second] == type) return it->second;
  }
  types_.push_back(std::make_unique<const Type>(type));
  const auto index = static_cast<std::uint32_t>(types_.size() - 1);
  index_->types_by_hash.emplace(h, index);
  return index;
}

std::vector<Type> Tape::types() const {
  std::vector<Type> all;
  for (const auto& type : types_) all.push_back(*type);
  return all;
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
  std::string text = what + recorded_at(nodes_[id].where, id);
  if (const auto l = label(id); !l.empty()) text += " \"" + std::string(l) + "\"";
  return text;
}

std::span<std::uint32_t> Tape::visited() {
  if (visited_.size() < nodes_.size()) visited_.resize(nodes_.capacity());
  return visited_;
}

void Tape::note_read(NodeId id) {
  if (nodes_[id].variable) index_->reads.try_emplace(id, size());
}

std::vector<NodeId> Tape::reads_before(NodeId newest) const {
  std::vector<NodeId> ids;
  for (const auto& [id, recorded_before] : index_->reads) {
    if (recorded_before <= newest) ids.push_back(id);
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
  if (nodes_[condition.id()].variable) guards_.push_back({condition.id(), taken, size()});
  return taken;
}

// --- rewind -------------------------------------------------------------------------------------

Mark Tape::mark() const {
  return {size(),          nodes_.empty() ? 0 : nodes_.back().generation,
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
  nodes_.resize(mark.size);
  parents_.resize(mark.parents);
  attributes_.resize(mark.attributes);
  guards_.resize(mark.guards);
  index_->labels.erase(index_->labels.lower_bound(mark.size), index_->labels.end());
  std::erase_if(index_->reads, [&](const auto& read) { return read.first >= mark.size; });
  values_.shrink(mark.size);
  ++generation_;
}

void Tape::clear() { rewind(Mark{0, 0, 0, 1, 0, 0}); }

}  // namespace tapewise
