#pragma once
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <tapewise/autograd/tape.hpp>
#include <type_traits>
#include <vector>

namespace tapewise {

/// What is to be checked, and how closely.
struct GradcheckOptions {
  int order = 1;           ///< 2: the gradient of a weighted sum of the gradient, and so on
  double tolerance = 0.0;  ///< relative; 0: chosen from the method and the dtype
};

/// One element of a gradient, both ways.
struct GradcheckElement {
  std::size_t input = 0;   ///< which of the inputs
  std::string name;        ///< its label, or "%id"
  std::int64_t index = 0;  ///< flat, row-major
  double analytic = 0;
  double numeric = 0;
  double error = 0;    ///< |analytic - numeric|
  double allowed = 0;  ///< what it may be
};

/// The outcome of a check; true when no element is wrong.
struct GradcheckReport {
  std::string_view method;      ///< "complex step" or "central differences"
  std::size_t checked = 0;      ///< elements compared
  std::size_t wrong = 0;        ///< elements off by more than allowed
  std::size_t undecidable = 0;  ///< elements at a kink, or with a slope that is not finite
  GradcheckElement worst;       ///< the largest error relative to what is allowed

  explicit operator bool() const { return wrong == 0 && (checked > 0 || undecidable == 0); }
};

/// Compares the gradient of a recorded output in the given leaves with one computed without any
/// derivative rule: by complex step where every op on the way has a complex kernel (exact to
/// rounding), else by extrapolated central differences. Outputs that are not scalars are weighted
/// and summed first. float32 graphs are compared with a replay in float64.
/// The tape is left as it was. Throws TypeError for inputs that are not float leaves.
/// Complex step: Squire & Trapp 1998.
GradcheckReport gradcheck(const Var& output, std::span<const Var> inputs,
                          const GradcheckOptions& options = {});

/// Input number, flat index, both values, error and verdict, in one or two lines.
std::ostream& operator<<(std::ostream& out, const GradcheckReport& report);

/// The same for a callable: `gradcheck([](Var x, Var y) { return sin(x) * y; }, {x0, y0})`.
/// The callable takes as many Vars as there are inputs (up to four), or one `std::span<const Var>`.
template <class F>
GradcheckReport gradcheck(const F& f, std::initializer_list<ArrayView> inputs,
                          const GradcheckOptions& options = {}) {
  Tape tape;
  std::vector<Var> x;
  for (const ArrayView& input : inputs) x.push_back(tape.input(input));
  const auto wanted = [&](std::size_t count) {
    if (x.size() != count) {
      throw ShapeError("[gradcheck] the callable takes " + std::to_string(count) + " Vars, given " +
                       std::to_string(x.size()) + " inputs");
    }
  };
  const Var y = [&]() -> Var {
    if constexpr (std::is_invocable_v<F, std::span<const Var>>) {
      return f(std::span<const Var>(x));
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
  }();
  return gradcheck(y, x, options);
}

}  // namespace tapewise
