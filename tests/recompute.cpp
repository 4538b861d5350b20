#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <tapewise/tapewise.hpp>

namespace tw = tapewise;

namespace {

constexpr std::int64_t batch = 8, width = 32;

/// h <- tanh(h W), some layers deep; the gradient in the first W needs every h.
struct Chain {
  tw::Tape tape;
  std::vector<tw::Var> weights, outputs;

  template <class Layer>
  Chain(int layers, Layer&& layer) {
    tw::Var h = tape.input(numbers(batch, 0.3), "h");
    for (int i = 0; i < layers; ++i) weights.push_back(tape.input(numbers(width, 1.0 + i)));
    for (int i = 0; i < layers; ++i) h = layer(h, weights, i);
    const tw::Var y = tw::sum(square(h));
    outputs = {y, tw::backward(y, weights)[weights[0]]};
  }
  explicit Chain(int layers)
      : Chain(layers, [](tw::Var h, const std::vector<tw::Var>& w, int i) {
          return tanh(matmul(h, w[static_cast<std::size_t>(i)]));
        }) {}

  static xt::xarray<double> numbers(std::int64_t rows, double shift) {
    xt::xarray<double> x = xt::zeros<double>({rows, width});
    for (double& v : x) v = 0.3 * std::sin(shift += 0.7);
    return x;
  }
};

bool same_bits(tw::Program& a, tw::Program& b) {
  a.run();
  b.run();
  bool same = true;
  for (std::size_t k = 0; k < 2; ++k) {
    same = same && std::memcmp(a.data(k), b.data(k), a.type(k).bytes()) == 0;
  }
  return same;
}

constexpr std::size_t activation = batch * width * sizeof(double);

}  // namespace

TEST_CASE("a memory budget is kept, costs flops, and changes no bit") {
  const Chain chain(60);
  tw::Program plain = tw::compile(chain.outputs);
  CHECK(plain.extra_flops() == 0);
  CHECK(plain.working_bytes() >= 55 * activation);
  double before = 0;
  for (const std::size_t kept : {40U, 20U, 12U, 8U}) {
    const std::size_t budget = kept * activation;
    tw::Program program = tw::compile(chain.outputs, {.memory_budget = budget});
    CHECK(program.working_bytes() <= budget);
    CHECK(program.extra_flops() > before);
    CHECK(program.flops() == doctest::Approx(plain.flops() + program.extra_flops()));
    before = program.extra_flops();
    CHECK(same_bits(program, plain));
  }
}

TEST_CASE("with room for √n layers, each layer is computed about once more") {
  const Chain chain(100);
  const tw::Program plain = tw::compile(chain.outputs);
  const tw::Program program = tw::compile(chain.outputs, {.memory_budget = 25 * activation});
  const double forward = 100 * (2.0 * batch * width * width);
  CHECK(program.extra_flops() < 1.3 * forward);
}

TEST_CASE("a budget that is large enough costs nothing") {
  const Chain chain(20);
  const std::size_t needed = tw::compile(chain.outputs).working_bytes();
  const tw::Program program = tw::compile(chain.outputs, {.memory_budget = needed});
  CHECK(program.extra_flops() == 0);
}

TEST_CASE("a budget that cannot be met is an error that names the smallest that can") {
  const Chain chain(30);
  std::string text;
  try {
    (void)tw::compile(chain.outputs, {.memory_budget = 1000});
  } catch (const tw::MemoryError& error) {
    text = error.what();
  }
  const std::string start =
      "[compile] a memory_budget of 1000 bytes cannot be met: the smallest that can is ";
  REQUIRE(text.substr(0, start.size()) == start);
  const std::size_t smallest = std::stoull(text.substr(start.size()));
  tw::Program program = tw::compile(chain.outputs, {.memory_budget = smallest});
  CHECK(program.working_bytes() <= smallest);
  tw::Program plain = tw::compile(chain.outputs);
  CHECK(same_bits(program, plain));
  CHECK_THROWS_AS((void)tw::compile(chain.outputs, {.memory_budget = smallest - 1}),
                  tw::MemoryError);
}

