// The numeric reverse sweep: the same gradients as subgraph B, without one.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <tapewise/ops/own_op.hpp>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of;

namespace {

/// Equal bits; a NaN equals a NaN, and -0 equals 0.
bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// The largest difference between the sweep's gradients and those of subgraph B, relative to the
/// largest entry; infinite where only one is a number.
double difference_from_b(const tw::Var& y, const std::vector<tw::Var>& nodes) {
  const tw::NumericGradients numbers = tw::sweep(y);
  const tw::GradientTable table = tw::backward(y);
  double difference = 0, scale = 1;
  for (const tw::Var& node : nodes) {
    const tw::Var entry = table[node];
    const void* data = entry.data();
    const auto mine = numbers.numbers(node);
    for (std::size_t e = 0; e < mine.size(); ++e) {
      const double b = tw::number_at(entry.dtype(), data, static_cast<std::int64_t>(e));
      if (same(mine[e], b)) continue;
      const double d = std::abs(mine[e] - b);
      difference = std::max(difference, std::isfinite(d) ? d : 1e300);
      if (std::isfinite(b)) scale = std::max(scale, std::abs(b));
    }
  }
  return difference / scale;
}

/// A graph of scalars with every kind of sharing: `size` random ops over the leaves in `pool`;
/// smooth ones only, or those with structural zeros and constants too.
tw::Var scalar_graph(std::vector<tw::Var>& pool, std::uint64_t seed, int size, bool smooth) {
  std::uint64_t count = 0;
  const auto below = [&](std::size_t n) {
    return static_cast<std::size_t>(tests::uniform(seed, count++) * static_cast<double>(n));
  };
  for (int k = 0; k < size; ++k) {
    const tw::Var a = pool[below(pool.size())], b = pool[below(pool.size())];
    tw::Var y;
    switch (below(smooth ? 13 : 22)) {
      case 0: y = a + b; break;
      case 1: y = a - b; break;
      case 2: y = a * b; break;
      case 3: y = a / b; break;
      case 4: y = sin(a); break;
      case 5: y = exp(-square(a)); break;
      case 6: y = tanh(a); break;
      case 7: y = sigmoid(a) * 1.5; break;
      case 8: y = log(square(a) + 0.5); break;
      case 9: y = leaky_relu(a, 0.2); break;
      case 10: y = pow(a, 2); break;
      case 11: y = softplus(a); break;
      case 12: y = abs(a); break;
      case 13: y = where(a > b, a * 0.5, b); break;
      case 14: y = max(a, b); break;
      case 15: y = min(a, b); break;
      case 16: y = relu(a); break;
      case 17: y = where(a > 0.0, sqrt(a), 0.0); break;
      case 18: y = pow(abs(a) + 0.1, b); break;
      case 19: y = a * stop_gradient(b); break;
      case 20: y = sign(a) * b; break;
      default: y = cos(a) - a; break;
    }
    pool.push_back(y);
  }
  tw::Var y = pool.back();
  for (std::size_t k = pool.size() / 2; k + 1 < pool.size(); ++k) y = y + pool[k];
  return y;
}

/// Twice x, without a derivative.
struct NoDerivative : tw::Structured {
  static constexpr std::string_view name = "no_derivative", formula = "2x";
  static constexpr int arity = 1;
  struct Params {
    std::int64_t n;
  };
  static tw::Type type(const tw::TypeArgs& args) { return args.parent(0); }
  static Params plan(const tw::KernelRequest& request) { return {request.out.size()}; }
  template <class T>
  static void kernel(const tw::KernelCall& call) {
    for (std::int64_t i = 0; i < call.params<Params>().n; ++i) {
      call.out<T>()[i] = T(2) * call.in<T>(0)[i];
    }
  }
};

/// x + 1, and how often it was computed.
int computed = 0;
struct CountedOp : tw::Elementwise<1> {
  static constexpr std::string_view name = "counted", formula = "x + 1";
  static constexpr tw::Range ranges[] = {{-1, 1}};
  template <class T>
  static T value(T x) {
    if constexpr (std::is_same_v<T, double>) ++computed;
    return x + T(1);
  }
  template <int I, class T>
  static tw::One partial(T, T) {
    return {};
  }
};

/// Cannot be computed.
struct ThrowingOp : tw::Elementwise<1> {
  static constexpr std::string_view name = "throwing", formula = "x";
  static constexpr tw::Range ranges[] = {{-1, 1}};
  template <class T>
  static T value(T x) {
    if constexpr (std::is_same_v<T, double>) throw std::runtime_error("not to be computed");
    return x;
  }
  template <int I, class T>
  static tw::One partial(T, T) {
    return {};
  }
};

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("the sweep of the lecture's example gives the table's numbers and records nothing") {
  tw::Tape tape;
  const tw::Var w1 = tape.input(0.02, "w1"), w2 = tape.input(0.01, "w2");
  const tw::Var x1 = tape.input(3.0, "x1"), x2 = tape.input(5.0, "x2");
  const tw::Var u = sigmoid(w1 * pow(x1, 3) + w2 * x2);
  const tw::Var loss = 0.5 * square(u - 0.0);
  const tw::NodeId before = tape.size();
  const tw::NumericGradients g = tw::sweep(loss);
  CHECK(tape.size() == before);
  CHECK(g.output_value() == loss.item());
  CHECK(tw::same_node(g.output(), loss));
  const tw::GradientTable table = tw::backward(loss);
  for (const tw::Var& v : {w1, w2, x1, x2, u, loss}) CHECK(g[v] == table[v].item());
  CHECK(g[w1] == doctest::Approx(3.98568).epsilon(1e-5));
}

TEST_CASE("scalar graphs give the bits of subgraph B") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    const bool smooth = seed % 2 == 0;
    tw::Tape swept, tape;  // two tapes: neither sees what the other has computed
    std::vector<tw::Var> swept_pool, pool;
    for (std::uint64_t k = 0; k < 4; ++k) {
      // Zeros among them: ties, kinks and infinite derivatives.
      const double x = k == 3 ? 0.0 : 3.0 * tests::uniform(seed + 1000, k) - 1.5;
      swept_pool.push_back(swept.input(x));
      pool.push_back(tape.input(x));
    }
    const tw::Var swept_y = scalar_graph(swept_pool, seed, 40, smooth);
    const tw::Var y = scalar_graph(pool, seed, 40, smooth);
    const tw::GradientTable table = tw::backward(y);
    tw::Sweep g;
    for (int run = 0; run < 2; ++run) {  // the second goes by what the first has found
      CAPTURE(run);
      g.run(swept_y);
      CHECK(same(g.output_value(), y.item()));
      for (std::size_t k = 0; k < pool.size(); ++k) {
        if (!pool[k].node().active) continue;
        CAPTURE(pool[k].name());
        CAPTURE(g[swept_pool[k]]);
        CAPTURE(table[pool[k]].item());
        CHECK(same(g[swept_pool[k]], table[pool[k]].item()));
      }
    }
  }
}

