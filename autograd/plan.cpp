#include <tapewise/autograd/plan.hpp>

#include <limits>
#include <tapewise/autograd/passes/fuse.hpp>
#include <tapewise/autograd/passes/passes.hpp>
#include <tapewise/autograd/passes/recompute.hpp>
#include <tapewise/autograd/passes/regroup.hpp>
#include <tapewise/autograd/threads.hpp>

namespace tapewise {

std::string Plan::name_of(NodeId origin) const {
  const auto label = labels.find(origin);
  return label == labels.end() ? "%" + std::to_string(origin) : label->second;
}

std::string Plan::describe(const Step& step) const {
  std::string text;
  if (step.fused != nullptr) {
    const FusedGroup& group = *step.fused;
    if (step.panels != nullptr) {
      text = std::string(step.op->name) + " by " + std::to_string(step.panels->at_once) +
             " rows, each then ";
    }
    text += "fused " + std::to_string(group.rows) + " x " + std::to_string(group.columns) + " by " +
            std::to_string(group.block_rows) + " x " + std::to_string(group.block_columns) + ":";
    for (const FusedOp& op : group.ops) {
      if (op.first != nullptr) text += " " + std::string(op.first->name);
      text += " " + std::string(op.op->name);
    }
    if (!group.past.empty()) text += ", written past the caches";
    if (!group.streamed.empty()) text += ", copied past the caches";
    return text;
  }
  if (step.scalars != nullptr) {
    return "scalars: " + std::to_string(step.scalars->nodes) + " ops, " +
           std::to_string(step.scalars->vectors.size()) + " vector instructions, " +
           std::to_string(step.scalars->sums.size()) + " sums, " +
           std::to_string(step.scalars->loads.size()) + " loads";
  }
  if (step.op == nullptr) return "guard";
  text = step.op->name;
  if (step.by_product != nullptr) text += " with " + std::string(step.by_product->name);
  return text;
}

std::size_t Plan::bytes_of(const Type& type) const {
  const bool complex = numbers == Numbers::complex128 && is_float(type.dtype);
  return static_cast<std::size_t>(type.size()) * size_of(complex ? DType::complex128 : type.dtype);
}

namespace {

/// A draft with everything settled that the steps are made from.
struct Arrangement {
  Draft draft;
  passes::Units units;
  passes::Placement placement;
  double extra_flops = 0;

  std::size_t working_bytes() const { return placement.arena_bytes - placement.output_bytes; }
};

Arrangement arrange(passes::Recomputed from, const CompileOptions& options) {
  Arrangement a{std::move(from.draft), {}, {}, from.extra_flops};
  a.units = passes::fuse(a.draft, options);
  if (options.pair) passes::pair(a.draft, a.units);
  passes::schedule(a.draft, a.units);
  if (options.regroup) passes::regroup(a.draft, a.units);
  a.placement = passes::place(a.draft, a.units, options);
  constexpr std::size_t large = 4U << 20U;  // what is small the allocator keeps at hand
  a.draft.scratch->release(large);
  return a;
}

/// What a draft comes to under limits for the values alive at once. The limits are the same for
/// every budget, so a budget that some of them meets is met.
class BudgetSearch {
 public:
  BudgetSearch(const Draft& draft, const CompileOptions& options)
      : draft_(draft), options_(options) {
    const passes::LimitRange range = passes::limit_range(draft);
    largest_op_ = range.least;
    for (double at = static_cast<double>(range.least); at < static_cast<double>(range.most);
         at *= 1.1) {
      limits_.push_back(static_cast<std::size_t>(at) + 1);
    }
  }

  Arrangement run(std::size_t budget) {
    if (auto free = arranged(unlimited); free->working_bytes() <= budget) return std::move(*free);
    // More limit, less to recompute: the most that fits, as if bytes grew with the limit.
    std::optional<Arrangement> best;
    for (std::size_t low = 0, high = limits_.size(); low < high;) {
      const std::size_t middle = (low + high) / 2;
      auto tried = arranged(limits_[middle]);
      if (!tried) {
        low = middle + 1;
      } else if (tried->working_bytes() <= budget) {
        best = std::move(tried);
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (best) return std::move(*best);
    // They do not quite: look at all that may be the smallest. A run that gives something up comes
    // within one op of its limit, and what the outputs' places do not hold of that is working
    // bytes.
    const auto free = arranged(unlimited);
    std::size_t smallest = free->working_bytes();
    for (const std::size_t limit : std::span(limits_).subspan(first_possible())) {
      if (limit > largest_op_ + free->placement.output_bytes + smallest) break;
      auto tried = arranged(limit);
      if (!tried) continue;
      if (tried->working_bytes() <= budget) return std::move(*tried);
      smallest = std::min(smallest, tried->working_bytes());
    }
    throw MemoryError("[compile] a memory_budget of " + std::to_string(budget) +
                      " bytes cannot be met: the smallest that can is " + std::to_string(smallest));
  }

  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  /// The lowest limit that a run can keep, as if each above one that can be kept could be, too.
  std::size_t first_possible() const {
    std::size_t low = 0;
    for (std::size_t high = limits_.size(); low < high;) {
      const std::size_t middle = (low + high) / 2;
      if (passes::recompute(draft_, limits_[middle], options_.checkpoints))
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  }

  std::optional<Arrangement> arranged(std::size_t limit) const {
    auto recomputed = passes::recompute(draft_, limit, options_.checkpoints);
    if (!recomputed) return std::nullopt;
    return arrange(std::move(*recomputed), options_);
  }

 private:
  const Draft& draft_;
  const CompileOptions& options_;
  std::vector<std::size_t> limits_;
  std::size_t largest_op_ = 0;
};

Arrangement arrange(Draft draft, const CompileOptions& options) {
  if (options.memory_budget) {
    if (!options.reuse) throw Error("[compile] memory_budget needs reuse: buffers are shared");
    return BudgetSearch(draft, options).run(*options.memory_budget);
  }
  if (options.checkpoints && passes::has_checkpoints(draft)) {
    return *BudgetSearch(draft, options).arranged(BudgetSearch::unlimited);
  }
  return arrange(passes::Recomputed{std::move(draft), 0}, options);
}

}  // namespace

std::shared_ptr<const Plan> make_plan(std::span<const Var> outputs, const CompileOptions& options) {
  (void)num_threads();  // what is wrong in the environment is said here, and not in a run
  Draft draft = passes::reach(outputs, options.numbers);
  draft.simd = options.simd.value_or(default_simd_level());
  require_simd_level(draft.simd);
  if (options.fold) passes::fold(draft);
  if (options.share) passes::share(draft);
  if (options.absorb) passes::absorb(draft);
  if (options.absorb && options.accumulate) passes::accumulate(draft);
  passes::prune(draft);
  passes::pin(draft);
  if (options.hoist) passes::hoist(draft);
  if (options.advance) passes::advance(draft);
  const Arrangement a = arrange(std::move(draft), options);
  return passes::emit(a.draft, outputs, a.units, a.placement, a.extra_flops, options);
}

}  // namespace tapewise
