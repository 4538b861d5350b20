// How a node gets onto the tape: shape rule, type, packed node.
#include <algorithm>
#include <array>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/tape_index.hpp>

namespace tapewise {

namespace {

constexpr std::uint32_t no_type = 0xFFFFFFFFU;

std::size_t hash_of(const Type& type) {
  std::size_t h = static_cast<std::size_t>(type.dtype) + 1;
  for (const std::int64_t size : type.shape) h = h * 1000003U + static_cast<std::size_t>(size) + 1;
  return h;
}

}  // namespace

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
    throw TypeError(named_by(error.what(), op.name, composer_) + recorded_at(where, size()));
  }
}

Var Tape::record(const OpRecord& op, std::span<const OperandRef> operands, const void* attribute,
                 SourceLine where) {
  constexpr std::size_t few = 8;
  const std::size_t n = operands.size();
  if (line_is_fixed_) where = fixed_line_;
  if (n > PackedNode::max_parents) {
    throw Error("[" + std::string(op.name) + "] a node has at most 65535 operands" +
                recorded_at(where, size()));
  }

  // The operands' types first: nothing is appended before the shape rule has agreed.
  std::array<std::uint32_t, few> few_type_ids;
  std::array<const Type*, few> few_types;
  std::array<NodeId, few> few_ids;
  std::vector<std::uint32_t> many_type_ids(n > few ? n : 0);
  std::vector<const Type*> many_types(n > few ? n : 0);
  std::vector<NodeId> many_ids(n > few ? n : 0);
  std::uint32_t* type_ids = n > few ? many_type_ids.data() : few_type_ids.data();
  const Type** types = n > few ? many_types.data() : few_types.data();
  NodeId* ids = n > few ? many_ids.data() : few_ids.data();

  bool only_vars = true;
  DType number_dtype{};
  for (std::size_t k = 0; k < n; ++k) {
    const Operand& operand = *operands[k];
    if (operand.is_var()) {
      require_own(operand.var(), op.name.data());
      ids[k] = operand.var().id();
      type_ids[k] = nodes_[ids[k]].type;
    } else if (operand.is_number()) {
      if (only_vars) number_dtype = literal_dtype(operands);
      const DType dtype = operand.number_dtype() == DType::boolean ? DType::boolean : number_dtype;
      require_fit(operand.number(), dtype, op, where);
      type_ids[k] = scalar_type(dtype);
      only_vars = false;
    } else {
      if (only_vars) number_dtype = literal_dtype(operands);
      type_ids[k] = intern(operand.array()->type());
      only_vars = false;
    }
    types[k] = types_[type_ids[k]].get();
  }
  if (op.refusal != nullptr) refuse_attribute(op, attribute, where);
  const std::uint32_t type = infer(op, {types, n}, type_ids, attribute, where);
  if (!only_vars) {
    for (std::size_t k = 0; k < n; ++k) {
      if (operands[k]->is_var()) continue;
      ids[k] = operands[k]->is_number()
                   ? literal(operands[k]->number(), types[k]->dtype, where).id()
                   : constant(*operands[k]->array(), {}, where).id();
    }
  }
  return var(append(op, {ids, n}, type, attribute, where));
}

void Tape::refuse_attribute(const OpRecord& op, const void* attribute, SourceLine where) const {
  const std::string why = op.refusal(attribute);
  if (!why.empty()) {
    throw DomainError(named(op.name, composer_) + why + recorded_at(where, size()));
  }
}

std::uint32_t Tape::infer(const OpRecord& op, std::span<const Type* const> types,
                          const std::uint32_t* type_ids, const void* attribute, SourceLine where) {
  // An elementwise op's type depends on its operands' types only.
  Index::Inferred* known = nullptr;
  std::array<std::uint32_t, 3> key{no_type, no_type, no_type};
  if (op.traits.elementwise && types.size() <= key.size()) {
    std::copy_n(type_ids, types.size(), key.begin());
    const std::size_t h = reinterpret_cast<std::size_t>(&op) / alignof(OpRecord) + key[0] * 7U +
                          key[1] * 31U + key[2] * 61U;
    known = &index_->inferred[(h ^ h >> 6U) % index_->inferred.size()];
    if (known->op == &op && known->parents == key) return known->type;
  }
  const TypeArgs args{op, types, attribute, where, size(), composer_};
  const Type result = op.type(args);
  if (!is_addressable(result)) {
    throw args.shape_error("the result " + to_string(result) + " is larger than memory can be");
  }
  const std::uint32_t type = intern(result);
  if (known != nullptr) *known = {&op, key, type};
  return type;
}

Var Tape::record(const OpRecord& op, std::span<const OperandRef> operands, const void* attribute) {
  for (const OperandRef& operand : operands) {
    if (operand->is_var()) {
      return operand->var().tape().record(op, operands, attribute, operands[0]->where());
    }
  }
  const std::string line = operands.empty() ? "an unknown line" : to_string(operands[0]->where());
  throw TypeError("[" + std::string(op.name) +
                  "] at least one operand must be a Var; these are plain numbers or arrays\n  at " +
                  line);
}

