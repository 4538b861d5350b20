#pragma once
#include <tapewise/autograd/passes/fused_blocks.hpp>
#include <vector>

namespace tapewise::passes {

/// The scratch memory of a fused group: a block of each value that stays inside.
class FusedScratch {
 public:
  FusedScratch(const FusedUnit& unit, FusedGroup& group) : of_(unit), group_(group) {}

  /// A slot for the result of the next op of the group.
  FusedOperand take(DraftId member);
  /// The slot of a member that has one.
  FusedOperand slot_of(DraftId member) const;
  /// The last op of the group reads this member.
  void note_use(DraftId member);

  /// When all ops are there: where the slots lie, and the accumulators of sums of columns.
  void lay_out();
  /// Results that are too many for the caches go past them, where a block's lie side by side: they
  /// are formed in scratch memory and copied out.
  void stream_results(const FusedBlocks& blocks);

 private:
  struct Piece {
    DraftId member;
    FusedOperand operand;
    std::size_t bytes, made, last_use;
  };

  const FusedUnit& of_;
  FusedGroup& group_;
  std::vector<Piece> pieces_;
};

}  // namespace tapewise::passes
