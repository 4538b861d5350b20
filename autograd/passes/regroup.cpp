#include <algorithm>
#include <optional>
#include <tapewise/autograd/passes/regroup.hpp>
#include <tapewise/autograd/passes/sums.hpp>

namespace tapewise::passes {

namespace {

constexpr std::uint32_t fewest_nodes = 64;
/// So many ops of one kind in a row repay a vector instruction.
constexpr std::uint32_t shortest_run = 6, longest_run = ScalarCode::Vector::max_count;
/// So many results of a chain are computed ahead: they are still in the first cache when read.
constexpr std::uint32_t longest_ahead = 64;
/// So many numbers that come together are added to a sum by one instruction.
constexpr std::size_t shortest_sum = 4;
constexpr std::size_t most_kinds = 16;  // that are told apart in a chain

/// Puts the members of scalar units into an order in which independent ops of one kind stand
/// together.
class Regrouper {
 public:
  Regrouper(const Draft& draft, Units& units)
      : draft_(draft),
        units_(units),
        guarded_(guard_cone(draft)),
        sums_(draft, guarded_),
        depth_(draft.scratch_vector<std::uint32_t>(draft.nodes.size())),
        part_of_(draft.scratch_vector<std::uint32_t>(draft.nodes.size())),
        scratch_(draft.scratch_vector<std::uint32_t>(draft.nodes.size())),
        members_(ScratchAllocator<DraftId>(*draft.scratch)) {}

  void run(std::uint32_t unit) {
    unit_ = unit;
    begin_ = units_.units[unit].begin;
    const auto members = units_.members_of(units_.units[unit]);
    members_.assign(members.begin(), members.end());
    // Chains that depend on each other nearly all the way have little side by side.
    if (members_.size() / std::max(join_terms(), 1U) < shortest_run) return take_ahead();
    sink_unary(measure());
    sort();
    find_runs();
  }

 private:
  bool inside(DraftId memory) const { return units_.unit_of[memory] == unit_; }

  /// Numbers the parts of sums whose terms are ready at once: they are added by one instruction,
  /// and so go one way. Returns the number of levels.
  std::uint32_t join_terms() {
    std::uint32_t levels = 0;
    for (const DraftId id : members_) {
      depth_[id] = way_to(id);
      levels = std::max(levels, depth_[id] + 1);
      if (!sums_.has(id)) continue;
      const DraftId before = draft_.operands_of(draft_.nodes[id])[0];
      const bool joins = !sums_.begins(id) && inside(before) && depth_[id] == depth_[before] + 1 &&
                         way_from(term_of(id)) <= depth_[before];
      if (joins)
        depth_[id] = depth_[before];
      else
        terms_.push_back(0);
      part_of_[id] = joins ? part_of_[before] : static_cast<std::uint32_t>(terms_.size() - 1);
      ++terms_[part_of_[id]];
    }
    return levels;
  }

  /// The longest way from outside of the unit to each member.
  std::uint32_t measure() {
    std::uint32_t levels = 0;
    for (const DraftId id : members_) {
      if (terms_[part_of_[id]] < shortest_sum) part_of_[id] = 0;
      depth_[id] = way_to(id);
      levels = std::max(levels, depth_[id] + 1);
    }
    return levels;
  }
  DraftId term_of(DraftId addition) const {
    return draft_.memory_of(draft_.operands_of(draft_.nodes[addition])[1]);
  }
  std::uint32_t way_from(DraftId memory) const { return inside(memory) ? depth_[memory] + 1 : 0; }
  std::uint32_t way_to(DraftId id) const {
    std::uint32_t way = 0;
    for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
      const DraftId memory = draft_.memory_of(operand);
      const bool together = part_of_[id] != 0 && part_of_[memory] == part_of_[id];
      way = std::max(way, together ? depth_[memory] : way_from(memory));
    }
    return way;
  }