namespace {

/// Whether a node of this op on `parent` and its like is plain: see OpRecord::plain_dtypes.
bool is_plain(const OpRecord& op, const PackedNode& parent) {
  return (op.plain_dtypes.bits << 1U >> parent.number() & 1U) != 0;
}

}  // namespace

inline std::uint16_t Tape::file_number(const char* file) {
  return file == files_[last_file_] ? last_file_ : other_file_number(file);
}

inline Var Tape::write_plain(const OpRecord& op, std::uint16_t parents, std::uint32_t type,
                             std::uint32_t flags, SourceLine where) {
  if (line_is_fixed_) where = fixed_line_;
  constexpr std::uint32_t kept =
      PackedNode::is_active | PackedNode::is_variable | PackedNode::number_bits;
  flags = (flags & kept) | (in_b_ ? PackedNode::is_in_b : 0);
  const NodeId id = size();
  const std::uint32_t generation = generation_;
  nodes_[id] = {&op,
                static_cast<std::uint32_t>(parents_.size()),
                type,
                0,
                generation,
                std::min(where.line, PackedNode::max_line) << 8U | flags,
                file_number(where.file),
                parents};
  parents_.count(parents);
  nodes_.count(1);
  return {*this, id, generation};
}

Var Tape::record(const OpRecord& op, const Operand& x, const void* attribute) {
  const Var a = x.var();
  Tape* tape = a.tape_;
  if (tape != nullptr && a.id_ < tape->size()) {
    const PackedNode& of_a = tape->nodes_[a.id_];
    if (of_a.generation == a.generation_ && is_plain(op, of_a) && tape->nodes_.has_room(1) &&
        tape->parents_.has_room(1)) {
      tape->parents_.end()[0] = a.id_;
      return tape->write_plain(op, 1, of_a.type, of_a.line_and_flags, x.where());
    }
  }
  return record_same_type(op, x, attribute);
}

Var Tape::record(const OpRecord& op, const Operand& x, const Operand& y, const void* attribute) {
  const Var a = x.var(), b = y.var();
  Tape* tape = a.tape_;
  if (tape != nullptr && tape == b.tape_ && a.id_ < tape->size() && b.id_ < tape->size()) {
    const PackedNode &of_a = tape->nodes_[a.id_], &of_b = tape->nodes_[b.id_];
    if (of_a.generation == a.generation_ && of_b.generation == b.generation_ &&
        of_a.type == of_b.type && is_plain(op, of_a) && tape->nodes_.has_room(1) &&
        tape->parents_.has_room(2)) {
      tape->parents_.end()[0] = a.id_;
      tape->parents_.end()[1] = b.id_;
      return tape->write_plain(op, 2, of_a.type, of_a.line_and_flags | of_b.line_and_flags,
                               x.where());
    }
  }
  return record_same_type(op, x, y, attribute);
}

Var Tape::record_same_type(const OpRecord& op, const Operand& x, const void* attribute) {
  Tape* tape = x.var().tape_;
  if (tape == nullptr || !op.traits.same_type || !tape->is_own(x.var())) {
    const OperandRef operands[] = {x};
    return record(op, operands, attribute);
  }
  const PackedNode& parent = tape->nodes_[x.var().id_];
  const std::uint32_t type = parent.type;
  if (!op.dtypes.contains(tape->dtypes_[type])) {
    const OperandRef operands[] = {x};
    return record(op, operands, attribute);
  }
  if (op.refusal != nullptr) tape->refuse_attribute(op, attribute, x.where());
  const std::uint32_t flags = tape->flags_of(op, parent.line_and_flags, type);
  const std::size_t words = (op.attribute_bytes + 7) / 8;
  tape->make_room(1, words);
  *tape->parents_.end() = x.var().id_;
  return tape->var(tape->write(op, 1, type, words, attribute, flags, x.where()));
}

Var Tape::record_same_type(const OpRecord& op, const Operand& a, const Operand& b,
                           const void* attribute) {
  const Operand& some = a.is_var() ? a : b;
  Tape* tape = some.var().tape_;
  const auto otherwise = [&] {
    const OperandRef operands[] = {a, b};
    return record(op, operands, attribute);
  };
  if (tape == nullptr || !op.traits.same_type || !tape->is_own(some.var())) return otherwise();
  const std::uint32_t type = tape->nodes_[some.var().id_].type;
  if (!op.dtypes.contains(tape->dtypes_[type])) return otherwise();
  if (op.refusal != nullptr) tape->refuse_attribute(op, attribute, a.where());
  NodeId ids[2];
  if (a.is_var() && b.is_var()) {
    if (!tape->is_own(b.var()) || tape->nodes_[b.var().id_].type != type) return otherwise();
    ids[0] = a.var().id_;
    ids[1] = b.var().id_;
  } else {  // a number that meets a scalar becomes one
    const Operand& other = a.is_var() ? b : a;
    const DType dtype = tape->dtypes_[type];
    if (!other.is_number() || other.number_dtype() == DType::boolean || !is_float(dtype) ||
        type != tape->scalar_type(dtype)) {
      return otherwise();
    }
    const NodeId literal = tape->literal(other.number(), dtype, a.where()).id();
    ids[0] = a.is_var() ? a.var().id_ : literal;
    ids[1] = a.is_var() ? literal : b.var().id_;
  }
  const std::uint32_t of_parents =
      tape->nodes_[ids[0]].line_and_flags | tape->nodes_[ids[1]].line_and_flags;
  const std::uint32_t flags = tape->flags_of(op, of_parents, type);
  const std::size_t words = (op.attribute_bytes + 7) / 8;
  tape->make_room(2, words);
  NodeId* parents = tape->parents_.end();
  parents[0] = ids[0];
  parents[1] = ids[1];
  return tape->var(tape->write(op, 2, type, words, attribute, flags, a.where()));
}