TEST_CASE("every op's examples: the sweep agrees with subgraph B in every float dtype") {
  std::size_t compared = 0;
  for (const tw::OpRecord* op : tw::all_ops()) {
    const std::string name(op->name);
    CAPTURE(name);
    const std::vector<tw::Example> examples = op->examples();
    for (std::size_t e = 0; e < examples.size(); ++e) {
      CAPTURE(e);
      for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
        CAPTURE(tw::name_of(dtype));
        tw::Tape tape;
        const auto inputs = tests::example_inputs(tape, examples[e], dtype, 7);
        const tw::Var y = examples[e].apply(inputs);
        if ((op->vjp == nullptr && !op->traits.composite) || !y.node().active) continue;
        std::vector<tw::Var> active;
        for (const tw::Var& x : inputs) {
          if (x.node().active) active.push_back(x);
        }
        const tw::Var loss = sum(square(y) + y);
        CHECK(difference_from_b(loss, active) <= (dtype == tw::DType::float64 ? 1e-12 : 1e-4));
        ++compared;
      }
    }
  }
  CHECK(compared > 300);
}

TEST_CASE("structural zeros absorb infinities as in subgraph B") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.0);
  CHECK(tw::sweep(where(x > 0.0, sqrt(x), 0.0))[x] == 0.0);
  CHECK(tw::sweep(where(x > 0.0, log(x) * sqrt(x), x * 3.0))[x] == 3.0);
  CHECK(tw::sweep(sqrt(x))[x] == infinity);
  CHECK(std::isnan(tw::sweep(sqrt(x) * 0.0)[x]));  // an ordinary 0 times infinity
  const tw::Var v = tape.input(xt::xarray<double>{-1.0, 0.0, 4.0});
  const xt::xarray<double> expected = {0.0, 0.0, 0.25};
  const tw::NumericGradients g = tw::sweep(sum(where(v > 0.0, sqrt(v), 0.0)));
  CHECK(xt::xarray<double>(g.value(v)) == expected);
}

