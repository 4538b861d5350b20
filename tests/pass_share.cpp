// Common subexpressions: equal nodes are computed once.
#include <limits>

#include "programs.hpp"

namespace tw = tapewise;
using tests::same_bits, tests::wavy;

namespace {

/// Ops of the outputs as one program, with sharing; the values are the same bits as without.
std::size_t shared_ops(const std::vector<tw::Var>& outputs) {
  tw::Program shared = tw::compile(outputs), plain = tw::compile(outputs, {.share = false});
  CHECK(same_bits(shared, plain, outputs.size()));
  return shared.ops();
}

}  // namespace

TEST_CASE("equal expressions are computed once, however deep") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {5}, 1), y = wavy(tape, {5}, 2);
  CHECK(shared_ops({sin(x * y) + cos(x), sin(x * y) - cos(x)}) == 5);
}

TEST_CASE("a node that very many read shares each of its readers") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {5}, 1);
  std::vector<tw::Var> outputs;
  for (int twice = 0; twice < 2; ++twice) {
    for (int k = 1; k <= 60; ++k) outputs.push_back(x * static_cast<double>(k));
  }
  CHECK(shared_ops(outputs) == 60);
}

TEST_CASE("other operands, other attributes and another order are other nodes") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {4, 4}, 1), y = wavy(tape, {4, 4}, 2);
  CHECK(shared_ops({exp(x), exp(y)}) == 2);
  CHECK(shared_ops({tw::sum(x, 0), tw::sum(x, 1)}) == 2);
  CHECK(shared_ops({x - y, y - x}) == 2);
  CHECK(shared_ops({tw::leaky_relu(x, 0.1), tw::leaky_relu(x, 0.2)}) == 2);
}

TEST_CASE("constants are shared by their bits: 0 and -0 are two") {
  tw::Tape tape;
  const tw::Var x = tape.input(1.0, "x");
  tw::Program program = tw::compile({x / (x * 0.0), x / (x * -0.0)});
  program.run();
  CHECK(program.item(0) == std::numeric_limits<double>::infinity());
  CHECK(program.item(1) == -std::numeric_limits<double>::infinity());
}

TEST_CASE("leaves that hold the same numbers are two leaves") {
  tw::Tape tape;
  const tw::Var a = tape.input(1.0, "a"), b = tape.input(1.0, "b");
  tw::Program program = tw::compile({exp(a), exp(b)});
  b.set(0.0);
  program.run();
  CHECK(program.item(0) == std::exp(1.0));
  CHECK(program.item(1) == 1.0);
}

TEST_CASE("masks of one seed are one mask, of two seeds two") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>(xt::ones<double>({64})), "x");
  tw::Program program =
      tw::compile({tw::dropout(x, 0.5, 7), tw::dropout(x, 0.5, 7), tw::dropout(x, 0.5, 8)});
  program.run();
  CHECK(std::memcmp(program.data(0), program.data(1), 64 * sizeof(double)) == 0);
  CHECK(std::memcmp(program.data(0), program.data(2), 64 * sizeof(double)) != 0);
}
