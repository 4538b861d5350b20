#include <iomanip>
#include <ostream>
#include <tapewise/autograd/plan.hpp>
#include <tapewise/autograd/program.hpp>

namespace tapewise {

namespace {

/// "arena+128", "leaf w1", "constant".
std::string place_text(const Plan& plan, const Place& place) {
  switch (place.kind) {
    case Place::Kind::arena: return "arena+" + std::to_string(place.at);
    case Place::Kind::cell: return plan.inputs[place.at].name;
    default: return "constant";
  }
}

void print_step(std::ostream& out, const Plan& plan, std::size_t number) {
  const Step& step = plan.steps[number];
  out << "  " << std::setw(4) << number << "  ";
  if (step.op != nullptr) {
    out << std::left << std::setw(18) << place_text(plan, step.out) << std::right << " = ";
  }
  out << plan.describe(step);
  if (step.scalars == nullptr) {
    out << (step.fused != nullptr ? "  (" : "(");
    for (std::size_t k = 0; k < step.in_count; ++k) {
      out << (k > 0 ? ", " : "") << place_text(plan, plan.operands[step.in_begin + k]);
    }
    out << ')';
  }
  out << "  " << plan.name_of(step.origin) << "  ";
  if (step.op != nullptr) out << to_string(plan.types[step.type]) << "  ";
  out << to_string(step.where) << '\n';
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Program& program) {
  const Plan& plan = program.plan();
  out << "program: " << plan.steps.size() << " steps, " << plan.arena_bytes << " bytes of arena ("
      << plan.peak_bytes << " alive at the peak), " << plan.flops << " flops";
  if (plan.extra_flops > 0) out << ", of which " << plan.extra_flops << " to compute values again";
  out << '\n';
  for (const PlanInput& input : plan.inputs) {
    out << "  leaf " << input.name << "  " << to_string(input.type)
        << (input.assigned ? "  (assigned)" : "") << '\n';
  }
  for (std::size_t s = 0; s < plan.steps.size(); ++s) print_step(out, plan, s);
  for (const PlanOutput& output : plan.outputs) {
    out << "  output " << output.name << "  " << to_string(output.type) << "  at "
        << place_text(plan, output.place) << '\n';
  }
  for (const std::string& name : plan.reads) {
    out << "  read while recording, without a guard: " << name << '\n';
  }
  return out;
}

}  // namespace tapewise
