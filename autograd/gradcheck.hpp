#pragma once
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tapewise/autograd/gradient_table.hpp>
#include <tapewise/autograd/program.hpp>
#include <type_traits>
#include <vector>

namespace tapewise {

/// Which entries are compared one by one.
enum class GradcheckMode : std::uint8_t {
  automatic,    ///< each element, up to `GradcheckOptions::full_up_to` of them in all
  full,         ///< each element
  projections,  ///< along random directions: the cost does not depend on the number of elements
};

/// What is to be checked, and how.
struct GradcheckOptions {
  int order = 1;  ///< 2: the gradient of a weighted sum of the gradient, and so on; up to 3
  /// First step of differences, relative to the element; 0: chosen. A poor choice costs time, not
  /// the verdict.
  double step = 0.0;
  bool complex_step = true;  ///< false: differences, even where the complex step could be taken
  GradcheckMode mode = GradcheckMode::automatic;
  std::int64_t full_up_to = 4096;
  int projections = 3;         ///< random directions for each input
  std::uint64_t seed = 1;      ///< of directions and weights
  bool intermediates = false;  ///< also the entries of all nodes between inputs and output
  bool forward_mode = false;   ///< also the jvp against the vjp
  bool digits = false;  ///< also a bound on rounding, and how many digits it leaves of each entry
};

/// What the check says of an entry. `undecidable` comes with a reason and is no failure.
enum class Verdict : std::uint8_t { right, wrong, undecidable };
enum class Undecided : std::uint8_t {
  no,
  kink,        ///< the function has a kink or a jump right here: see GradcheckElement::kink
  step_noise,  ///< rounding hides the slope at every step
  non_finite,  ///< a slope or a value is infinite or not a number
};
std::string_view name_of(Verdict verdict);
std::string_view name_of(Undecided reason);

/// Where the two sides of a difference took different branches.
struct GradcheckKink {
  NodeId node = 0;  ///< the first node on the way whose own slope jumps
  std::string op;
  std::string name;        ///< its label, or "%id"
  std::string where;       ///< the line that recorded it
  std::int64_t index = 0;  ///< the element of that node, flat
  double left = 0.0;       ///< slope of the checked output on the one side, infinite at a jump
  double right = 0.0;      ///< and on the other
  bool between = false;    ///< the gradient's choice lies between the two
};

/// One entry of a gradient, both ways.
struct GradcheckElement {
  std::size_t input = 0;  ///< which of the inputs; of the nodes, where intermediates are checked
  NodeId node = 0;
  std::string name;           ///< its label, or "%id"
  std::int64_t index = 0;     ///< flat, row-major; the number of the direction for a projection
  bool projection = false;    ///< along a random direction instead of one element
  std::int64_t located = -1;  ///< of a wrong projection: the element that is off
  double analytic = 0;
  double numeric = 0;
  double error = 0;     ///< |analytic - numeric|
  double allowed = 0;   ///< what it may be, from the error estimate of both
  double rounding = 0;  ///< what rounding in float64 does to the analytic value
  Verdict verdict = Verdict::right;
  Undecided reason = Undecided::no;
  std::optional<GradcheckKink> kink;
  /// With `digits`: how far rounding can have carried the entry, as computed in the dtypes of the
  /// tape, from that of exact arithmetic; and the decimal digits that this leaves, 0 to 17.
  std::optional<double> bound, digits;
};

/// A derivative rule that is wrong by itself, whatever lies above it.
struct GradcheckBlame {
  NodeId node = 0;
  std::string op;
  std::string name;             ///< the node's label, or "%id"
  std::string where;            ///< the line that recorded it
  int use = 0;                  ///< the operand, from 0
  std::int64_t index = -1;      ///< its element; -1: found along a random direction
  double analytic = 0;          ///< what the rule gives there for some cotangent
  double numeric = 0;           ///< what it should be
  bool stops_gradient = false;  ///< the op is a constant to differentiation, on purpose
};

/// The Taylor remainder |f(x+hv) - f(x) - h·∇f(x)·v| along one random direction: a witness that
/// takes no derivative of any kind. Shrinks with h² for a right gradient, with h for a wrong one.
struct TaylorWitness {
  double rate = 0.0;  ///< the power of h, fitted
  Verdict verdict = Verdict::undecidable;
};

/// The outcome of a check; true when no entry is wrong. Entries at kinks count for it as long as
/// the gradient's choice lies between the slopes of the two sides.
struct GradcheckReport {
  std::string_view method;  ///< "complex step" or "central differences"
  int order = 1;
  std::size_t checked = 0;  ///< entries that are right or wrong
  std::size_t wrong = 0;
  std::size_t undecidable = 0;
  GradcheckElement worst;                 ///< the largest error relative to what is allowed
  std::vector<GradcheckElement> entries;  ///< all of them
  std::vector<GradcheckBlame> blamed;     ///< rules that are wrong; looked for when an entry is
  TaylorWitness taylor;
  /// With `forward_mode`: whether gᵀ·jvp(v) equals vjp(g)·v; empty when it was not asked for or
  /// the vjp of an op cannot be differentiated.
  std::optional<Verdict> forward_mode;
  /// With float32 nodes: the recorded gradient itself is as close to its replay in float64 as
  /// rounding explains.
  Verdict as_recorded = Verdict::right;