NodeId Tape::append(const OpRecord& op, std::span<const NodeId> parents, std::uint32_t type,
                    const void* attribute, SourceLine where) {
  const std::size_t words = (op.attribute_bytes + 7) / 8;
  make_room(parents.size(), words);
  std::uint32_t of_parents =
      op.traits.leaf && &op != &constant_op() ? PackedNode::is_active | PackedNode::is_variable : 0;
  for (std::size_t k = 0; k < parents.size(); ++k) {
    parents_.end()[k] = parents[k];
    of_parents |= nodes_[parents[k]].line_and_flags;
  }
  return write(op, parents.size(), type, words, attribute, flags_of(op, of_parents, type), where);
}

inline void Tape::make_room(std::size_t parents, std::size_t words) {
  if (nodes_.has_room(1) && parents_.has_room(parents) && attributes_.has_room(words)) return;
  grow(parents, words);
}

void Tape::grow(std::size_t parents, std::size_t words) {
  constexpr std::size_t most = 0xFFFFFF00U;
  if (nodes_.size() >= most || parents_.size() + parents >= most ||
      attributes_.size() + words >= most) {
    throw Error("[tape] a tape holds at most 2^32 nodes, uses and words of attributes");
  }
  nodes_.make_room(1);
  parents_.make_room(parents);
  attributes_.make_room(words);
}

inline std::uint32_t Tape::flags_of(const OpRecord& op, std::uint32_t of_parents,
                                    std::uint32_t type) const {
  std::uint32_t flags = of_parents & (PackedNode::is_active | PackedNode::is_variable);
  if (op.traits.stops_gradient || !is_float(dtypes_[type])) flags &= ~PackedNode::is_active;
  flags |= number_flags_[type];
  return in_b_ ? flags | PackedNode::is_in_b : flags;
}

std::uint16_t Tape::other_file_number(const char* file) {
  for (std::size_t f = files_.size(); f-- > 0;) {
    const bool same = files_[f] == file && composers_[f] == composer_;
    if (same) return last_file_ = static_cast<std::uint16_t>(f);
  }
  if (files_.size() > 0xFFFF) return 0;
  files_.push(file);
  composers_.push(composer_);
  return last_file_ = static_cast<std::uint16_t>(files_.size() - 1);
}

inline NodeId Tape::write(const OpRecord& op, std::size_t parents, std::uint32_t type,
                          std::size_t words, const void* attribute, std::uint32_t flags,
                          SourceLine where) {
  if (line_is_fixed_) where = fixed_line_;
  PackedNode& node = *nodes_.end();
  node.op = &op;
  node.parents_begin = static_cast<std::uint32_t>(parents_.size());
  node.type = type;
  node.attribute = 0;
  node.generation = generation_;
  node.line_and_flags = std::min(where.line, PackedNode::max_line) << 8U | flags;
  node.file = file_number(where.file);
  node.parents_count = static_cast<std::uint16_t>(parents);
  if (words > 0) {
    node.attribute = static_cast<std::uint32_t>(attributes_.size());
    attributes_.end()[words - 1] = 0;
    std::memcpy(attributes_.end(), attribute, op.attribute_bytes);
    attributes_.count(words);
  }
  parents_.count(parents);
  nodes_.count(1);
  return size() - 1;
}

std::uint32_t Tape::scalar_type(DType dtype) {
  std::uint32_t& known = scalar_types_[static_cast<std::size_t>(dtype)];
  if (known == 0) known = intern({dtype, {}}) + 1;
  return known - 1;
}

std::uint32_t Tape::intern(const Type& type) {
  const std::size_t h = hash_of(type);
  const auto [begin, end] = index_->types_by_hash.equal_range(h);
  for (auto it = begin; it != end; ++it) {
    if (*types_[it->second] == type) return it->second;
  }
  types_.push_back(std::make_unique<const Type>(type));
  dtypes_.push(type.dtype);
  number_flags_.push(type.shape.is_scalar() ? PackedNode::number_flags(type.dtype) : 0);
  const auto index = static_cast<std::uint32_t>(types_.size() - 1);
  index_->types_by_hash.emplace(h, index);
  return index;
}

std::vector<Type> Tape::types() const {
  std::vector<Type> all;
  for (const auto& type : types_) all.push_back(*type);
  return all;
}

}  // namespace tapewise
