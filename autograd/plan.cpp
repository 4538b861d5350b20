#include <tapewise/autograd/plan.hpp>

#include <tapewise/autograd/passes/fuse.hpp>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise {

std::string Plan::name_of(NodeId origin) const {
  const auto label = labels.find(origin);
  return label == labels.end() ? "%" + std::to_string(origin) : label->second;
}

std::size_t Plan::bytes_of(const Type& type) const {
  const bool complex = numbers == Numbers::complex128 && is_float(type.dtype);
  return static_cast<std::size_t>(type.size()) * size_of(complex ? DType::complex128 : type.dtype);
}

std::shared_ptr<const Plan> make_plan(std::span<const Var> outputs, const CompileOptions& options) {
  Draft draft = passes::reach(outputs, options.numbers);
  draft.simd = options.simd.value_or(default_simd_level());
  require_simd_level(draft.simd);
  if (options.fold) passes::fold(draft);
  if (options.share) passes::share(draft);
  if (options.absorb) passes::absorb(draft);
  passes::prune(draft);
  passes::pin(draft);
  passes::Units units = passes::fuse(draft, options);
  passes::schedule(draft, units);
  const passes::Placement placement = passes::place(draft, units, options);
  return passes::emit(draft, units, placement);
}

}  // namespace tapewise
