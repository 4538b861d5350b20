#pragma once
#include <tapewise/autograd/gradcheck.hpp>

namespace tapewise::checking {

/// Two values of one slope and what is known of their errors.
struct Pair {
  double analytic = 0.0;
  double rounding = 0.0;  ///< of the analytic value
  double numeric = 0.0;
  double error = 0.0;  ///< of the numeric value
  bool exact = false;  ///< numeric by complex step: no cancellation of its own
  double scale = 0.0;  ///< how large slopes are here: what "zero" is measured against
};

/// How far apart the two may be.
double allowed_difference(const Pair& pair);

/// The verdict on the pair alone; kinks are somebody else's business.
/// - right: they agree, and the errors are so small that 3 % of the slope could not hide in them;
/// - wrong: they differ by more than the errors explain;
/// - undecidable otherwise.
struct Judgement {
  Verdict verdict = Verdict::undecidable;
  Undecided reason = Undecided::step_noise;
};
Judgement judge(const Pair& pair);

}  // namespace tapewise::checking
