// Every op of the library, checked from its own rule: nothing here names one.
#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <tapewise/autograd/numbers_table.hpp>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"

namespace tw = tapewise;

namespace {

/// Runs `check` for every example of every op, in every float dtype that it has inputs of.
template <class Check>
void for_every_example(Check&& check) {
  for (const tw::OpRecord* op : tw::all_ops()) {
    const std::string name(op->name);
    CAPTURE(name);
    if (op->examples == nullptr) continue;
    const std::vector<tw::Example> examples = op->examples();
    for (std::size_t e = 0; e < examples.size(); ++e) {
      CAPTURE(e);
      for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
        CAPTURE(tw::name_of(dtype));
        tw::Tape tape;
        const std::vector<tw::Var> x = tests::example_inputs(tape, examples[e], dtype, 7);
        const tw::Var y = examples[e].apply(x);
        check(*op, y, tests::float_inputs(x));
      }
    }
  }
}

bool differentiable(const tw::OpRecord& op) { return op.vjp != nullptr || op.traits.composite; }

}  // namespace

TEST_CASE("every op has a name of its own, a formula and examples") {
  std::set<std::string_view> names;
  for (const tw::OpRecord* op : tw::all_ops()) {
    CAPTURE(op->name);
    CHECK(names.insert(op->name).second);
    CHECK_FALSE(op->formula.empty());
    CHECK_FALSE(op->family.empty());
    const bool has_examples = op->examples != nullptr;
    REQUIRE(has_examples);
    CHECK(op->examples().size() >= 2);
  }
  CHECK(names.size() > 40);
}

TEST_CASE("every op's gradient is right at its examples, in every float dtype") {
  std::size_t checked = 0;
  for_every_example([&](const tw::OpRecord& op, const tw::Var& y, const std::vector<tw::Var>& x) {
    if (!differentiable(op) || x.empty() || !tw::is_float(y.dtype())) return;
    const tw::GradcheckReport report = tw::gradcheck(y, x);
    CAPTURE(report);
    CHECK(static_cast<bool>(report));
    checked += report.checked;
  });
  CHECK(checked > 3000);
}

TEST_CASE("every op's second derivative is right at its examples, in every float dtype") {
  for_every_example([&](const tw::OpRecord& op, const tw::Var& y, const std::vector<tw::Var>& x) {
    if (!differentiable(op) || x.empty() || !tw::is_float(y.dtype())) return;
    const tw::GradcheckReport report = tw::gradcheck(y, x, {.order = 2});
    CAPTURE(report);
    CHECK(static_cast<bool>(report));
  });
}

TEST_CASE("table in numbers, subgraph B and compiled program agree for every op") {
  for_every_example([&](const tw::OpRecord& op, const tw::Var& y, const std::vector<tw::Var>& x) {
    if (!differentiable(op) || x.empty() || !tw::is_float(y.dtype())) return;
    const tw::Var scalar = y.shape().is_scalar() ? y : tw::sum(y * y);
    const double tolerance = y.dtype() == tw::DType::float32 ? 1e-4 : 1e-12;
    const tw::GradientTable table = tw::backward(scalar);
    const auto numbers = tw::numeric_gradients(scalar, x);
    std::vector<tw::Var> entries;
    entries.reserve(x.size());
    for (const tw::Var& v : x) entries.push_back(table[v]);
    // Absorbing a transpose may choose another BLAS routine: the one pass that changes bits.
    tw::Program program = tw::compile(entries, {.absorb = false});
    tw::Program optimised = tw::compile(entries);
    program.run();
    optimised.run();
    for (std::size_t k = 0; k < x.size(); ++k) {
      for (std::int64_t i = 0; i < x[k].type().size(); ++i) {
        const double b = tw::number_at(x[k].dtype(), entries[k].data(), i);
        const double p = tw::number_at(x[k].dtype(), program.data(k), i);
        const double n = numbers[k][static_cast<std::size_t>(i)];
        CHECK(std::abs(b - n) <= tolerance * (1 + std::abs(n)));
        const double o = tw::number_at(x[k].dtype(), optimised.data(k), i);
        CHECK(p == b);
        CHECK(std::abs(o - n) <= tolerance * (1 + std::abs(n)));
      }
    }
  });
}

TEST_CASE("every elementwise op writes its formulas in every notation") {
  const std::string names[] = {"a", "b", "c", "y"};
  for (const tw::OpRecord* op : tw::all_ops()) {
    if (!op->traits.elementwise) continue;
    CAPTURE(op->name);
    const std::vector<std::byte> attribute(op->attribute_bytes + 8);
    const auto operands = std::span(names).first(static_cast<std::size_t>(op->arity));
    for (const auto notation : {tw::Notation::plain, tw::Notation::latex, tw::Notation::mathml}) {
      CHECK_FALSE(op->value_text(notation, operands, attribute.data()).empty());
      for (int use = 0; op->partial_text != nullptr && use < op->arity; ++use) {
        CHECK_FALSE(op->partial_text(use, notation, operands, attribute.data()).empty());
      }
    }
  }
}
