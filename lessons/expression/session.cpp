#include <tapewise/lessons/expression/session.hpp>

#include <nlohmann/json.hpp>
#include <tapewise/autograd/trace/json_number.hpp>
#include <tapewise/nn/optimizer.hpp>
#include <tapewise/tapewise.hpp>

namespace tapewise::lessons {

namespace {

using Json = nlohmann::ordered_json;

/// What can be differentiated: the value itself, or its sum when it is an array.
Var scalar_output(const RecordedExpression& recorded, std::string& note) {
  const Var value = recorded.output;
  if (!is_float(value.dtype())) {
    throw Error("[step] the value is " + to_string(value.type()) +
                ": only floats have a gradient, write where(condition, a, b) say");
  }
  if (value.tape().label(value.id()).empty()) (void)value.named("f");
  if (value.shape().is_scalar()) return value;
  note = value.name() + " has shape " + to_string(value.shape()) + ": its sum is differentiated";
  return sum(Operand(value, {"expression", 0})).named("sum_" + value.name());
}

Json json_of(const TraceValue& value) {
  return value.type.shape.is_scalar() ? json_number(value.elements.at(0))
                                      : json_numbers(value.elements);
}

Json json_of(const Descent& descent) {
  Json rows = Json::array(), names = Json::array();
  for (const Var& v : descent.learned) names.push_back(v.name());
  for (std::size_t k = 0; k < descent.rows.size(); ++k) {
    const Descent::Row& row = descent.rows[k];
    Json values = Json::object();
    for (std::size_t v = 0; v < row.values.size(); ++v) {
      values[descent.learned[v].name()] = json_of(row.values[v]);
    }
    rows.push_back({{"step", k}, {"output", json_number(row.output)}, {"values", values}});
  }
  return {{"rate", descent.rate}, {"learned", names}, {"rows", rows}};
}

/// All that it takes to compute the trace again.
Json json_of(const SessionOptions& options, const std::string& note) {
  Json inputs = Json::object();
  for (const Binding& input : options.inputs) inputs[input.name] = input.value;
  Json made = {{"source", options.expression}, {"inputs", inputs}, {"check", options.check}};
  if (options.rate != 0) {
    made["rate"] = options.rate;
    made["steps"] = options.steps;
    made["learn"] = options.learn;
  }
  if (!note.empty()) made["note"] = note;
  return made;
}

}  // namespace

Session::Session(SessionOptions options) : options_(std::move(options)) {
  try {
    record();
  } catch (const ExpressionError&) {
    throw;
  } catch (const Error& error) {
    point_at_place(options_.expression, error);
  }
}

void Session::record() {
  const RecordedExpression recorded =
      record_expression(tape_, options_.expression, options_.inputs);
  const Var output = scalar_output(recorded, note_);
  table_ = backward(output);
  const bool later = options_.check && options_.check_later && options_.rate == 0;
  const TraceOptions how{.check = options_.check && !later};
  if (options_.rate == 0) {
    trace_ = make_trace(table_, {}, how);
    if (later) {
      TraceCheck pending;
      pending.verdict = "pending";
      for (TraceEntry& entry : trace_.entries) entry.check = pending;
    }
    return;
  }
  const std::vector<Var> learned = learned_inputs(recorded.inputs, options_.learn);
  nn::Sgd sgd(options_.rate);
  const std::vector<Var> updates = sgd.update(table_, learned);
  trace_ = make_trace(table_, updates, how);
  descent_ = descend(output, learned, updates, options_.rate, options_.steps);
}

std::string Session::json(const TraceJson& how) const {
  Json more;
  more["expression"] = json_of(options_, note_);
  if (descent_) more["descent"] = json_of(*descent_);
  std::string text = to_json(trace_, how);
  add_members(text, more, how.indent);
  return text;
}

std::size_t Session::check_next() {
  while (checked_ < trace_.entries.size()) {
    const std::size_t index = checked_++;
    TraceCheck& check = trace_.entries[index].check;
    if (check.verdict != "pending") continue;
    check = check_entry(table_, trace_, index);
    return index;
  }
  return checked_;
}

}  // namespace tapewise::lessons