TEST_CASE("outputs are not counted, and may hold what is kept until they are written") {
  Chain chain(40);
  const tw::GradientTable table = tw::backward(chain.outputs[0], chain.weights);
  std::vector<tw::Var> all = {chain.outputs[0]};
  for (const tw::Var& w : chain.weights) all.push_back(table[w]);
  const tw::Program program = tw::compile(all);
  CHECK(program.working_bytes() < 40 * activation);
  CHECK(program.working_bytes() + 40 * width * width * sizeof(double) <=
        program.arena_bytes() + 1024);
}

TEST_CASE("the listing says what is spent on computing again") {
  const Chain chain(30);
  std::ostringstream text;
  text << tw::compile(chain.outputs, {.memory_budget = 12 * activation});
  CHECK(text.str().find(" to compute values again\n") != std::string::npos);
}

TEST_CASE("a training step within a budget moves the parameters by the same bits") {
  const auto trained = [](std::optional<std::size_t> budget) {
    tw::Tape tape;
    tw::Var h = tape.input(Chain::numbers(batch, 0.3));
    std::vector<tw::Var> weights;
    for (int i = 0; i < 30; ++i) {
      weights.push_back(tape.parameter(Chain::numbers(width, 1.0 + i)));
      h = tanh(matmul(h, weights.back()));
    }
    const tw::Var loss = tw::mean(square(h));
    const tw::GradientTable table = tw::backward(loss, weights);
    std::vector<tw::Var> outputs = {loss};
    for (const tw::Var& w : weights) outputs.push_back(tw::assign(w, w - 0.1 * table[w]));
    tw::Program step = tw::compile(outputs, {.memory_budget = budget});
    for (int s = 0; s < 3; ++s) step.run();
    std::vector<double> numbers;
    for (const tw::Var& w : weights) {
      for (const double x : w.value<double>()) numbers.push_back(x);
    }
    return std::pair(numbers, step.working_bytes());
  };
  const auto [plain, bytes] = trained({});
  const auto [within, fewer] = trained(bytes * 2 / 3);
  CHECK(fewer <= bytes * 2 / 3);
  CHECK(plain == within);
}

TEST_CASE("a budget without reuse of buffers is refused") {
  const Chain chain(3);
  CHECK_THROWS_WITH_AS((void)tw::compile(chain.outputs, {.reuse = false, .memory_budget = 1 << 20}),
                       "[compile] memory_budget needs reuse: buffers are shared", tw::Error);
}

// --- checkpoints --------------------------------------------------------------------------------

namespace {

/// Ten layers at a time as a checkpoint.
Chain checkpointed(int layers) {
  return Chain(layers, [](tw::Var h, const std::vector<tw::Var>& w, int i) {
    if (i % 10 != 0) return h;
    return tw::checkpoint(
        [&](tw::Var x) {
          for (std::size_t k = 0; k < 10; ++k)
            x = tanh(matmul(x, w[static_cast<std::size_t>(i) + k]));
          return x;
        },
        h);
  });
}

}  // namespace

TEST_CASE("checkpoints keep their ends only, and change no bit") {
  const Chain plain_chain(60), chain = checkpointed(60);
  tw::Program plain = tw::compile(plain_chain.outputs), program = tw::compile(chain.outputs);
  CHECK(program.working_bytes() < 22 * activation);
  const double forward = 60 * (2.0 * batch * width * width);
  CHECK(program.extra_flops() > 0.8 * forward);
  CHECK(program.extra_flops() < 1.2 * forward);
  CHECK(same_bits(program, plain));
  tw::Program off = tw::compile(chain.outputs, {.checkpoints = false});
  CHECK(off.extra_flops() == 0);
  CHECK(off.working_bytes() == plain.working_bytes());
}

