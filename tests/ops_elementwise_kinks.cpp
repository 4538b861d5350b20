// Kinks of elementwise ops and of losses: which number counts as the derivative, by default and
// when asked.
#include <doctest/doctest.h>

#include <set>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/autograd/numbers_table.hpp>
#include <tapewise/tapewise.hpp>
#include <vector>

#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of;
using tw::Subgradient, tw::Var;

namespace {

struct Kink {
  std::string name;
  Var (*f)(const Var&, const Subgradient*);  ///< null: the default
  double at, left, right, usual;             ///< usual: PyTorch 1.13's
  Subgradient inner;                         ///< what `inner` is here; middle: refused
  bool composed = false;                     ///< `f` records other nodes, too
};

constexpr tw::LossOptions each{tw::Reduction::none, 1.0};

/// An array of x's shape.
Var like(const Var& x, double number) { return tw::filled(x.tape(), x.type(), number); }

#define WITH(call, ...)                                                  \
  [](const Var& x, const Subgradient* s) {                               \
    return s == nullptr ? call(x __VA_ARGS__) : call(x __VA_ARGS__, *s); \
  }
#define COMMA ,
#define LOSS(call, ...)                                              \
  [](const Var& x, const Subgradient* s) {                           \
    return s == nullptr ? call(__VA_ARGS__) : call(__VA_ARGS__, *s); \
  }

const std::vector<Kink>& kinks() {
  constexpr auto none = Subgradient::middle, left = Subgradient::left, right = Subgradient::right;
  static const std::vector<Kink> all = {
      {"relu", WITH(relu), 0, 0, 1, 0, none},
      {"abs", WITH(abs), 0, -1, 1, 0, none},
      {"abs_rectifier", WITH(abs_rectifier), 0, -1, 1, 0, none},
      {"leaky_relu", WITH(leaky_relu, COMMA 0.25), 0, 0.25, 1, 0.25, none},
      {"prelu", WITH(prelu, COMMA 0.25), 0, 0.25, 1, 0.25, none},
      {"relu6", WITH(relu6), 0, 0, 1, 0, right},
      {"relu6", WITH(relu6), 6, 1, 0, 0, left},
      {"hardtanh", WITH(hardtanh, COMMA - 2.0 COMMA 3.0), -2, 0, 1, 0, right},
      {"hardtanh", WITH(hardtanh, COMMA - 2.0 COMMA 3.0), 3, 1, 0, 0, left},
      {"clamp", WITH(clamp, COMMA - 2.0 COMMA 3.0), -2, 0, 1, 1, right},
      {"clamp", WITH(clamp, COMMA - 2.0 COMMA 3.0), 3, 1, 0, 1, left},
      {"hard_sigmoid", WITH(hard_sigmoid, COMMA 0.25), -2, 0, 0.25, 0, right},
      {"hard_sigmoid", WITH(hard_sigmoid, COMMA 0.25), 2, 0.25, 0, 0, left},
      {"hard_silu", WITH(hard_silu), -3, 0, -0.5, -0.5, right},
      {"hard_silu", WITH(hard_silu), 3, 1.5, 1, 1.5, left},
      {"threshold", WITH(threshold, COMMA 0.5 COMMA 0.5), 0.5, 0, 1, 0, none},
      {"elu", WITH(elu, COMMA 0.5), 0, 0.5, 1, 0.5, none},
      {"selu", WITH(selu), 0, 1.0507009873554805 * 1.6732632423543772, 1.0507009873554805,
       1.0507009873554805 * 1.6732632423543772, none},
      {"softshrink", WITH(softshrink, COMMA 0.5), -0.5, 1, 0, 0, right},
      {"softshrink", WITH(softshrink, COMMA 0.5), 0.5, 0, 1, 0, left},
      {"hardshrink", WITH(hardshrink, COMMA 0.5), -0.5, 1, 0, 0, right},
      {"hardshrink", WITH(hardshrink, COMMA 0.5), 0.5, 0, 1, 0, left},
      {"max",
       [](const Var& x, const Subgradient* s) {
         return s == nullptr ? max(x, 2.0) : max(x, 2.0, *s);
       },
       2, 0, 1, 0.5, none},
      {"min",
       [](const Var& x, const Subgradient* s) {
         return s == nullptr ? min(x, 2.0) : min(x, 2.0, *s);
       },
       2, 1, 0, 0.5, none},
      {"rrelu",
       [](const Var& x, const Subgradient* s) {
         return s == nullptr ? rrelu(x, 7, 0, 0.25, 0.25) : rrelu(x, 7, 0, 0.25, 0.25, *s);
       },
       0, 0.25, 1, 0.25, none, true},
      // Losses: max(0, v) with v growing in x.
      {"mae", LOSS(mae, x, like(x, 2), each), 2, -1, 1, 0, none, true},
      {"mape", LOSS(mape, x, like(x, 2), each, 1e-7), 2, -0.5, 0.5, 0, none, true},
      {"hinge", LOSS(hinge, x, like(x, -1), each), -1, 0, 1, 0, none, true},
      {"multi_hinge",
       LOSS(multi_hinge, tw::stack({x, like(x, 0)}, -1), cast(like(x, 1), tw::DType::int64),
            tw::MarginOptions{}, each),
       -1, 0, 1, 0, none, true},
      {"margin_ranking", LOSS(margin_ranking, x, like(x, 0.5), like(x, -1), 0.25, each), 0.25, 0, 1,
       1, none, true},
      {"triplet",
       LOSS(triplet, tw::stack({like(x, 0)}, -1), tw::stack({x}, -1), tw::stack({like(x, 3)}, -1),
            tw::TripletOptions{.power = 1.0, .epsilon = 0.0}, each),
       2, 0, 1, 1, none, true},
      {"cosine_embedding",
       LOSS(cosine_embedding, tw::stack({x, like(x, 1)}, -1),
            tw::stack({like(x, 1), like(x, 0)}, -1), like(x, -1), 0.0, each, 1e-300),
       0, 0, 1, 1, none, true},
  };
  return all;
}
#undef WITH
#undef COMMA
#undef LOSS

double slope(const Kink& kink, const Subgradient* choice, double x) {
  tw::Tape tape;
  const Var v = tape.input(x), y = kink.f(v, choice);
  const double scalar = tw::backward(y)[v].item();
  CHECK(tw::numeric_gradients(y, std::vector<Var>{v})[0][0] == scalar);
  // And in a vector.
  const Var many = tape.input(xt::xarray<double>(xt::ones<double>({std::size_t{9}}) * x));
  const Var slopes = tw::backward(sum(kink.f(many, choice)))[many];
  CHECK(tw::number_at(tw::DType::float64, slopes.data(), 8) == scalar);
  return scalar;
}

}  // namespace

