#include <tapewise/autograd/passes/recompute.hpp>

#include <algorithm>
#include <limits>
#include <queue>
#include <tapewise/autograd/passes/arena.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;
constexpr DraftId none = ~DraftId{0};

/// Smaller values are always kept.
constexpr std::size_t least_bytes = 64;
/// A run that grows to so many times the recorded nodes is no use to anybody.
constexpr std::size_t most_growth = 4;
/// Values that are looked at around a candidate.
constexpr std::size_t most_neighbours = 64;

/// Runs a draft in thought, one node after the other, and writes down the order of that run.
class Run {
 public:
  Run(const Draft& draft, std::size_t limit, bool checkpoints)
      : from_(draft),
        limit_(limit),
        bytes_(draft.nodes.size(), 0),
        current_(draft.nodes.size(), none),
        locks_(draft.nodes.size(), 0),
        cost_(draft.nodes.size(), -1.0),
        version_(draft.nodes.size(), 0),
        counted_(draft.nodes.size(), none),
        mark_(draft.nodes.size(), 0) {
    to_.types = draft.types;
    to_.attributes = draft.attributes;
    to_.cells = draft.cells;
    to_.constants = draft.constants;
    to_.tape = draft.tape;
    to_.numbers = draft.numbers;
    to_.simd = draft.simd;
    to_.has = draft.has;
    list_readers();
    measure();
    if (checkpoints) list_checkpoints();
  }

  bool run() {
    for (DraftId id = 0; id < from_.nodes.size(); ++id) {
      if (!visit(id)) return false;
      pass_checkpoints(id);
    }
    for (const DraftId output : from_.outputs) {
      if (!make(from_.memory_of(output), false)) return false;
      to_.outputs.push_back(read(output));
    }
    return true;
  }

  std::size_t peak() const { return peak_; }
  std::size_t largest_op() const { return largest_op_; }
  Recomputed result() && {
    prune(to_);  // a value may have been made and given up before anybody read it
    double nodes_flops = 0;
    for (const DraftNode& node : to_.nodes) nodes_flops += flops_of(to_, node);
    for (const DraftNode& node : from_.nodes) nodes_flops -= flops_of(from_, node);
    return {std::move(to_), nodes_flops};
  }

 private:
  // --- what is read when ---

  void list_readers() {
    const std::size_t n = from_.nodes.size();
    readers_begin_.assign(n + 1, 0);
    for_each_read([&](DraftId memory, DraftId) { ++readers_begin_[memory + 1]; });
    for (std::size_t id = 0; id < n; ++id) readers_begin_[id + 1] += readers_begin_[id];
    readers_.resize(readers_begin_[n]);
    next_.assign(readers_begin_.begin(), readers_begin_.end() - 1);
    std::vector<std::uint32_t> at = next_;
    for_each_read([&](DraftId memory, DraftId reader) { readers_[at[memory]++] = reader; });
  }
  template <class F>
  void for_each_read(F&& f) const {
    for (DraftId id = 0; id < from_.nodes.size(); ++id) {
      if (!is_carried_out(id)) continue;
      for (const DraftId operand : from_.operands_of(from_.nodes[id])) {
        f(from_.memory_of(operand), id);
      }
    }
  }
  bool is_carried_out(DraftId id) const {
    const DraftNode& node = from_.nodes[id];
    if (node.role == Role::compute) return !node.alias;
    return node.role == Role::guard || node.role == Role::assign;
  }
  bool has_readers(DraftId memory) const { return next_[memory] < readers_begin_[memory + 1]; }

  /// Outputs and new values of parameters lie outside of the limit: they are there at the end.
  void measure() {
    for (DraftId id = 0; id < from_.nodes.size(); ++id) {
      const DraftNode& node = from_.nodes[id];
      if (node.role != Role::compute || node.alias) continue;
      const std::size_t bytes = from_.bytes_of(node);
      if (bytes >= least_bytes) bytes_[id] = ArenaPacker::rounded(bytes);
    }
    for (const DraftId output : from_.outputs) keep(output);
    for (const DraftNode& node : from_.nodes) {
      if (node.role == Role::assign) keep(from_.operands_of(node)[1]);
    }
  }
  void keep(DraftId id) {
    bytes_[from_.memory_of(id)] = 0;
    ++locks_[from_.memory_of(id)];
  }

  // --- the run ---

  bool visit(DraftId id) {
    const DraftNode& node = from_.nodes[id];
    if (node.role == Role::cell || node.role == Role::constant) {
      current_[id] = append(node, {});
      return true;
    }
    return !is_carried_out(id) || make(id, true);
  }

  struct Frame {
    DraftId id;
    std::uint32_t operand = 0;  ///< those before it are there, and locked
  };

