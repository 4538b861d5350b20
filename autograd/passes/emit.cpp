#include <algorithm>
#include <cstring>
#include <optional>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/passes/build.hpp>
#include <utility>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

struct GuardParams {
  bool taken;
  const std::string* text;
};

Kernel guard_kernel(bool taken, const std::string* text) {
  Kernel kernel;
  kernel.set_params(GuardParams{taken, text});
  kernel.run = [](const KernelCall& call) {
    const auto& p = call.params<GuardParams>();
    if (*call.in<bool>(0) != p.taken) throw GuardError(*p.text);
  };
  return kernel;
}

std::string guard_text(const Draft& draft, const DraftNode& guard) {
  const std::string was = guard.guard_taken ? "true" : "false";
  return draft.describe(guard, "[guard] the condition was " + was +
                                   " while recording and is not in this run: the recorded graph "
                                   "is the other branch; record it anew");
}

void add_step(Plan& plan, const Draft& draft, const DraftNode& node, const Kernel& kernel,
              const Place& out, std::span<const DraftId> operands, std::span<const Place> places) {
  Step step;
  step.run = kernel.run;
  step.params = plan.params.size();
  step.out = out;
  step.in_begin = static_cast<std::uint32_t>(plan.operands.size());
  step.in_count = static_cast<std::uint32_t>(operands.size());
  step.flops = kernel.flops;
  step.op = node.role == Role::guard ? nullptr : node.op;
  step.type = node.type;
  step.origin = node.origin;
  step.where = draft.tape->node(node.origin).where;
  step.composer = draft.tape->composer(node.origin);
  plan.params.resize((plan.params.size() + kernel.params_bytes + 15) / 16 * 16);
  std::memcpy(plan.params.data() + step.params, kernel.params, kernel.params_bytes);
  for (const DraftId operand : operands) {
    plan.operands.push_back(places[operand]);
    step.bytes += static_cast<double>(draft.bytes_of(draft.nodes[operand]));
  }
  if (step.op != nullptr) step.bytes += static_cast<double>(draft.bytes_of(node));
  plan.flops += kernel.flops;
  plan.steps.push_back(step);
}

/// A product and its group, in the place of the product's own step.
void add_panels(Plan& plan, const Draft& draft, DraftId product, std::unique_ptr<Panels> panels,
                Kernel kernel, std::span<const DraftId> outside, const Placement& placement) {
  const DraftNode& node = draft.nodes[product];
  plan.flops -= plan.steps.back().flops;
  plan.operands.resize(plan.steps.back().in_begin);
  plan.steps.pop_back();
  plan.panels.push_back(std::move(panels));
  const Panels* both = plan.panels.back().get();
  kernel.run = &run_panels;
  kernel.set_params(both);
  kernel.flops += both->product.flops;
  const auto factors = draft.operands_of(node);
  std::vector<DraftId> operands(factors.begin(), factors.end());
  operands.insert(operands.end(), outside.begin(), outside.end());
  add_step(plan, draft, node, kernel, placement.places[product], operands, placement.places);
  plan.steps.back().fused = both->group;
  plan.steps.back().panels = both;
}

/// `before` is the op whose step was added last, if it may be taken into this one.
void add_fused(Plan& plan, const Draft& draft, const Units& units, const Units::Unit& unit,
               const Placement& placement, std::optional<DraftId> before) {
  BuiltStep built = build_fused(draft, units, unit, placement);
  std::unique_ptr<Panels> panels;
  if (before) panels = build_panels(draft, placement, *before, built);
  plan.fused.push_back(std::move(built.fused));
  const FusedGroup* group = plan.fused.back().get();
  Kernel kernel;
  kernel.flops = built.flops;
  if (panels != nullptr) {
    add_panels(plan, draft, *before, std::move(panels), kernel, built.outside, placement);
    return;
  }
  kernel.run = &run_fused;
  kernel.set_params(group);
  const DraftNode& last = draft.nodes[units.members[unit.end - 1]];
  add_step(plan, draft, last, kernel, {}, built.outside, placement.places);
  plan.steps.back().op = nullptr;
  plan.steps.back().fused = group;
}

void add_scalars(Plan& plan, const Draft& draft, const Units& units, const Units::Unit& unit,
                 const Placement& placement) {
  BuiltScalars built = build_scalars(draft, units, unit, placement);
  plan.scalars.push_back(std::move(built.code));
  const ScalarCode* code = plan.scalars.back().get();
  Kernel kernel;
  kernel.run = &run_scalar_code;
  kernel.set_params(code);
  kernel.flops = static_cast<double>(code->nodes);
  const DraftNode& last = draft.nodes[units.members[unit.end - 1]];
  add_step(plan, draft, last, kernel, {Place::Kind::arena, 0}, built.outside, placement.places);
  plan.steps.back().op = nullptr;
  plan.steps.back().scalars = code;
}

