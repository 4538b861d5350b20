#include <tapewise/lessons/expression/descent.hpp>

#include <algorithm>
#include <tapewise/autograd/program.hpp>

namespace tapewise::lessons {

namespace {

TraceValue value_now(const Var& leaf) {
  TraceValue value;
  value.type = leaf.type();
  for (std::int64_t i = 0; i < leaf.type().size(); ++i) {
    value.elements.push_back(number_at(leaf.dtype(), leaf.data(), i));
  }
  return value;
}

std::vector<TraceValue> values_now(const std::vector<Var>& leaves) {
  std::vector<TraceValue> values;
  for (const Var& leaf : leaves) values.push_back(value_now(leaf));
  return values;
}

}  // namespace

std::vector<Var> learned_inputs(const std::vector<Var>& inputs,
                                const std::vector<std::string>& names) {
  std::vector<Var> learned;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(inputs.begin(), inputs.end(), [&](const Var& v) { return v.name() == name; });
    if (found == inputs.end()) throw Error("[step] --learn " + name + ": no input of this name");
    const bool again = std::any_of(learned.begin(), learned.end(),
                                   [&](const Var& v) { return same_node(v, *found); });
    if (!again) learned.push_back(*found);
  }
  if (!learned.empty()) return learned;
  std::copy_if(inputs.begin(), inputs.end(), std::back_inserter(learned), [](const Var& v) {
    return std::string_view("wbWB").find(v.name()[0]) != std::string_view::npos;
  });
  return learned.empty() ? inputs : learned;
}

Descent descend(const Var& output, const std::vector<Var>& learned, const std::vector<Var>& updates,
                double rate, int steps) {
  std::vector<Var> outputs = {output};
  outputs.insert(outputs.end(), updates.begin(), updates.end());
  Program step = compile(outputs);
  Descent descent{rate, learned, {}};
  for (int k = 0; k < steps; ++k) {
    std::vector<TraceValue> before = values_now(learned);
    step.run();
    descent.rows.push_back({step.item(), std::move(before)});
  }
  descent.rows.push_back({output.item(), values_now(learned)});
  return descent;
}

}  // namespace tapewise::lessons
