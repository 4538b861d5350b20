// Ops on single numbers as byte-code, and independent ones as vector instructions.
#include "programs.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::printed, tests::same_bits;

TEST_CASE("a graph of single numbers and its gradient are one step, with every bit of the ops") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.7, "x"), y = tape.input(-1.3, "y");
  tw::Var s = x;
  for (int k = 0; k < 200; ++k) s = sin(s * y) + exp(x - s) / (1.0 + square(s));
  const tw::GradientTable table = tw::backward(s);
  tw::Program code = tw::compile({s, table[x], table[y]}, {.regroup = false}),
              calls = tw::compile({s, table[x], table[y]}, {.scalars = false});
  CHECK(code.steps() == 1);
  CHECK(calls.steps() > 2000);
  CHECK(same_bits(code, calls, 3));
}

TEST_CASE("each pair of neighbouring arithmetic is carried out as its two ops") {
  using Op = tw::Var (*)(const tw::Var&, const tw::Var&);
  const Op ops[] = {[](const tw::Var& a, const tw::Var& b) { return a + b; },
                    [](const tw::Var& a, const tw::Var& b) { return a - b; },
                    [](const tw::Var& a, const tw::Var& b) { return a * b; },
                    [](const tw::Var& a, const tw::Var& b) { return a / b; }};
  tw::Tape tape;
  const tw::Var a = tape.input(3.1), b = tape.input(-0.7), c = tape.input(11.3);
  std::vector<tw::Var> outputs;
  for (const Op first : ops) {
    for (const Op second : ops) {
      outputs.push_back(second(first(a, b), c));
      outputs.push_back(second(c, first(a, b)));
      const tw::Var twice = first(b, c);
      outputs.push_back(second(twice, twice));
      outputs.push_back(second(a, c));
    }
  }
  tw::Program code = tw::compile(outputs, {.share = false, .regroup = false}),
              calls = tw::compile(outputs, {.share = false, .scalars = false});
  CHECK(same_bits(code, calls, outputs.size()));
}

TEST_CASE("arithmetic in long rows hands results on, with every bit of the ops") {
  std::uint32_t random = 7;
  const auto draw = [&](std::size_t below) {
    random = random * 1664525U + 1013904223U;
    return static_cast<std::size_t>(random >> 8U) % below;
  };
  tw::Tape tape;
  std::vector<tw::Var> x = {tape.input(1.1), tape.input(-0.9), tape.input(1.3)};
  for (int k = 0; k < 3000; ++k) {
    // Mostly among the last results, so that each way to hand on occurs; magnitudes stay near 1.
    const std::size_t far = k % 5 == 0 ? x.size() : std::min<std::size_t>(x.size(), 5);
    const tw::Var a = x[x.size() - 1 - draw(far)], b = x[x.size() - 1 - draw(far)];
    const double size = std::abs(a.item() + b.item());
    switch (draw(4)) {
      case 0: x.push_back(a + b); break;
      case 1: x.push_back(a - b); break;
      case 2: x.push_back(a * b); break;
      default: x.push_back(a / b);
    }
    const double y = x.back().item();
    if (!(std::abs(y) > 1e-3 && std::abs(y) < 1e3 && size > 0)) x.back() = a - 0.5 * b;
  }
  const std::vector<tw::Var> last(x.end() - 40, x.end());
  tw::Program code = tw::compile(last, {.share = false, .regroup = false}),
              calls = tw::compile(last, {.share = false, .scalars = false});
  CHECK(code.steps() == 1);
  CHECK(same_bits(code, calls, last.size()));
}

TEST_CASE("byte-code knows every dtype, third operands and attributes") {
  tw::Tape tape;
  const tw::Var f = tape.input(1.5F), i = tape.input(std::int64_t{3}), d = tape.input(2.5);
  const tw::Var chosen = where(f > 1.0F, f * 2.0F, -f);
  const std::vector<tw::Var> outputs = {chosen, tw::cast(i * i, tw::DType::float64) + d,
                                        pow(d, 3.0), tw::leaky_relu(-d, 0.2)};
  tw::Program code = tw::compile(outputs), calls = tw::compile(outputs, {.scalars = false});
  CHECK(code.steps() == 3);  // a cast is a step of its own
  CHECK(same_bits(code, calls, outputs.size()));
}

