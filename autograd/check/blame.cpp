#include <tapewise/autograd/check/blame.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tapewise/autograd/check/differences.hpp>
#include <tapewise/autograd/check/error_bound.hpp>
#include <tapewise/autograd/check/line.hpp>
#include <tapewise/autograd/check/random.hpp>
#include <tapewise/autograd/graph_walk.hpp>

namespace tapewise::checking {

namespace {

constexpr std::int64_t one_by_one = 32;  // operands up to this size are moved element by element
constexpr int directions = 3;
constexpr std::int64_t few = 4096;  // so many are, with the complex step, when a direction is off

/// One use of one node: the node as a function of that operand alone.
class Use {
  /// Harmless: the rule's choice lies between the slopes of the two sides, or cannot be told, along
  /// a direction through several elements.
  enum class Kink { none, harmless, outside };

 public:
  Use(Replay& real, Replay& complex, NodeId node, int use)
      : real_(real), complex_(complex), tape_(real.tape()), node_(node), use_(use) {
    Random random(node * 31U + static_cast<unsigned>(use));
    for (std::int64_t i = 0; i < real.size(node); ++i) weights_.push_back(random.sign_and_size());
    base_ = real.numbers(parent());
    has_complex_ = complex.computes(node);
  }

  /// The wrong entry of the worst kind, if there is one.
  std::optional<GradcheckBlame> check(double least, std::span<const Suspect> suspects) {
    const Tape::Transaction leaves_the_tape_as_it_was(tape_);
    const std::vector<double> analytic = record_vjp();
    // Constants of a rule recorded in float32 have its precision.
    if (tape_.type(node_).dtype == DType::float32) least = std::max(least, 0x1p-20);
    if (analytic.empty()) return std::nullopt;
    const double scale = size_of_all(analytic);
    const std::vector<double> y = real_.numbers(node_);
    const bool in_domain =
        std::all_of(y.begin(), y.end(), [](double v) { return std::isfinite(v); });
    double noise = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) noise += 0x1p-50 * std::abs(weights_[i] * y[i]);
    std::optional<GradcheckBlame> worst;
    double worst_error = 0.0;
    const auto elements = static_cast<std::int64_t>(base_.size());
    bool look_at_each = false;
    const auto compare = [&](const Direction& d, std::int64_t index) {
      double a = 0.0;
      for (std::int64_t i = d.begin; i < d.end; ++i) {
        a += analytic[static_cast<std::size_t>(i)] * d.weight(i);
      }
      const Estimate n = slope(d);
      if (!std::isfinite(n.slope)) return;
      const double size = std::max({std::abs(a), std::abs(n.slope), 1e-6 * scale});
      const double off = std::isnan(a) ? size : std::abs(a - n.slope);
      if (!in_domain) return;
      const double allowed = 8.0 * n.error + least * size + 16.0 * (noise + d.rounding) / curve(d).size;
      if (!(off > allowed) || (worst && off <= worst_error)) return;  // NaN: nothing is known
      if (!(off > allowed + rounding_along(d))) return;
      if (index < 0 && has_complex_ && elements <= few) {  // some of them may sit on kinks
        look_at_each = true;
        return;
      }
      const Kink kink = kink_at(d, a);
      if (kink == Kink::harmless) return;
      const double sure = rounding_along(d) + least * size;
      if (!has_complex_ && !contradicts_nearby(d, a, sure, kink)) return;
      worst_error = off;
      worst = describe(index, a, n.slope);
    };
    if (elements <= one_by_one) {
      for (std::int64_t i = 0; i < elements; ++i) compare(one_element(i), i);
    } else {
      // Differences move each element by its own size, or small ones would be moved too far.
      const double all = size_of_all(base_), least_size = smallest_size(base_);
      Random random(7);
      for (int k = 0; k < directions; ++k) {
        Direction d{0, elements, {}};
        for (const double x : base_) {
          const double own = x != 0.0 ? std::abs(x) : least_size;
          const double part = has_complex_ || !(all > 0.0) ? 1.0 : std::min(own / all, 1.0);
          d.weights.push_back(part * random.sign_and_size());
        }
        for (std::size_t i = 0; i < base_.size(); ++i) {
          const double off = analytic[i] * base_[i];
          if (std::isfinite(off)) d.rounding = std::hypot(d.rounding, 0x1p-53 * off);
        }
        compare(d, -1);
      }
      for (const Suspect& s : suspects) {
        if (s.node == node_ && base_.size() == weights_.size()) {
          compare(one_element(s.element), s.element);
        }
      }
      for (std::int64_t i = 0; i < elements && look_at_each; ++i) compare(one_element(i), i);
    }
    return worst;
  }