TEST_CASE("a derivative of B itself can be swept") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.7), y = tape.input(0.0);
  const tw::Var first = tw::backward(x * sin(x))[x];
  CHECK(tw::sweep(first)[x] == doctest::Approx(2 * std::cos(0.7) - 0.7 * std::sin(0.7)));
  const tw::Var safe = tw::backward(where(y > 0.0, sqrt(y), 0.0))[y];
  CHECK(tw::sweep(safe)[y] == 0.0);
}

TEST_CASE("float32 scalars are computed in float32") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.3F), w = tape.input(1.7F);
  const tw::Var y = exp(sin(x * w)) + x;
  const double value = y.item();
  x.set(0.3F);  // what was computed is stale
  const tw::NumericGradients g = tw::sweep(y);
  const tw::GradientTable table = tw::backward(y);
  CHECK(g.output_value() == value);
  CHECK(value == static_cast<double>(static_cast<float>(value)));
  CHECK(g[x] == doctest::Approx(table[x].item()).epsilon(1e-6));
  CHECK(g[w] == doctest::Approx(table[w].item()).epsilon(1e-6));
}

TEST_CASE("scalars, arrays and structured ops in one graph") {
  tw::Tape tape;
  const tw::Var W = tape.input(xt::xarray<double>{{0.5, -1.0, 2.0}, {1.5, 0.25, -0.75}});
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0, -1.0}), s = tape.input(0.5);
  const tw::Var h = tanh(matmul(W, x) * s);
  const tw::Var loss = sum(h * h) * s + exp(s) / (sum(x) + 3.0);
  CHECK(difference_from_b(loss, {W, x, s, h}) <= 1e-14);
  const tw::NumericGradients g = tw::sweep(loss, {W, s});
  CHECK(g.value(W).shape(0) == 2);
  CHECK(g.value(W).shape(1) == 3);
  CHECK(g[s] == tw::sweep(loss)[s]);
  CHECK(contains(message_of<tw::GradientError>([&] { (void)g[x]; }), "among the wanted"));
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)g[W]; }), "(2,3)"));
}

TEST_CASE("a sweep is used again: after writes, after rewind, on another tape") {
  tw::Sweep sweep;
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Mark mark = tape.mark();
  for (int r = 1; r <= 20; ++r) {
    tape.rewind(mark);
    x.set(0.1 * r);
    tw::Var y = x;
    for (int k = 0; k < 30 * r; ++k) y = k % 3 == 0 ? sin(y) : y * x + x;
    sweep.run(y);
    CHECK(sweep[x] == tw::backward(y)[x].item());
    CHECK(sweep.output_value() == y.item());
  }
  tw::Tape other;
  const tw::Var a = other.input(xt::xarray<float>{1.0F, 2.0F}), b = other.input(3.0F);
  sweep.run(sum(a) * b);
  CHECK(sweep[b] == 3.0);
  CHECK(sweep.value(a)(1) == 3.0);
  const tw::Var late = other.input(1.0F);
  CHECK(sweep[late] == 0.0);
  other.clear();  // the ids of what was needed go to nodes that are not, and cannot be computed
  const tw::Var c = other.input(5.0), nan = other.input(std::nan(""));
  (void)cast(nan, tw::DType::int64);
  (void)cast(nan, tw::DType::boolean);
  const tw::Var square_of_c = square(c);
  sweep.run(square_of_c);
  CHECK(sweep[c] == 10.0);
}

TEST_CASE("nodes that the output does not depend on have zeros and cost nothing") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0), w = tape.input(xt::xarray<double>{1.0, 2.0});
  tw::Var unused = x;
  for (int k = 0; k < 5000; ++k) unused = unused * x;
  const tw::Var y = x * x;
  const tw::NumericGradients g = tw::sweep(y);
  CHECK(g[x] == 4.0);
  CHECK(g[unused] == 0.0);
  CHECK(g.value(w)(1) == 0.0);
}

