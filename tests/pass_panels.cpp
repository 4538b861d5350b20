// Tall products are made some rows at a time, with the group that reads them.
#include <tapewise/autograd/threads.hpp>

#include "programs.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::printed, tests::wavy;

namespace {

void check_close_now(tw::Program& a, tw::Program& b, std::size_t outputs) {
  a.run();
  b.run();
  for (std::size_t k = 0; k < outputs; ++k) {
    const auto *x = static_cast<const double*>(a.data(k)),
               *y = static_cast<const double*>(b.data(k));
    double largest = 0, worst = 0;
    for (std::int64_t i = 0; i < a.type(k).size(); ++i) {
      largest = std::max(largest, std::abs(y[i]));
      worst = std::max(worst, std::abs(x[i] - y[i]));
    }
    CAPTURE(k);
    CHECK(worst <= 1e-12 * largest);
  }
}

/// On one thread and on several.
void check_close(tw::Program& a, tw::Program& b, std::size_t outputs) {
  const int before = tw::num_threads();
  for (const int threads : {1, 2, 5}) {
    tw::set_num_threads(threads);
    check_close_now(a, b, outputs);
  }
  tw::set_num_threads(before);
}

/// relu(x W + b), tanh(h V + c), and all gradients, for many rows.
struct Layers {
  tw::Tape tape;
  std::vector<tw::Var> outputs;

  explicit Layers(std::int64_t rows) {
    const tw::Var x = wavy(tape, {rows, 24}, 1), W = wavy(tape, {24, 40}, 2),
                  b = wavy(tape, {40}, 3), V = wavy(tape, {40, 20}, 4), c = wavy(tape, {20}, 5);
    const tw::Var h = relu(matmul(x, W) + b), y = tanh(matmul(h, V) + c);
    const tw::Var loss = tw::mean(square(y));
    const tw::GradientTable table = tw::backward(loss, {W, b, V, c});
    outputs = {loss, y, table[W], table[b], table[V], table[c]};
  }
};

}  // namespace

TEST_CASE("a tall product is made by rows, with the bias and the activation that read them") {
  const Layers layers(5003);
  tw::Program panels = tw::compile(layers.outputs),
              plain = tw::compile(layers.outputs, {.panels = false});
  CAPTURE(printed(panels));
  CHECK(contains(printed(panels), "matmul by 1024 rows, each then fused"));
  CHECK_FALSE(contains(printed(plain), "rows, each then"));
  CHECK(panels.steps() < plain.steps());
  CHECK(panels.flops() == plain.flops());
  CHECK(panels.arena_bytes() == plain.arena_bytes());
  check_close(panels, plain, layers.outputs.size());
}

TEST_CASE("a sum of products is made by rows as well, and so is what follows without a bias") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {4500, 12}, 1), h = wavy(tape, {4500, 20}, 2),
                W = wavy(tape, {12, 20}, 3), U = wavy(tape, {20, 20}, 4);
  const std::vector<tw::Var> outputs = {tanh(matmul(x, W) + matmul(h, U)) * 2.0};
  tw::Program panels = tw::compile(outputs), plain = tw::compile(outputs, {.panels = false});
  CHECK(contains(printed(panels), "matmul_add by 1024 rows"));
  check_close(panels, plain, 1);
}

TEST_CASE("the group may see the product's rows under another shape") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {4200, 12}, 1), W = wavy(tape, {12, 40}, 2),
                c = wavy(tape, {4, 10}, 3);
  const tw::Var z = reshape(matmul(x, W), {4200, 4, 10}) - c;
  const std::vector<tw::Var> outputs = {tw::sum(square(z), -1)};
  tw::Program panels = tw::compile(outputs), plain = tw::compile(outputs, {.panels = false});
  CHECK(contains(printed(panels), "matmul by 1024 rows, each then fused 16800 x 10"));
  check_close(panels, plain, 1);
}

