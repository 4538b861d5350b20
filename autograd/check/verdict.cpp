#include <tapewise/autograd/check/verdict.hpp>

#include <algorithm>
#include <cmath>

namespace tapewise::checking {

namespace {

/// Errors are estimates of a typical size, not bounds.
constexpr double caution = 8.0;
/// A slope known to this part shows an error of 3 %.
constexpr double sharp = 0.01;
/// A slope of this part of the scale is zero for every purpose.
constexpr double negligible = 1e-6;

}  // namespace

double allowed_difference(const Pair& p) {
  const double slope = std::max(std::abs(p.analytic), std::abs(p.numeric));
  return caution * (p.rounding + p.error + 0x1p-51 * slope);
}

Judgement judge(const Pair& p) {
  if (!std::isfinite(p.numeric) || std::isinf(p.analytic)) {
    return {Verdict::undecidable, Undecided::non_finite};
  }
  if (std::isnan(p.analytic)) {         // wrong where there is a slope
    constexpr double least = 0x1p-600;  // beside nothing
    const double error = caution * p.error;
    const double zero = std::max(negligible * p.scale, least);
    const bool known = error <= 0.25 * std::abs(p.numeric) || error <= zero;
    return known ? Judgement{Verdict::wrong, Undecided::no}
                 : Judgement{Verdict::undecidable, Undecided::non_finite};
  }
  const double allowed = allowed_difference(p);
  const double slope = std::max(std::abs(p.analytic), std::abs(p.numeric));
  const bool agree = std::abs(p.analytic - p.numeric) <= allowed;
  // Where all digits are lost, neither agreeing nor differing says anything.
  const bool drowned = allowed > 0.25 * slope;
  if (!agree) return {Verdict::wrong, Undecided::no};
  if (allowed <= sharp * slope) return {Verdict::right, Undecided::no};
  // Values that come from the same numbers and agree this closely share their rounding.
  if (p.exact && std::abs(p.analytic - p.numeric) <= 0x1p-40 * slope) {
    return {Verdict::right, Undecided::no};
  }
  const bool both_zero = p.analytic == 0.0 && p.numeric == 0.0;
  if (both_zero && allowed == 0.0) return {Verdict::right, Undecided::no};
  // Zero, or what rounding leaves of a zero.
  const bool is_zero = drowned && std::abs(p.analytic) <= caution * p.rounding;
  if (is_zero && allowed <= negligible * p.scale) return {Verdict::right, Undecided::no};
  return {Verdict::undecidable, Undecided::step_noise};
}

}  // namespace tapewise::checking
