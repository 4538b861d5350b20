#include <tapewise/autograd/check/checker.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tapewise/autograd/check/blame.hpp>
#include <tapewise/autograd/check/kinks.hpp>
#include <tapewise/autograd/check/random.hpp>
#include <tapewise/autograd/check/rounding.hpp>
#include <tapewise/autograd/check/taylor.hpp>

namespace tapewise::checking {

namespace {

std::vector<NodeId> ids_of(std::span<const Var> vars) {
  std::vector<NodeId> ids;
  for (const Var& v : vars) ids.push_back(v.id());
  return ids;
}

double slope_of(const GradcheckElement& e) {
  return std::max(std::abs(e.analytic), std::abs(e.numeric));
}

}  // namespace

Checker::Checker(Replay& real, const Var& scalar, std::span<const Var> held,
                 std::span<const Var> entries, const GradcheckOptions& options)
    : real_(real),
      complex_(real.tape(), Numbers::complex128),
      scalar_(scalar.id()),
      held_(ids_of(held)),
      entry_ids_(ids_of(entries)),
      options_(options) {
  real_.add(entry_ids_);
  real_.add(held_);
  real_.add(std::span(&scalar_, 1));
  complex_.adopt(real_);
  for (const NodeId id : entry_ids_) analytic_.push_back(real_.numbers(id));
  rounding_ = rounding_spread(real_, entry_ids_, unit64);
  // Differences are taken with the constants as they are.
  const double spread = rounding_spread(real_, std::span(&scalar_, 1), unit64, false)[0][0];
  noise_ = 2.0 * spread + 0x1p-52 * std::abs(real_.number(scalar_, 0));
  output_ = real_.number(scalar_, 0);
  sizes_.push_back(std::abs(output_));
}

void Checker::derived_from(std::span<const Var> scalars) {
  const std::vector<NodeId> ids = ids_of(scalars);
  real_.add(ids);
  for (const Var& s : scalars) sizes_.push_back(std::abs(real_.number(s.id(), 0)));
}

bool Checker::all_elements() const {
  if (options_.mode != GradcheckMode::automatic) return options_.mode == GradcheckMode::full;
  std::int64_t total = 0;
  for (const NodeId id : held_) total += real_.size(id);
  return total <= options_.full_up_to;
}

GradcheckReport Checker::run() {
  report_.order = options_.order;
  report_.method = "complex step";
  for (std::size_t k = 0; k < held_.size(); ++k) check_node(k);
  const bool smooth_inputs = std::all_of(
      held_.begin(), held_.end(), [&](NodeId id) { return real_.tape().op(id).traits.leaf; });
  if (smooth_inputs) {
    const auto witness = [&](const std::vector<std::vector<double>>& rounding) {
      return taylor_witness(real_, held_, scalar_, analytic_, rounding, noise_, options_.seed + 17);
    };
    report_.taylor = witness(rounding_);
    if (report_.wrong == 0 && report_.taylor.verdict == Verdict::wrong) {
      // Random rounding does not show all that an ill-conditioned gradient has lost.
      std::vector<std::vector<double>> bound;
      for (const NodeId id : entry_ids_) bound.push_back(bounds().of(id));
      report_.taylor = witness(bound);
    }
    // At a kink the remainder of the right gradient falls with h, too, as it does over steps that
    // pass many jumps; and where entries could not be told, the witness has no better sight.
    if (report_.wrong == 0 && report_.taylor.verdict == Verdict::wrong &&
        (report_.undecidable > 0 || may_have_kinks(real_, real_.below(held_, scalar_)))) {
      report_.taylor.verdict = Verdict::undecidable;
    }
  }
  look_for_blame();
  return std::move(report_);
}

void Checker::check_node(std::size_t k) {
  Line line(real_, options_.complex_step ? &complex_ : nullptr, held_[k], scalar_);
  if (all_elements())
    check_elements(k, line);
  else
    check_projections(k, line);
}

GradcheckElement Checker::element(std::size_t k, std::int64_t index) const {
  GradcheckElement e;
  e.input = k;
  e.node = held_[k];
  e.name = real_.tape().var(held_[k]).name();
  e.index = index;
  return e;
}

/// How large slopes are, as far as the values tell: what "zero" is measured against.
double Checker::slope_scale(const Line& line) const {
  const double size = line.size({});
  double scale = 0.0, power = size;
  for (const double s : sizes_) {
    if (std::isfinite(s)) scale = std::max(scale, s / power);
    power *= size;
  }
  return scale;
}

void Checker::check_elements(std::size_t k, Line& line) {
  double largest = 0.0;
  for (const double a : analytic_[k]) {
    if (std::isfinite(a)) largest = std::max(largest, std::abs(a));
  }
  const double scale = std::max(largest, slope_scale(line));
  for (std::int64_t i = 0; i < real_.size(held_[k]); ++i) {
    GradcheckElement e = element(k, i);
    e.analytic = analytic_[k][static_cast<std::size_t>(i)];
    e.rounding = rounding_[k][static_cast<std::size_t>(i)];
    decide(e, line, one_element(i), scale);
    // Passed for a zero because noise is small beside the value, not beside other entries: an
    // entry that was forgotten looks like this too.
    const bool close = e.analytic != 0.0 && e.error <= 0x1p-40 * slope_of(e);
    if (e.verdict == Verdict::right && e.allowed > 0.25 * slope_of(e) && !close &&
        e.allowed > 1e-6 * largest) {
      ask_rules_ = true;
    }
    count(std::move(e));
  }
}

void Checker::project(std::size_t k, const Direction& d, GradcheckElement& e) const {
  e.analytic = 0.0;
  double squares = 0.0, sizes = 0.0;
  for (std::int64_t i = d.begin; i < d.end; ++i) {
    if (d.weight(i) == 0.0) continue;  // of an element that is held nothing may be known
    const auto at = static_cast<std::size_t>(i);
    const double term = analytic_[k][at] * d.weight(i);
    const double off = rounding_[k][at] * d.weight(i);
    e.analytic += term;
    sizes += std::abs(term);
    squares += off * off;
  }
  e.rounding = 2.0 * std::sqrt(squares) + 0x1p-52 * sizes;
}

Estimate Checker::differences(Line& line, const Direction& d, bool every_step, bool nearby) {
  Curve curve = line.curve(d, noise_);
  curve.first_step = nearby ? 0.0 : options_.step;
  curve.every_step = every_step;
  curve.nearby = nearby;
  return differentiate(curve);
}

Estimate Checker::numeric(Line& line, const Direction& d, double rounding) {
  if (line.has_complex_step()) {
    const double slope = line.complex_step(d);
    const double shared = std::isnan(rounding) ? 0.0 : rounding;  // of an entry that is no number
    if (std::isfinite(slope)) return {slope, shared + 0x1p-50 * std::abs(slope), 0.0};
  }
  // Also where an element that is not moved makes NaN of it, atan2(0, 0) say.
  return differences(line, d);
}

void Checker::decide(GradcheckElement& e, Line& line, const Direction& d, double scale) {
  Estimate n = numeric(line, d, e.rounding);
  const bool by_complex_step = n.step == 0.0;
  if (!by_complex_step) report_.method = "central differences";
  const auto has_a_limit = [&] {  // on one side; poles have none
    const double at = line.at(d), h = 1e-9 * line.size(d);
    const auto towards = [&](double step) {
      const double near = line.value_at(d, at + 0.25 * step), far = line.value_at(d, at + step);
      const double size = std::abs(far) + std::abs(line.value_at(d, at + 1e7 * step));
      return std::isfinite(far) && std::abs(near - far) <= 1e-3 * size;
    };
    return towards(h) || towards(-h);
  };
  if (!std::isfinite(output_) && (std::isfinite(e.analytic) || !has_a_limit())) {
    // Outside of the domain: complex numbers may go on there, where the function does not.
    e.numeric = std::numeric_limits<double>::quiet_NaN();
    e.error = e.allowed = e.numeric;
    e.verdict = Verdict::undecidable;
    e.reason = Undecided::non_finite;
    return;
  }
  const auto judged = [&](const Estimate& estimate) {
    const bool exact = estimate.step == 0.0;
    const Pair pair{e.analytic, e.rounding, estimate.slope, estimate.error, exact, scale};
    e.numeric = estimate.slope;
    e.error = std::abs(e.analytic - e.numeric);
    e.allowed = allowed_difference(pair);
    return judge(pair);
  };
  Judgement verdict = judged(n);
  bool by_differences = !by_complex_step;
  if (verdict.verdict == Verdict::wrong && by_complex_step) {
    n.error += 2.0 * line.complex_step_noise(d);
    verdict = judged(n);
  }
  if (verdict.verdict == Verdict::wrong) {
    // A second opinion: a complex kernel may be off in its last digits, or wrong; and two long
    // steps may agree on the slope of a curve with ripples on it.
    Estimate m = differences(line, d, true);
    if (!by_complex_step && m.step > 0.1 * line.size(d)) {
      // Steps this long may have passed over all that happens at the size of the element.
      const Estimate nearby = differences(line, d, true, true);
      const bool agree = judged(nearby).verdict == Verdict::wrong;
      bool rippled = false;
      for (double reach = 1.0; !rippled && reach * line.size(d) < 64.0 * m.step; reach *= 64.0) {
        rippled = is_rippled(line, d, reach);
      }
      if (!agree && rippled) m = nearby;
    }
    if (std::isfinite(m.slope)) {
      const bool contradicted =
          std::abs(m.slope - n.slope) > 8.0 * m.error && !line.steps_over_waves(d, m.step);
      const bool only_last_digits = e.error <= 1e-7 * slope_of(e);
      // Beside a value or slopes this large, what rounding leaves of them looks like such a slope.
      const bool tiny = slope_of(e) <= 0x1p-46 * std::max(scale, sizes_[0] / line.size(d));
      if (contradicted || only_last_digits || !by_complex_step) {
        verdict = judged(m);
        n.step = m.step;
        by_differences = !only_last_digits;
        // Two methods that differ: this one may be blind to a wave that the other follows.
        if (verdict.verdict == Verdict::right && by_complex_step && !only_last_digits &&
            is_rippled(line, d, 1e-9)) {
          verdict = {Verdict::undecidable, Undecided::step_noise};
        }
      } else if (tiny) {  // the rules by themselves are asked
        verdict = {Verdict::undecidable, Undecided::step_noise};
      }
    }
  }
  if (by_differences && verdict.verdict != Verdict::undecidable &&
      line.steps_over_waves(d, n.step)) {
    verdict = {Verdict::undecidable, Undecided::step_noise};
  }
  if (verdict.verdict == Verdict::wrong && !by_complex_step) {
    // The error of differences is itself only estimated; this near, it may be that alone.
    constexpr double doubt = 16.0;
    if (e.error <= doubt * e.allowed || e.error <= 1e-7 * slope_of(e)) {
      e.allowed = std::max(e.error, doubt * e.allowed);
      verdict = {Verdict::undecidable, Undecided::step_noise};
      if (e.allowed <= 0.01 * slope_of(e)) verdict = {Verdict::right, Undecided::no};
    }
  }
  if (verdict.verdict == Verdict::wrong && !by_complex_step) {
    // Random rounding does not show what an algorithm loses on the way, a factorization of a badly
    // scaled matrix say; the running bound does.
    line.restore();
    const double bound = bound_along(e.input, d) + 2.0 * bounds().of(scalar_)[0] / n.step;
    if (std::isfinite(bound) && e.error <= bound) {
      verdict = {Verdict::undecidable, Undecided::step_noise};
    }
  }
  if (verdict.verdict == Verdict::wrong && !by_complex_step &&
      (is_flat(e, line, d) || some_steps_give(line.curve(d, noise_), e.analytic, e.numeric))) {
    verdict = {Verdict::undecidable, Undecided::step_noise};
  }
  e.verdict = verdict.verdict;
  e.reason = verdict.reason;
  if (e.verdict != Verdict::wrong && !may_have_kinks(real_, line.below())) return;
  if (!e.projection || d.by_size) return look_for_kink(e, line, d, n.step, by_complex_step);
  GradcheckElement nearby = e;
  const Direction moves = by_own_size(e.input, line, d);
  project(e.input, moves, nearby);
  look_for_kink(nearby, line, moves, n.step, by_complex_step);
  e.verdict = nearby.verdict;
  e.reason = nearby.reason;
  e.kink = std::move(nearby.kink);
}

ErrorBounds& Checker::bounds() {
  if (!bounds_) bounds_.emplace(real_, ErrorBounds::Precision::float64);
  return *bounds_;
}

/// How far rounding can have carried ∇f·v.
double Checker::bound_along(std::size_t k, const Direction& d) {
  const std::vector<double>& of_entry = bounds().of(entry_ids_[k]);
  double sum = 0.0;
  for (std::int64_t i = d.begin; i < d.end; ++i) {
    if (d.weight(i) == 0.0) continue;
    sum += of_entry[static_cast<std::size_t>(i)] * std::abs(d.weight(i));
  }
  return sum;
}

/// Whether the output does not change at all, and the slope is so small that rounding of values on
/// the way may be why.
bool Checker::is_flat(const GradcheckElement& e, const Line& line, const Direction& d) const {
  if (e.numeric != 0.0) return false;
  double largest = line.size({});
  for (std::size_t k = 0; k < line.below().size(); ++k) {
    for (const double x : line.base(k))
      largest = std::isfinite(x) ? std::max(largest, std::abs(x)) : largest;
  }
  return std::abs(e.analytic) * line.size(d) <= 0x1p-46 * largest;
}

void Checker::look_for_kink(GradcheckElement& e, Line& line, const Direction& d, double step,
                            bool by_complex_step) {
  if (e.verdict != Verdict::wrong && !bends(line, d, e.analytic, 1e-9, noise_)) return;
  std::optional<GradcheckKink> kink = find_kink(line, d, 1e-9, noise_);
  // Over this distance a fast wave far out looks like anything; only declared kinks are looked for.
  if (!kink && e.verdict == Verdict::wrong && !by_complex_step &&
      may_have_kinks(real_, line.below())) {
    kink = find_kink(line, d, 1e-6, noise_);
  }
  if (!kink) {
    // Where differences say wrong, they must have seen every wave on the way.
    if (e.verdict != Verdict::wrong || by_complex_step) return;
    const double longest = std::max(step / line.size(d), 1e-9);
    bool rippled = is_rippled(line, d, longest, true);
    // Over short distances, where nothing else bends, a wave of the size of the error is enough.
    const double small = std::clamp(0.25 * e.error / slope_of(e), 1e-3, 0.1);
    for (double reach = 1e-9; reach < longest && !rippled; reach *= 64.0) {
      rippled = is_rippled(line, d, reach, false, reach < 1e-5 ? small : 0.1);
    }
    if (rippled) {
      e.verdict = Verdict::undecidable;
      e.reason = Undecided::step_noise;
    }
    return;
  }
  const double low = std::min(kink->left, kink->right), high = std::max(kink->left, kink->right);
  const double slack = e.allowed + 1e-6 * std::max(std::abs(low), std::abs(high));
  if (std::isinf(slack)) {
    // A jump of an op that says it has some; elsewhere it may be a wave, and nothing is known.
    const OpTraits& traits = real_.tape().op(kink->node).traits;
    const bool declared = traits.has_kinks || !is_float(real_.tape().type(kink->node).dtype);
    kink->between = std::isfinite(e.analytic) && declared;
  } else {
    kink->between = e.analytic >= low - slack && e.analytic <= high + slack;
  }
  e.kink = std::move(kink);
  e.verdict = Verdict::undecidable;
  e.reason = Undecided::kink;
}

void Checker::count(GradcheckElement e) {
  const auto badness = [](const GradcheckElement& x) {
    if (std::isnan(x.error)) return std::numeric_limits<double>::infinity();
    return x.error == 0.0 ? 0.0 : x.error / x.allowed;
  };
  if (e.verdict == Verdict::undecidable) {
    ++report_.undecidable;
  } else {
    ++report_.checked;
    if (e.verdict == Verdict::wrong) ++report_.wrong;
    if (report_.checked == 1 || badness(e) > badness(report_.worst)) report_.worst = e;
  }
  report_.entries.push_back(std::move(e));
}

/// Rules are looked at one by one when an entry is wrong, or when the check of the entries left
/// something open that the rules themselves can answer.
void Checker::look_for_blame() {
  const bool open = std::any_of(report_.entries.begin(), report_.entries.end(), [](const auto& e) {
    return e.reason == Undecided::step_noise || e.reason == Undecided::kink;
  });
  if (report_.wrong == 0 && !open && !ask_rules_) return;
  std::vector<NodeId> leaves = held_;
  std::erase_if(leaves, [&](NodeId id) { return !real_.tape().op(id).traits.leaf; });
  const std::vector<NodeId> below = real_.below(leaves.empty() ? held_ : leaves, scalar_);
  std::vector<Suspect> suspects;
  for (const GradcheckElement& e : report_.entries) {
    if (e.kink && !e.kink->between) suspects.push_back({e.kink->node, e.kink->index});
  }
  report_.blamed = blame(real_, complex_, below, report_.wrong > 0 ? 1e-7 : 1e-3, suspects);
}

}  // namespace tapewise::checking