  /// What depends on one number only (cos x for backward, say) is computed just before it is read.
  void sink_unary(std::uint32_t levels) {
    ScratchVector<std::uint32_t>& first_read = scratch_;
    for (const DraftId id : members_) first_read[id] = levels;
    for (std::size_t k = members_.size(); k-- > 0;) {
      const DraftId id = members_[k];
      const auto operands = draft_.operands_of(draft_.nodes[id]);
      const bool unary = std::all_of(operands.begin(), operands.end(),
                                     [&](DraftId o) { return o == operands[0]; });
      if (unary && first_read[id] < levels) depth_[id] = first_read[id] - 1;
      for (const DraftId operand : operands) {
        const DraftId memory = draft_.memory_of(operand);
        first_read[memory] = std::min(first_read[memory], depth_[id]);
      }
    }
  }

  bool same_kind(DraftId x, DraftId y) const {
    const DraftNode &a = draft_.nodes[x], &b = draft_.nodes[y];
    return a.op == b.op && a.type == b.type && guarded_[x] == guarded_[y] &&
           computed_operands(x) == computed_operands(y) &&
           std::memcmp(draft_.attribute_of(a), draft_.attribute_of(b), a.op->attribute_bytes) == 0;
  }

  /// Which operands were computed here, as bits: those of others are often the same for all.
  unsigned computed_operands(DraftId id) const {
    unsigned bits = 0;
    for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
      bits = bits << 1U | unsigned{inside(draft_.memory_of(operand))};
    }
    return bits;
  }

  /// By level, kind of op, and the place of the first operand: then the operands of a run are
  /// neighbours when they are results of one.
  void sort() {
    auto by_level = draft_.scratch_vector<DraftId>(members_.size());
    std::vector<std::uint32_t> begin;
    for (const DraftId id : members_) {
      if (begin.size() < depth_[id] + 2) begin.resize(depth_[id] + 2);
      ++begin[depth_[id] + 1];
    }
    for (std::size_t l = 0; l + 1 < begin.size(); ++l) begin[l + 1] += begin[l];
    std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
    for (const DraftId id : members_) by_level[next[depth_[id]]++] = id;
    ScratchVector<std::uint32_t>& position = scratch_;
    for (std::size_t l = 0; l + 1 < begin.size(); ++l) {
      const auto level = std::span(by_level).subspan(begin[l], begin[l + 1] - begin[l]);
      std::stable_sort(level.begin(), level.end(), [&](DraftId x, DraftId y) {
        const DraftNode &a = draft_.nodes[x], &b = draft_.nodes[y];
        if (part_of_[x] != part_of_[y]) return part_of_[x] < part_of_[y];
        if (part_of_[x] != 0) return false;  // as recorded
        if (a.op != b.op) return a.op < b.op;
        if (a.type != b.type) return a.type < b.type;
        if (const bool last = guarded_[y]; guarded_[x] != last) return last;
        const unsigned from_here = computed_operands(x), y_from_here = computed_operands(y);
        if (from_here != y_from_here) return from_here < y_from_here;
        return position_of(position, x) < position_of(position, y);
      });
      for (std::size_t k = 0; k < level.size(); ++k) {
        position[level[k]] = begin[l] + static_cast<std::uint32_t>(k) + 1;
      }
    }
    members_ = std::move(by_level);
    std::copy(members_.begin(), members_.end(), units_.members.begin() + begin_);
  }

