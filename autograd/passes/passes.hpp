#pragma once
#include <tapewise/autograd/draft.hpp>
#include <tapewise/autograd/passes/units.hpp>
#include <tapewise/autograd/plan.hpp>

// The passes from tape to plan, in the order in which `make_plan` runs them. Each rewrites the
// draft; docs/programs.md says which keep every bit of every result.

namespace tapewise::passes {

/// Reachability: the nodes that the outputs need, the guards recorded before the newest of them,
/// and the cells and constants they read.
Draft reach(std::span<const Var> outputs, Numbers numbers);

/// The nodes that guards depend on, by id. Passes that change the last bit of a value leave them
/// alone: a branch must not go the other way for it.
std::vector<bool> guard_cone(const Draft& draft);

/// Constant folding: nodes whose operands are all constants become constants.
void fold(Draft& draft);

/// Common subexpressions: a node equal to an earlier one (op, attribute, operands, type) becomes
/// that one. Leaves, guards and assigns are left alone.
void share(Draft& draft);

/// Operands are read through cheap producers: a transpose becomes a flag of the matmul that reads
/// it, a broadcast is left to the elementwise op that reads it.
void absorb(Draft& draft);

/// Sums of products: where the value of an op with an accumulating form is only added to another
/// value that nobody else reads, the op adds to it in place.
void accumulate(Draft& draft);

/// Nodes that nothing needs any more are marked dead.
void prune(Draft& draft);

/// Copies for values that a run's end would change under their reader: outputs that are leaves, and
/// leaves whose old value is assigned to another leaf. Throws HandleError for two assigns to one
/// leaf.
void pin(Draft& draft);

/// Contributions to what was recorded long before, as to a weight that many steps share, move up
/// to where their operands are there: these need not be kept until the end. Only where that lowers
/// the most bytes that are alive at once.
void hoist(Draft& draft);

/// The nodes that compute the new values of parameters move up, each to where the last reader of
/// the old value and all that can throw are done: the gradient is in the cache there, and its
/// memory is free again.
void advance(Draft& draft);

/// A node and its by-product (OpRecord::by_product) become one unit, where the by-product's further
/// operands are known when the run begins.
void pair(const Draft& draft, Units& units);

/// The order of units: as recorded, as far as groups allow, with the assigns at the end, after all
/// that can throw. Nodes that are in no group become units of their own.
void schedule(const Draft& draft, Units& units);

/// Where each value lies: lifetimes, arena offsets, updates in place.
struct Placement {
  std::vector<Place> places;  ///< by draft node; of no meaning for guards and dead nodes
  std::vector<bool> stored;   ///< computed values that have a place outside of their group
  std::vector<bool> assigned_by_producer;  ///< assigns that need no copy step
  std::vector<std::uint32_t> load_slots;   ///< of leaves and constants that byte-code reads
  std::size_t arena_bytes = 0;
  std::size_t peak_bytes = 0;
  std::size_t output_bytes = 0;  ///< of the arena, held by outputs
};
Placement place(const Draft& draft, const Units& units, const CompileOptions& options);

/// Steps with their kernels. `outputs` are the Vars that were asked for: two of them may have
/// become one node.
std::shared_ptr<const Plan> emit(const Draft& draft, std::span<const Var> outputs,
                                 const Units& units, const Placement& placement, double extra_flops,
                                 const CompileOptions& options);

}  // namespace tapewise::passes
