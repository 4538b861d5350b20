// Block fusion: runs of elementwise ops with broadcast operands, rows, and the sums that end them.
#include "programs.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::printed, tests::same_bits, tests::wavy;

namespace {

/// The outputs as one program with fusion and one without: the same bits, and so many steps.
void check(std::vector<tw::Var> outputs, std::size_t steps, const char* group) {
  tw::Program fused = tw::compile(outputs), plain = tw::compile(outputs, {.fuse = false});
  CAPTURE(printed(fused));
  CHECK(fused.steps() == steps);
  CHECK(contains(printed(fused), group));
  CHECK_FALSE(contains(printed(plain), "fused"));
  CHECK(same_bits(fused, plain, outputs.size()));
}

}  // namespace

TEST_CASE("a run of elementwise ops and the mean that ends it are one step, backward included") {
  tw::Tape tape;
  const tw::Var a = wavy(tape, {1000}, 1), x = wavy(tape, {1000}, 2), b = wavy(tape, {1000}, 3);
  const tw::Var y = tw::mean(square(tanh(a * x + b)));
  const tw::GradientTable table = tw::backward(y);
  check({y, table[a], table[x], table[b]}, 1, "multiply add tanh");
}

TEST_CASE_TEMPLATE("two ops of arithmetic in one loop give the bits of two loops", T, float,
                   double) {
  using Op = tw::Var (*)(const tw::Var&, const tw::Var&);
  const Op ops[] = {[](const tw::Var& a, const tw::Var& b) { return a + b; },
                    [](const tw::Var& a, const tw::Var& b) { return a - b; },
                    [](const tw::Var& a, const tw::Var& b) { return a * b; },
                    [](const tw::Var& a, const tw::Var& b) { return a / b; },
                    [](const tw::Var& a, const tw::Var&) { return square(a); },
                    [](const tw::Var& a, const tw::Var&) { return sqrt(a); }};
  for (const Op first : ops) {
    for (const Op second : {ops[0], ops[1], ops[2], ops[3]}) {
      for (const tw::Shape& shape : {tw::Shape{}, tw::Shape{700}}) {
        tw::Tape tape;
        const tw::Var a = wavy<T>(tape, {700}, 1) + 1.5, b = wavy<T>(tape, shape, 2),
                      c = wavy<T>(tape, shape, 3);
        const tw::Var between = first(a, b);
        std::vector<tw::Var> outputs = {second(between, c), second(c, first(a, c))};
        tw::Program fused = tw::compile(outputs), plain = tw::compile(outputs, {.fuse = false});
        CAPTURE(printed(fused));
        CHECK(same_bits(fused, plain, 2));
      }
    }
  }
}

TEST_CASE("values inside of a group never reach the arena") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {100000}, 1);
  const tw::Var y = sum(exp(sin(x * 2.0) + 1.0));
  CHECK(tw::compile({y}).arena_bytes() < 1000);
  CHECK(tw::compile({y}, {.fuse = false}).arena_bytes() >= 800000);
}

TEST_CASE("rows, columns and numbers are broadcast inside of a group") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {70, 33}, 1), row = wavy(tape, {33}, 2),
                column = wavy(tape, {70, 1}, 3), number = wavy(tape, {}, 4);
  check({exp(x * row) + column * number}, 2, "multiply exp");
  check({(x + row) * (x - column)}, 1, "add subtract multiply");
}

TEST_CASE("an operand that repeats along some of the outer axes is read in place") {
  tw::Tape tape;
  const tw::Var z = wavy(tape, {40, 25, 10}, 1), center = wavy(tape, {25, 10}, 2);
  check({tw::sum(square(z - center), -1)}, 1, "fused 1000 x 10 by 25 x 10");
  const tw::Var middle = wavy(tape, {40, 1, 10}, 3);
  check({tw::sum(square(z - middle), -1)}, 1, "subtract square sum");
}

TEST_CASE("sums per row, per column and of everything end a group") {
  tw::Tape tape;
  const tw::Var x = wavy<float>(tape, {64, 48}, 1), w = wavy<float>(tape, {64, 48}, 2);
  check({tw::sum(x * w, 1)}, 1, "multiply sum");
  check({tw::sum(x * w, 0)}, 1, "multiply sum");
  check({tw::sum(x * w)}, 1, "multiply sum");
  check({tw::mean(x * w), tw::sum(abs(x))}, 1, "mean");
}