  /// Where the first operand that was computed here stands.
  std::uint32_t position_of(const ScratchVector<std::uint32_t>& position, DraftId id) const {
    for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
      const DraftId memory = draft_.memory_of(operand);
      if (inside(memory)) return position[memory];
    }
    return 0;
  }

  bool can_be_vector(DraftId id) const {
    const DraftNode& node = draft_.nodes[id];
    if (guarded_[id] || draft_.type_of(node).dtype != DType::float64) return false;
    for (const DraftId operand : draft_.operands_of(node)) {
      if (draft_.type_of(draft_.nodes[operand]).dtype != DType::float64) return false;
    }
    return node.operands_count <= ScalarCode::Vector::max_arity;
  }

  void find_runs() {
    for (std::uint32_t k = 0; k < members_.size();) {
      std::uint32_t end = k + 1;
      if (const std::uint32_t sum = part_of_[members_[k]]; sum != 0) {
        while (end < members_.size() && part_of_[members_[end]] == sum) ++end;
        units_.sums.push_back({begin_ + k, begin_ + end});
        k = end;
        continue;
      }
      while (end < members_.size() && end - k < longest_run && part_of_[members_[end]] == 0 &&
             depth_[members_[end]] == depth_[members_[k]] &&
             same_kind(members_[end], members_[k])) {
        ++end;
      }
      if (end - k >= shortest_run && can_be_vector(members_[k])) {
        units_.vectors.push_back({begin_ + k, begin_ + end});
      }
      k = end;
    }
  }

  bool is_function_of_one(DraftId id) const {
    const DraftNode& node = draft_.nodes[id];
    const auto operands = draft_.operands_of(node);
    return node.op->traits.elementwise && node.op->traits.arithmetic == Arithmetic::none &&
           operands.size() == 1 && can_be_vector(id);
  }

  /// A chain keeps its order, but functions whose operands have been there for long (the cosines
  /// that backward takes of a chain of sines) are computed together, where the first is due.
  void take_ahead() {
    const auto count = static_cast<std::uint32_t>(members_.size());
    ScratchVector<std::uint32_t>& place = scratch_;  // of members in the chain
    for (std::uint32_t k = 0; k < count; ++k) place[members_[k]] = k;
    const ScratchVector<std::uint32_t> next = next_of_kind();
    std::vector<bool> taken(count);
    std::vector<std::uint32_t> run;
    std::uint32_t at = begin_;
    for (std::uint32_t k = 0; k < count; ++k) {
      if (taken[k]) continue;
      run.assign(1, k);
      for (std::uint32_t l = next[k]; l != 0 && run.size() < longest_ahead; l = next[l]) {
        const DraftId operand = draft_.memory_of(draft_.operands_of(draft_.nodes[members_[l]])[0]);
        if (inside(operand) && place[operand] >= k) break;
        if (!taken[l]) run.push_back(l);
      }
      if (run.size() < shortest_run)
        run.resize(1);
      else
        units_.vectors.push_back({at, at + static_cast<std::uint32_t>(run.size())});
      for (const std::uint32_t l : run) {
        taken[l] = true;
        units_.members[at++] = members_[l];
      }
    }
  }

  /// For each function of one number the next of its kind in the chain; 0: none.
  ScratchVector<std::uint32_t> next_of_kind() const {
    auto next = draft_.scratch_vector<std::uint32_t>(members_.size());
    std::vector<std::uint32_t> kinds;  // the first of each that was met, from the end
    for (std::size_t k = members_.size(); k-- > 0;) {
      const DraftId id = members_[k];
      if (!is_function_of_one(id)) continue;
      const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                     [&](std::uint32_t l) { return same_kind(members_[l], id); });
      if (kind != kinds.end())
        next[k] = std::exchange(*kind, static_cast<std::uint32_t>(k));
      else if (kinds.size() < most_kinds)
        kinds.push_back(static_cast<std::uint32_t>(k));
    }
    return next;
  }

  const Draft& draft_;
  Units& units_;
  const std::vector<bool> guarded_;
  const Sums sums_;
  std::uint32_t unit_ = 0, begin_ = 0;
  ScratchVector<std::uint32_t> depth_;    // by draft node, as the next two
  ScratchVector<std::uint32_t> part_of_;  // the part of a sum that it adds to; 0: none
  ScratchVector<std::uint32_t> scratch_;
  ScratchVector<DraftId> members_;
  std::vector<std::uint32_t> terms_{0};  // by part, of all units
};

}  // namespace

void regroup(const Draft& draft, Units& units) {
  // The sums and functions of vectors differ from those of the C library in the last bit: what a
  // C++ branch depends on is left alone.
  std::optional<Regrouper> regrouper;
  for (std::uint32_t unit = 0; unit < units.units.size(); ++unit) {
    const Units::Unit& of = units.units[unit];
    if (of.kind != Units::Kind::scalars || of.end - of.begin < fewest_nodes) continue;
    if (!regrouper) regrouper.emplace(draft, units);
    regrouper->run(unit);
  }
}

}  // namespace tapewise::passes
