#pragma once
#include <array>
#include <tapewise/autograd/passes/fused_unit.hpp>
#include <vector>

namespace tapewise::passes {

/// How a fused group walks through memory: the axes of its shape become rows and columns, these are
/// cut into blocks, and what lies outside of the group gets its slots.
class FusedBlocks {
 public:
  /// Fills in rows, columns, blocks and externals of `group`, which must live as long as this.
  FusedBlocks(const FusedUnit& unit, std::int64_t block_elements, FusedGroup& group);

  /// The slot of an operand from outside; `in_column` as for ops on one number per row.
  FusedOperand operand(DraftId operand, bool in_column) const;
  /// The slot of a member that is stored.
  FusedOperand result(DraftId member) const;
  /// Slots of operands come before those of results.
  bool is_result(std::size_t slot) const;
  /// The member whose result has such a slot.
  DraftId member_of(std::size_t slot) const { return stored_[slot - outside_.size()]; }
  /// Members whose values have a place outside, in the order of their slots.
  const std::vector<DraftId>& stored() const { return stored_; }
  /// The draft nodes whose memory the slots are, in their order.
  std::vector<DraftId> memory() const;
  /// Whether the rows of a block do not lie at equal distances.
  bool is_irregular(const FusedOperand& x) const;

 private:
  /// Memory from outside, as the elements of the group's shape or as one number per row.
  struct Outside {
    DraftId operand;
    bool column;
    friend bool operator==(const Outside&, const Outside&) = default;
  };

  void list_outside();
  void merge_axes();
  std::size_t split_axis() const;
  void note_folds(DraftId id);
  void choose_block(std::int64_t block_elements);
  void fit_repeated_rows();
  std::int64_t period_of(std::size_t outside) const;
  void add_externals();
  void set_rows(FusedGroup::External& external, std::size_t operand, std::int64_t bytes) const;
  FusedGroup::External result_of(DraftId id) const;
  FusedOperand slot(std::size_t external) const;

  const FusedUnit& of_;
  FusedGroup& group_;
  std::vector<Outside> outside_;
  std::vector<DraftId> stored_;
  std::vector<Strides> merged_;  // of outside_, along the merged axes
  std::array<std::int64_t, Shape::max_rank> sizes_{};
  std::size_t outer_ = 0;  // axes around the columns
};

}  // namespace tapewise::passes
