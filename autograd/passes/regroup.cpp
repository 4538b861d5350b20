#include <algorithm>
#include <numeric>
#include <tapewise/autograd/huge_pages.hpp>
#include <tapewise/autograd/passes/regroup.hpp>

namespace tapewise::passes {

namespace {

constexpr std::uint32_t fewest_nodes = 64;
/// So many ops of one kind in a row repay a vector instruction.
constexpr std::uint32_t shortest_run = 6, longest_run = ScalarCode::Vector::max_count;

/// The members of one scalar unit in an order in which independent ops of one kind stand together.
class Regrouper {
 public:
  Regrouper(const Draft& draft, Units& units, std::uint32_t unit, const std::vector<bool>& guarded)
      : draft_(draft),
        units_(units),
        unit_(unit),
        begin_(units.units[unit].begin),
        guarded_(guarded) {
    const auto members = units.members_of(units.units[unit]);
    members_.assign(members.begin(), members.end());
  }

  void run(std::vector<std::uint32_t>& depth) {
    const std::uint32_t levels = measure(depth);
    // Chains that depend on each other all the way have nothing side by side.
    if (members_.size() / std::max(levels, 1U) < shortest_run) return;
    sink_unary(depth, levels);
    sort(depth);
    find_runs(depth);
  }

 private:
  bool inside(DraftId memory) const { return units_.unit_of[memory] == unit_; }

  /// The longest way from outside of the unit to each member.
  std::uint32_t measure(std::vector<std::uint32_t>& depth) {
    std::uint32_t levels = 0;
    for (const DraftId id : members_) {
      std::uint32_t d = 0;
      for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
        const DraftId memory = draft_.memory_of(operand);
        if (inside(memory)) d = std::max(d, depth[memory] + 1);
      }
      depth[id] = d;
      levels = std::max(levels, d + 1);
    }
    return levels;
  }

  /// What depends on one number only (cos x for backward, say) is computed just before it is read.
  void sink_unary(std::vector<std::uint32_t>& depth, std::uint32_t levels) {
    std::vector<std::uint32_t>& first_read = scratch_;
    first_read.assign(draft_.nodes.size(), levels);
    for (std::size_t k = members_.size(); k-- > 0;) {
      const DraftId id = members_[k];
      const auto operands = draft_.operands_of(draft_.nodes[id]);
      const bool unary = std::all_of(operands.begin(), operands.end(),
                                     [&](DraftId o) { return o == operands[0]; });
      if (unary && first_read[id] < levels) depth[id] = first_read[id] - 1;
      for (const DraftId operand : operands) {
        const DraftId memory = draft_.memory_of(operand);
        first_read[memory] = std::min(first_read[memory], depth[id]);
      }
    }
  }

  bool same_kind(DraftId x, DraftId y) const {
    const DraftNode &a = draft_.nodes[x], &b = draft_.nodes[y];
    return a.op == b.op && a.type == b.type && guarded_[x] == guarded_[y] &&
           std::memcmp(draft_.attribute_of(a), draft_.attribute_of(b), a.op->attribute_bytes) == 0;
  }

  /// By level, kind of op, and the place of the first operand: then the operands of a run are
  /// neighbours when they are results of one.
  void sort(const std::vector<std::uint32_t>& depth) {
    std::vector<DraftId> by_level(members_.size());
    std::vector<std::uint32_t> begin;
    for (const DraftId id : members_) {
      if (begin.size() < depth[id] + 2) begin.resize(depth[id] + 2);
      ++begin[depth[id] + 1];
    }
    for (std::size_t l = 0; l + 1 < begin.size(); ++l) begin[l + 1] += begin[l];
    std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
    for (const DraftId id : members_) by_level[next[depth[id]]++] = id;
    std::vector<std::uint32_t>& position = scratch_;
    position.assign(draft_.nodes.size(), 0);
    for (std::size_t l = 0; l + 1 < begin.size(); ++l) {
      const auto level = std::span(by_level).subspan(begin[l], begin[l + 1] - begin[l]);
      std::stable_sort(level.begin(), level.end(), [&](DraftId x, DraftId y) {
        const DraftNode &a = draft_.nodes[x], &b = draft_.nodes[y];
        if (a.op != b.op) return a.op < b.op;
        if (a.type != b.type) return a.type < b.type;
        if (const bool last = guarded_[y]; guarded_[x] != last) return last;
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
  std::uint32_t position_of(const std::vector<std::uint32_t>& position, DraftId id) const {
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

  void find_runs(const std::vector<std::uint32_t>& depth) {
    for (std::uint32_t k = 0; k < members_.size();) {
      std::uint32_t end = k + 1;
      while (end < members_.size() && end - k < longest_run &&
             depth[members_[end]] == depth[members_[k]] && same_kind(members_[end], members_[k])) {
        ++end;
      }
      if (end - k >= shortest_run && can_be_vector(members_[k])) {
        units_.vectors.push_back({begin_ + k, begin_ + end});
      }
      k = end;
    }
  }

  const Draft& draft_;
  Units& units_;
  std::uint32_t unit_, begin_;
  const std::vector<bool>& guarded_;
  std::vector<DraftId> members_;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace

void regroup(const Draft& draft, Units& units) {
  // The sums and functions of vectors differ from those of the C library in the last bit: what a
  // C++ branch depends on is left alone.
  const std::vector<bool> guarded = guard_cone(draft);
  auto depth = huge_vector<std::uint32_t>(draft.nodes.size());
  for (std::uint32_t unit = 0; unit < units.units.size(); ++unit) {
    const Units::Unit& of = units.units[unit];
    if (of.kind != Units::Kind::scalars || of.end - of.begin < fewest_nodes) continue;
    Regrouper(draft, units, unit, guarded).run(depth);
  }
}

}  // namespace tapewise::passes