 private:
  NodeId parent() const { return tape_.parents(node_)[static_cast<std::size_t>(use_)]; }

  /// What the rule gives for the cotangent `weights_`; empty where it cannot be asked.
  std::vector<double> record_vjp() {
    const OpRecord& op = tape_.op(node_);
    std::vector<double> zeros(base_.size(), 0.0);
    if (op.traits.stops_gradient) return zeros;
    if (op.vjp == nullptr) return {};
    Array g(tape_.type(node_));
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      if (g.type().dtype == DType::float32) {
        g.as<float>()[i] = static_cast<float>(weights_[i]);
        weights_[i] = static_cast<double>(g.as<float>()[i]);
      } else {
        g.as<double>()[i] = weights_[i];
      }
    }
    cotangent_ = tape_.input(g);
    const Var term = op.vjp({tape_.var(node_), cotangent_, use_});
    if (!term.has_tape()) return zeros;
    const NodeId root = term.id();
    if (real_.has(root)) return real_.numbers(root);
    rule_.emplace(tape_);
    for (const NodeId id :
         ancestors(tape_, std::span(&root, 1), [&](NodeId i) { return real_.has(i); })) {
      for (const NodeId p : tape_.parents(id)) {
        if (real_.has(p)) rule_->adopt(real_, std::span(&p, 1));
      }
    }
    rule_->add(std::span(&root, 1));
    root_ = root;
    return rule_->numbers(root);
  }

  /// How far rounding can have carried the rule's result: of its steps, of its constants, and of
  /// the node's own value, which it may read (1 - y² of a y that has been rounded to 1). The
  /// operands are what they are.
  double rounding_along(const Direction& d) {
    if (!rule_) return 0.0;
    if (rounding_.empty()) {
      ErrorBounds bounds(*rule_, ErrorBounds::Precision::float64);
      for (const NodeId id : rule_->nodes()) {
        const bool leaf = tape_.op(id).traits.leaf;
        if (id == node_) {
          bounds.set(id, bound_of_node());
        } else if (leaf && id != cotangent_.id() && (id > cotangent_.id() || tape_.node(id).in_b)) {
          bounds.set_constant(id);
        } else if (leaf || real_.has(id)) {
          bounds.set(id, std::vector<double>(static_cast<std::size_t>(rule_->size(id)), 0.0));
        }
      }
      rounding_ = bounds.of(root_);
    }
    double sum = 0.0;
    for (std::int64_t i = d.begin; i < d.end; ++i) {
      sum += std::abs(rounding_[static_cast<std::size_t>(i)] * d.weight(i));
    }
    return sum;
  }

  /// What rounding does to the node's value, the operands being exact.
  std::vector<double> bound_of_node() {
    ErrorBounds own(real_, ErrorBounds::Precision::float64);
    for (const NodeId p : tape_.parents(node_)) {
      own.set(p, std::vector<double>(static_cast<std::size_t>(real_.size(p)), 0.0));
    }
    return own.of(node_);
  }

  /// Whether differences over this step move an element further than a wave is long.
  bool steps_over_waves(const Direction& d, double step) {
    if (!waves_) waves_ = waves_of(real_, node_, static_cast<std::size_t>(use_));
    return std::any_of(waves_->begin(), waves_->end(), [&](const Wave& w) {
      const bool moves = w.element >= d.begin && w.element < d.end;
      return moves && std::abs(step * d.weight(w.element)) > w.length;
    });
  }

