#pragma once
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tapewise/autograd/cell.hpp>
#include <tapewise/autograd/flat_array.hpp>
#include <tapewise/autograd/node.hpp>
#include <tapewise/autograd/op.hpp>
#include <tapewise/autograd/values.hpp>
#include <tapewise/autograd/var.hpp>
#include <vector>

namespace tapewise {

/// A place on the tape to `rewind` to.
struct Mark {
  NodeId size = 0;
  std::uint32_t generation = 0;  ///< of the last node before the mark
  std::size_t parents = 0, attributes = 0, cells = 0, guards = 0;
};

/// A comparison that was used as a C++ `bool` while recording, and which way it went.
struct Guard {
  NodeId condition;  ///< a scalar node of dtype bool
  bool taken;
  NodeId recorded_before;  ///< the first node recorded after the branch
};

/// Nodes whose values a program gives up after the last of them, and computes again for backward.
struct Checkpoint {
  NodeId begin, end;
};

/// The tape: nodes and their parents, append-only, so that the order of ids *is* a topological
/// order. It records what; it computes a value only when somebody asks for it.
/// Use a tape from one thread at a time; different tapes are independent.
class Tape {
 public:
  Tape();
  ~Tape();
  Tape(const Tape&) = delete;  // Vars point to their tape
  Tape& operator=(const Tape&) = delete;

  /// A leaf that can be set again. A plain number is a float64 scalar.
  Var input(const ArrayView& initial, std::string_view label = {},
            SourceLine where = SourceLine::here());
  /// A leaf that is learned: in B like an input; `assign` can update it from within a program.
  Var parameter(const ArrayView& initial, std::string_view label = {},
                SourceLine where = SourceLine::here());
  /// A cell made elsewhere (a layer's weights, say) as a leaf; one node per cell and tape.
  template <std::same_as<CellPtr> P>  // or the literal 0 would be a null pointer
  Var parameter(const P& cell, std::string_view label = {}, SourceLine where = SourceLine::here()) {
    return attach_parameter(cell, label, where);
  }
  template <std::same_as<CellPtr> P>
  Var input(const P& cell, std::string_view label = {}, SourceLine where = SourceLine::here()) {
    return attach_input(cell, label, where);
  }
  /// A leaf that never changes and has no gradient.
  Var constant(const ArrayView& value, std::string_view label = {},
               SourceLine where = SourceLine::here());

  /// Appends a node for `op`. `operands` may be numbers and arrays: they become constants.
  /// Throws ShapeError, TypeError or HandleError and leaves the tape as it was.
  Var record(const OpRecord& op, std::span<const OperandRef> operands, const void* attribute,
             SourceLine where);
  /// The same on the tape of the first operand that is a Var, with the line of the first operand.
  static Var record(const OpRecord& op, std::span<const OperandRef> operands,
                    const void* attribute);
  /// The same for ops with one and two operands. Vars of one type, for which there is no shape rule
  /// to run, take a short way, single numbers the shortest: some ten nanoseconds a node once the
  /// tape has grown.
  static Var record(const OpRecord& op, const Operand& x, const void* attribute);
  static Var record(const OpRecord& op, const Operand& a, const Operand& b, const void* attribute);

  /// Forget all nodes recorded since the mark; their memory is kept for the next ones. Takes time
  /// for the labels, reads and leaves that go, none for the other nodes.
  Mark mark() const;
  void rewind(const Mark& mark);
  void clear();

  /// How many nodes there are; ids run from 0 to size() - 1.
  NodeId size() const { return static_cast<NodeId>(nodes_.size()); }
  /// The node with this id. Throws HandleError when there is none.
  Var operator[](NodeId id);