TEST_CASE("a training step through checkpoints moves the parameters by the same bits") {
  const auto trained = [](bool checkpoints) {
    tw::Tape tape;
    std::vector<tw::Var> weights;
    for (int i = 0; i < 8; ++i) weights.push_back(tape.parameter(Chain::numbers(width, 1.0 + i)));
    tw::Var h = tape.input(Chain::numbers(batch, 0.3));
    for (std::size_t i = 0; i < 8; i += 4) {
      h = tw::checkpoint(
          [&](tw::Var x) {
            for (std::size_t k = 0; k < 4; ++k) x = tanh(matmul(x, weights[i + k]));
            return x;
          },
          h);
    }
    const tw::Var loss = tw::mean(square(h));
    const tw::GradientTable table = tw::backward(loss, weights);
    std::vector<tw::Var> outputs = {loss};
    for (const tw::Var& w : weights) outputs.push_back(tw::assign(w, w - 0.1 * table[w]));
    tw::Program step = tw::compile(outputs, {.checkpoints = checkpoints});
    CHECK((step.extra_flops() > 0) == checkpoints);
    for (int s = 0; s < 3; ++s) step.run();
    std::vector<double> numbers;
    for (const tw::Var& w : weights) {
      for (const double x : w.value<double>()) numbers.push_back(x);
    }
    return numbers;
  };
  CHECK(trained(true) == trained(false));
}

TEST_CASE("what a branch depends on keeps its bits under a budget") {
  tw::Tape tape;
  tw::Var h = tape.input(Chain::numbers(batch, 0.3), "h");
  std::vector<tw::Var> weights;
  for (int i = 0; i < 20; ++i) {
    weights.push_back(tape.input(Chain::numbers(width, 1.0 + i)));
    h = tanh(matmul(h, weights.back()));
  }
  tw::Var y = tw::sum(square(h));
  if (y < 1e9) y = y * 2.0;
  const std::vector<tw::Var> outputs = {y, tw::backward(y, weights)[weights[0]]};
  tw::Program plain = tw::compile(outputs),
              within = tw::compile(outputs, {.memory_budget = 8 * activation});
  CHECK(within.extra_flops() > 0);
  CHECK(same_bits(plain, within));
}

TEST_CASE("checkpoints can be nested and take several inputs") {
  tw::Tape tape;
  const tw::Var a = tape.input(Chain::numbers(4, 0.1)), b = tape.input(Chain::numbers(4, 0.9));
  const auto inner = [](tw::Var x, tw::Var y) { return tanh(x * y) * exp(y); };
  const tw::Var plain = tw::sum(sin(inner(inner(a, b), b)));
  const tw::Var nested = tw::sum(sin(tw::checkpoint(
      [&](std::span<const tw::Var> in) {
        return inner(tw::checkpoint(inner, in[0], in[1]), in[1]);
      },
      {a, b})));
  CHECK(tape.checkpoints().size() == 2);
  const auto entry = [&](const tw::Var& y) { return tw::backward(y)[a]; };
  tw::Program p = tw::compile({plain, entry(plain)}, {.share = false});
  tw::Program q = tw::compile({nested, entry(nested)}, {.share = false});
  CHECK(same_bits(p, q));
  CHECK(q.extra_flops() > 0);
}

TEST_CASE(
    "a checkpoint whose function throws leaves the tape as it was; rewind forgets checkpoints") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Mark before = tape.mark();
  CHECK_THROWS_AS(tw::checkpoint(
                      [](tw::Var v) -> tw::Var {
                        (void)(v * v);
                        throw std::runtime_error("no");
                      },
                      x),
                  std::runtime_error);
  CHECK(tape.size() == before.size);
  CHECK(tape.checkpoints().empty());
  (void)tw::checkpoint([](tw::Var v) { return v * v; }, x);
  CHECK(tape.checkpoints().size() == 1);
  tape.rewind(before);
  CHECK(tape.checkpoints().empty());
  CHECK_THROWS_AS(
      tw::checkpoint([](std::span<const tw::Var> in) { return in[0]; }, std::span<const tw::Var>{}),
      tw::HandleError);
}
