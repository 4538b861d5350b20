// Transposes become flags of the products that read them, broadcasts are read in place.
#include "programs.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::printed, tests::same_bits, tests::wavy;

namespace {

void check_close(tw::Program& a, tw::Program& b) {
  a.run();
  b.run();
  const auto *x = static_cast<const double*>(a.data(0)), *y = static_cast<const double*>(b.data(0));
  for (std::int64_t i = 0; i < a.type(0).size(); ++i) CHECK(x[i] == doctest::Approx(y[i]));
}

}  // namespace

TEST_CASE("transposed factors cost no step") {
  tw::Tape tape;
  const tw::Var a = wavy(tape, {5, 3}, 1), b = wavy(tape, {7, 5}, 2);
  const std::vector<tw::Var> outputs = {matmul(transpose(a), transpose(b))};
  tw::Program absorbed = tw::compile(outputs), plain = tw::compile(outputs, {.absorb = false});
  CHECK(absorbed.ops() == 1);
  CHECK(plain.ops() == 3);
  check_close(absorbed, plain);
}

TEST_CASE("a transpose of a transpose is none, and one that somebody else reads stays") {
  tw::Tape tape;
  const tw::Var a = wavy(tape, {5, 3}, 1), b = wavy(tape, {3, 4}, 2);
  const std::vector<tw::Var> twice = {matmul(transpose(transpose(a)), b)};
  tw::Program once = tw::compile(twice), plain = tw::compile(twice, {.absorb = false});
  CHECK(once.ops() == 1);
  check_close(once, plain);
  const tw::Var t = transpose(a);
  CHECK(tw::compile({matmul(t, wavy(tape, {5, 4}, 3)), exp(t)}).ops() == 3);
}

TEST_CASE("batched transposes are flags when the last two axes are swapped, and none otherwise") {
  tw::Tape tape;
  const tw::Var a = wavy(tape, {2, 5, 3}, 1), b = wavy(tape, {2, 5, 4}, 2);
  const std::vector<tw::Var> last = {matmul(permute(a, {0, 2, 1}), b)};
  tw::Program absorbed = tw::compile(last), plain = tw::compile(last, {.absorb = false});
  CHECK(absorbed.ops() == 1);
  check_close(absorbed, plain);
  const tw::Var c = wavy(tape, {5, 2, 3}, 3);
  const std::vector<tw::Var> leading = {matmul(permute(c, {1, 2, 0}), b)};
  tw::Program kept = tw::compile(leading), off = tw::compile(leading, {.absorb = false});
  check_close(kept, off);
}

TEST_CASE("an elementwise op reads what would be broadcast, to the same bits") {
  tw::Tape tape;
  const tw::Var x = wavy(tape, {6, 4}, 1), row = wavy(tape, {4}, 2);
  const std::vector<tw::Var> outputs = {x * tw::broadcast_to(exp(row), {6, 4})};
  tw::Program absorbed = tw::compile(outputs), plain = tw::compile(outputs, {.absorb = false});
  CHECK_FALSE(contains(printed(absorbed), "broadcast_to"));
  CHECK(contains(printed(plain), "broadcast_to"));
  CHECK(same_bits(absorbed, plain, 1));
}
