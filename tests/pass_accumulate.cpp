// Sums of products are formed by gemm, in place.
#include "programs.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::printed, tests::wavy;

namespace {

/// h ← tanh(x_t·W + h·U), a few steps: W and U get a contribution from each.
struct Recurrent {
  tw::Tape tape;
  tw::Var W, U;
  std::vector<tw::Var> outputs;

  explicit Recurrent(int steps, std::int64_t batch) {
    W = wavy(tape, {20, 30}, 1, "W");
    U = wavy(tape, {30, 30}, 2, "U");
    tw::Var h = wavy(tape, {batch, 30}, 3);
    for (int t = 0; t < steps; ++t) {
      h = tanh(matmul(wavy(tape, {batch, 20}, 4 + t), W) + matmul(h, U));
    }
    const tw::Var y = tw::sum(square(h));
    const tw::GradientTable table = tw::backward(y, {W, U});
    outputs = {y, table[W], table[U]};
  }
};

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("contributions to a weight are added by the products that make them") {
  for (const std::int64_t batch : {1, 8}) {
    Recurrent r(6, batch);
    tw::Program summed = tw::compile(r.outputs),
                apart = tw::compile(r.outputs, {.accumulate = false});
    CAPTURE(printed(summed));
    // Five additions for W, five for U, and one sum of two products in each step.
    CHECK(count(printed(summed), "= matmul_add") == 5 + 5 + 6);
    CHECK(count(printed(apart), "= matmul_add") == 0);
    CHECK(summed.arena_bytes() <= apart.arena_bytes());
    summed.run();
    apart.run();
    for (std::size_t k = 0; k < r.outputs.size(); ++k) {
      const auto* a = static_cast<const double*>(summed.data(k));
      const auto* b = static_cast<const double*>(apart.data(k));
      for (std::int64_t i = 0; i < summed.type(k).size(); ++i) {
        CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("a value that somebody else reads is not added to") {
  tw::Tape tape;
  const tw::Var a = wavy(tape, {8, 9}, 1), b = wavy(tape, {9, 7}, 2);
  const tw::Var x = exp(wavy(tape, {8, 7}, 3)), p = matmul(a, b);
  tw::Program both = tw::compile({x + p, x});
  CHECK_FALSE(contains(printed(both), "matmul_add"));
  tw::Program product = tw::compile({x + p, p});
  CHECK_FALSE(contains(printed(product), "matmul_add"));
  tw::Program sum = tw::compile({x + p});
  CHECK(contains(printed(sum), "matmul_add"));
  for (tw::Program* program : {&both, &product, &sum}) {
    program->run();
    const tw::Var expected = x + p;
    const auto* found = static_cast<const double*>(program->data(0));
    for (std::int64_t i = 0; i < 56; ++i) {
      CHECK(found[i] == doctest::Approx(static_cast<const double*>(expected.data())[i]));
    }
  }
}

TEST_CASE("a leaf is never added to") {
  tw::Tape tape;
  const tw::Var c = wavy(tape, {8, 7}, 3), p = matmul(wavy(tape, {8, 9}, 1), wavy(tape, {9, 7}, 2));
  const auto before = c.value<double>();
  tw::Program program =
      tw::compile({c + p, tw::matmul_add(c, wavy(tape, {8, 2}, 1), wavy(tape, {2, 7}, 1))});
  program.run();
  program.run();
  CHECK(c.value<double>() == before);
}
