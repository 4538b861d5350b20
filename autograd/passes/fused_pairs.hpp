#pragma once
#include <tapewise/autograd/passes/fused_unit.hpp>
#include <vector>

namespace tapewise::passes {

/// Two ops of arithmetic of a fused group that are carried out in one loop.
struct FusedPair {
  DraftId first, second;
  std::size_t use;  ///< which operand of the second the first's value is
};

/// The pairs of a fused unit: the first's value is read by the second alone.
class FusedPairs {
 public:
  explicit FusedPairs(const FusedUnit& unit);

  bool leads(DraftId id) const;
  /// The pair whose second op this is, or null.
  const FusedPair* of(DraftId second) const;

 private:
  std::vector<FusedPair> pairs_;
};

}  // namespace tapewise::passes
