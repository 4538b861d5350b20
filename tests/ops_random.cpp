// Masks drawn by counters: known answers, replay, independence; dropout.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/ops/kernels/philox.hpp>
#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::show;

namespace {
using Words = std::array<std::uint32_t, 4>;
tw::Var full_of_ones(tw::Tape& tape, std::size_t n) {
  return tape.input(xt::xarray<double>(xt::ones<double>({n})));
}
}  // namespace

TEST_CASE("philox gives the known answers of its authors") {
  constexpr std::uint32_t all = 0xFFFFFFFF;
  CHECK(tw::kernels::philox({0, 0, 0, 0}, {0, 0}) ==
        Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(tw::kernels::philox({all, all, all, all}, {all, all}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(tw::kernels::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                            {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a mask is a function of seed, step and place") {
  tw::Tape tape;
  const tw::Var step = tape.input(std::int64_t{3}, "step");
  const tw::Var mask = random_mask(step, {100}, 0.5, 7);
  const std::string third = show(mask);
  CHECK(show(random_mask(step, {100}, 0.5, 8)) != third);
  CHECK(show(slice(random_mask(step, {200}, 0.5, 7), {{0, 100}})) == third);
  step.set(std::int64_t{4});
  CHECK(show(mask) != third);
  step.set(std::int64_t{3});
  CHECK(show(mask) == third);
  CHECK(show(random_mask(step, {3}, 0.0, 7)) == "bool (3,) 1 1 1");
  CHECK(show(random_mask(step, {3}, 1.0, 7)) == "bool (3,) 0 0 0");
}

TEST_CASE("dropout drops at its rate and keeps the expectation") {
  tw::Tape tape;
  constexpr std::size_t n = 100000;
  const tw::Var x = full_of_ones(tape, n);
  for (const double rate : {0.1, 0.5, 0.8}) {
    CAPTURE(rate);
    const auto y = dropout(x, rate, 42).value<double>();
    std::size_t dropped = 0, neighbours = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (y(i) != 0.0) CHECK(y(i) == 1 / (1 - rate));
      dropped += y(i) == 0.0 ? 1 : 0;
      neighbours += i > 0 && y(i) == 0.0 && y(i - 1) == 0.0 ? 1 : 0;
    }
    const double deviation = std::sqrt(rate * (1 - rate) / n);
    CHECK(std::abs(static_cast<double>(dropped) / n - rate) < 5 * deviation);
    CHECK(std::abs(static_cast<double>(neighbours) / n - rate * rate) < 10 * deviation);
  }
}

TEST_CASE("forward and backward see one mask, in the tape, in a program and when recomputed") {
  tw::Tape tape;
  const tw::Var x = full_of_ones(tape, 1000), step = tape.input(std::int64_t{0});
  const tw::Var y = dropout(x, 0.5, 9, step);
  const tw::Var loss = sum(exp(y));
  const tw::Var slope = tw::backward(loss)[x];
  const tw::Var expected = y * exp(y);  // 2 e² where kept, 0 elsewhere
  CHECK(amax(abs(slope - expected)).item() < 1e-12);
  const tw::Var next = tw::assign(step, step + 1);
  tw::Program plain = tw::compile({slope, y, next});
  plain.run();
  const auto first = plain.value<double>(y);
  CHECK(first == y.parent(1).parent(0).value<double>() * y.value<double>());
  plain.run();
  CHECK(plain.value<double>(y) != first);
  step.set(std::int64_t{0});
  plain.run();
  CHECK(plain.value<double>(y) == first);
}

TEST_CASE("rate 0 is x itself, rate 1 nothing, and what is dropped is dropped for good") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0});
  CHECK(same_node(dropout(x, 0.0, 7), x));
  CHECK(show(dropout(x, 1.0, 7)) == "(2,) 0 0");
  const tw::Var infinite = tape.input(xt::xarray<double>{1.0 / 0.0});
  CHECK(show(dropout(infinite, 1.0, 7)) == "(1,) 0");
  CHECK(show(tw::backward(sum(dropout(sqrt(x - x), 1.0, 7)))[x]) == "(2,) 0 0");
}

TEST_CASE("rates that are no probabilities and steps that are no whole numbers are refused") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0});
  const tw::NodeId size = tape.size();
  CHECK(contains(message_of<tw::DomainError>([&] { (void)dropout(x, 1.5, 7); }),
                 "[dropout] the rate is a probability, given 1.5"));
  CHECK_THROWS_AS((void)dropout(x, std::nan(""), 7), tw::DomainError);
  CHECK_THROWS_AS((void)dropout(x, 0.5, 7, 0.5), tw::TypeError);
  CHECK_THROWS_AS((void)dropout(x, 0.5, 7, x), tw::TypeError);
  CHECK_THROWS_AS((void)random_mask(tape.input(xt::xarray<std::int64_t>{1, 2}), {2}, 0.5, 7),
                  tw::ShapeError);
  CHECK(tape.size() == size + 1);
}
