#pragma once
#include <functional>

namespace tapewise::checking {

/// A slope found without derivative rules, and how far it may be from the true one.
struct Estimate {
  double slope = 0.0;
  double error = 0.0;  ///< not a bound, but what the differences among themselves and noise tell
  double step = 0.0;   ///< of the differences it was taken from
};

/// What is to be differentiated: a function of one number.
struct Curve {
  std::function<double(double)> f;
  double at = 0.0;
  double size = 1.0;        ///< how large `at` and its neighbours are: where steps start
  double noise = 0.0;       ///< of f, by rounding
  double first_step = 0.0;  ///< relative to the size; 0: chosen
  bool every_step = false;  ///< try all steps, down to the shortest, before an answer is given
  bool nearby = false;      ///< no steps that are long beside the size
};

/// f'(at) by central differences, extrapolated to step 0. Starts from steps over many orders of
/// magnitude; an estimate that finer steps contradict is dropped, so neither a step that is too
/// long for the curve nor one that drowns in rounding decides. The slope is NaN when no pair of
/// points gave finite numbers. Ridders 1982; Press et al., Numerical Recipes, 5.7.
Estimate differentiate(const Curve& curve);

/// Whether the differences over some range of steps agree with `slope` and deny `other`. The best
/// estimate may come from steps over which f is a staircase, or passes poles.
bool some_steps_give(Curve curve, double slope, double other);

/// The slope on one side of `at` (`side` is 1 or -1), in the same way.
Estimate one_sided_slope(const Curve& curve, int side);

}  // namespace tapewise::checking