  /// Differences once more, with short steps alone and the noise that the node may have: longer
  /// ones pass over jumps, such as the signs of eigenvectors have.
  bool contradicts_nearby(const Direction& d, double analytic, double allowed, Kink kink) {
    Curve c = curve(d);
    const std::vector<double> bound = bound_of_node();
    double noise = 0.0;
    for (std::size_t i = 0; i < bound.size(); ++i) noise += std::abs(weights_[i] * bound[i]);
    c.noise = std::max(c.noise, noise);
    c.every_step = c.nearby = true;
    const Estimate n = differentiate(c);
    if (std::isnan(analytic)) return std::isfinite(n.slope);
    const double off = std::abs(analytic - n.slope);
    if (!(off > 8.0 * n.error + allowed)) return false;
    if (steps_over_waves(d, n.step)) return false;
    // Other steps may agree with the rule: those within which a pseudo-inverse keeps its rank.
    if (some_steps_give(c, analytic, n.slope)) return false;
    // A jump within the step that is as large as what is to be explained says nothing of the rule;
    // one well above rounding, be the rule's slope as steep as one unit in the last place allows.
    const double across = rise_at_jumps(d, n.step);
    const bool is_real = across > 1e-10 * size_of_all(real_.numbers(node_));
    const bool is_jump = across > 0.25 * off * (is_real ? 0x1p-50 * c.size : n.step);
    // Over an eighth of the step a curve bends by a 64th as much, a kink by an eighth.
    const double falls = kink == Kink::outside ? 4.0 : 20.0;
    return !is_jump || rise_at_jumps(d, n.step / 8.0) < across / falls;
  }

  /// How much of the node's change over a step goes to one side alone, as at a jump.
  double rise_at_jumps(const Direction& d, double step) {
    const double at = curve(d).at;
    const std::vector<double> here = real_.numbers(node_), high = node_at(d, at + step),
                              low = node_at(d, at - step);
    double sum = 0.0;
    for (std::size_t i = 0; i < here.size(); ++i) {
      const double second = std::abs(high[i] - 2.0 * here[i] + low[i]);
      const double rise = std::max(std::abs(high[i] - here[i]), std::abs(here[i] - low[i]));
      if (second > 0.5 * rise) sum += std::abs(weights_[i]) * second;
    }
    return sum;
  }

  static double size_of_all(const std::vector<double>& x) {
    double most = 0.0;
    for (const double v : x) {
      if (std::isfinite(v)) most = std::max(most, std::abs(v));
    }
    return most;
  }

  Estimate slope(const Direction& d) {
    if (has_complex_) {
      const double s = complex_step(d);
      return {s, 0x1p-46 * (std::abs(s) + 1e-6), 0.0};
    }
    return differentiate(curve(d));
  }

  double complex_step(const Direction& d) {
    constexpr double h = 1e-100;
    std::vector<Complex> moved(base_.begin(), base_.end());
    for (std::int64_t i = d.begin; i < d.end; ++i) {
      moved[static_cast<std::size_t>(i)].im = h * d.weight(i);
    }
    std::vector<Complex> y(weights_.size());
    complex_.evaluate(node_, operands(complex_, moved.data()), y.data());
    double sum = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += weights_[i] * y[i].im;
    return sum / h;
  }

  std::vector<const void*> operands(Replay& replay, const void* moved) const {
    std::vector<const void*> all;
    for (const NodeId p : tape_.parents(node_)) all.push_back(replay.data(p));
    all[static_cast<std::size_t>(use_)] = moved;
    return all;
  }

  bool is_single(const Direction& d) const { return d.end - d.begin == 1; }