  // --- for the engine: flat data, without checks ---
  // A span of a vector takes the compiler long, and user programs read this: those that no speed
  // hangs on are made in tape.cpp.
  Node node(NodeId id) const {
    const PackedNode& n = nodes_[id];
    return {n.op,
            where(id),
            n.parents_begin,
            n.parents_count,
            n.type,
            n.attribute,
            n.generation,
            n.has(PackedNode::is_active),
            n.has(PackedNode::is_in_b),
            n.has(PackedNode::is_variable)};
  }
  SourceLine where(NodeId id) const {
    return {files_[nodes_[id].file], nodes_[id].line_and_flags >> 8U};
  }
  std::uint32_t generation(NodeId id) const { return nodes_[id].generation; }
  bool same_type(NodeId a, NodeId b) const { return nodes_[a].type == nodes_[b].type; }
  const OpRecord& op(NodeId id) const { return *nodes_[id].op; }
  bool is_active(NodeId id) const { return nodes_[id].has(PackedNode::is_active); }
  bool is_in_b(NodeId id) const { return nodes_[id].has(PackedNode::is_in_b); }
  /// Expires with the tape: for what keeps Vars and may outlive it.
  std::weak_ptr<const void> life() const;
  std::span<const NodeId> parents(NodeId id) const {
    return {parents_.data() + nodes_[id].parents_begin, nodes_[id].parents_count};
  }
  /// All nodes and all parents, as they lie in memory.
  const PackedNode* packed_nodes() const { return nodes_.data(); }
  const NodeId* packed_parents() const { return parents_.data(); }
  std::size_t parents_total() const { return parents_.size(); }
  /// A node's type; the reference stays good while more nodes are recorded.
  const Type& type(NodeId id) const { return *types_[nodes_[id].type]; }
  /// The different types on the tape, to which Node::type refers.
  std::vector<Type> types() const;
  const void* attribute(NodeId id) const { return attributes_.data() + nodes_[id].attribute; }
  const std::uint64_t* attributes() const { return attributes_.data(); }
  /// The label or an empty text.
  std::string_view label(NodeId id) const;
  void set_label(NodeId id, std::string_view label);
  /// The cell of an input, parameter or array constant; null for a constant number.
  const CellPtr& cell(NodeId id) const;
  Var var(NodeId id) { return {*this, id, nodes_[id].generation}; }
  /// Whether `v` is a node of this tape that is still there.
  bool is_own(const Var& v) const {
    return v.tape_ == this && v.id_ < nodes_.size() && nodes_[v.id_].generation == v.generation_;
  }
  /// Throws HandleError unless `v` is a node of this tape.
  void require_own(const Var& v, const char* who) const {
    if (!is_own(v)) refuse_handle(v, who);
  }
  /// The op that was called where the node was recorded, if it is written in other ops; or nothing.
  std::string_view composer(NodeId id) const { return composers_[nodes_[id].file]; }
  /// The same of the op that is being recorded.
  std::string_view composer() const { return composer_; }

  /// "[op] what\n  recorded at file:line as %id "label"".
  std::string describe(NodeId id, const std::string& what) const;

  /// The value of a node at the leaves as they are now, computed if it is not yet.
  const void* value(NodeId id);
  /// Counts every write to an attached cell; values computed at another epoch are stale.
  std::uint64_t epoch() const;
  Values& values() { return values_; }

  /// Remembers that user code has read a value that may change: a branch on it leaves no guard, so
  /// a program lists what was read while it was recorded.
  void note_read(NodeId id);
  /// The nodes that were read before the node `newest` was recorded, ascending.
  std::vector<NodeId> reads_before(NodeId newest) const;

  /// Reads a scalar condition for a C++ branch and remembers which way it went.
  bool guard(const Var& condition);
  std::span<const Guard> guards() const;
  /// The nodes from `begin` on become a checkpoint: see tapewise::checkpoint.
  void add_checkpoint(NodeId begin);
  std::span<const Checkpoint> checkpoints() const;

