#include <tapewise/lessons/command/check_ops.hpp>

#include <cmath>
#include <sstream>
#include <tapewise/tapewise.hpp>

namespace tapewise::lessons {

namespace {

/// A number in [0, 1), the same for the same arguments on every machine (splitmix64).
double uniform(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed * 0x9E3779B97F4A7C15U + (index + 1) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1.0p-53;
}

Array random_array(const ExampleInput& input, DType dtype, std::uint64_t seed) {
  Array array({dtype, input.shape});
  for (std::int64_t i = 0; i < input.shape.size(); ++i) {
    const double x =
        input.low + (input.high - input.low) * uniform(seed, static_cast<std::uint64_t>(i));
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

void check_example(const Example& example, DType dtype, OpVerdict& verdict) {
  Tape tape;
  std::vector<Var> inputs, floats_only;
  for (std::size_t k = 0; k < example.inputs.size(); ++k) {
    const ExampleInput& input = example.inputs[k];
    inputs.push_back(tape.input(
        random_array(input, input.dtype == DType::float64 ? dtype : input.dtype, 7 + k)));
    if (is_float(inputs.back().dtype())) floats_only.push_back(inputs.back());
  }
  const Var y = example.apply(inputs);
  if (floats_only.empty() || !is_float(y.dtype())) return;
  for (const int order : {1, 2}) {
    const GradcheckReport report = gradcheck(y, floats_only, {.order = order});
    verdict.checked += report.checked;
    verdict.wrong += report.wrong;
    verdict.undecidable += report.undecidable;
    if (report.wrong > 0 && verdict.report.empty()) {
      std::ostringstream text;
      text << report;
      verdict.report = text.str();
    }
  }
}

}  // namespace

std::vector<OpVerdict> check_ops() {
  std::vector<OpVerdict> verdicts;
  for (const OpRecord* op : all_ops()) {
    OpVerdict verdict;
    verdict.op = op;
    verdict.differentiable =
        (op->vjp != nullptr || op->traits.composite) && !op->traits.stops_gradient;
    if (verdict.differentiable && op->examples != nullptr) {
      for (const Example& example : op->examples()) {
        for (const DType dtype : {DType::float64, DType::float32}) {
          check_example(example, dtype, verdict);
        }
      }
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace tapewise::lessons
