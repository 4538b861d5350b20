#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

/// Which number counts as the derivative at a kink, where the slopes on the two sides differ. Every
/// op with kinks takes one as its last argument; the default is what PyTorch does.
/// As wide as a word, because attributes are compared byte by byte and must have no gaps.
enum class Subgradient : std::uint64_t {
  left,    ///< the slope on the left
  right,   ///< the slope on the right
  middle,  ///< the mean of both
  inner,   ///< of an op with two kinks: the slope between them
  outer    ///< of an op with two kinks: the slopes outside
};

/// The same choice for a function read from the other side.
constexpr Subgradient opposite(Subgradient choice) {
  return choice == Subgradient::left    ? Subgradient::right
         : choice == Subgradient::right ? Subgradient::left
                                        : choice;
}
/// "left", "right", ...
std::string_view name_of(Subgradient choice);
/// "subgradient=right"; empty for the op's default.
std::string subgradient_text(Subgradient choice, Subgradient usual);
/// Two pieces of an attribute's text with a blank between them, unless one is empty.
std::string join_text(std::string a, const std::string& b);
/// Why an op with a single kink cannot have this one; empty when it can.
std::string refuse_two_kinks(Subgradient choice);
class Composing;
/// Throws DomainError in the name of an op written in other ops, if it cannot have this one.
void require_one_kink(const Composing& op, Subgradient choice);

/// A rule with kinks and no attribute but the choice of the derivative there.
template <int N, Subgradient usual>
struct Kinked : Elementwise<N> {
  struct Attribute {
    Subgradient subgradient;
  };
  static constexpr Attribute example{usual};
  static std::string attribute_text(const void* attribute) {
    return subgradient_text(static_cast<const Attribute*>(attribute)->subgradient, usual);
  }
};
/// The same with one kink.
template <int N, Subgradient usual>
struct KinkedOnce : Kinked<N, usual> {
  using Attribute = typename Kinked<N, usual>::Attribute;
  static std::string refusal(const Attribute& a) { return refuse_two_kinks(a.subgradient); }
};

/// What the partials of rules with kinks are written with.
namespace kink {

using namespace math;

/// The slope at x of a function with the slopes `below` and `above` the kink at `at`.
template <class T>
T slope(T x, T at, T below, T above, T middle, Subgradient choice) {
  if (choice == Subgradient::left) return T(where(x > at, above, below));
  if (choice == Subgradient::right) return T(where(x >= at, above, below));
  return T(where(x == at, middle, T(where(x > at, above, below))));
}

/// The slope 1 above the kink, and a structural zero below.
template <class T>
auto one_above(T x, T at, Subgradient choice) {
  const auto passes = choice == Subgradient::left ? x > at : x >= at;
  const bool half = choice == Subgradient::middle;
  return only_if(passes, half ? T(where(x == at, T(0.5), T(1))) : T(1));
}

/// x below a kink at 0, and a structural zero above.
template <class T>
auto below(T x, Subgradient choice) {
  const auto passes = choice == Subgradient::right ? x < T(0) : x <= T(0);
  const bool half = choice == Subgradient::middle;
  return only_if(passes, half ? T(where(x == T(0), T(T(0.5) * x), x)) : x);
}

/// Whether the slope at the lower and at the upper of two kinks is that between them.
constexpr bool with_low(Subgradient choice) {
  return choice != Subgradient::outer && choice != Subgradient::left;
}
constexpr bool with_high(Subgradient choice) {
  return choice != Subgradient::outer && choice != Subgradient::right;
}

/// Whether x is at a place whose slope is that between the kinks.
template <class T>
auto is_between(T x, T low, T high, Subgradient choice) {
  return (with_low(choice) ? x >= low : x > low) & (with_high(choice) ? x <= high : x < high);
}

/// `inside` between two kinks, and a structural zero outside. `half` of it: for `middle`.
template <class T>
auto only_between(T x, T low, T high, T inside, T half, Subgradient choice) {
  const bool middle = choice == Subgradient::middle;
  return only_if(is_between(x, low, high, choice),
                 middle ? T(where((x == low) | (x == high), half, inside)) : inside);
}

/// 1 outside of two kinks, and a structural zero between them.
template <class T>
auto one_outside(T x, T low, T high, Subgradient choice) {
  const bool middle = choice == Subgradient::middle;
  const auto outside = (!with_low(choice) || middle ? x <= low : x < low) |
                       (!with_high(choice) || middle ? x >= high : x > high);
  return only_if(outside, middle ? T(where((x == low) | (x == high), T(0.5), T(1))) : T(1));
}

}  // namespace kink

}  // namespace tapewise
