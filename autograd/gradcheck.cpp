#include <tapewise/autograd/gradcheck.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tapewise/autograd/backward.hpp>
#include <tapewise/autograd/check/as_recorded.hpp>
#include <tapewise/autograd/check/checker.hpp>
#include <tapewise/autograd/check/error_bound.hpp>
#include <tapewise/autograd/check/random.hpp>
#include <tapewise/autograd/check/rounding.hpp>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/autograd/functional.hpp>
#include <tapewise/autograd/graph_walk.hpp>
#include <tapewise/autograd/plan.hpp>
#include <tapewise/autograd/text.hpp>
#include <utility>

namespace tapewise {

namespace {

using checking::Checker;
using checking::Random;
using checking::Replay;

/// Random numbers between 1/2 and 1, so that errors in different elements cannot cancel by
/// symmetry.
Var weights_like(const Var& y, std::uint64_t seed) {
  Random random(seed);
  Array weights(y.type());
  for (std::int64_t i = 0; i < y.type().size(); ++i) {
    const double w = 0.5 + 0.5 * random.uniform();
    if (y.dtype() == DType::float32)
      weights.as<float>()[i] = static_cast<float>(w);
    else
      weights.as<double>()[i] = w;
  }
  return y.tape().constant(weights);
}

/// Σ weights·y: how an array is checked as one number.
Var weighted_sum(const Var& y, std::uint64_t seed) {
  return y.shape().is_scalar() ? y : sum_of_products(y, weights_like(y, seed));
}

/// The weighted sum of the gradients, which is the output of the next order.
Var next_order(const Var& scalar, std::span<const Var> inputs, std::uint64_t seed) {
  const GradientTable table = backward(scalar, inputs);
  Var next;
  for (const Var& input : inputs) {
    const Var g = table[input];
    const Var term = sum_of_products(g, weights_like(g, ++seed));
    next = next.has_tape() ? cotangent_sum(next, term) : term;
  }
  return next;
}

std::vector<double> values_of(const Program& program, std::size_t output) {
  std::vector<double> values;
  const Type& type = program.type(output);
  for (std::int64_t i = 0; i < type.size(); ++i) {
    values.push_back(number_at(type.dtype, program.data(output), i));
  }
  return values;
}

std::vector<NodeId> ids_of(std::span<const Var> vars) {
  std::vector<NodeId> ids;
  for (const Var& v : vars) ids.push_back(v.id());
  return ids;
}

bool any_float32(Tape& tape, std::span<const NodeId> roots) {
  const auto all = ancestors(tape, roots, [](NodeId) { return false; });
  return std::any_of(all.begin(), all.end(),
                     [&](NodeId id) { return tape.type(id).dtype == DType::float32; });
}

double digits_left(double value, double bound) {
  if (bound == 0.0) return 17.0;
  if (!std::isfinite(bound) || value == 0.0) return 0.0;
  return std::clamp(-std::log10(bound / std::abs(value)), 0.0, 17.0);
}

void note_digits(GradcheckReport& report, Replay& real, std::span<const Var> entries) {
  checking::ErrorBounds bounds(real, checking::ErrorBounds::Precision::as_recorded);
  for (GradcheckElement& e : report.entries) {
    if (e.projection) continue;
    e.bound = bounds.of(entries[e.input].id())[static_cast<std::size_t>(e.index)];
    e.digits = digits_left(e.analytic, *e.bound);
  }
}

/// gᵀ·jvp(v) beside vjp(g)·v, for the weights g of the output.
std::optional<Verdict> compare_forward_mode(const Var& output, std::span<const Var> inputs,
                                            std::uint64_t seed) {
  Tape& tape = output.tape();
  const Tape::Transaction leaves_the_tape_as_it_was(tape);
  try {
    const Var weights = weights_like(output, seed);
    Var pushed, pulled;
    const GradientTable table = backward(output, inputs, Cotangent(weights));
    for (const Var& x : inputs) {
      const Var v = weights_like(x, ++seed);
      const Var jvp = push_forward(output, x, v);
      const Var one = sum_of_products(jvp, weights);
      const Var other = sum_of_products(table[x], v);
      pushed = pushed.has_tape() ? cotangent_sum(pushed, one) : one;
      pulled = pulled.has_tape() ? cotangent_sum(pulled, other) : other;
    }
    const NodeId ids[] = {pushed.id(), pulled.id()};
    Replay real(tape);
    real.add(ids);
    const auto spread = checking::rounding_spread(real, ids, checking::unit64);
    const double a = real.number(ids[0], 0), b = real.number(ids[1], 0);
    if (!std::isfinite(a) || !std::isfinite(b)) return Verdict::undecidable;
    const double size = std::max(std::abs(a), std::abs(b));
    const double allowed = 8.0 * (spread[0][0] + spread[1][0] + 0x1p-50 * size);
    if (std::abs(a - b) > allowed) {
      checking::ErrorBounds bounds(real, checking::ErrorBounds::Precision::float64);
      const double bound = bounds.of(ids[0])[0] + bounds.of(ids[1])[0];
      return std::abs(a - b) > bound ? Verdict::wrong : Verdict::undecidable;
    }
    return allowed <= 0.01 * size || a == b ? Verdict::right : Verdict::undecidable;
  } catch (const GradientError&) {
    return std::nullopt;
  }
}

void require_float_leaves(Tape& tape, std::span<const Var> inputs) {
  for (const Var& input : inputs) {
    tape.require_own(input, "gradcheck");
    if (!input.op().traits.leaf || !input.node().active) {
      throw TypeError(tape.describe(input.id(),
                                    "[gradcheck] inputs are float inputs or parameters, "
                                    "this is " +
                                        std::string(input.op().name) + " " +
                                        to_string(input.type())));
    }
  }
}

/// `highest`: the orders that the caller knows.
void require_sense(const GradcheckOptions& options, int highest, const char* what) {
  const auto refuse = [](const std::string& text) { throw DomainError("[gradcheck] " + text); };
  if (options.order < 1 || options.order > highest) {
    refuse("the order is 1" + (highest > 1 ? " to " + std::to_string(highest) : std::string()) +
           " for " + what + ", given " + std::to_string(options.order) +
           (highest > 1 ? "" : ": gradcheck(output, inputs) takes 1 to 3"));
  }
  if (!(options.step >= 0.0) || std::isinf(options.step)) {
    refuse("the step is relative to the element, or 0 for a step of our choice, given " +
           to_text(options.step));
  }
  if (options.projections < 1) {
    refuse("wanted at least one projection, given " + std::to_string(options.projections));
  }
}

/// Checks the entries; `program` computes them as they were recorded.
GradcheckReport check_entries(const Var& scalar, std::span<const Var> derived_from,
                              std::span<const Var> held, std::span<const Var> entries,
                              const GradcheckOptions& options) {
  Tape& tape = scalar.tape();
  Replay real(tape);
  Checker checker(real, scalar, held, entries, options);
  checker.derived_from(derived_from);
  Program program = compile(entries);
  program.run();
  const bool narrow = any_float32(tape, ids_of(entries)) || scalar.dtype() == DType::float32;
  checking::AsRecorded recorded(real, ids_of(entries), narrow);
  Verdict as_recorded = Verdict::right;
  for (std::size_t k = 0; k < entries.size(); ++k) {
    const std::vector<double> values = values_of(program, k);
    if (!narrow) {
      checker.use_values(k, values);
    } else if (as_recorded != Verdict::wrong) {
      const Verdict verdict = recorded.compare(k, values);
      if (verdict != Verdict::right) as_recorded = verdict;
    }
  }
  GradcheckReport report = checker.run();
  report.as_recorded = as_recorded;
  if (options.digits) note_digits(report, real, entries);
  return report;
}

}  // namespace

GradcheckReport gradcheck(const Var& output, std::span<const Var> inputs,
                          const GradcheckOptions& options) {
  Tape& tape = output.tape();
  require_sense(options, 3, "an output");
  require_float_leaves(tape, inputs);
  const Tape::Transaction leaves_the_tape_as_it_was(tape);
  Var scalar = weighted_sum(output, options.seed);
  std::vector<Var> before;  // the last one first
  for (int order = 1; order < options.order; ++order) {
    before.insert(before.begin(), scalar);
    scalar = next_order(scalar, inputs, options.seed + 100U * static_cast<unsigned>(order));
  }
  const GradientTable table = options.intermediates ? backward(scalar) : backward(scalar, inputs);
  std::vector<Var> held(inputs.begin(), inputs.end()), entries;
  if (options.intermediates) {
    for (const Var& node : table.nodes()) {
      if (!node.op().traits.leaf && !same_node(node, scalar)) held.push_back(node);
    }
  }
  for (const Var& node : held) entries.push_back(table[node]);
  GradcheckReport report = check_entries(scalar, before, held, entries, options);
  if (options.forward_mode) {
    report.forward_mode = compare_forward_mode(output, inputs, options.seed);
  }
  return report;
}

GradcheckReport gradcheck(const GradientTable& table, const GradcheckOptions& options) {
  require_sense(options, 1, "a table");
  const Var y = table.output();
  Tape& tape = y.tape();
  const Tape::Transaction leaves_the_tape_as_it_was(tape);
  // The table belongs to Σ cotangent·y, the cotangent being a constant.
  const Var cotangent = table[y];
  const Var scalar = sum_of_products(y, tape.constant(ArrayView(cotangent.data(), y.type())));
  std::vector<Var> held, entries;
  for (const Var& node : table.nodes()) {
    if (same_node(node, y) && !node.op().traits.leaf) continue;
    held.push_back(node);
    entries.push_back(table[node]);
  }
  std::reverse(held.begin(), held.end());  // as the table is printed
  std::reverse(entries.begin(), entries.end());
  return check_entries(scalar, {}, held, entries, options);
}

namespace {

/// Gives equal nodes (op, attribute, type, equal parents) one number, as the planner does.
std::vector<NodeId> equal_nodes(const Tape& tape) {
  std::vector<NodeId> number(tape.size());
  std::map<std::vector<std::uint64_t>, NodeId> known;
  for (NodeId id = 0; id < tape.size(); ++id) {
    const Node node = tape.node(id);
    number[id] = id;
    if (node.op->traits.leaf && tape.cell(id) != nullptr) continue;
    std::vector<std::uint64_t> key{reinterpret_cast<std::uintptr_t>(node.op), node.type};
    const auto* words = static_cast<const std::uint64_t*>(tape.attribute(id));
    key.insert(key.end(), words, words + (node.op->attribute_bytes + 7) / 8);
    for (const NodeId parent : tape.parents(id)) key.push_back(number[parent]);
    number[id] = known.try_emplace(std::move(key), id).first->second;
  }
  return number;
}

}  // namespace

GradcheckReport gradcheck(const Program& program, const GradcheckOptions& options) {
  require_sense(options, 1, "a program");
  const Plan& plan = program.plan();
  if (plan.outputs.empty()) throw GradientError("[gradcheck] the program has no output");
  Tape& tape = plan.outputs[0].var.tape();
  const Tape::Transaction leaves_the_tape_as_it_was(tape);
  std::vector<Var> inputs, values;
  for (const PlanInput& input : plan.inputs) {
    tape.require_own(input.var, "gradcheck");
    if (input.var.node().active) inputs.push_back(input.var);
  }
  for (const PlanOutput& output : plan.outputs) {
    tape.require_own(output.var, "gradcheck");
    const Node node = output.var.node();
    if (node.active && !node.in_b && !node.op->traits.assign) values.push_back(output.var);
  }
  if (inputs.empty() || values.empty()) {
    throw GradientError("[gradcheck] no output of the program depends on a float leaf");
  }
  Var scalar;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const Var term = weighted_sum(values[k], options.seed + k);
    scalar = scalar.has_tape() ? cotangent_sum(scalar, term) : term;
  }
  // A copy with values of its own for each leaf: its assigns write there.
  Program copy = program;
  Replay real(tape);
  const std::vector<NodeId> leaf_ids = ids_of(inputs);
  real.add(leaf_ids);
  for (const Var& input : inputs) {
    const void* bound = copy.bound_data(input);
    for (std::int64_t i = 0; i < input.type().size(); ++i) {
      real.set(input.id(), i, number_at(input.dtype(), bound, i));
    }
  }
  const GradientTable table = backward(scalar, inputs);
  std::vector<Var> entries;
  for (const Var& input : inputs) entries.push_back(table[input]);
  Checker checker(real, scalar, inputs, entries, options);
  const std::vector<NodeId> number = equal_nodes(tape);
  copy.run();
  for (std::size_t k = 0; k < entries.size(); ++k) {
    for (std::size_t o = 0; o < plan.outputs.size(); ++o) {
      const bool same = number[plan.outputs[o].var.id()] == number[entries[k].id()];
      if (same && entries[k].dtype() == DType::float64) {
        checker.use_values(k, values_of(copy, o));
      }
    }
  }
  GradcheckReport report = checker.run();
  if (options.digits) note_digits(report, real, entries);
  return report;
}

}  // namespace tapewise