TEST_CASE("what backward reads of forward's values is computed in backward, not kept") {
  tw::Tape tape;
  tw::Var h = wavy(tape, {64, 32}, 1);
  std::vector<tw::Var> weights;
  for (int k = 0; k < 20; ++k) {
    weights.push_back(wavy(tape, {32, 32}, 2.0 + k));
    h = tanh(matmul(h, weights.back()));  // the vjp reads 1 - h·h
  }
  const tw::Var y = tw::sum(square(h));
  const tw::Program program = tw::compile({y, tw::backward(y, weights)[weights[0]]});
  constexpr std::size_t activation = 64 * 32 * sizeof(double);
  CHECK(program.working_bytes() <= 23 * activation);
}

TEST_CASE("softmax and logsumexp act on rows that are in the cache") {
  tw::Tape tape;
  const tw::Var z = wavy(tape, {300, 20}, 1);
  check({tw::softmax(z * 3.0) * z}, 1, "multiply softmax multiply");
  const tw::Var y = tw::sum(tw::logsumexp(z * 3.0, -1));
  check({y, tw::backward(y, {z})[z]}, 2, "logsumexp max subtract exp");
}

TEST_CASE("small arrays are left to a call per op") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {100}, 1);
  CHECK_FALSE(contains(printed(tw::compile({exp(sin(x))})), "fused"));
  CHECK(contains(printed(tw::compile({exp(sin(x))}, {.fuse_from = 64})), "fused"));
}

TEST_CASE("what a group's sum feeds is not in the group") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {40, 50}, 1);
  const tw::Var centered = x - tw::mean(x);
  check({tw::sum(square(centered))}, 2, "subtract square sum");
}

TEST_CASE("results too large for the caches are written past them, and are the same bits") {
  const tw::Shape shapes[] = {{1100003}, {5, 220001}, {4001, 300}};
  for (const tw::Shape& shape : shapes) {
    CAPTURE(tw::to_string(shape));
    tw::Tape tape;
    const tw::Var x = tests::wavy<float>(tape, shape, 0.4),
                  y = tests::wavy<float>(tape, shape, 0.9),
                  row = tests::wavy<float>(tape, {shape.back()}, 0.2);
    const tw::Var a = x * y + row, b = exp(x) - a, c = a * b;
    const std::vector<tw::Var> outputs = {a, b, c, c - x, tw::sum(c)};
    tw::Program fused = tw::compile(outputs), apart = tw::compile(outputs, {.fuse = false});
    CHECK(contains(printed(fused), "copied past the caches"));
    for (const int threads : {1, 2}) {
      const int before = tw::num_threads();
      tw::set_num_threads(threads);
      CHECK(same_bits(fused, apart, 4));
      tw::set_num_threads(before);
    }
  }
}

TEST_CASE_TEMPLATE("results that a group only writes go past the caches by their own loops", T,
                   float, double) {
  tw::Tape tape;
  const tw::Var x = wavy<T>(tape, {5000003}, 0.4), y = wavy<T>(tape, {5000003}, 0.9);
  const std::vector<tw::Var> outputs = {x * y, x + y, 2.0 * x, y - 1.0};
  tw::Program fused = tw::compile(outputs), apart = tw::compile(outputs, {.fuse = false});
  CHECK(contains(printed(fused), "written past the caches"));
  CHECK_FALSE(contains(printed(fused), "copied past the caches"));
  CHECK(same_bits(fused, apart, outputs.size()));
}

TEST_CASE("rows of ops and sums across them share a group only while both fit into its memory") {
  for (const std::int64_t columns : {200, 500, 1000, 1700, 4000}) {
    CAPTURE(columns);
    tw::Tape tape;
    const tw::Var x = wavy(tape, {64, columns}, 0.3);
    const tw::Var y = tw::softmax(x * 2.0) + sin(x * 3.0) + sin(x * 4.0) + cos(x) * exp(x);
    tw::Program fused = tw::compile({tw::sum(y, 0), y}),
                plain = tw::compile({tw::sum(y, 0), y}, {.fuse = false});
    CHECK(same_bits(fused, plain, 2));
    tw::Program complex = tw::compile({tw::sum(y, 0), y}, {.numbers = tw::Numbers::complex128});
    complex.run();
  }
}

TEST_CASE("operands of ops on one number per row count among those of a group") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {1024, 50}, 0.6);
  tw::Var s = tw::sum(square(x), 1);
  std::vector<tw::Var> outputs;
  for (int k = 0; k < 60; ++k) {
    s = tw::where(wavy(tape, {1024}, k) > 0.1, s, wavy(tape, {1024}, 0.5 + k));
    outputs.push_back(s);
  }
  tw::Program fused = tw::compile(outputs), plain = tw::compile(outputs, {.fuse = false});
  CHECK(same_bits(fused, plain, outputs.size()));
}
