#include <tapewise/autograd/check/blame.hpp>

#include <algorithm>
#include <cmath>
#include <tapewise/autograd/check/error_bound.hpp>
#include <tapewise/autograd/check/random.hpp>
#include <tapewise/autograd/check/use.hpp>
#include <tapewise/autograd/graph_walk.hpp>

namespace tapewise::checking {

namespace {

constexpr std::int64_t one_by_one = 32;  // operands up to this size are moved element by element
constexpr int directions = 3;
constexpr int few = 256;  // so many are, with the complex step, that halving leaves

/// The rule of one use of a node beside what the node does.
class Rule : Use {
  /// Harmless: the rule's choice lies between the slopes of the two sides, or cannot be told, along
  /// a direction through several elements.
  enum class Kink { none, harmless, outside };

 public:
  using Use::Use;

  /// The wrong entry of the worst kind, if there is one.
  std::optional<GradcheckBlame> check(double least, std::span<const Suspect> suspects) {
    const Tape::Transaction leaves_the_tape_as_it_was(tape_);
    const std::vector<double> analytic = record_vjp();
    // Constants of a rule recorded in float32 have its precision.
    const double fine = tape_.type(node_).dtype == DType::float32 ? 0x1p-20 : 1e-7;
    least = std::max(least, fine);
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
    struct Compared {
      double analytic = 0.0, numeric = 0.0, off = 0.0, size = 0.0;
      bool differs = false;
    };
    const auto compared = [&](const Direction& d) {
      Compared c;
      for (std::int64_t i = d.begin; i < d.end; ++i) {
        c.analytic += analytic[static_cast<std::size_t>(i)] * d.weight(i);
      }
      const Estimate n = slope(d);
      c.numeric = n.slope;
      if (!in_domain || !std::isfinite(n.slope)) return c;
      c.size = std::max({std::abs(c.analytic), std::abs(n.slope), 1e-6 * scale});
      c.off = std::isnan(c.analytic) ? c.size : std::abs(c.analytic - n.slope);
      // One element among many is a small part of what they give together.
      const double part = has_complex_ && !is_single(d) ? std::min(least, fine) : least;
      const double allowed =
          8.0 * n.error + part * c.size + 16.0 * (noise + d.rounding) / size_along(d);
      // Where nothing is known of the rounding, it is no number.
      c.differs = c.off > allowed && c.off > allowed + rounding_along(d);
      return c;
    };
    const auto compare = [&](const Direction& d, std::int64_t index) {
      const Compared c = compared(d);
      if (!c.differs || (worst && c.off <= worst_error)) return;
      if (has_complex_ && c.off <= 16.0 * complex_step_noise(d, c.numeric)) return;
      const Kink kink = kink_at(d, c.analytic);
      if (kink == Kink::harmless) return;
      const double sure = rounding_along(d) + least * c.size;
      if (!has_complex_ && !contradicts_nearby(d, c.analytic, sure, kink)) return;
      worst_error = c.off;
      worst = describe(index, c.analytic, c.numeric);
    };
    // By halves, the one that is further off first: some elements may sit on kinks.
    const auto search = [&](const Direction& all) {
      std::vector<Direction> open{all};
      for (int left = few; !open.empty() && !worst && left > 0;) {
        const Direction d = std::move(open.back());
        open.pop_back();
        if (is_single(d)) {
          --left;
          compare(one_element(d.begin), d.begin);
          continue;
        }
        Direction low = d, high = d;
        low.end = high.begin = d.begin + (d.end - d.begin) / 2;
        const Compared of_low = compared(low), of_high = compared(high);
        const bool low_first = of_low.off > of_high.off;
        if (of_low.differs && !low_first) open.push_back(low);
        if (of_high.differs) open.push_back(high);
        if (of_low.differs && low_first) open.push_back(low);
      }
    };
    if (elements <= one_by_one) {
      for (std::int64_t i = 0; i < elements; ++i) compare(one_element(i), i);
    } else {
      // Differences move each element by its own size, or small ones would be moved too far.
      const double all = size_of_all(base_), least_size = smallest_size(base_);
      std::vector<std::size_t> held;
      if (has_complex_) held = harmless_kinks(analytic);
      Random random(7);
      for (int k = 0; k < directions; ++k) {
        Direction d{0, elements, {}};
        for (const double x : base_) {
          const double own = x != 0.0 ? std::abs(x) : least_size;
          const double part = has_complex_ || !(all > 0.0) ? 1.0 : std::min(own / all, 1.0);
          d.weights.push_back(part * random.sign_and_size());
        }
        for (const std::size_t i : held) d.weights[i] = 0.0;
        for (std::size_t i = 0; i < base_.size(); ++i) {
          const double off = analytic[i] * base_[i];
          if (std::isfinite(off)) d.rounding = std::hypot(d.rounding, 0x1p-53 * off);
        }
        if (!has_complex_)
          compare(d, -1);
        else if (!worst && compared(d).differs)
          search(d);
      }
      for (const Suspect& s : suspects) {
        if (s.node == node_ && base_.size() == weights_.size()) {
          compare(one_element(s.element), s.element);
        }
      }
    }
    return worst;
  }

 private:
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
    if (some_steps_give(c, analytic, n.slope) || shorter_steps_give(d, analytic, n)) return false;
    // A jump within the step that is as large as what is to be explained says nothing of the rule;
    // one well above rounding, be the rule's slope as steep as one unit in the last place allows.
    const double across = rise_at_jumps(d, n.step);
    const bool is_real = across > 1e-10 * size_of_all(real_.numbers(node_));
    const bool is_jump = across > 0.25 * off * (is_real ? 0x1p-50 * c.size : n.step);
    // Over an eighth of the step a curve bends by a 64th as much, a kink by an eighth.
    const double falls = kink == Kink::outside ? 4.0 : 20.0;
    return !is_jump || rise_at_jumps(d, n.step / 8.0) < across / falls;
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

  Var cotangent_;
  std::optional<Replay> rule_;  // what the vjp records
  NodeId root_ = 0;             // its result
  std::vector<double> rounding_;
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
      if (auto wrong = Rule(real, complex, node, static_cast<int>(use)).check(least, suspects)) {
        found.push_back(*wrong);
      }
    }
  }
  return found;
}

}  // namespace tapewise::checking
