// Compiled once for each SIMD level, with the flags of that level (cmake/simd_levels.cmake). Beyond
// sse2, the build renames the namespaces `tapewise` and `xsimd`: every inline function that this
// file instantiates has a name of its own then, and none can stand in for the baseline's.
#include <tapewise/ops/all_lists.hpp>
#include <tapewise/ops/kernels/elementwise_loop.hpp>
#include <tapewise/ops/kernels/gather.hpp>
#include <tapewise/ops/kernels/levels.hpp>
#include <tapewise/ops/kernels/pair_loops.hpp>
#include <tapewise/ops/kernels/reduction_kernels.hpp>
#include <tapewise/ops/kernels/row_kernels.hpp>
#include <tapewise/ops/kernels/simd.hpp>
#include <tapewise/ops/kernels/stream.hpp>
#include <tapewise/ops/kernels/thin_product.hpp>

namespace tapewise::kernels {

namespace {

template <class R, class T>
constexpr void fill_loops(RuleLoops& rule) {
  if constexpr (readable<R, T>) {
    auto& loops = rule.loops[static_cast<std::size_t>(dtype_of<T>)];
    const auto by_mask = loops_of<R, T, BatchLanes>();
    for (std::size_t mask = 0; mask < by_mask.size(); ++mask) loops[mask] = by_mask[mask];
    // A single number is computed by the C library: its functions are faster than one lane of a
    // batch, and a scalar graph gets the same bits at every level.
    loops[RuleLoops::one_element] = loops_of<R, T, ScalarLanes>()[0];
  }
}

template <class R>
constexpr RuleLoops loops_of_rule() {
  RuleLoops rule{R::name, {}};
  fill_loops<R, bool>(rule);
  fill_loops<R, std::int64_t>(rule);
  fill_loops<R, float>(rule);
  fill_loops<R, double>(rule);
  return rule;
}

template <class R>
constexpr std::size_t is_elementwise() {
  if constexpr (requires { R::elementwise_scheme; }) return 1;
  return 0;
}

template <class R>
constexpr void add_rule(std::span<RuleLoops> rules, std::size_t& count) {
  if constexpr (is_elementwise<R>() == 1) rules[count++] = loops_of_rule<R>();
}

template <class... Rules>
constexpr std::size_t count_rules(OpList<Rules...>) {
  return (is_elementwise<Rules>() + ... + 0U);
}
template <class... Rules>
constexpr void add_rules(OpList<Rules...>, std::span<RuleLoops> rules, std::size_t& count) {
  (add_rule<Rules>(rules, count), ...);
}

constexpr std::size_t rule_count =
    with_all_families([](auto... family) { return (count_rules(family) + ...); });

constexpr std::array<RuleLoops, rule_count> all_loops = with_all_families([](auto... family) {
  std::array<RuleLoops, rule_count> rules{};
  std::size_t count = 0;
  (add_rules(family, rules, count), ...);
  return rules;
});

constexpr AllPairLoops pair_loops = all_pair_loops<BatchLanes>();
constexpr AllPastLoops past_loops = all_past_loops<PastLanes>();

constexpr LevelKernels level_kernels_here = {all_loops,
                                             &pair_loops,
                                             &past_loops,
                                             reduction_kernels<float>,
                                             reduction_kernels<double>,
                                             row_kernels<float>,
                                             row_kernels<double>,
                                             &gather,
                                             &stream,
                                             &thin_product<float>,
                                             &thin_product<double>};

}  // namespace

}  // namespace tapewise::kernels

extern "C" const void* TAPEWISE_LEVEL_KERNELS() { return &tapewise::kernels::level_kernels_here; }