TEST_CASE(
    "a sweep that computes all nodes, since most were needed last time, knows which are not") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.0), w = tape.input(2.0);
  const tw::Mark mark = tape.mark();
  tw::Sweep sweep;
  const auto chain = [&] {
    tw::Var y = x * w + 1.0;
    for (int k = 0; k < 200; ++k) y = sin(y) * w;
    return y;
  };
  const double expected = tw::backward(chain())[w].item();
  for (int run = 0; run < 4; ++run) {
    CAPTURE(run);
    tape.rewind(mark);
    const tw::Var slope = sqrt(x);  // an infinite derivative, which 0 must not meet
    const tw::Var more = slope * w;
    if (run == 2) (void)tw::record<ThrowingOp>({w});
    const tw::Var y = chain();
    sweep.run(y);
    CHECK(sweep[w] == expected);
    CHECK(std::isfinite(sweep[x]));
    CHECK(sweep[slope] == 0.0);
    CHECK(sweep[more] == 0.0);
    if (run == 3) {
      sweep.run(more);
      CHECK(sweep[x] == infinity);
      CHECK(sweep[y] == 0.0);
      sweep.run(chain() + more);
      CHECK(sweep[x] == infinity);
      CHECK(sweep[slope] == 2.0);
      CHECK(sweep[w] == expected);
    }
  }
}

TEST_CASE("a graph with structural zeros is computed once in each sweep") {
  tw::Tape tape;
  const tw::Var u = tape.input(1.0);
  tw::Var y = tw::record<CountedOp>({u});
  for (int k = 0; k < 100; ++k) y = y * 0.9 + u;  // the zeros come after a group of nodes
  y = relu(y);
  tw::Sweep sweep;
  for (int run = 1; run <= 4; ++run) {
    CAPTURE(run);
    u.set(static_cast<double>(run));
    computed = 0;
    sweep.run(y);
    CHECK(computed == 1);
  }
}

TEST_CASE("the sweep says what is wrong") {
  tw::Tape tape, elsewhere;
  const tw::Var x = tape.input(2.0, "x"), n = tape.input(std::int64_t{3});
  const tw::Var v = tape.input(xt::xarray<double>{1.0, 2.0}, "v");
  const tw::Mark mark = tape.mark();
  const tw::Var y = x * 2.0;
  tw::Sweep sweep;
  CHECK_THROWS_AS((void)sweep[x], tw::HandleError);
  CHECK_THROWS_AS(sweep.run(v), tw::GradientError);
  CHECK_THROWS_AS(sweep.run(x > 1.0), tw::TypeError);
  const tw::Var own = tw::record<NoDerivative>({x});
  sweep.run(y);
  CHECK(contains(message_of<tw::GradientError>([&] { sweep.run(own * y); }),
                 "[no_derivative] gives no derivative"));
  CHECK_THROWS_AS((void)sweep[x], tw::HandleError);  // the last run has failed
  sweep.run(y);
  CHECK(sweep[x] == 2.0);
  CHECK_THROWS_AS((void)sweep[n], tw::TypeError);
  CHECK_THROWS_AS((void)sweep[elsewhere.input(1.0)], tw::HandleError);
  tape.rewind(mark);
  CHECK_THROWS_AS((void)sweep[x], tw::HandleError);
  CHECK(contains(message_of<tw::DomainError>([&] {
                   sweep.run(x * cast(cast(tape.input(std::nan("")), tw::DType::int64),
                                      tw::DType::float64));
                 }),
                 "sweep.cpp"));
}

TEST_CASE("values that a sweep has computed are the tape's values") {
  tw::Tape tape;
  const tw::Var u = tape.input(1.0);
  const tw::Var counted = tw::record<CountedOp>({u});
  const tw::Var twice = counted * 2.0;
  computed = 0;
  CHECK(tw::sweep(twice)[u] == 2.0);
  CHECK(twice.item() + counted.item() == 6.0);
  CHECK(computed == 1);
  const tw::Var x = tape.input(0.5);
  const tw::Var y = exp(x), z = sin(y) * x;
  (void)tw::sweep(z);
  CHECK(y.item() == std::exp(0.5));
  x.set(1.0);
  CHECK(z.item() == std::sin(std::exp(1.0)));
  const tw::Var held = stop_gradient(y) * y;
  CHECK(tw::sweep(held)[y] == std::exp(1.0));
  CHECK(held.item() == std::exp(1.0) * std::exp(1.0));
}
