#include <tapewise/ops/check_catalogue.hpp>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <tapewise/autograd/check/random.hpp>

namespace tapewise {

namespace {

Array random_array(const ExampleInput& input, DType dtype, std::uint64_t seed) {
  checking::Random random(seed);
  Array array({dtype, input.shape});
  for (std::int64_t i = 0; i < input.shape.size(); ++i) {
    const double x = input.low + (input.high - input.low) * random.uniform();
    switch (dtype) {
      case DType::float32: array.as<float>()[i] = static_cast<float>(x); break;
      case DType::float64: array.as<double>()[i] = x; break;
      case DType::int64:
        array.as<std::int64_t>()[i] = static_cast<std::int64_t>(std::floor(x));
        break;
      default: array.as<bool>()[i] = x > 0.5 * (input.low + input.high);
    }
  }
  return array;
}

bool takes_floats(const Example& example) {
  return std::any_of(example.inputs.begin(), example.inputs.end(),
                     [](const ExampleInput& input) { return is_float(input.dtype); });
}

void add(OpCheck& check, const GradcheckReport& report, std::size_t example) {
  check.checked += report.checked;
  check.wrong += report.wrong;
  check.undecidable += report.undecidable;
  if (report.checked > 0 && check.method.find(report.method) == std::string::npos) {
    check.method += (check.method.empty() ? "" : ", ") + std::string(report.method);
  }
  if (!report && check.problem.empty()) {
    std::ostringstream text;
    text << "example " << example << ": " << report;
    check.problem = text.str();
  }
}

/// The inputs of an example as leaves: its float64 inputs in `dtype`.
std::vector<Var> example_inputs(Tape& tape, const Example& example, DType dtype,
                                std::uint64_t seed) {
  std::vector<Var> x;
  for (const ExampleInput& input : example.inputs) {
    const DType d = input.dtype == DType::float64 ? dtype : input.dtype;
    x.push_back(tape.input(random_array(input, d, 1000 * seed + x.size())));
  }
  return x;
}

/// A recorded example: gradients of two orders, or just its value.
void check_example(OpCheck& check, const Example& example, std::size_t number, DType dtype) {
  Tape tape;
  const std::vector<Var> inputs = example_inputs(tape, example, dtype, 7 + number);
  const Var y = example.apply(inputs);
  std::vector<Var> floats;
  for (const Var& v : inputs) {
    if (is_float(v.dtype())) floats.push_back(v);
  }
  if (!check.differentiable || floats.empty() || !is_float(y.dtype()) || !y.node().active) {
    (void)y.data();
    return;
  }
  for (const int order : {1, 2}) {
    add(check, gradcheck(y, floats, {.order = order, .forward_mode = order == 1}), number);
  }
}

}  // namespace

OpCheck check_op(const OpRecord& op, DType dtype) {
  OpCheck check;
  check.op = op.name;
  check.family = op.family;
  check.dtype = dtype;
  check.differentiable = (op.vjp != nullptr || op.traits.composite) && !op.traits.stops_gradient;
  if (op.examples == nullptr) {
    check.problem = "the rule has no examples";
    return check;
  }
  const std::vector<Example> examples = op.examples();
  check.examples = examples.size();
  for (std::size_t k = 0; k < examples.size(); ++k) {
    try {
      check_example(check, examples[k], k, dtype);
    } catch (const std::exception& error) {
      if (check.problem.empty()) {
        check.problem = "example " + std::to_string(k) + ": " + error.what();
      }
    }
  }
  return check;
}

std::vector<OpCheck> check_all(std::span<const OpRecord* const> ops) {
  std::vector<OpCheck> all;
  for (const OpRecord* op : ops) {
    const std::vector<Example> examples =
        op->examples == nullptr ? std::vector<Example>{} : op->examples();
    const bool floats_in = std::any_of(examples.begin(), examples.end(), takes_floats);
    all.push_back(check_op(*op, DType::float64));
    if (floats_in) all.push_back(check_op(*op, DType::float32));
  }
  return all;
}

std::ostream& operator<<(std::ostream& out, const OpCheck& check) {
  out << std::left << std::setw(26) << check.op << std::setw(14) << check.family << std::setw(9)
      << name_of(check.dtype);
  if (!check) return out << "WRONG  " << check.problem.substr(0, check.problem.find('\n'));
  if (!check.differentiable)
    return out << "runs   " << check.examples << " examples, no derivative";
  out << "right  " << check.checked << " entries";
  if (check.undecidable > 0) out << ", " << check.undecidable << " undecidable";
  if (!check.method.empty()) out << ", " << check.method;
  return out;
}

std::string to_json(std::span<const OpCheck> checks) {
  nlohmann::json all = nlohmann::json::array();
  for (const OpCheck& check : checks) {
    all.push_back({{"op", check.op},
                   {"family", check.family},
                   {"dtype", name_of(check.dtype)},
                   {"right", static_cast<bool>(check)},
                   {"differentiable", check.differentiable},
                   {"examples", check.examples},
                   {"checked", check.checked},
                   {"wrong", check.wrong},
                   {"undecidable", check.undecidable},
                   {"method", check.method}});
    if (!check) all.back()["problem"] = check.problem;
  }
  return all.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tapewise