  explicit operator bool() const;
};
/// With `GradcheckOptions::digits`: whether rounding may have left no digit of the entry.
bool has_no_digits(const GradcheckElement& element);

/// Compares the gradient of a recorded output in the given leaves with one computed without any
/// derivative rule: by complex step where every op on the way has a complex kernel (exact to
/// rounding), else by extrapolated central differences. Outputs that are not scalars are weighted
/// and summed first. float32 graphs are replayed in float64.
///
/// The verdict on an entry follows from the error estimates of both values: the replay's
/// differences among themselves, and what rounding does to either (measured by replays that round
/// at random). It is `right` only where an error of 3 % could not have hidden.
/// The tape is left as it was. Throws TypeError for inputs that are not float leaves, DomainError
/// for options without sense (an order above 3, no projection, a negative step).
/// Complex step: Squire & Trapp 1998. Differences: Ridders 1982.
GradcheckReport gradcheck(const Var& output, std::span<const Var> inputs,
                          const GradcheckOptions& options = {});

/// All entries of a gradient table, intermediate nodes included: the numeric column beside it.
/// Each node is held, and what lies below it replayed. First order only: DomainError for others.
GradcheckReport gradcheck(const GradientTable& table, const GradcheckOptions& options = {});

/// A compiled program: its float outputs that are no gradients, weighted and summed, in the float
/// leaves it reads. Where an output is the gradient of a single scalar output in such a leaf, the
/// value that the program itself computes is checked. Runs a copy; leaves are not written, even if
/// the program assigns. The tape that it was compiled from must still be there.
/// Throws GradientError when no output depends on a float leaf.
GradcheckReport gradcheck(const Program& program, const GradcheckOptions& options = {});

/// A summary; then each wrong or undecidable entry (the first few), who is to blame, the witness.
std::ostream& operator<<(std::ostream& out, const GradcheckReport& report);
/// Every entry as a line: node, index, analytic, numeric, error, verdict.
void print_entries(std::ostream& out, const GradcheckReport& report);
/// The report as a JSON object; infinities and NaN are written as text.
std::string to_json(const GradcheckReport& report);

namespace making {

/// Calls `f` with as many Vars as it takes (up to four), or with one span of them.
template <class F>
Var apply_to_inputs(const F& f, std::span<const Var> x) {
  const auto wanted = [&](std::size_t count) {
    if (x.size() != count) {
      throw ShapeError("[gradcheck] the callable takes " + std::to_string(count) + " Vars, given " +
                       std::to_string(x.size()) + " inputs");
    }
  };
  if constexpr (std::is_invocable_v<F, std::span<const Var>>) {
    return f(x);
  } else if constexpr (std::is_invocable_v<F, Var>) {
    wanted(1);
    return f(x[0]);
  } else if constexpr (std::is_invocable_v<F, Var, Var>) {
    wanted(2);
    return f(x[0], x[1]);
  } else if constexpr (std::is_invocable_v<F, Var, Var, Var>) {
    wanted(3);
    return f(x[0], x[1], x[2]);
  } else {
    wanted(4);
    return f(x[0], x[1], x[2], x[3]);
  }
}

}  // namespace making

/// The same for a callable: `gradcheck([](Var x, Var y) { return sin(x) * y; }, {x0, y0})`.
/// The callable takes as many Vars as there are inputs (up to four), or one `std::span<const Var>`.
template <class F>
GradcheckReport gradcheck(const F& f, std::initializer_list<ArrayView> inputs,
                          const GradcheckOptions& options = {}) {
  Tape tape;
  std::vector<Var> x;
  for (const ArrayView& input : inputs) x.push_back(tape.input(input));
  return gradcheck(making::apply_to_inputs(f, x), x, options);
}

/// For a callable of one Var: `gradcheck(f, x0)`.
template <class F, class X>
requires(std::is_constructible_v<ArrayView, const X&> &&
         (std::is_invocable_v<F, Var> ||
          std::is_invocable_v<F, std::span<const Var>>)) GradcheckReport
    gradcheck(const F& f, const X& x0, const GradcheckOptions& options = {}) {
  return gradcheck(f, {ArrayView(x0)}, options);
}

}  // namespace tapewise