  /// While it lives, nodes are recorded with this line, wherever they are written: an op that
  /// records several nodes gives them the line of its call, and its name for their errors. The
  /// outermost scope decides, unless `always`.
  class LineScope {
   public:
    LineScope(Tape& tape, SourceLine where, const char* composer = no_composer, bool always = false)
        : tape_(tape),
          line_before_(tape.fixed_line_),
          composer_before_(tape.composer_),
          was_fixed_(tape.line_is_fixed_) {
      if (always || tape.composer_ == no_composer) tape.set_composer(composer);
      if (was_fixed_ && !always) return;
      tape.fixed_line_ = where;
      tape.line_is_fixed_ = true;
    }
    ~LineScope() {
      tape_.fixed_line_ = line_before_;
      tape_.set_composer(composer_before_);
      tape_.line_is_fixed_ = was_fixed_;
    }
    LineScope(const LineScope&) = delete;
    LineScope& operator=(const LineScope&) = delete;

   private:
    Tape& tape_;
    SourceLine line_before_;
    const char* composer_before_;
    bool was_fixed_;
  };

  /// While it lives, nodes are recorded as nodes of subgraph B, with this line: that of the node
  /// whose cotangents they are.
  class BScope {
   public:
    BScope(Tape& tape, SourceLine where)
        : line_(tape, where, no_composer, true), tape_(tape), was_in_b_(tape.in_b_) {
      tape.in_b_ = true;
    }
    ~BScope() { tape_.in_b_ = was_in_b_; }
    BScope(const BScope&) = delete;
    BScope& operator=(const BScope&) = delete;

   private:
    LineScope line_;
    Tape& tape_;
    bool was_in_b_;
  };

  /// Rewinds when it is left without `keep()`: a composite recording that throws leaves nothing.
  class Transaction {
   public:
    explicit Transaction(Tape& tape) : tape_(tape), mark_(tape.mark()) {}
    ~Transaction() {
      if (!kept_) tape_.forget_after(mark_);
    }
    void keep() { kept_ = true; }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

   private:
    Tape& tape_;
    Mark mark_;
    bool kept_ = false;
  };

  /// Scratch for graph walks: a number per node, at least size() of them; a walk marks the nodes
  /// it has seen with tickets of its own, so nothing has to be cleared.
  std::span<std::uint32_t> visited();
  /// The first of `count` tickets, one after the other, that mark no node.
  std::uint32_t new_tickets(std::size_t count);

 private:
  Var attach_parameter(const CellPtr& cell, std::string_view label, SourceLine where);
  Var attach_input(const CellPtr& cell, std::string_view label, SourceLine where);
  Var leaf(const OpRecord& op, const CellPtr& cell, std::string_view label, SourceLine where);
  Var literal(double number, DType dtype, SourceLine where);
  [[noreturn]] void refuse_handle(const Var& v, const char* who) const;
  NodeId append(const OpRecord& op, std::span<const NodeId> parents, std::uint32_t type,
                const void* attribute, SourceLine where);
  /// Room for one more node with so many parents and words of attributes.
  void make_room(std::size_t parents, std::size_t words);
  void grow(std::size_t parents, std::size_t words);
  /// Writes a node into the room that was made; its parents stand there already.
  NodeId write(const OpRecord& op, std::size_t parents, std::uint32_t type, std::size_t words,
               const void* attribute, std::uint32_t flags, SourceLine where);
  /// What is recorded the short way, but is not plain.
  static Var record_same_type(const OpRecord& op, const Operand& x, const void* attribute);
  static Var record_same_type(const OpRecord& op, const Operand& a, const Operand& b,
                              const void* attribute);
  /// Writes a plain node (OpRecord::plain_dtypes): its parents stand where they belong, and `flags`
  /// are all that they have.
  Var write_plain(const OpRecord& op, std::uint16_t parents, std::uint32_t type,
                  std::uint32_t flags, SourceLine where);
  /// The flags of a node, from all that its parents have.
  std::uint32_t flags_of(const OpRecord& op, std::uint32_t of_parents, std::uint32_t type) const;
  /// Throws DomainError for an attribute that the op refuses.
  void refuse_attribute(const OpRecord& op, const void* attribute, SourceLine where) const;
  /// The number of the type that the shape rule gives; throws what it throws.
  std::uint32_t infer(const OpRecord& op, std::span<const Type* const> types,
                      const std::uint32_t* type_ids, const void* attribute, SourceLine where);
  void set_composer(const char* name) {
    if (composer_ == name) return;
    composer_ = name;
    last_file_ = 0;  // looked up again: numbers belong to a file and a composer
  }
  std::uint16_t file_number(const char* file);
  std::uint16_t other_file_number(const char* file);
  std::uint32_t intern(const Type& type);
  std::uint32_t scalar_type(DType dtype);
  void attach(const CellPtr& cell);
  void detach(const CellPtr& cell);
  void forget_after(const Mark& mark) noexcept;
  /// Throws TypeError unless a plain number is a value of this dtype.
  void require_fit(double number, DType dtype, const OpRecord& op, SourceLine where) const;
  DType literal_dtype(std::span<const OperandRef> operands) const;

