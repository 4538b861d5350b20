#pragma once
#include <algorithm>
#include <cstdint>
#include <tapewise/autograd/draft.hpp>
#include <tapewise/autograd/passes/units.hpp>
#include <vector>

namespace tapewise::passes {

/// How the elements of a group's shape read an operand.
enum class Pattern : std::uint8_t {
  full,    ///< every element its own
  number,  ///< all the same
  column,  ///< one number per row
  row,     ///< the same row for all rows
  some,    ///< rows that repeat: the operand is broadcast along some of the outer axes
  mixed,
};
/// The pattern of an operand for rows that begin at axis `split`.
Pattern pattern_of(const Shape& operand, const Shape& full, std::size_t split);

/// What a member's value is in its group.
enum class Form : std::uint8_t { none, full, column, folded };

/// A fused unit that is being made.
struct Group {
  Shape shape;
  std::size_t split = Units::no_split;
  std::uint32_t level = 0;
  bool across = false, rows = false;
  std::size_t totals = 0;
  std::vector<DraftId> members;
  std::vector<DraftId> outside;  ///< operands from outside

  void add_outside(DraftId operand) {
    if (std::find(outside.begin(), outside.end(), operand) == outside.end()) {
      outside.push_back(operand);
    }
  }
};

/// The groups of a draft, which node is in which, and the rules by which one may join.
class Groups {
 public:
  static constexpr std::uint32_t none = Units::none;

  /// Arrays of fewer than `fewest` elements are left alone.
  Groups(const Draft& draft, std::int64_t fewest);

  /// Puts a node into the best group that takes it, or into one of its own. `level` is that of its
  /// highest operand.
  bool join_any(DraftId id, std::uint32_t level);
  /// What backward reads of forward's values (y·y, say) is computed where it is read, when that
  /// keeps no more bytes alive than its result would. In sink.cpp.
  void sink();

  const std::vector<Group>& all() const { return groups_; }
  /// By node: after so many groups, one after the other, its value is there.
  std::uint32_t& level(DraftId id) { return level_[id]; }
  std::uint32_t level(DraftId id) const { return level_[id]; }

 private:
  enum class Fold : std::uint8_t { none, row, total, across };

  Form form_of(const DraftNode& node) const;
  bool can_join(std::uint32_t index, DraftId id) const;
  bool is_crowded(const Group& group) const;
  bool rows_fit(const Group& group, std::size_t split, bool across) const;
  bool reads_well(std::uint32_t index, const DraftNode& node) const;
  bool is_column(std::uint32_t index, const DraftNode& node) const;
  Fold fold_axes(std::uint32_t index, const DraftNode& node) const;
  bool splits_at(const Group& group, std::size_t split) const;
  DType number_of(const Type& type) const;
  void join(std::uint32_t index, DraftId id);
  Form join_folded(std::uint32_t index, const DraftNode& node);
  void try_to_sink(DraftId id, std::uint32_t to, const std::vector<std::uint32_t>& last_read);

  const Draft& draft_;
  std::int64_t fewest_;
  std::vector<std::uint32_t> group_of_;
  std::vector<Form> form_;
  ScratchVector<std::uint32_t> level_;
  std::vector<std::uint32_t> reader_;  // the last group that reads a value from outside
  std::vector<Group> groups_;
};

}  // namespace tapewise::passes
