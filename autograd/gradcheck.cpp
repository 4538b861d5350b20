#include <tapewise/autograd/gradcheck.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <tapewise/autograd/backward.hpp>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/autograd/program.hpp>
#include <utility>

namespace tapewise {

namespace {

/// A scalar of the tape as a function of single elements of its leaves, replayed in double or
/// complex numbers: knows nothing of derivative rules.
class Replay {
 public:
  explicit Replay(const Var& scalar) : program_(make(scalar, complex_)) {}

  std::string_view method() const { return complex_ ? "complex step" : "central differences"; }
  bool is_complex() const { return complex_; }
  double value() {
    program_.run();
    return program_.item();
  }
  /// ∂scalar/∂leaf[i]; 0 for a leaf that the scalar does not read.
  double derivative(const Var& leaf, std::int64_t i) {
    if (!program_.reads(leaf)) return 0.0;
    return complex_ ? complex_step(leaf, i) : central_difference(leaf, i);
  }
  /// Whether the slope jumps at leaf[i] by a part of `slope` that counts. The difference of the
  /// one-sided slopes shrinks with the step where a function is smooth, is as good as constant at
  /// a kink, and wanders where rounding makes it.
  bool has_kink(const Var& leaf, std::int64_t i, double slope) {
    if (!program_.reads(leaf)) return false;
    double& x = element(leaf, i);
    const double at = x, here = value();
    double least = std::numeric_limits<double>::infinity(), most = -least;
    for (double h = 1e-3 * std::max(1e-2, std::abs(at)); h > 5e-6 * std::max(1e-2, std::abs(at));
         h /= 10.0) {
      const double jump = (value_at(x, at + h) - 2.0 * here + value_at(x, at - h)) / h;
      least = std::min(least, jump);
      most = std::max(most, jump);
    }
    const bool one_sign = least > 0.0 || most < 0.0;
    const double small = std::min(std::abs(least), std::abs(most));
    return one_sign && most - least <= 0.2 * small && small > 1e-3 * slope;
  }

 private:
  static Program make(const Var& scalar, bool& complex) {
    complex = true;
    try {
      return compile({scalar}, {.numbers = Numbers::complex128});
    } catch (const TypeError&) {  // an op on the way is not analytic
      complex = false;
      return compile({scalar}, {.numbers = Numbers::float64});
    }
  }

  /// f(x + ih) = f(x) + ih f'(x) + O(h²): no difference is taken, so h can be as small as we like.
  double complex_step(const Var& leaf, std::int64_t i) {
    constexpr double h = 1e-100;
    auto* x = static_cast<Complex*>(program_.bound_data(leaf));
    x[i].im = h;
    program_.run();
    x[i].im = 0.0;
    return static_cast<const Complex*>(program_.data(0))->im / h;
  }

  /// leaf[i] as a real number.
  double& element(const Var& leaf, std::int64_t i) {
    void* x = program_.bound_data(leaf);
    return complex_ ? static_cast<Complex*>(x)[i].re : static_cast<double*>(x)[i];
  }
  double value_at(double& x, double there) {
    const double before = std::exchange(x, there);
    const double result = value();
    x = before;
    return result;
  }

  /// Two central differences, extrapolated: the error is of fourth order.
  double central_difference(const Var& leaf, std::int64_t i) {
    double& x = element(leaf, i);
    const double at = x;
    const auto difference = [&](double h) {
      return (value_at(x, at + h) - value_at(x, at - h)) / (2.0 * h);
    };
    const double h = 1e-3 * std::max(1e-3, std::abs(at));
    return (4.0 * difference(0.5 * h) - difference(h)) / 3.0;
  }

  bool complex_ = true;
  Program program_;
};

/// Weights without symmetry, so that errors in different elements cannot cancel.
Var weights_like(const Var& y, int salt) {
  Array weights(y.type());
  for (std::int64_t i = 0; i < y.type().size(); ++i) {
    const double w =
        0.5 + 0.5 * std::abs(std::sin(1.7 * static_cast<double>(i) + 0.9 * salt + 0.4));
    if (y.dtype() == DType::float32)
      weights.as<float>()[i] = static_cast<float>(w);
    else
      weights.as<double>()[i] = w;
  }
  return y.tape().constant(weights);
}

/// Σ weights·y: how an array is checked as one number.
Var weighted_sum(const Var& y, int salt) {
  return y.shape().is_scalar() ? y : sum_of_products(y, weights_like(y, salt));
}

/// Largest |gradient| that rounding in the graph's own dtype may blur, relative to its scale.
double default_tolerance(const Replay& replay, bool any_float32, int order) {
  const double rounding = any_float32 ? 2e-4 : replay.is_complex() ? 1e-10 : 2e-7;
  return rounding * order;
}

bool any_float32_above(const Tape& tape) {
  for (NodeId id = 0; id < tape.size(); ++id) {
    if (tape.type(id).dtype == DType::float32) return true;
  }
  return false;
}

struct Check {
  Replay replay;
  double tolerance;
  GradcheckReport report;