TEST_CASE("at a kink the default is PyTorch's, and each side can be asked for") {
  for (const Kink& kink : kinks()) {
    CAPTURE(kink.name);
    CAPTURE(kink.at);
    const auto with = [&](Subgradient choice) { return slope(kink, &choice, kink.at); };
    CHECK(slope(kink, nullptr, kink.at) == doctest::Approx(kink.usual).epsilon(1e-15));
    CHECK(with(Subgradient::left) == doctest::Approx(kink.left).epsilon(1e-15));
    CHECK(with(Subgradient::right) == doctest::Approx(kink.right).epsilon(1e-15));
    CHECK(with(Subgradient::middle) ==
          doctest::Approx(0.5 * (kink.left + kink.right)).epsilon(1e-15));
    if (kink.inner == Subgradient::middle) continue;
    const bool inner_is_left = kink.inner == Subgradient::left;
    CHECK(with(Subgradient::inner) ==
          doctest::Approx(inner_is_left ? kink.left : kink.right).epsilon(1e-15));
    CHECK(with(Subgradient::outer) ==
          doctest::Approx(inner_is_left ? kink.right : kink.left).epsilon(1e-15));
  }
}

TEST_CASE("beside the kink the choice changes nothing") {
  for (const Kink& kink : kinks()) {
    CAPTURE(kink.name);
    for (const double side : {-1e-3, 1e-3}) {
      const double usual = slope(kink, nullptr, kink.at + side);
      CHECK(usual == doctest::Approx(side < 0 ? kink.left : kink.right).epsilon(2e-3));
      for (const auto choice : {Subgradient::left, Subgradient::right, Subgradient::middle}) {
        CHECK(slope(kink, &choice, kink.at + side) == usual);
      }
    }
  }
}

