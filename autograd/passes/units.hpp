#pragma once
#include <algorithm>
#include <span>
#include <tapewise/autograd/draft.hpp>
#include <vector>

namespace tapewise::passes {

/// What one step of the plan carries out: a node, or a group of nodes that are run together.
struct Units {
  enum class Kind : std::uint8_t {
    single,   ///< one node, one kernel
    fused,    ///< a large array's ops, block by block: see FusedGroup
    paired,   ///< two nodes, one kernel: the second is the first's by-product
    scalars,  ///< ops on single numbers, as byte-code: see ScalarCode
  };
  struct Unit {
    Kind kind = Kind::single;
    std::uint32_t begin = 0, end = 0;  ///< into `members`
    Shape shape;                       ///< fused: the shape of its full operands
    std::size_t split = no_split;      ///< fused: the axis at which the rows begin
  };
  static constexpr std::size_t no_split = Shape::max_rank + 1;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  /// Members of a scalar unit that are run as one instruction.
  struct Range {
    std::uint32_t begin, end;
  };

  std::vector<Unit> units;             ///< in the order in which they are run
  std::vector<DraftId> members;        ///< of each unit, in the order of the draft
  std::vector<Range> vectors;          ///< of one kind, independent; into `members`, ascending
  std::vector<Range> sums;             ///< additions that go on with each other, the same way
  std::vector<std::uint32_t> unit_of;  ///< by draft node; `none` for leaves, constants, aliases

  std::span<const DraftId> members_of(const Unit& unit) const {
    return {members.data() + unit.begin, unit.end - unit.begin};
  }
};

/// Goes along ranges with the members of a unit.
class RangesFrom {
 public:
  RangesFrom(const std::vector<Units::Range>& ranges, std::uint32_t begin)
      : next_(std::lower_bound(ranges.begin(), ranges.end(), begin,
                               [](const Units::Range& r, std::uint32_t b) { return r.begin < b; })),
        end_(ranges.end()) {}

  /// The range that begins at this member; null: none does.
  const Units::Range* at(std::uint32_t member) {
    return next_ != end_ && next_->begin == member ? &*next_++ : nullptr;
  }

 private:
  std::vector<Units::Range>::const_iterator next_, end_;
};

}  // namespace tapewise::passes
