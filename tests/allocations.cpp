// A replay allocates nothing: counted by replaced global operators new.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>
#include <tapewise/nn/module.hpp>
#include <tapewise/nn/optimizer.hpp>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"

namespace tw = tapewise;
namespace nn = tapewise::nn;

namespace {
thread_local long allocations = 0;

void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  if (void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded))
    return memory;
  throw std::bad_alloc();
}

/// Heap allocations of `runs` replays after the first.
long allocations_of(tw::Program& program, int runs) {
  program.run();
  const long before = allocations;
  for (int r = 0; r < runs; ++r) program.run();
  return allocations - before;
}
}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes, 16); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes == 0 ? 1 : bytes);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

TEST_CASE("the counter counts") {
  const long before = allocations;
  ::operator delete(::operator new(8));  // a new-expression could be optimised away
  CHECK(allocations == before + 1);
}

TEST_CASE("factorizations replay without an allocation: their memory stays with the thread") {
  tw::Tape tape;
  xt::xarray<double> a = {{4.0, 1.0, 0.5}, {1.0, 3.0, 0.2}, {0.5, 0.2, 2.0}};
  const tw::Var A = tape.input(a, "A");
  const auto [values, vectors] = eigh(A);
  const auto [u, s, vt] = svd(A);
  const auto [q, r] = qr(A);
  const tw::Var y = sum(values) + sum(s) + sum(r * r) + logdet(A) + det(A) + sum(cholesky(A)) +
                    sum(inverse(A)) + sum(solve(A, A)) + sum(pinv(A)) + sum(lstsq(A, A));
  tw::Program program = tw::compile({y, tw::backward(y)[A]});
  CHECK(allocations_of(program, 3) == 0);
}

TEST_CASE("a training step with Adam replays without an allocation") {
  nn::Random random(1);
  const nn::Sequential net(nn::Linear(20, 16, random), nn::Relu(), nn::Linear(16, 5, random));
  nn::Adam adam(1e-3);
  tw::Tape tape;
  xt::xarray<float> images = xt::xarray<float>::from_shape({8, 20});
  images.fill(0.5F);
  const tw::Var x = tape.input(images, "x");
  const tw::Var labels = tape.input(xt::xarray<std::int64_t>{0, 1, 2, 3, 4, 0, 1, 2}, "labels");
  const tw::Var loss = cross_entropy(net(x), labels);
  const auto parameters = net.parameters(tape);
  std::vector<tw::Var> outputs = adam.update(tw::backward(loss, parameters), parameters);
  outputs.push_back(loss);
  tw::Program step = tw::compile(outputs);
  const double first = (step.run(), step.item(loss));
  CHECK(allocations_of(step, 100) == 0);
  CHECK(step.item(loss) < first);
}

TEST_CASE("every op's value and gradient replay without an allocation") {
  for (const tw::OpRecord* op : tw::all_ops()) {
    CAPTURE(op->name);
    if (op->examples == nullptr) continue;
    for (const tw::Example& example : op->examples()) {
      tw::Tape tape;
      const auto inputs = tests::example_inputs(tape, example, tw::DType::float64, 3);
      const tw::Var y = example.apply(inputs);
      std::vector<tw::Var> outputs = {y};
      if ((op->vjp != nullptr || op->traits.composite) && y.node().active) {
        const tw::GradientTable table = tw::backward(y, tw::Cotangent(1.0));
        for (const tw::Var& x : inputs) {
          if (x.node().active) outputs.push_back(table[x]);
        }
      }
      tw::Program program = tw::compile(outputs);
      CHECK(allocations_of(program, 3) == 0);
    }
  }
}

TEST_CASE("recording and differentiating again after rewind allocates nothing") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.5), w = tape.input(1.5F);
  const tw::Mark mark = tape.mark();
  tw::Sweep sweep;
  const auto round = [&] {
    tape.rewind(mark);
    tw::Var y = x, z = w;
    for (int i = 0; i < 1000; ++i) {
      y = sin(y) * x + y;
      y = where(y > x, pow(y, 2) * 0.25, -y);  // masks, attributes, numbers
      z = tanh(z) + w;
    }
    sweep.run(y);
    const double first = sweep[x] + y.item();
    sweep.run(z, {w});
    return first + sweep[w];
  };
  const double first = round();
  (void)round();  // lists of what is read, rewound and remembered have grown
  const long before = allocations;
  CHECK(round() == first);
  CHECK(allocations - before == 0);
}

TEST_CASE("rewinding allocates nothing, whatever goes") {
  tw::Tape tape;
  const tw::Mark mark = tape.mark();
  for (int r = 0; r < 3; ++r) {
    const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0, 3.0}, "x");
    const tw::Var y = sum(exp(x) * x + 2.0).named("y");
    (void)tw::backward(y)[x].data();
    (void)y.item();
    const long before = allocations;
    tape.rewind(mark);
    CHECK(allocations - before == 0);
  }
}
