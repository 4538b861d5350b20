// rrelu: slopes drawn by counters.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::show;
using tw::Var;

TEST_CASE("the drawn numbers are uniform, and depend on seed and step only") {
  tw::Tape tape;
  const Var x = tape.input(xt::xarray<double>(xt::ones<double>({100000})));
  const Var step = tape.input(tw::ArrayView(std::int64_t{0}));
  const Var u = uniform_like(x, -1.0, 3.0, 7, step);
  // Mean 1 and variance 16/12, within 4 standard deviations of their estimates.
  const double mean = tw::mean(u).item();
  CHECK(std::abs(mean - 1.0) <= 4 * std::sqrt(16.0 / 12.0 / 1e5));
  CHECK(std::abs(tw::mean(square(u - mean)).item() - 16.0 / 12.0) <= 0.02);
  CHECK(amax(u).item() < 3.0);
  CHECK(amax(-u).item() <= 1.0);
  // No correlation between neighbours, seeds and steps.
  const auto correlation = [&](const Var& v) {
    return std::abs(tw::mean((u - 1.0) * (v - 1.0)).item());
  };
  CHECK(correlation(uniform_like(x, -1.0, 3.0, 8, step)) <= 0.02);
  CHECK(correlation(uniform_like(x, -1.0, 3.0, 7, 1)) <= 0.02);
  CHECK(sum(u - uniform_like(x, -1.0, 3.0, 7)).item() == 0.0);
}

TEST_CASE("rrelu: one slope per element, the same forward and backward, another at the next step") {
  tw::Tape tape;
  const Var x = tape.input(xt::xarray<double>{-1.0, -1.0, 2.0, -1.0});
  const Var step = tape.input(tw::ArrayView(std::int64_t{0}));
  const Var y = rrelu(x, 3, step), g = tw::backward(sum(y))[x];
  tw::Program program = tw::compile({y, g});
  program.run();
  const std::string first = show(y);
  for (std::int64_t i = 0; i < 4; ++i) {
    const double value = tw::number_at(y.dtype(), y.data(), i);
    const double slope = tw::number_at(g.dtype(), g.data(), i);
    CHECK(tw::number_at(y.dtype(), program.data(0), i) == value);
    CHECK(tw::number_at(y.dtype(), program.data(1), i) == slope);
    CHECK(value == (i == 2 ? 2.0 : -slope));
    if (i != 2) CHECK((slope >= 1.0 / 8.0 && slope < 1.0 / 3.0));
  }
  step.set(tw::ArrayView(std::int64_t{1}));
  CHECK(show(y) != first);
  step.set(tw::ArrayView(std::int64_t{0}));
  CHECK(show(y) == first);
  CHECK(show(rrelu_eval(x, 0.25, 0.75)) == "(4,) -0.5 -0.5 2 -0.5");
}

TEST_CASE("rrelu refuses bounds in the wrong order and steps that are no numbers of steps") {
  tw::Tape tape;
  const Var x = tape.input(1.0);
  const std::size_t before = tape.size();
  CHECK(contains(message_of<tw::DomainError>([&] { rrelu(x, 1, 0, 0.5, 0.25); }),
                 "[rrelu] uniform_like: wanted low ≤ high, given 0.5 and 0.25"));
  CHECK(contains(message_of<tw::TypeError>([&] { rrelu(x, 1, x); }),
                 "[rrelu] uniform_like: the step is an int64, given float64"));
  CHECK(contains(message_of<tw::TypeError>([&] { rrelu(x, 1, 0.5); }), "[uniform_like]"));
  CHECK(tape.size() == before);
}
