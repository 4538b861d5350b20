#pragma once
#include <memory>
#include <tapewise/autograd/fused.hpp>
#include <tapewise/autograd/passes/arena.hpp>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

/// A group as a step: what it runs, and the draft nodes whose memory it is given, in the order of
/// its slots.
struct BuiltStep {
  std::unique_ptr<FusedGroup> fused;
  std::vector<DraftId> outside;
  double flops = 0;
};
BuiltStep build_fused(const Draft& draft, const Units& units, const Units::Unit& unit,
                      const Placement& placement);

}  // namespace tapewise::passes