  /// Makes a value, and what it is made from as far as that is gone; false when there is no room.
  bool make(DraftId wanted, bool first_time) {
    if (!first_time && current_[wanted] != none) return true;
    stack_.assign(1, {wanted});
    while (!stack_.empty()) {
      Frame& frame = stack_.back();
      const DraftNode& node = from_.nodes[frame.id];
      const auto operands = from_.operands_of(node);
      const DraftId id = frame.id;
      bool missing = false;
      for (; frame.operand < operands.size(); ++frame.operand) {
        const DraftId memory = from_.memory_of(operands[frame.operand]);
        if (current_[memory] == none) {
          stack_.push_back({memory});
          missing = true;
          break;
        }
        ++locks_[memory];
      }
      if (missing) continue;
      if (!carry_out(id)) return false;
      stack_.pop_back();
    }
    return true;
  }

  bool carry_out(DraftId id) {
    const DraftNode& node = from_.nodes[id];
    const auto operands = from_.operands_of(node);
    const bool again = id < position_ || (id == position_ && visited_);
    if (to_.nodes.size() > most_growth * from_.nodes.size() + 100) return false;
    note_size(id);
    if (!make_room(bytes_[id])) return false;
    std::vector<DraftId> now;
    for (const DraftId operand : operands) now.push_back(read(operand));
    current_[id] = append(node, now);
    add(id);
    for (const DraftId operand : operands) {
      const DraftId memory = from_.memory_of(operand);
      --locks_[memory];
      if (!again) ++next_[memory];
      offer(memory);
    }
    if (!again) {
      position_ = id;
      visited_ = true;
    }
    for (const DraftId operand : operands) {
      const DraftId memory = from_.memory_of(operand);
      if (locks_[memory] == 0 && !has_readers(memory)) drop(memory);
    }
    return true;
  }

  void note_size(DraftId id) {
    std::size_t bytes = bytes_[id];
    for (const DraftId operand : from_.operands_of(from_.nodes[id])) {
      const DraftId memory = from_.memory_of(operand);
      if (counted_[memory] == id) continue;
      counted_[memory] = id;
      bytes += bytes_[memory];
    }
    largest_op_ = std::max(largest_op_, bytes);
  }

  DraftId append(const DraftNode& node, std::span<const DraftId> operands) {
    DraftNode copy = node;
    copy.operands_begin = static_cast<std::uint32_t>(to_.operands.size());
    copy.operands_count = static_cast<std::uint16_t>(operands.size());
    to_.operands.insert(to_.operands.end(), operands.begin(), operands.end());
    to_.nodes.push_back(copy);
    return static_cast<DraftId>(to_.nodes.size() - 1);
  }

  /// The node that holds an operand now, through aliases of it.
  DraftId read(DraftId operand) {
    const DraftNode& node = from_.nodes[operand];
    if (node.role != Role::compute || !node.alias) return current_[operand];
    const DraftId of[] = {read(from_.operands_of(node)[0])};
    const DraftId before = current_[operand];
    if (before == none || to_.operands_of(to_.nodes[before])[0] != of[0]) {
      current_[operand] = append(node, of);
    }
    return current_[operand];
  }

  void add(DraftId id) {
    alive_ += bytes_[id];
    peak_ = std::max(peak_, alive_);
    offer(id);
  }
  void drop(DraftId id) {
    if (from_.nodes[id].role != Role::compute || current_[id] == none) return;
    current_[id] = none;
    alive_ -= bytes_[id];
    ++version_[id];
  }

  // --- what is given up ---

  bool make_room(std::size_t bytes) {
    while (alive_ + bytes > limit_) {
      const DraftId victim = choose();
      if (victim == none) return false;
      drop(victim);
    }
    return true;
  }

  struct Candidate {
    double score;
    DraftId id;
    std::uint32_t version;  ///< of the value when this was written down
    friend bool operator<(const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score < b.score : a.id > b.id;
    }
  };

  /// Writes down what a value is worth to be given up, when it is made and when it was read: its
  /// next reader is another then, or a neighbour is there again. In between, the worth falls: its
  /// reader comes nearer, its neighbours go.
  void offer(DraftId id) {
    if (limit_ == std::numeric_limits<std::size_t>::max()) return;
    if (bytes_[id] != 0 && current_[id] != none) {
      candidates_.push({score_of(id), id, ++version_[id]});
    }
  }
  double score_of(DraftId id) {
    return static_cast<double>(bytes_[id]) * time_until_read(id) / price_of(id);
  }

  /// The value of the highest score. A score that was written down long ago is formed anew when it
  /// comes first; it stays first, or another does.
  DraftId choose() {
    locked_.clear();
    DraftId best = none;
    while (best == none && !candidates_.empty()) {
      Candidate first = candidates_.top();
      candidates_.pop();
      if (first.version != version_[first.id]) continue;
      if (locks_[first.id] != 0) {
        locked_.push_back(first);
        continue;
      }
      first.score = score_of(first.id);
      if (candidates_.empty() || !(first < candidates_.top()))
        best = first.id;
      else
        candidates_.push(first);
    }
    for (const Candidate& candidate : locked_) candidates_.push(candidate);
    return best;
  }

  double time_until_read(DraftId id) const {
    if (!has_readers(id)) return static_cast<double>(from_.nodes.size());
    return static_cast<double>(readers_[next_[id]]) - static_cast<double>(position_) + 1.0;
  }