  void compare(const GradcheckElement& candidate, const Var& input, double scale) {
    GradcheckElement e = candidate;
    // Nothing can be said of an infinite slope, nor where the replay has no number; a NaN of ours
    // beside a number of the replay is wrong.
    if (std::isinf(e.analytic) || !std::isfinite(e.numeric)) {
      ++report.undecidable;
      return;
    }
    const double slope = std::max(std::abs(e.analytic), std::abs(e.numeric));
    e.error = std::abs(e.analytic - e.numeric);
    e.allowed = tolerance * (slope + 0.01 * scale);
    const bool fits = e.error <= e.allowed;
    if (!fits && replay.has_kink(input, e.index, slope)) {  // any subgradient may be right
      ++report.undecidable;
      return;
    }
    ++report.checked;
    if (!fits) ++report.wrong;
    const auto badness = [](const GradcheckElement& x) {
      if (std::isnan(x.error)) return std::numeric_limits<double>::infinity();
      return x.error == 0.0 ? 0.0 : x.error / x.allowed;
    };
    if (report.checked == 1 || badness(e) > badness(report.worst)) report.worst = e;
  }
};

}  // namespace

GradcheckReport gradcheck(const Var& output, std::span<const Var> inputs,
                          const GradcheckOptions& options) {
  Tape& tape = output.tape();
  for (const Var& input : inputs) {
    tape.require_own(input, "gradcheck");
    if (!input.op().traits.leaf || !input.node().active) {
      throw TypeError(tape.describe(input.id(),
                                    "[gradcheck] inputs are float inputs or parameters, "
                                    "this is " +
                                        std::string(input.op().name) + " " +
                                        to_string(input.type())));
    }
  }
  Tape::Transaction leaves_the_tape_as_it_was(tape);
  Var scalar = weighted_sum(output, 0);
  for (int order = 1; order < options.order; ++order) {
    const GradientTable table = backward(scalar, inputs);
    Var next;
    for (const Var& input : inputs) {
      const Var g = table[input];
      const Var term = sum_of_products(g, weights_like(g, order));
      next = next.has_tape() ? cotangent_sum(next, term) : term;
    }
    scalar = next;
  }
  const bool any_float32 = any_float32_above(tape);
  const GradientTable table = backward(scalar, inputs);
  std::vector<Var> gradients;
  for (const Var& input : inputs) gradients.push_back(table[input]);
  Program analytic = compile(gradients);
  analytic.run();

  Check check{Replay(scalar), options.tolerance, {}};
  if (check.tolerance <= 0.0) {
    check.tolerance = default_tolerance(check.replay, any_float32, options.order);
  }
  check.report.method = check.replay.method();
  const double value = check.replay.value();
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    std::vector<GradcheckElement> elements;
    double scale = std::isfinite(value) ? std::abs(value) : 0.0;
    for (std::int64_t i = 0; i < inputs[k].type().size(); ++i) {
      GradcheckElement e;
      e.input = k;
      e.name = inputs[k].name();
      e.index = i;
      e.analytic = number_at(gradients[k].dtype(), analytic.data(k), i);
      e.numeric = check.replay.derivative(inputs[k], i);
      if (std::isfinite(e.numeric)) scale = std::max(scale, std::abs(e.numeric));
      elements.push_back(e);
    }
    for (const GradcheckElement& e : elements) check.compare(e, inputs[k], scale);
  }
  return check.report;
}

std::ostream& operator<<(std::ostream& out, const GradcheckReport& report) {
  out << (report ? "gradient right" : "GRADIENT WRONG") << " (" << report.method << ", "
      << report.checked << " elements, " << report.wrong << " wrong";
  if (report.undecidable > 0) out << ", " << report.undecidable << " undecidable";
  out << ")";
  if (report.checked == 0) return out;
  const GradcheckElement& w = report.worst;
  const auto precision = out.precision(10);
  out << "\n  worst: input " << w.input << " \"" << w.name << "\"[" << w.index << "]: analytic "
      << w.analytic << ", numeric " << w.numeric << ", error " << w.error << ", allowed "
      << w.allowed;
  out.precision(precision);
  return out;
}

}  // namespace tapewise
