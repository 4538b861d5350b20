#include <tapewise/autograd/passes/fused_pairs.hpp>

#include <algorithm>

namespace tapewise::passes {

namespace {

bool is_arithmetic(const FusedUnit& unit, DraftId id) {
  const DType number = unit.number_of(id);
  return unit.node(id).op->traits.arithmetic != Arithmetic::none && unit.is_full(id) &&
         (number == DType::float32 || number == DType::float64);
}

bool is_compiled(const FusedUnit& unit, DraftId first, DraftId second, std::size_t use) {
  return arithmetic_pair_loop(unit.node(first).op->traits.arithmetic,
                              unit.node(second).op->traits.arithmetic, use == 1,
                              unit.number_of(second), 0, unit.draft.simd) != nullptr;
}

/// How often members read a value.
std::size_t reads_of(const FusedUnit& unit, DraftId memory) {
  std::size_t reads = 0;
  for (const DraftId id : unit.members) {
    for (const DraftId operand : unit.operands_of(id)) {
      reads += unit.draft.memory_of(operand) == memory ? 1U : 0U;
    }
  }
  return reads;
}

/// Whether a result between two members is written over what the first of them reads.
bool is_overwritten_between(const FusedUnit& unit, DraftId first, DraftId second) {
  for (const DraftId operand : unit.operands_of(first)) {
    const Place& read = unit.placement.places[unit.draft.memory_of(operand)];
    for (const DraftId between : unit.members) {
      if (!unit.is_stored(between) || between <= first || between >= second) continue;
      const Place& written = unit.placement.places[between];
      if (written.kind == read.kind && written.at == read.at) return true;
    }
  }
  return false;
}

}  // namespace

FusedPairs::FusedPairs(const FusedUnit& unit) {
  for (const DraftId second : unit.members) {
    if (!is_arithmetic(unit, second)) continue;
    const auto operands = unit.operands_of(second);
    if (operands.size() != 2) continue;
    for (std::size_t use = operands.size(); use-- > 0;) {
      const DraftId first = operands[use];
      if (!unit.is_member(first) || unit.is_stored(first) || !is_arithmetic(unit, first) ||
          unit.number_of(first) != unit.number_of(second) || of(first) != nullptr ||
          !is_compiled(unit, first, second, use) || reads_of(unit, first) != 1 ||
          is_overwritten_between(unit, first, second)) {
        continue;
      }
      pairs_.push_back({first, second, use});
      break;
    }
  }
}

bool FusedPairs::leads(DraftId id) const {
  return std::any_of(pairs_.begin(), pairs_.end(),
                     [&](const FusedPair& pair) { return pair.first == id; });
}

const FusedPair* FusedPairs::of(DraftId second) const {
  for (const FusedPair& pair : pairs_) {
    if (pair.second == second) return &pair;
  }
  return nullptr;
}

}  // namespace tapewise::passes
