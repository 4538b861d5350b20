// Long and wide graphs: no recursion, time and memory in proportion to the nodes.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/tapewise.hpp>

namespace tw = tapewise;

namespace {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int long_chain = 500'000;  // the sanitizers need many times the memory
#else
constexpr int long_chain = 10'000'000;
#endif
}  // namespace

TEST_CASE("a chain of ten million nodes is recorded, computed and differentiated") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.25, "x");
  tw::Var y = x;
  for (int i = 0; i < long_chain; ++i) y = y + x;
  CHECK(y.item() == 0.25 * (long_chain + 1));
  const tw::GradientTable table = tw::backward(y, {x});
  CHECK(table[x].item() == long_chain + 1);
  CHECK(table.contributions(x).size() == static_cast<std::size_t>(long_chain) + 1);
}

TEST_CASE("sixty doublings are sixty nodes, forward and backward") {
  tw::Tape tape;
  const tw::Var x = tape.input(1.0);
  tw::Var y = x;
  for (int i = 0; i < 60; ++i) y = y + y;
  CHECK(tape.size() == 61);
  CHECK(y.item() == 0x1.0p60);
  CHECK(tw::backward(y)[x].item() == 0x1.0p60);
  CHECK(tape.size() < 200);
}

TEST_CASE("a million nodes with a hundred thousand guards") {
  tw::Tape tape;
  const tw::Var x = tape.input(1.0);
  const int n = long_chain / 10;
  tw::Var y = x;
  int taken = 0;
  for (int i = 0; i < n; ++i) {
    y = y * 0.999 + x;
    if (i % 10 == 0 && y > 0.0) ++taken;
  }
  CHECK(taken == n / 10);
  CHECK(tape.guards().size() == static_cast<std::size_t>(n / 10));
}

TEST_CASE("a thousand rewinds behind a long prefix cost what is recorded anew, not the prefix") {
  tw::Tape tape;
  const tw::Var x = tape.input(1.0);
  tw::Var prefix = x;
  for (int i = 0; i < long_chain / 10; ++i) prefix = prefix + 1.0;
  const double at = prefix.item();
  const tw::Mark mark = tape.mark();
  const tw::Var other = tape.input(0.0);
  const tw::Mark inner = tape.mark();
  for (int r = 0; r < 1000; ++r) {
    other.set(r);
    const tw::Var y = square(other) + 1.0;
    CHECK(tw::backward(y)[other].item() == 2.0 * r);
    tape.rewind(inner);
  }
  tape.rewind(mark);
  CHECK(prefix.item() == at);
}

TEST_CASE("a long chain compiles and replays") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.5);
  tw::Var y = x;
  const int n = long_chain / 20;
  for (int i = 0; i < n; ++i) y = sin(y) + x;
  tw::Program program = tw::compile({y, tw::backward(y)[x]});
  program.run();
  CHECK(program.item(y) == y.item());
  CHECK(program.steps() <= static_cast<std::size_t>(6 * n));
}
