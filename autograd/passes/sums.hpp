#pragma once
#include <tapewise/autograd/passes/units.hpp>

namespace tapewise::passes {

/// Sums of many single numbers, added up one by one as the entries of a gradient table are:
/// additions whose result nobody reads but the addition that goes on with it.
class Sums {
 public:
  /// What guards depend on is left alone.
  Sums(const Draft& draft, const std::vector<bool>& guarded);

  /// Whether the node is one of a sum's additions.
  bool has(DraftId id) const { return leads_on_[id] || goes_on_[id]; }
  /// Whether a sum begins with this addition; else its first operand is the one before.
  bool begins(DraftId id) const { return leads_on_[id] && !goes_on_[id]; }

 private:
  std::vector<bool> leads_on_, goes_on_;
};

}  // namespace tapewise::passes
