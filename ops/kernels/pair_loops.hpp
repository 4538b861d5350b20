#pragma once
// Two ops of arithmetic as one loop, for fused groups: the value between them stays in a register.
// Both are rounded, so the bits are those of two loops.
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/elementary.hpp>
#include <tapewise/ops/kernels/elementwise_loop.hpp>
#include <tapewise/ops/kernels/levels.hpp>

namespace tapewise::kernels {

namespace {

/// first(a, b), then second of that and c; or of c and that.
template <class First, class Second, bool on_right>
struct ArithmeticPair : Elementwise<3> {
  template <class T>
  static T value(T a, T b, T c) {
    const T between = First::value(a, b);
    if constexpr (on_right)
      return Second::value(c, between);
    else
      return Second::value(between, c);
  }
};

template <class First, class Second, bool on_right, class Lanes>
constexpr PairLoops loops_of_pair() {
  using Pair = ArithmeticPair<First, Second, on_right>;
  PairLoops loops{};
  const auto floats = loops_of<Pair, float, Lanes>(), doubles = loops_of<Pair, double, Lanes>();
  for (std::size_t mask = 0; mask < floats.size(); ++mask) {
    loops.float_loops[mask] = floats[mask];
    loops.double_loops[mask] = doubles[mask];
  }
  return loops;
}

/// A root as the first of a pair; the second operand is not read.
struct RootFirst {
  static constexpr Arithmetic arithmetic = Arithmetic::root;
  template <class T>
  static T value(T a, T) {
    return ops::Sqrt::value(a);
  }
};

/// By the first op, the second, and the side on which the first's value stands; only differences
/// and quotients tell the sides apart.
template <class Lanes>
constexpr AllPairLoops all_pair_loops() {
  AllPairLoops all{};
  [&]<class... First>(std::tuple<First...>*) {
    const auto fill = [&]<class F>(F*) {
      auto& of_first = all[static_cast<std::size_t>(F::arithmetic)];
      const auto at = [&](Arithmetic second) -> auto& {
        return of_first[static_cast<std::size_t>(second)];
      };
      at(Arithmetic::add)[0] = at(Arithmetic::add)[1] = loops_of_pair<F, ops::Add, false, Lanes>();
      if constexpr (F::arithmetic == Arithmetic::root) return;
      at(Arithmetic::multiply)[0] = at(Arithmetic::multiply)[1] =
          loops_of_pair<F, ops::Multiply, false, Lanes>();
      at(Arithmetic::subtract)[0] = loops_of_pair<F, ops::Subtract, false, Lanes>();
      at(Arithmetic::subtract)[1] = loops_of_pair<F, ops::Subtract, true, Lanes>();
      at(Arithmetic::divide)[0] = loops_of_pair<F, ops::Divide, false, Lanes>();
      at(Arithmetic::divide)[1] = loops_of_pair<F, ops::Divide, true, Lanes>();
    };
    (fill(static_cast<First*>(nullptr)), ...);
  }(static_cast<std::tuple<ops::Add, ops::Subtract, ops::Multiply, ops::Divide, RootFirst>*>(
      nullptr));
  return all;
}

/// Sums, differences and products of two operands: those whose operands are read and whose result
/// is written at the speed of memory.
template <class Lanes>
constexpr AllPastLoops all_past_loops() {
  AllPastLoops all{};
  const auto fill = [&]<class Op>(Op*) {
    auto& of_op = all[static_cast<std::size_t>(Op::arithmetic)];
    const auto floats = loops_of<Op, float, Lanes>(), doubles = loops_of<Op, double, Lanes>();
    for (std::size_t mask = 0; mask < floats.size(); ++mask) {
      of_op.float_loops[mask] = floats[mask];
      of_op.double_loops[mask] = doubles[mask];
    }
  };
  fill(static_cast<ops::Add*>(nullptr));
  fill(static_cast<ops::Subtract*>(nullptr));
  fill(static_cast<ops::Multiply*>(nullptr));
  return all;
}

}  // namespace

}  // namespace tapewise::kernels
