#include <tapewise/autograd/program.hpp>

#include <algorithm>
#include <array>
#include <tapewise/autograd/run_steps.hpp>

namespace tapewise {

Program compile(std::span<const Var> outputs, const CompileOptions& options) {
  return Program(make_plan(outputs, options));
}

Program compile(std::initializer_list<Var> outputs, const CompileOptions& options) {
  return compile(std::span(outputs.begin(), outputs.size()), options);
}

Program::Program(std::shared_ptr<const Plan> plan)
    : plan_(std::move(plan)), arena_(plan_->arena_bytes), bound_(plan_->cells.size()) {
  // Touched once, here: page faults cost more than the arithmetic that would meet them.
  std::memset(arena_.data(), 0, plan_->arena_bytes);
  if (plan_->numbers != Numbers::as_recorded) {
    for (std::size_t cell = 0; cell < bound_.size(); ++cell) bound_memory(cell);
  }
  connect();
}

Program::Program(const Program& other) : Program(other.plan_) {
  for (std::size_t cell = 0; cell < bound_.size(); ++cell) {
    if (other.bound_[cell] == nullptr) continue;
    const Array& from = *other.bound_[cell];
    std::memcpy(bound_memory(cell), from.data(), from.type().bytes());
  }
  connect();
}

Program& Program::operator=(const Program& other) {
  if (this != &other) *this = Program(other);
  return *this;
}

const void* Program::address(const Place& place) const {
  switch (place.kind) {
    case Place::Kind::arena: return arena_.data() + place.at;
    case Place::Kind::constant: return plan_->constants[place.at]->data();
    default:
      return bound_[place.at] != nullptr ? bound_[place.at]->data()
                                         : plan_->cells[place.at]->data();
  }
}

/// Private memory for a leaf, filled with the cell's values in the plan's number type.
void* Program::bound_memory(std::size_t cell) {
  if (bound_[cell] == nullptr) {
    const Cell& shared = *plan_->cells[cell];
    const auto copy = converted(shared.data(), shared.type(), plan_->numbers);
    bound_[cell] = std::make_shared<Array>(copy->type());
    std::memcpy(bound_[cell]->data(), copy->data(), copy->type().bytes());
  }
  return bound_[cell]->data();
}

/// Turns places into addresses, once: a run follows pointers only.
void Program::connect() {
  operands_.resize(plan_->operands.size());
  for (std::size_t k = 0; k < operands_.size(); ++k) operands_[k] = address(plan_->operands[k]);
  ready_.clear();
  ready_.reserve(plan_->steps.size());
  for (const Step& step : plan_->steps) {
    // The arena is this program's own, and cells are written by the steps that assign them only.
    void* out = const_cast<void*>(address(step.out));
    ready_.push_back(
        {step.run, {out, operands_.data() + step.in_begin, plan_->params.data() + step.params}});
  }
  written_.clear();
  for (std::size_t cell = 0; cell < bound_.size(); ++cell) {
    if (plan_->inputs[cell].assigned && bound_[cell] == nullptr) {
      written_.push_back(plan_->cells[cell]->clock().get());
    }
  }
}

/// The error of a step with the line that recorded it.
std::string Program::where_failed(std::size_t step, const std::string& what) const {
  const Step& failed = plan_->steps[step];
  std::string text = failed.op == nullptr ? what : named_by(what, failed.op->name, failed.composer);
  text += "\n  recorded at " + to_string(failed.where) + " as %" + std::to_string(failed.origin);
  const auto label = plan_->labels.find(failed.origin);
  if (label != plan_->labels.end()) text += " \"" + label->second + "\"";
  return text;
}

void Program::run() {
  run_steps([](std::size_t) {});
}

std::size_t Program::steps() const { return plan_->steps.size(); }
std::size_t Program::ops() const { return plan_->ops; }
std::size_t Program::arena_bytes() const { return plan_->arena_bytes; }
std::size_t Program::peak_bytes() const { return plan_->peak_bytes; }
std::size_t Program::working_bytes() const { return plan_->arena_bytes - plan_->output_bytes; }
double Program::flops() const { return plan_->flops; }
double Program::extra_flops() const { return plan_->extra_flops; }
const Type& Program::type(std::size_t output) const { return plan_->outputs[output].type; }

/// For a Var of this plan's tape: the program survives a rewind, and the tape, but the Var does
/// not.
void Program::require_on_tape(const Var& node, const char* who) const {
  if (!plan_->tape.expired() && node.valid()) return;
  throw HandleError("[" + std::string(who) + "] " + plan_->name_of(node.id()) +
                    " is no longer on its tape: read outputs by position or label, and write "
                    "leaves through a Cell of your own, tape.input(cell)");
}

bool Program::reads(const Var& leaf) const {
  const auto& inputs = plan_->inputs;
  const bool found = std::any_of(inputs.begin(), inputs.end(), [&](const PlanInput& input) {
    return same_node(input.var, leaf);
  });
  if (found) require_on_tape(leaf, "program");
  return found;
}

std::size_t Program::index_of(const Var& output) const {
  for (std::size_t k = 0; k < plan_->outputs.size(); ++k) {
    if (!same_node(plan_->outputs[k].var, output)) continue;
    require_on_tape(output, "program");
    return k;
  }
  throw HandleError("[program] %" + std::to_string(output.id()) +
                    " is not among the outputs that were compiled");
}

const void* Program::data(std::size_t output) const {
  if (output >= plan_->outputs.size()) {
    throw HandleError("[program] there are " + std::to_string(plan_->outputs.size()) +
                      " outputs, asked for number " + std::to_string(output));
  }
  if (!has_run_) {
    throw HandleError("[program] there is no value of \"" + plan_->outputs[output].name +
                      "\": call run(), and let it succeed");
  }
  return address(plan_->outputs[output].place);
}

std::size_t Program::index_of(std::string_view output) const {
  for (std::size_t k = 0; k < plan_->outputs.size(); ++k) {
    if (plan_->outputs[k].name == output) return k;
  }
  throw HandleError("[program] no output is called \"" + std::string(output) + "\"");
}

void Program::require_output_dtype(std::size_t output, DType asked) const {
  const PlanOutput& o = plan_->outputs[output];
  if (o.type.dtype == asked && plan_->numbers != Numbers::complex128) return;
  throw TypeError("[program] asked for " + std::string(name_of(asked)) + ", output \"" + o.name +
                  "\" is " + to_string(o.type));
}

double Program::item(std::size_t output) const {
  const void* value = data(output);
  const Type& type = plan_->outputs[output].type;
  if (type.size() != 1) {
    throw ShapeError("[program] item() wants one element, \"" + plan_->outputs[output].name +
                     "\" has shape " + to_string(type.shape) + ": use value<T>()");
  }
  const bool complex = plan_->numbers == Numbers::complex128 && is_float(type.dtype);
  return number_at(complex ? DType::complex128 : type.dtype, value, 0);
}

std::size_t Program::cell_of(const Var& leaf) const {
  for (std::size_t cell = 0; cell < plan_->inputs.size(); ++cell) {
    if (!same_node(plan_->inputs[cell].var, leaf)) continue;
    require_on_tape(leaf, "bind");
    return cell;
  }
  throw HandleError("[bind] %" + std::to_string(leaf.id()) +
                    " is not a leaf that this program reads");
}

void* Program::bound_data(const Var& leaf) {
  const std::size_t cell = cell_of(leaf);
  const bool first = bound_[cell] == nullptr;
  void* memory = bound_memory(cell);
  if (first) connect();
  return memory;
}

void Program::bind(const Var& leaf, const ArrayView& value) {
  const Type& type = plan_->cells[cell_of(leaf)]->type();
  const ArrayView given =
      value.is_number() && type.shape.is_scalar() ? number_as(value, type.dtype, "bind") : value;
  require_same_type(given.type(), type, "bind");
  const auto in_plan = converted(given.data(), type, plan_->numbers);
  std::memcpy(bound_data(leaf), in_plan->data(), in_plan->type().bytes());
}

}  // namespace tapewise