/// A node and its by-product, whose memory stands behind the operands.
void add_pair(Plan& plan, const Draft& draft, DraftId giver, DraftId by_product,
              const Placement& placement) {
  const DraftNode &node = draft.nodes[giver], &second = draft.nodes[by_product];
  const auto operands = draft.operands_of(second);
  std::vector<DraftId> all(operands.begin(), operands.end());
  std::vector<const Type*> in;
  for (const DraftId operand : operands) in.push_back(&draft.type_of(draft.nodes[operand]));
  const Kernel kernel =
      node.op->kernel_with_by_product({in, draft.type_of(node), draft.attribute_of(node),
                                       draft.numbers == Numbers::complex128, draft.simd});
  all.push_back(by_product);
  add_step(plan, draft, node, kernel, placement.places[giver], all, placement.places);
  plan.steps.back().by_product = second.op;
}

/// What the plan says of its leaves, outputs and labels.
void describe_plan(Plan& plan, const Draft& draft, std::span<const Var> outputs,
                   const Placement& placement) {
  Tape& tape = *draft.tape;
  plan.tape = tape.life();
  plan.inputs.resize(draft.cells.size());
  NodeId newest = 0;
  for (const DraftNode& node : draft.nodes) {
    if (!tape.is_in_b(node.origin)) newest = std::max(newest, node.origin);
    if (const auto label = tape.label(node.origin); !label.empty()) {
      plan.labels.emplace(node.origin, label);
    }
    if (node.role == Role::cell) {
      const Var leaf = tape.var(node.origin);
      plan.inputs[node.data].var = leaf;
      plan.inputs[node.data].name = leaf.name();
      plan.inputs[node.data].type = draft.type_of(node);
    }
    if (node.role == Role::assign) {
      plan.inputs[draft.nodes[draft.operands_of(node)[0]].data].assigned = true;
    }
  }
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const DraftId id = draft.outputs[k];
    plan.outputs.push_back(
        {outputs[k], outputs[k].name(), draft.type_of(draft.nodes[id]), placement.places[id]});
  }
  for (const NodeId id : tape.reads_before(newest)) plan.reads.push_back(tape.var(id).name());
}

}  // namespace

std::shared_ptr<const Plan> emit(const Draft& draft, std::span<const Var> outputs,
                                 const Units& units, const Placement& placement, double extra_flops,
                                 const CompileOptions& options) {
  auto plan = std::make_shared<Plan>();
  plan->cells = draft.cells;
  plan->constants = draft.constants;
  plan->types = draft.types;
  plan->numbers = draft.numbers;
  plan->arena_bytes = placement.arena_bytes;
  plan->peak_bytes = placement.peak_bytes;
  plan->output_bytes = placement.output_bytes;
  plan->extra_flops = extra_flops;
  const std::vector<bool> guarded = guard_cone(draft);
  std::optional<DraftId> last_single;  // the op that the last step is, if it may become panels
  for (const Units::Unit& unit : units.units) {
    const auto before = std::exchange(last_single, std::nullopt);
    plan->ops += unit.end - unit.begin;
    const DraftId id = units.members[unit.begin];
    const DraftNode& node = draft.nodes[id];
    if (unit.kind == Units::Kind::fused) {
      add_fused(*plan, draft, units, unit, placement, options.panels ? before : std::nullopt);
      continue;
    }
    if (unit.kind == Units::Kind::scalars) {
      add_scalars(*plan, draft, units, unit, placement);
      continue;
    }
    if (unit.kind == Units::Kind::paired) {
      add_pair(*plan, draft, id, units.members[unit.begin + 1], placement);
      continue;
    }
    const auto operands = draft.operands_of(node);
    if (node.role == Role::guard) {
      plan->guard_texts.push_back(std::make_unique<std::string>(guard_text(draft, node)));
      add_step(*plan, draft, node, guard_kernel(node.guard_taken, plan->guard_texts.back().get()),
               {}, operands, placement.places);
    } else if (placement.assigned_by_producer[id]) {
      continue;  // the value is there already
    } else {
      const Kernel kernel = draft.kernel_of(node);
      if (kernel.run == nullptr) {
        throw TypeError(draft.describe(node, "[" + std::string(node.op->name) +
                                                 "] has no kernel for " +
                                                 to_string(draft.type_of(node))));
      }
      add_step(*plan, draft, node, kernel, placement.places[id], operands, placement.places);
      if (!guarded[id]) last_single = id;
    }
  }
  describe_plan(*plan, draft, outputs, placement);
  return plan;
}

}  // namespace tapewise::passes
