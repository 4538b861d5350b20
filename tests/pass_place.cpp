// Where values lie: buffers are reused when their last reader is done, in place where that is
// right.
#include "programs.hpp"

namespace tw = tapewise;
using tests::same_bits, tests::wavy;

namespace {

constexpr std::int64_t n = 256;
constexpr std::size_t bytes = n * sizeof(double);

tw::CompileOptions plain(bool reuse) { return {.fuse = false, .reuse = reuse}; }

}  // namespace

TEST_CASE("a chain of elementwise ops runs in one buffer; without reuse each has its own") {
  tw::Tape tape;
  tw::Var y = wavy(tape, {n}, 1);
  for (int k = 0; k < 20; ++k) y = k % 2 == 0 ? sin(y) : y * 1.5;
  tw::Program reused = tw::compile({y}, plain(true)), apart = tw::compile({y}, plain(false));
  CHECK(reused.arena_bytes() == bytes);
  CHECK(apart.arena_bytes() >= 20 * bytes);
  CHECK(same_bits(reused, apart, 1));
}

TEST_CASE("a value that is read again later keeps its place until then") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {n}, 1);
  const tw::Var early = exp(x);
  tw::Var y = early;
  for (int k = 0; k < 10; ++k) y = sin(y);
  const std::vector<tw::Var> outputs = {y - early};
  tw::Program reused = tw::compile(outputs, plain(true)),
              apart = tw::compile(outputs, plain(false));
  CHECK(reused.arena_bytes() == 2 * bytes);
  CHECK(same_bits(reused, apart, 1));
}

TEST_CASE("an op that is not elementwise never writes over what it reads") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {16, 16}, 1);
  tw::Var y = exp(x);
  for (int k = 0; k < 4; ++k) y = matmul(y, transpose(y)) * 0.01;
  tw::Program reused = tw::compile({y}, plain(true)), apart = tw::compile({y}, plain(false));
  CHECK(reused.arena_bytes() == 2 * 16 * 16 * sizeof(double));
  CHECK(same_bits(reused, apart, 1));
}

TEST_CASE("a broadcast operand is not written over by the larger result") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {4, 4}, 1), row = exp(wavy(tape, {4}, 2));
  tw::Program reused = tw::compile({row * x + row}, plain(true)),
              apart = tw::compile({row * x + row}, plain(false));
  CHECK(same_bits(reused, apart, 1));
}

TEST_CASE("outputs have places of their own and survive the run") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {n}, 1);
  std::vector<tw::Var> outputs;
  tw::Var y = x;
  for (int k = 0; k < 6; ++k) outputs.push_back(y = sin(y + 0.5));
  tw::Program reused = tw::compile(outputs, plain(true)),
              apart = tw::compile(outputs, plain(false));
  CHECK(same_bits(reused, apart, outputs.size()));
  CHECK(reused.arena_bytes() >= 6 * bytes);
  for (std::size_t a = 0; a < outputs.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const auto* at = static_cast<const char*>(reused.data(a));
      const auto* other = static_cast<const char*>(reused.data(b));
      CHECK((at + bytes <= other || other + bytes <= at));
    }
  }
}

TEST_CASE("buffers begin at cache lines, and the peak is no more than the arena") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {33}, 1);
  tw::Program program = tw::compile({exp(x), sin(x), tw::sum(x)}, plain(true));
  program.run();
  for (const std::size_t k : {0U, 1U}) {
    CHECK(reinterpret_cast<std::uintptr_t>(program.data(k)) % 64 == 0);
  }
  CHECK(program.peak_bytes() <= program.arena_bytes());
}

TEST_CASE("a new parameter value goes straight to its cell, or by a copy, to the same bits") {
  const auto train = [](bool in_place) {
    tw::Tape tape;
    std::vector<double> start(n, 0.5);
    const tw::Var w = tape.parameter(tw::ArrayView(start.data(), {tw::DType::float64, {n}}), "w");
    const tw::Var y = tw::sum(square(sin(w)));
    const tw::Var update = tw::assign(w, w - 0.1 * tw::backward(y, {w})[w]);
    tw::Program step = tw::compile({update}, {.fuse = false, .update_in_place = in_place});
    for (int k = 0; k < 3; ++k) step.run();
    const auto value = w.value<double>();
    return std::pair(std::vector<double>(value.begin(), value.end()), step.steps());
  };
  const auto [straight, few] = train(true);
  const auto [copied, more] = train(false);
  CHECK(straight == copied);
  CHECK(few + 1 == more);
}