  // What is looked up in maps stands in tape.cpp: this header is read by every user program.
  struct Index;

  FlatArray<PackedNode> nodes_;
  FlatArray<NodeId> parents_;
  FlatArray<std::uint64_t> attributes_;
  FlatArray<const char*> files_;      // names of source files, as the compiler gives them
  FlatArray<const char*> composers_;  // who recorded there, beside them
  std::uint16_t last_file_ = 0;
  FlatArray<DType> dtypes_;                // of types_
  FlatArray<std::uint32_t> number_flags_;  // of types_: see PackedNode::number_flags
  std::uint32_t scalar_types_[8] = {};  // by dtype: number of the type plus one, 0 when not known
  std::vector<std::unique_ptr<const Type>> types_;  // never move: see type()
  std::vector<CellPtr> cells_;
  std::vector<std::shared_ptr<Clock>> clocks_;
  std::shared_ptr<Clock> own_clock_;
  std::uint64_t epoch_base_ = 0;  // keeps the epoch steady when a clock comes or goes
  std::vector<Guard> guards_;
  std::vector<Checkpoint> checkpoints_;
  Values values_;
  std::unique_ptr<Index> index_;
  std::shared_ptr<const void> life_;
  std::vector<std::uint32_t> visited_;
  std::uint32_t next_ticket_ = 1;
  std::uint32_t generation_ = 1;
  SourceLine fixed_line_;  // while line_is_fixed_
  static constexpr char no_composer[] = "";
  const char* composer_ = no_composer;
  bool line_is_fixed_ = false;
  bool in_b_ = false;
};

inline Tape& Var::tape() const { return tape_ == nullptr ? refuse_empty() : *tape_; }
inline bool Var::valid() const { return tape_ != nullptr && tape_->is_own(*this); }
inline Node Var::node() const {
  tape().require_own(*this, "var");
  return tape_->node(id_);
}
inline const OpRecord& Var::op() const {
  tape().require_own(*this, "var");
  return tape_->op(id_);
}
inline const Type& Var::type() const {
  tape().require_own(*this, "var");
  return tape_->type(id_);
}
inline std::size_t Var::parent_count() const {
  tape().require_own(*this, "var");
  return tape_->parents(id_).size();
}
inline Var Var::parent(std::size_t k) const {
  if (k >= parent_count()) refuse_parent(k);
  return tape_->var(tape_->parents(id_)[k]);
}
inline const void* Var::attribute_data() const {
  tape().require_own(*this, "var");
  return tape_->attribute(id_);
}

/// A line per node: id, op with its parents, type, label; the nodes of subgraph B are marked with
/// B.
std::ostream& operator<<(std::ostream& out, const Tape& tape);

}  // namespace tapewise
