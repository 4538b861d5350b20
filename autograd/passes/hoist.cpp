#include <algorithm>
#include <numeric>
#include <tapewise/autograd/passes/passes.hpp>
#include <tapewise/autograd/passes/recompute.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;
constexpr DraftId none = ~DraftId{0};

/// Smaller values are not worth a move.
constexpr std::size_t least_bytes = 64;
/// Nodes that are looked at together.
constexpr int longest_run = 16;

/// Goes through the draft as recorded and writes down an order: behind a node, those nodes of B
/// that are ready and let go of at least as much memory as they take.
class Hoisting {
 public:
  explicit Hoisting(const Draft& draft)
      : draft_(draft),
        written_(draft.nodes.size()),
        kept_(draft.nodes.size()),
        waits_(draft.nodes.size()),
        left_(draft.nodes.size()),
        seen_(draft.nodes.size()) {
    list_readers();
    for (const DraftId output : draft.outputs) kept_[draft.memory_of(output)] = true;
  }

  std::vector<DraftId> order() {
    for (DraftId id = 0; id < draft_.nodes.size(); ++id) {
      write(id);
      for (std::size_t k = 0; k < candidates_.size(); ++k) {
        if (pays(candidates_[k])) write(candidates_[k]);
      }
      candidates_.clear();
    }
    return std::move(order_);
  }

 private:
  // --- who reads what ---

  /// The computed values that a node reads, each once.
  template <class F>
  void for_each_operand(DraftId id, F&& f) {
    if (!reads(id)) return;
    ++turn_;
    for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
      const DraftId memory = draft_.memory_of(operand);
      if (draft_.nodes[memory].role != Role::compute || seen_[memory] == turn_) continue;
      seen_[memory] = turn_;
      f(memory);
    }
  }
  bool reads(DraftId id) const {
    const DraftNode& node = draft_.nodes[id];
    return node.role == Role::guard || node.role == Role::assign ||
           (node.role == Role::compute && !node.alias);
  }

  void list_readers() {
    const auto n = static_cast<DraftId>(draft_.nodes.size());
    readers_begin_.assign(n + 1, 0);
    for (DraftId id = 0; id < n; ++id) {
      for_each_operand(id, [&](DraftId memory) { ++readers_begin_[memory + 1]; });
    }
    std::partial_sum(readers_begin_.begin(), readers_begin_.end(), readers_begin_.begin());
    readers_.resize(readers_begin_.back());
    for (DraftId id = 0; id < n; ++id) {
      for_each_operand(id, [&](DraftId memory) {
        readers_[readers_begin_[memory] + left_[memory]++] = id;
        ++waits_[id];
      });
    }
  }
  std::span<const DraftId> readers_of(DraftId id) const {
    return std::span(readers_).subspan(readers_begin_[id],
                                       readers_begin_[id + 1] - readers_begin_[id]);
  }

  // --- what is written ---

  void write(DraftId id) {
    if (written_[id]) return;
    for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) write_leaf_or_alias(operand);
    written_[id] = true;
    order_.push_back(id);
    for_each_operand(id, [&](DraftId memory) {
      if (--left_[memory] == 1) look_at(last_reader(memory));
    });
    for (const DraftId reader : readers_of(id)) {
      --waits_[reader];
      look_at(reader);
    }
  }
  /// Leaves and aliases have no turn that others wait for: they are written when they are read.
  void write_leaf_or_alias(DraftId id) {
    std::vector<DraftId> chain;
    for (; !written_[id]; id = draft_.operands_of(draft_.nodes[id])[0]) {
      chain.push_back(id);
      written_[id] = true;
      if (draft_.nodes[id].role != Role::compute) break;
    }
    order_.insert(order_.end(), chain.rbegin(), chain.rend());
  }
  DraftId last_reader(DraftId memory) const {
    for (const DraftId reader : readers_of(memory)) {
      if (!written_[reader]) return reader;
    }
    return none;
  }
  void look_at(DraftId id) {
    if (id != none && may_move(id) && waits_[id] == 0) candidates_.push_back(id);
  }
  bool may_move(DraftId id) const {
    const DraftNode& node = draft_.nodes[id];
    return !written_[id] && node.role == Role::compute && !node.alias &&
           draft_.tape->is_in_b(node.origin);
  }

  // --- what pays ---

  /// Whether memory is let go of by a node that is ready, or by it and those that only read what
  /// it and each other make.
  bool pays(DraftId id) {
    if (written_[id]) return false;
    std::size_t released = 0, taken = 0;
    DraftId at = id, before = none;
    for (int k = 0; k < longest_run && at != none; ++k, before = at, at = next_of(at)) {
      if (waits_[at] != (before == none ? 0U : 1U)) return false;
      released += released_by(at, before);
      taken += bytes_taken(at);
      if (released > 0 && released >= taken) return true;
    }
    return false;
  }
  DraftId next_of(DraftId id) const {
    const auto readers = readers_of(id);
    return readers.size() == 1 && may_move(readers[0]) ? readers[0] : none;
  }
  std::size_t released_by(DraftId id, DraftId before) {
    std::size_t bytes = 0;
    for_each_operand(id, [&](DraftId memory) {
      if (kept_[memory]) return;
      if (memory == before ? bytes_taken(before) > 0 : left_[memory] == 1) bytes += size(memory);
    });
    return bytes;
  }
  /// What is needed at the end in any case takes nothing: a value that is kept, and the first term
  /// of a sum, whose place the sum takes.
  std::size_t bytes_taken(DraftId id) const {
    if (kept_[id]) return 0;
    const DraftId reader = next_of(id);
    if (reader != none && is_sum_in_place(reader, id)) return 0;
    return size(id);
  }
  bool is_sum_in_place(DraftId reader, DraftId term) const {
    const DraftNode& node = draft_.nodes[reader];
    return node.type == draft_.nodes[term].type &&
           (node.op->traits.arithmetic == Arithmetic::add ||
            draft_.memory_of(draft_.operands_of(node)[0]) == term);
  }
  std::size_t size(DraftId id) const {
    const std::size_t bytes = draft_.bytes_of(draft_.nodes[id]);
    return bytes < least_bytes ? 0 : bytes;
  }

  const Draft& draft_;
  std::vector<DraftId> order_, candidates_;
  std::vector<bool> written_, kept_;
  std::vector<std::uint32_t> waits_;  // operands that are not written yet, by reader
  std::vector<std::uint32_t> left_;   // reads that are not written yet, by memory
  std::vector<std::uint32_t> readers_begin_;
  std::vector<DraftId> readers_;
  std::vector<std::uint32_t> seen_;  // in which turn a memory was met last
  std::uint32_t turn_ = 0;
};

}  // namespace

void hoist(Draft& draft) {
  const auto is_large = [&](const Type& type) { return draft.bytes_of(type) >= least_bytes; };
  if (std::none_of(draft.types.begin(), draft.types.end(), is_large)) return;
  const auto is_large_in_b = [&](const DraftNode& node) {
    return node.role == Role::compute && is_large(draft.type_of(node)) &&
           draft.tape->is_in_b(node.origin);
  };
  if (std::none_of(draft.nodes.begin(), draft.nodes.end(), is_large_in_b)) return;
  const std::vector<DraftId> order = Hoisting(draft).order();
  if (std::is_sorted(order.begin(), order.end())) return;
  Draft hoisted = draft;
  hoisted.reorder(order);
  if (limit_range(hoisted).most < limit_range(draft).most) draft = std::move(hoisted);
}

}  // namespace tapewise::passes