  /// What it costs to have a value again: itself, and what is gone around it, above and below.
  double price_of(DraftId id) {
    ++turn_;
    double price = cost_of(id);
    neighbours_.assign(1, id);
    mark_[id] = turn_;
    for (std::size_t k = 0; k < neighbours_.size() && k < most_neighbours; ++k) {
      const DraftId at = neighbours_[k];
      for (const DraftId operand : from_.operands_of(from_.nodes[at])) {
        price += visit_neighbour(from_.memory_of(operand));
      }
      const std::uint32_t end = std::min(next_[at], readers_begin_[at] + 8);
      for (std::uint32_t r = readers_begin_[at]; r < end; ++r)
        price += visit_neighbour(readers_[r]);
    }
    return price;
  }
  double visit_neighbour(DraftId id) {
    if (mark_[id] == turn_ || current_[id] != none || bytes_[id] == 0) return 0;
    mark_[id] = turn_;
    neighbours_.push_back(id);
    return cost_of(id);
  }

  /// In flops; memory that is moved counts, too.
  double cost_of(DraftId id) {
    if (cost_[id] < 0) {
      cost_[id] = flops_of(from_, from_.nodes[id]) + 4.0 * static_cast<double>(bytes_[id]) + 1.0;
    }
    return cost_[id];
  }
  static double flops_of(const Draft& draft, const DraftNode& node) {
    return node.role == Role::compute ? draft.kernel_of(node).flops : 0.0;
  }

  // --- checkpoints ---

  struct Leaving {
    DraftId after;  ///< the last node of a checkpoint
    DraftId id;     ///< a value inside, to be given up then
  };

  void list_checkpoints() {
    std::vector<std::pair<NodeId, DraftId>> recorded;
    for (DraftId id = 0; id < from_.nodes.size(); ++id) {
      const DraftNode& node = from_.nodes[id];
      if (node.role == Role::compute) recorded.push_back({node.origin, id});
    }
    std::sort(recorded.begin(), recorded.end());
    for (const Checkpoint& checkpoint : from_.tape->checkpoints()) {
      const auto begin = std::lower_bound(recorded.begin(), recorded.end(),
                                          std::pair{checkpoint.begin, DraftId{0}});
      const auto end =
          std::lower_bound(begin, recorded.end(), std::pair{checkpoint.end, DraftId{0}});
      DraftId last = 0;
      for (auto at = begin; at != end; ++at) last = std::max(last, at->second);
      for (auto at = begin; at != end; ++at) leaving_.push_back({last, at->second});
    }
    std::stable_sort(leaving_.begin(), leaving_.end(),
                     [](const Leaving& a, const Leaving& b) { return a.after < b.after; });
  }

  void pass_checkpoints(DraftId id) {
    for (; next_leaving_ < leaving_.size() && leaving_[next_leaving_].after <= id;
         ++next_leaving_) {
      const DraftId value = leaving_[next_leaving_].id;
      if (bytes_[value] != 0 && locks_[value] == 0 && only_backward_reads(value)) drop(value);
    }
  }
  bool only_backward_reads(DraftId id) const {
    for (std::uint32_t r = next_[id]; r < readers_begin_[id + 1]; ++r) {
      if (!from_.tape->is_in_b(from_.nodes[readers_[r]].origin)) return false;
    }
    return current_[id] != none;
  }

  const Draft& from_;
  Draft to_;
  std::size_t limit_, alive_ = 0, peak_ = 0, largest_op_ = 0;
  DraftId position_ = 0;  // of the run, in the draft
  bool visited_ = false;

  std::vector<std::uint32_t> readers_begin_, next_;
  std::vector<DraftId> readers_;
  std::vector<std::size_t> bytes_;
  std::vector<DraftId> current_;  // the node that holds the value now, in to_
  std::vector<std::uint32_t> locks_;
  std::vector<double> cost_;
  std::priority_queue<Candidate> candidates_;
  std::vector<Candidate> locked_;
  std::vector<std::uint32_t> version_;
  std::vector<DraftId> counted_;  // by memory: the op for which its bytes were counted last
  std::vector<Frame> stack_;
  std::vector<std::uint32_t> mark_;
  std::uint32_t turn_ = 0;
  std::vector<DraftId> neighbours_;
  std::vector<Leaving> leaving_;
  std::size_t next_leaving_ = 0;
};

}  // namespace

bool has_checkpoints(const Draft& draft) { return !draft.tape->checkpoints().empty(); }

std::optional<Recomputed> recompute(const Draft& draft, std::size_t limit, bool checkpoints) {
  Run run(draft, limit, checkpoints);
  if (!run.run()) return std::nullopt;
  return std::move(run).result();
}

LimitRange limit_range(const Draft& draft) {
  Run run(draft, std::numeric_limits<std::size_t>::max(), false);
  (void)run.run();
  return {run.largest_op(), run.peak()};
}

}  // namespace tapewise::passes
