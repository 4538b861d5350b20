// Contributions to weights that many steps share are made as soon as they can be.
#include "programs.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::printed, tests::same_bits, tests::wavy;

namespace {

constexpr std::int64_t batch = 8, width = 16;
constexpr std::size_t state = batch * width * sizeof(double);

/// h ← tanh(h W + b), many steps with the same W and b, whose gradients are sums over the steps.
struct Recurrent {
  tw::Tape tape;
  std::vector<tw::Var> outputs;

  explicit Recurrent(int steps, bool checkpointed = false) {
    const tw::Var W = wavy(tape, {width, width}, 1, "W") * 0.2, b = wavy(tape, {width}, 2, "b");
    tw::Var h = wavy(tape, {batch, width}, 3);
    const auto five_steps = [&](std::span<const tw::Var> in) {
      tw::Var s = in[0];
      for (int k = 0; k < 5; ++k) s = tanh(matmul(s, in[1]) + in[2]);
      return s;
    };
    for (int t = 0; t < steps; t += 5) {
      const std::vector<tw::Var> in = {h, W, b};
      h = checkpointed ? tw::checkpoint(five_steps, in) : five_steps(in);
    }
    const tw::Var y = tw::sum(square(h));
    const tw::GradientTable table = tw::backward(y, {W, b});
    outputs = {y, table[W], table[b]};
  }
};

}  // namespace

TEST_CASE("a recurrent net keeps its states, not the gradients at them") {
  const Recurrent few(10), many(110);
  const auto growth = [&](const tw::CompileOptions& options) {
    const auto bytes = [&](const Recurrent& r) {
      return tw::compile(r.outputs, options).working_bytes();
    };
    return bytes(many) - bytes(few);
  };
  CHECK(growth({}) <= 101 * state);
  CHECK(growth({.hoist = false}) >= 199 * state);
}

TEST_CASE("a memory budget and checkpoints save memory where a weight is shared") {
  const Recurrent plain(100), checkpointed(100, true);
  const tw::Program free = tw::compile(plain.outputs);
  const tw::Program kept = tw::compile(plain.outputs, {.memory_budget = 20 * state});
  CHECK(free.working_bytes() >= 100 * state);
  CHECK(kept.working_bytes() <= 20 * state);
  CHECK(kept.extra_flops() < 0.5 * free.flops());
  // One state for each of twenty regions, the five of the region at hand, and a few buffers.
  CHECK(tw::compile(checkpointed.outputs).working_bytes() <= 36 * state);
}

TEST_CASE("a moved contribution changes no bit") {
  const Recurrent r(20);
  tw::Program moved = tw::compile(r.outputs), plain = tw::compile(r.outputs, {.hoist = false}),
              small = tw::compile(r.outputs, {.memory_budget = 15 * state});
  CHECK(printed(moved) != printed(plain));
  CHECK(same_bits(moved, plain, 3));
  CHECK(same_bits(small, plain, 3));
}

TEST_CASE("weights that are recorded before all layers cost no more memory than others") {
  const auto bytes = [](bool first) {
    tw::Tape tape;
    std::vector<tw::Var> weights;
    const auto next = [&] {
      weights.push_back(wavy(tape, {width, width}, 1.0 + static_cast<double>(weights.size())));
    };
    while (first && weights.size() < 30) next();
    tw::Var h = wavy(tape, {256, width}, 99);
    for (std::size_t k = 0; k < 30; ++k) {
      if (!first) next();
      h = tanh(matmul(h, weights[k]));
    }
    const tw::Var y = tw::sum(square(h));
    const tw::GradientTable table = tw::backward(y, weights);
    std::vector<tw::Var> outputs = {y};
    for (const tw::Var& w : weights) outputs.push_back(table[w]);
    return tw::compile(outputs).working_bytes();
  };
  CHECK(bytes(true) == bytes(false));
}

TEST_CASE("where nothing is gained, the order stays as recorded") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {400}, 1), w = wavy(tape, {400}, 2);
  const tw::Var y = tw::sum(sin(x * w));
  const tw::GradientTable table = tw::backward(y, {x, w});
  const std::vector<tw::Var> outputs = {y, table[x], table[w]};
  CHECK(printed(tw::compile(outputs)) == printed(tw::compile(outputs, {.hoist = false})));
}