TEST_CASE("independent chains become vector instructions") {
  tw::Tape tape;
  std::vector<tw::Var> x;
  for (int k = 0; k < 16; ++k) x.push_back(tape.input(0.1 * (k + 1)));
  std::vector<tw::Var> chains = x;
  for (int turn = 0; turn < 50; ++turn) {
    for (tw::Var& c : chains) c = exp(sin(c * 1.1)) - 0.5;
  }
  tw::Var total = chains[0];
  for (std::size_t k = 1; k < chains.size(); ++k) total = total + chains[k];
  const tw::GradientTable table = tw::backward(total);
  std::vector<tw::Var> outputs = {total};
  for (const tw::Var& leaf : x) outputs.push_back(table[leaf]);
  tw::Program grouped = tw::compile(outputs), apart = tw::compile(outputs, {.regroup = false});
  CHECK_FALSE(contains(printed(grouped), " 0 vector instructions"));
  CHECK(contains(printed(apart), " 0 vector instructions"));
  grouped.run();
  apart.run();
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    // Vector functions may differ in the last bits.
    CHECK(grouped.item(k) == doctest::Approx(apart.item(k)).epsilon(1e-11));
  }
}

TEST_CASE("terms of an entry that are ready at once are added by one instruction") {
  tw::Tape tape;
  const tw::Var w = tape.input(0.7), b = tape.input(-0.2);
  std::vector<tw::Var> chains;
  for (int k = 0; k < 20; ++k) chains.push_back(tape.input(0.1 * (k + 1)));
  for (int turn = 0; turn < 6; ++turn) {
    for (tw::Var& c : chains) c = sin(w * c) + b;
  }
  tw::Var total = chains[0];
  for (std::size_t k = 1; k < chains.size(); ++k) total = total + chains[k];
  const tw::GradientTable table = tw::backward(total);
  tw::Program grouped = tw::compile({table[w], table[b], total}),
              apart = tw::compile({table[w], table[b], total}, {.regroup = false});
  // Six turns add twenty terms each to w's entry and to b's, but the last turn's of b are ones,
  // which are added while planning; the chains' ends are one sum, too.
  CHECK(contains(printed(grouped), " 12 sums"));
  CHECK(contains(printed(apart), " 0 sums"));
  for (const double number : {0.7, -1.9}) {
    w.set(number);
    grouped.run();
    apart.run();
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(grouped.item(k) == doctest::Approx(apart.item(k)).epsilon(1e-12));
    }
  }
  // The entry as written by hand, in one loop for each chain.
  double slope_w = 0;
  for (int k = 0; k < 20; ++k) {
    double c = 0.1 * (k + 1), by_w = 0;
    for (int turn = 0; turn < 6; ++turn) {
      by_w = std::cos(-1.9 * c) * (c - 1.9 * by_w);
      c = std::sin(-1.9 * c) - 0.2;
    }
    slope_w += by_w;
  }
  CHECK(grouped.item(0) == doctest::Approx(slope_w).epsilon(1e-12));
}

TEST_CASE("the cosines that backward takes of a chain of sines are computed together") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.4), y = tape.input(1.3);
  tw::Var s = x;
  for (int turn = 0; turn < 100; ++turn) s = sin(s * y) + x;
  const tw::GradientTable table = tw::backward(s, {x, y});
  tw::Program ahead = tw::compile({s, table[x], table[y]}),
              apart = tw::compile({s, table[x], table[y]}, {.regroup = false});
  CHECK(contains(printed(ahead), " 2 vector instructions"));  // 64 and 36
  ahead.run();
  apart.run();
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(ahead.item(k) == doctest::Approx(apart.item(k)).epsilon(1e-12));
  }
}

TEST_CASE("a program with guards is not regrouped: a condition must not change by a last bit") {
  tw::Tape tape;
  std::vector<tw::Var> x;
  for (int k = 0; k < 16; ++k) x.push_back(tape.input(0.1 * (k + 1)));
  tw::Var total = tape.input(0.0);
  for (const tw::Var& leaf : x) total = total + exp(leaf);
  if (total > 1.0) total = total * 2.0;
  CHECK(contains(printed(tw::compile({total})), " 0 vector instructions"));
}
