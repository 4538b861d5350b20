#pragma once
#include <memory>
#include <span>
#include <tapewise/autograd/compile_options.hpp>
#include <tapewise/autograd/tape.hpp>
#include <unordered_map>
#include <vector>

namespace tapewise::checking {

/// A tape replayed node by node in float64, or in complex numbers, whatever its floats are. It has
/// no part of the planner in it and knows no derivative rule; any node can be held at a value of
/// one's choice while what lies below it is computed again.
class Replay {
 public:
  /// `numbers`: float64 or complex128.
  explicit Replay(Tape& tape, Numbers numbers = Numbers::float64);

  /// Takes in the nodes that `roots` are computed from, and computes those that are new.
  void add(std::span<const NodeId> roots);
  /// Takes over values of another replay, without computing any: all, or those of some nodes.
  void adopt(const Replay& other) { adopt(other, other.nodes_); }
  void adopt(const Replay& other, std::span<const NodeId> ids);

  bool has(NodeId id) const { return position_.contains(id); }
  /// Whether the node's op can be computed in these numbers.
  bool computes(NodeId id);
  /// The node from the values of its parents. Where the op throws DomainError, the result is NaN.
  void compute(NodeId id) { evaluate(id, {}, nullptr); }
  /// The same from other operands (empty: its parents' values) into other memory (null: its own).
  void evaluate(NodeId id, std::span<const void* const> operands, void* out);

  std::int64_t size(NodeId id) const { return slot(id).type.size(); }
  bool is_float(NodeId id) const { return tapewise::is_float(slot(id).type.dtype); }
  /// Bytes of the node's value in these numbers.
  std::size_t bytes(NodeId id) const;
  void* data(NodeId id) { return slot(id).value.data(); }
  const void* data(NodeId id) const { return slot(id).value.data(); }
  /// Element i as a real number; of any dtype.
  double number(NodeId id, std::int64_t i) const;
  /// Sets the real part of an element of a float node, and the imaginary part to `imaginary`.
  void set(NodeId id, std::int64_t i, double x, double imaginary = 0.0);
  double imaginary(NodeId id, std::int64_t i) const;
  std::vector<double> numbers(NodeId id) const;

  Tape& tape() const { return tape_; }
  /// The nodes taken in, ascending.
  const std::vector<NodeId>& nodes() const { return nodes_; }
  /// The nodes that depend on one of `held` (which are not among them) and that `output` needs.
  std::vector<NodeId> below(std::span<const NodeId> held, NodeId output) const;

 private:
  struct Slot {
    Type type;  ///< float64 in the place of float32
    Array value;
    KernelFn run = nullptr;
    Buffer params;
    std::vector<const void*> operands;  ///< the values of the parents
    bool prepared = false;
  };
  Slot& slot(NodeId id) { return *slots_[position_.at(id)]; }
  const Slot& slot(NodeId id) const { return *slots_[position_.at(id)]; }
  Slot& make_slot(NodeId id);
  void prepare(NodeId id);
  bool is_complex(const Slot& s) const {
    return numbers_ == Numbers::complex128 && tapewise::is_float(s.type.dtype);
  }

  Tape& tape_;
  Numbers numbers_;
  std::unordered_map<NodeId, std::size_t> position_;  // in slots_
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<NodeId> nodes_;
};

}  // namespace tapewise::checking
