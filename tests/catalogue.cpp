// The catalogue as a whole: every op says what the list of ops wants to know of it, and takes
// empty arrays and single numbers, or refuses them with an error of its own.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;

namespace {

/// Ops that none of the peers has under any name.
const std::set<std::string_view> ours = {
    "lecun_tanh", "bipolar_sigmoid", "abs_rectifier", "quick_gelu",
    "select",     "cofactors",       "over_gaps",     "cross_entropy_gradient"};

bool has_derivative(const tw::OpRecord& op) {
  return (op.vjp != nullptr || op.traits.composite) && !op.traits.stops_gradient;
}

/// The example with its input shapes changed.
template <class Change>
tw::Example changed(tw::Example example, Change&& change) {
  for (tw::ExampleInput& input : example.inputs) input.shape = change(input.shape);
  return example;
}

tw::Shape without_elements(const tw::Shape& shape, std::int64_t size) {
  tw::Shape empty = shape;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == size) empty.set(axis, 0);
  }
  return empty;
}

/// Records the example, computes it and its gradient, on demand and in a program. False if the op
/// refuses it with an error of the library.
bool runs(const tw::OpRecord& op, const tw::Example& example, tw::DType dtype) {
  tw::Tape tape;
  const std::vector<tw::Var> inputs = tests::example_inputs(tape, example, dtype, 7);
  std::vector<tw::Var> wanted;
  try {
    const tw::Var y = example.apply(inputs);
    (void)y.data();
    wanted.push_back(y);
    const std::vector<tw::Var> x = tests::float_inputs(inputs);
    if (has_derivative(op) && tw::is_float(y.dtype()) && y.node().active && !x.empty()) {
      const tw::GradientTable table = tw::backward(sum(y));
      for (const tw::Var& v : x) {
        wanted.push_back(table[v]);
        CHECK(table[v].type() == v.type());
        (void)table[v].data();
      }
    }
    tw::Program program = tw::compile(wanted);
    program.run();
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      for (std::int64_t i = 0; i < wanted[k].type().size(); ++i) {
        const double here = tw::number_at(wanted[k].dtype(), wanted[k].data(), i);
        const double there = tw::number_at(wanted[k].dtype(), program.data(k), i);
        const bool same = here == there || (std::isnan(here) && std::isnan(there)) ||
                          std::abs(here - there) <= 1e-4 * std::abs(here);
        CHECK(same);
      }
    }
  } catch (const tw::Error& refusal) {
    const bool has_name = std::string(refusal.what()).front() == '[';
    CHECK(has_name);
    return false;
  }
  return true;
}

}  // namespace

TEST_CASE("every op says its formula, derivative, domain, source, and what others call it") {
  for (const tw::OpRecord* op : tw::all_ops()) {
    CAPTURE(op->name);
    CHECK_FALSE(op->formula.empty());
    CHECK_FALSE(op->family.empty());
    CHECK_FALSE(op->domain.empty());
    CHECK_FALSE(op->source.empty());
    CHECK(op->peers.empty() == ours.contains(op->name));
    const bool formula_of_derivative = !op->derivative.empty() || op->partial_text != nullptr;
    CHECK((formula_of_derivative || op->vjp == nullptr || op->traits.stops_gradient));
    const bool named_operands = !op->signature.empty() || op->traits.elementwise;
    CHECK(named_operands);
    const bool has_shape_rule = op->type != nullptr || op->traits.composite;
    CHECK(has_shape_rule);
    CHECK(op->examples().size() >= 2);
    const bool one_float =
        op->dtypes.contains(tw::DType::float32) != op->dtypes.contains(tw::DType::float64);
    CHECK_FALSE(one_float);
  }
}

TEST_CASE("every kink is the caller's choice, or the list says what counts there and why") {
  std::size_t choices = 0;
  for (const tw::OpRecord* op : tw::all_ops()) {
    CAPTURE(op->name);
    CHECK(op->traits.has_kinks == !op->kinks.empty());
    const std::string signature(op->signature);
    const bool choice = contains(signature, "subgradient=") || contains(signature, "tie=") ||
                        contains(signature, "ties=");
    choices += choice;
    CHECK((!choice || op->traits.has_kinks));
    if (op->traits.has_kinks && !choice) CHECK(contains(std::string(op->kinks), ": "));
  }
  CHECK(choices > 25);
}

TEST_CASE("every op takes arrays without elements, in every float dtype") {
  std::size_t run = 0;
  for (const tw::OpRecord* op : tw::all_ops()) {
    CAPTURE(op->name);
    std::size_t of_this = 0;
    bool has_axes = false;
    for (const tw::Example& example : op->examples()) {
      std::set<std::int64_t> sizes;
      for (const tw::ExampleInput& input : example.inputs) {
        sizes.insert(input.shape.begin(), input.shape.end());
      }
      has_axes = has_axes || !sizes.empty();
      for (const std::int64_t size : sizes) {
        CAPTURE(size);
        const tw::Example empty =
            changed(example, [&](const tw::Shape& shape) { return without_elements(shape, size); });
        for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
          of_this += runs(*op, empty, dtype);
        }
      }
    }
    CHECK((of_this > 0 || !has_axes));
    run += of_this;
  }
  CHECK(run > 1000);
}

TEST_CASE("every op takes single numbers, or refuses them") {
  std::size_t run = 0;
  for (const tw::OpRecord* op : tw::all_ops()) {
    CAPTURE(op->name);
    for (const tw::Example& example : op->examples()) {
      const tw::Example single = changed(example, [](const tw::Shape&) { return tw::Shape{}; });
      for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
        run += runs(*op, single, dtype);
      }
    }
  }
  CHECK(run > 500);
}