TEST_CASE("small products, and long sums, stay whole") {
  tw::Tape tape;
  const auto step = [&](std::int64_t rows, std::int64_t depth) {
    const tw::Var y = relu(matmul(wavy(tape, {rows, depth}, 1), wavy(tape, {depth, 32}, 2)) + 1.0);
    return printed(tw::compile({y * y}));
  };
  CHECK_FALSE(contains(step(1000, 16), "rows, each then"));
  CHECK_FALSE(contains(step(5000, 300), "rows, each then"));
  CHECK(contains(step(5000, 16), "rows, each then"));
}

TEST_CASE("a group that writes over what the product still reads waits for the whole product") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {6000, 16}, 1), W = wavy(tape, {16, 32}, 2),
                V = wavy(tape, {32, 32}, 3), S = wavy(tape, {16, 16}, 4);
  // Where e and what was made of it first have lain, there is room for one of the two results.
  const tw::Var e = exp(x), first = tw::sum(matmul(e, S), 0);
  const tw::Var p = matmul(e, W);
  const std::vector<tw::Var> outputs = {matmul(tanh(p), V) - matmul(sin(p), V), first};
  tw::Program panels = tw::compile(outputs), plain = tw::compile(outputs, {.panels = false});
  CAPTURE(printed(panels));
  check_close(panels, plain, 2);
}

TEST_CASE("a group never writes over the factor that all panels read") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {4096, 64}, 1), W = wavy(tape, {64, 64}, 2);
  // exp W is done with the product, and has as many numbers as there are sums of rows.
  const tw::Var y = tw::sum(tanh(matmul(x, exp(W))), -1);
  const std::vector<tw::Var> outputs = {tw::sum(square(y))};
  tw::Program panels = tw::compile(outputs), plain = tw::compile(outputs, {.panels = false});
  check_close(panels, plain, 1);
}

TEST_CASE("a group may write where the product has read the same rows") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {6000, 32}, 1), W = wavy(tape, {32, 32}, 2),
                V = wavy(tape, {32, 32}, 3);
  const tw::Var p = matmul(exp(x), W);
  const std::vector<tw::Var> outputs = {matmul(tanh(p), V) - matmul(sin(p), W)};
  tw::Program panels = tw::compile(outputs), plain = tw::compile(outputs, {.panels = false});
  CHECK(contains(printed(panels), "matmul by 1024 rows"));
  check_close(panels, plain, 1);
}

TEST_CASE(
    "what is written over a product's panel goes to the caches, where the product has left it") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {70000, 4}, 1), W = wavy(tape, {4, 32}, 2), b = wavy(tape, {32}, 3);
  const std::vector<tw::Var> outputs = {tanh(matmul(x, W)) + b};  // 18 MB, read by nobody
  tw::Program panels = tw::compile(outputs), plain = tw::compile(outputs, {.panels = false});
  CHECK(contains(printed(plain), "past the caches"));
  CHECK(contains(printed(panels), "rows, each then fused"));
  CHECK_FALSE(contains(printed(panels), "past the caches"));
  check_close(panels, plain, 1);
}

TEST_CASE("what a branch depends on keeps its bits: no panels, no flags, no sums in gemm") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {5000, 16}, 1), W = wavy(tape, {16, 16}, 2),
                V = wavy(tape, {16, 16}, 3);
  const tw::Var y = tanh(matmul(x, transpose(W)) + matmul(x, V)) * 3.0;
  tw::Var z = tw::sum(y);
  const std::string before = printed(tw::compile({z}));
  CHECK(contains(before, "matmul_add by 1024 rows"));
  if (z < 1e9) z = z * 2.0;
  const std::string guarded = printed(tw::compile({z}));
  CHECK(contains(guarded, "= transpose"));
  CHECK_FALSE(contains(guarded, "matmul_add"));
  CHECK_FALSE(contains(guarded, "rows, each then"));
}
