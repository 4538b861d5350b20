#pragma once
#include <memory>
#include <tapewise/autograd/fused.hpp>
#include <tapewise/autograd/passes/arena.hpp>
#include <tapewise/autograd/passes/passes.hpp>
#include <tapewise/autograd/scalar_code.hpp>

namespace tapewise::passes {

/// A group as a step: what it runs, and the draft nodes whose memory it is given, in the order of
/// its slots.
struct BuiltStep {
  std::unique_ptr<FusedGroup> fused;
  std::vector<DraftId> outside;
  double flops = 0;
};
/// A scalar unit as byte-code, and the draft nodes whose memory it loads from.
struct BuiltScalars {
  std::unique_ptr<ScalarCode> code;
  std::vector<DraftId> outside;
};
BuiltScalars build_scalars(const Draft& draft, const Units& units, const Units::Unit& unit,
                           const Placement& placement);

/// A product together with the group that reads it next, some rows at a time; null where that is
/// not worth it, or one would write over what the other still reads.
std::unique_ptr<Panels> build_panels(const Draft& draft, const Placement& placement,
                                     DraftId product, const BuiltStep& group);

BuiltStep build_fused(const Draft& draft, const Units& units, const Units::Unit& unit,
                      const Placement& placement);

}  // namespace tapewise::passes