TEST_CASE("an op with one kink has no inner and no outer slope") {
  for (const Kink& kink : kinks()) {
    if (kink.inner != Subgradient::middle) continue;
    CAPTURE(kink.name);
    tw::Tape tape;
    const Var x = tape.input(1.0);
    const std::size_t before = tape.size();
    const Subgradient outer = Subgradient::outer;
    const std::string message = message_of<tw::DomainError>([&] { kink.f(x, &outer); });
    CHECK(contains(message, "[" + kink.name +
                                "] has one kink: wanted Subgradient::left, right or middle, "
                                "given outer\n  recorded at "));
    if (!kink.composed) CHECK(tape.size() == before);
  }
}

TEST_CASE("no op of the catalogue that offers the choice is missing here") {
  std::set<std::string> offered, tried;
  for (const tw::OpRecord* op : tw::all_ops()) {
    if (contains(op->signature, "subgradient=") || contains(op->signature, "tie=")) {
      offered.emplace(op->name);
    }
  }
  for (const Kink& kink : kinks()) tried.insert(kink.name);
  CHECK(offered == tried);
}

TEST_CASE("equal pieces of maxout share the gradient, or the first one gets it") {
  tw::Tape tape;
  const Var z = tape.input(xt::xarray<double>{1.0, 1.0, 3.0, 2.0});
  CHECK(tests::show(tw::backward(sum(maxout(z, 2)))[z]) == "(4,) 0.5 0.5 1 0");
  CHECK(tests::show(tw::backward(sum(maxout(z, 2, -1, tw::Ties::first)))[z]) == "(4,) 1 0 1 0");
}

TEST_CASE("what max takes, the other operand gives") {
  for (const auto tie : {Subgradient::left, Subgradient::right, Subgradient::middle}) {
    tw::Tape tape;
    const Var a = tape.input(1.0), b = tape.input(1.0);
    for (const Var& y : {max(a, b, tie), min(a, b, tie)}) {
      const tw::GradientTable table = tw::backward(y);
      CHECK(table[a].item() + table[b].item() == 1.0);
    }
    CHECK(tw::backward(max(a, b, tie))[a].item() == (tie == Subgradient::left    ? 0.0
                                                     : tie == Subgradient::right ? 1.0
                                                                                 : 0.5));
  }
}

TEST_CASE("prelu: the slope is learned from the left side only, and broadcasts") {
  tw::Tape tape;
  const Var x = tape.input(xt::xarray<double>{{-2.0, 3.0}, {4.0, -5.0}});
  const Var alpha = tape.input(xt::xarray<double>{0.5, 0.25});
  const Var y = prelu(x, alpha);
  CHECK(tests::show(y) == "(2,2) -1 3 4 -1.25");
  const tw::GradientTable table = tw::backward(sum(y));
  CHECK(tests::show(table[x]) == "(2,2) 0.5 1 1 0.25");
  CHECK(tests::show(table[alpha]) == "(2,) -2 -5");
}

TEST_CASE("attributes that make no sense are refused, and the tape stays as it was") {
  tw::Tape tape;
  const Var x = tape.input(1.0);
  const std::size_t before = tape.size();
  CHECK(contains(message_of<tw::DomainError>([&] { clamp(x, 2.0, 1.0); }),
                 "[clamp] wanted low ≤ high, given 2 and 1"));
  CHECK(contains(message_of<tw::DomainError>([&] { celu(x, 0.0); }), "[celu] wanted α > 0"));
  for (const double beta : {0.0, -1.0, std::numeric_limits<double>::infinity()}) {
    CHECK(contains(message_of<tw::DomainError>([&] { softplus(x, beta); }),
                   "[softplus] wanted a finite β > 0"));
  }
  CHECK(
      contains(message_of<tw::DomainError>([&] { squareplus(x, 0.0); }), "[squareplus] wanted b"));
  CHECK(
      contains(message_of<tw::DomainError>([&] { softshrink(x, -1.0); }), "[softshrink] wanted λ"));
  CHECK(contains(message_of<tw::DomainError>([&] { hard_sigmoid(x, 0.0); }), "[hard_sigmoid]"));
  CHECK(tape.size() == before);
  CHECK(clamp(x, -std::numeric_limits<double>::infinity(), 0.5).item() == 0.5);
}