  /// The node's elements with the operand at x + t·v (for one element: at x_i = t).
  std::vector<double> node_at(const Direction& d, double t) {
    std::vector<double> moved = base_;
    for (std::int64_t i = d.begin; i < d.end; ++i) {
      double& x = moved[static_cast<std::size_t>(i)];
      x = is_single(d) ? t : x + t * d.weight(i);
    }
    std::vector<double> y(weights_.size());
    real_.evaluate(node_, operands(real_, moved.data()), y.data());
    return y;
  }

  /// The node as one number, from what it is at x: elements that do not change round nothing.
  Curve curve(const Direction& d) {
    Curve curve;
    curve.f = [this, d, here = real_.numbers(node_)](double t) {
      const std::vector<double> y = node_at(d, t);
      double sum = 0.0;
      for (std::size_t i = 0; i < y.size(); ++i) {
        if (y[i] != here[i]) sum += weights_[i] * (y[i] - here[i]);
      }
      return sum;
    };
    const double x = is_single(d) ? base_[static_cast<std::size_t>(d.begin)] : 0.0;
    const double all = size_of_all(base_);
    curve.at = x;
    curve.size = x != 0.0       ? std::abs(x)
                 : is_single(d) ? smallest_size(base_)
                 : all > 0.0    ? all
                                : 1.0;
    const std::vector<double> here = real_.numbers(node_);
    const std::vector<double> there = node_at(d, curve.at + 0.01 * curve.size);
    for (std::size_t i = 0; i < here.size(); ++i) {
      if (there[i] != here[i]) curve.noise += 0x1p-50 * std::abs(weights_[i] * here[i]);
    }
    curve.noise += d.rounding;
    return curve;
  }

  /// Whether the sides differ, and where the rule's choice lies.
  Kink kink_at(const Direction& d, double chosen) {
    const Curve c = curve(d);
    const Estimate left = one_sided_slope(c, -1), right = one_sided_slope(c, 1);
    const double apart = std::abs(left.slope - right.slope);
    if (!(apart > 8.0 * (left.error + right.error))) return Kink::none;
    if (apart < 1e-3 * std::max(std::abs(left.slope), std::abs(right.slope))) return Kink::none;
    if (!is_single(d)) return Kink::harmless;
    const double slack = 1e-6 * apart;
    const bool between = chosen >= std::min(left.slope, right.slope) - slack &&
                         chosen <= std::max(left.slope, right.slope) + slack;
    return between ? Kink::harmless : Kink::outside;
  }

  GradcheckBlame describe(std::int64_t index, double analytic, double numeric) const {
    GradcheckBlame b;
    b.node = node_;
    b.op = tape_.op(node_).name;
    b.name = tape_.var(node_).name();
    b.where = to_string(tape_.where(node_));
    b.use = use_;
    b.index = index;
    b.analytic = analytic;
    b.numeric = numeric;
    b.stops_gradient = tape_.op(node_).traits.stops_gradient;
    return b;
  }

  Replay& real_;
  Replay& complex_;
  Tape& tape_;
  NodeId node_;
  int use_;
  std::vector<double> weights_;
  std::vector<double> base_;
  Var cotangent_;
  std::optional<Replay> rule_;  // what the vjp records
  NodeId root_ = 0;             // its result
  std::vector<double> rounding_;
  std::optional<std::vector<Wave>> waves_;
  bool has_complex_ = false;
};

}  // namespace

std::vector<GradcheckBlame> blame(Replay& real, Replay& complex, std::span<const NodeId> nodes,
                                  double least, std::span<const Suspect> suspects) {
  std::vector<GradcheckBlame> found;
  Tape& tape = real.tape();
  for (const NodeId node : nodes) {
    if (!real.is_float(node) || real.size(node) == 0) continue;
    for (std::size_t use = 0; use < tape.parents(node).size(); ++use) {
      const NodeId parent = tape.parents(node)[use];
      if (!real.is_float(parent) || !tape.is_active(parent)) continue;
      if (auto wrong = Use(real, complex, node, static_cast<int>(use)).check(least, suspects)) {
        found.push_back(*wrong);
      }
    }
  }
  return found;
}

}  // namespace tapewise::checking
