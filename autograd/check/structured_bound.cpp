#include <algorithm>
#include <cmath>
#include <limits>
#include <tapewise/autograd/check/error_bound.hpp>
#include <tapewise/autograd/check/random.hpp>

// Bounds of ops with a structure of their own: sums of products, rows, anything else.

namespace tapewise::checking {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// Elements times evaluations that are spent on one op.
constexpr double budget = 3e7;

/// 0·∞ is 0 here: what does not depend on an operand does not mind what it is.
double times(double slope, double bound) { return slope == 0.0 ? 0.0 : slope * bound; }
double sure(double bound) { return std::isnan(bound) ? infinity : bound; }

double largest(const std::vector<double>& x) {
  double most = 0.0;
  for (const double v : x) {
    if (std::isfinite(v)) most = std::max(most, std::abs(v));
  }
  return most;
}

}  // namespace

ErrorBounds::Sums::Sums(std::size_t n)
    : passed(n, 0.0), sizes(n, 0.0), slopes(n, 0.0), most(n, 0.0), terms(n, 0.0) {}

/// Whether the op is a sum of products of its operands' elements with factors that are not
/// negative, as sums, products of matrices and convolutions are: then |∂y/∂x|·bound is the op
/// itself at |x|.
bool ErrorBounds::adds_up(NodeId id, const std::vector<Operand>& in) {
  Random random(0xADD);
  std::vector<Operand> p = in;
  for (Operand& o : p) {
    for (double& x : o.x) x = o.is_float ? 1.0 + random.uniform() : x;
  }
  const std::vector<double> f = evaluate(id, p);
  std::vector<Operand> signs = p;
  for (std::size_t k = 0; k < in.size(); ++k) {
    if (!in[k].is_float) continue;
    std::vector<Operand> q = p, both = p;
    for (std::size_t i = 0; i < in[k].x.size(); ++i) {
      q[k].x[i] = 1.0 + random.uniform();
      both[k].x[i] = p[k].x[i] + q[k].x[i];
      if (random.uniform() < 0.5) signs[k].x[i] = -signs[k].x[i];
    }
    const std::vector<double> g = evaluate(id, q), sum = evaluate(id, both);
    for (std::size_t e = 0; e < f.size(); ++e) {
      if (!(f[e] >= 0.0) || !(std::abs(f[e] + g[e] - sum[e]) <= 1e-10 * sum[e])) return false;
    }
  }
  const std::vector<double> mixed = evaluate(id, signs);
  for (std::size_t e = 0; e < f.size(); ++e) {
    if (!(std::abs(mixed[e]) <= f[e] * (1.0 + 1e-10))) return false;
  }
  return true;
}

/// For those: Σ over the operands of the op at |x|, with one operand's bounds in its place.
std::vector<double> ErrorBounds::bound_of_products(NodeId id, const std::vector<Operand>& in) {
  std::vector<Operand> sizes = in, ones = in;
  std::size_t most = 1;
  for (std::size_t k = 0; k < in.size(); ++k) {
    if (!in[k].is_float) continue;
    for (double& x : sizes[k].x) x = std::abs(x);
    ones[k].x.assign(in[k].x.size(), 1.0);
    most = std::max(most, in[k].x.size());
  }
  // How many terms a sum has: of what adding all gives, how often what one element gives goes in.
  double terms = static_cast<double>(most);
  for (std::size_t k = 0; k < in.size(); ++k) {
    if (!in[k].is_float || in[k].x.empty()) continue;
    std::vector<Operand> one = ones;
    one[k].x.assign(in[k].x.size(), 0.0);
    one[k].x[in[k].x.size() / 2] = 1.0;
    const double term = largest(evaluate(id, one));
    if (term > 0.0) terms = std::min(terms, std::ceil(largest(evaluate(id, ones)) / term));
  }
  std::vector<double> bound = evaluate(id, sizes);
  for (double& b : bound) b *= (terms + result_units) * unit(id);
  for (std::size_t k = 0; k < in.size(); ++k) {
    if (!in[k].is_float) continue;
    std::vector<Operand> moved = sizes;
    moved[k].x = in[k].bound;
    // What the other operands' errors add to these.
    for (std::size_t j = 0; j < k; ++j) {
      for (std::size_t i = 0; in[j].is_float && i < in[j].x.size(); ++i) {
        moved[j].x[i] += in[j].bound[i];
      }
    }
    const std::vector<double> more = evaluate(id, moved);
    for (std::size_t e = 0; e < bound.size(); ++e) bound[e] = sure(bound[e] + more[e]);
  }
  return bound;
}

/// The length of the rows, where the op looks at each row of its operand by itself; else 0.
std::size_t ErrorBounds::row_length(NodeId id, const std::vector<Operand>& in) const {
  const OpRecord& op = real_.tape().op(id);
  if (op.row_axes == nullptr || in.size() != 1) return 0;
  const Type& type = real_.tape().type(in[0].id);
  const std::size_t axes = op.row_axes(type, real_.tape().attribute(id));
  if (axes == 0) return 0;
  std::size_t length = 1;
  for (std::size_t a = 0; a < axes; ++a) {
    length *= static_cast<std::size_t>(type.shape[type.shape.rank() - 1 - a]);
  }
  return length;
}

/// |Σ ∂y/∂x·move| by differences, where there are no complex numbers: the largest of both sides and
/// of three steps. One suits what moves, one the largest element, beside which that may drown, and
/// one is what algorithms that are stable by norm make of rounding: near poles it counts.
std::vector<double> ErrorBounds::differences(NodeId id, const std::vector<Operand>& in) {
  double by = 0.0, own = 0.0, all = 0.0;
  for (const Operand& o : in) {
    all = std::max(all, largest(o.x));
    by = std::max(by, largest(o.move));
    for (std::size_t i = 0; i < o.move.size(); ++i) {
      if (o.move[i] != 0.0 && std::isfinite(o.x[i])) own = std::max(own, std::abs(o.x[i]));
    }
  }
  if (all == 0.0) all = 1.0;
  const std::vector<double> here = real_.numbers(id);
  std::vector<double> slope(here.size(), 0.0);
  for (const double step : {1e-6 * (own > 0.0 ? own : all), 1e-6 * all, 0x1p-48 * all}) {
    const double t = step / by;
    std::vector<Operand> high = in, low = in;
    for (std::size_t k = 0; k < in.size(); ++k) {
      for (std::size_t i = 0; i < in[k].move.size(); ++i) {
        high[k].x[i] += t * in[k].move[i];
        low[k].x[i] -= t * in[k].move[i];
      }
    }
    const std::vector<double> above = evaluate(id, high), below = evaluate(id, low);
    for (std::size_t e = 0; e < slope.size(); ++e) {
      const double up = std::abs(above[e] - here[e]), down = std::abs(here[e] - below[e]);
      // Outside of the domain on one side: the other counts.
      const double rise = std::isnan(up) ? down : std::isnan(down) ? up : std::max(up, down);
      if (!(rise / t <= slope[e])) slope[e] = rise / t;
    }
  }
  return slope;
}

/// Adds what operand k hands on, element by element (of all rows at once). False where the op has
/// no complex kernel.
bool ErrorBounds::pass_through_slopes(NodeId id, std::vector<Operand>& in, std::size_t k,
                                      Sums& sums) {
  Operand& o = in[k];
  if (o.x.empty()) return true;
  const std::size_t row = row_length(id, in);
  const std::size_t group = row > 0 ? row : o.x.size();
  const std::size_t results_in_row = sums.passed.size() / (o.x.size() / group);
  const double typical = largest(o.x) > 0.0 ? largest(o.x) : 1.0;
  std::vector<double> size = o.x, slope;
  for (double& x : size) x = std::isfinite(x) && x != 0.0 ? std::abs(x) : typical;
  bool has_slopes = true;
  for (std::size_t first = 0; first < group; ++first) {
    o.move.assign(o.x.size(), 0.0);
    for (std::size_t i = first; i < o.x.size(); i += group) o.move[i] = size[i];
    has_slopes = has_slopes && slopes(id, in, slope);
    if (!has_slopes) slope = differences(id, in);
    for (std::size_t e = 0; e < slope.size(); ++e) {
      const std::size_t i = first + group * (e / results_in_row);
      const double d = std::abs(slope[e]);
      if (d == 0.0) continue;
      sums.passed[e] += times(d, o.bound[i] / size[i]);
      sums.sizes[e] += d * (std::abs(o.x[i]) / size[i]);
      sums.slopes[e] += d / size[i];
      sums.most[e] = std::max(sums.most[e], std::abs(o.x[i]));
      sums.terms[e] += 1.0;
    }
  }
  o.move.clear();
  return has_slopes;
}

/// Ops that choose: which element wins may change with each of them.
void ErrorBounds::pass_through_choices(NodeId id, std::vector<Operand>& in, std::size_t k,
                                       Sums& sums) {
  Operand& o = in[k];
  const std::vector<double> y = real_.numbers(id);
  for (std::size_t i = 0; i < o.x.size(); ++i) {
    if (o.bound[i] == 0.0) continue;
    const double x = o.x[i];
    for (const double side : {-2.0, 2.0}) {
      o.x[i] = x + side * o.bound[i];
      const std::vector<double> there = evaluate(id, in);
      for (std::size_t e = 0; e < y.size(); ++e) {
        if (there[e] != y[e]) sums.passed[e] += 0.5 * std::abs(there[e] - y[e]);
      }
    }
    o.x[i] = x;
  }
}

/// Corners of the operands' ranges in random directions: curvature. Where they stand `alone`, for
/// operands with too many elements to be taken one by one, they are an estimate and no bound.
void ErrorBounds::try_corners(NodeId id, const std::vector<Operand>& in, bool alone, Sums& sums) {
  constexpr int samples = 8;
  const std::vector<double> y = real_.numbers(id);
  Random random(0xFA);
  for (int sample = 0; sample < samples; ++sample) {
    std::vector<Operand> moved = in;
    for (Operand& o : moved) {
      for (std::size_t i = 0; o.is_float && i < o.x.size(); ++i) {
        double by = o.bound[i];
        if (alone) by += operand_units * unit(id) * std::abs(o.x[i]);
        if (by != 0.0) o.x[i] += random.uniform() < 0.5 ? by : -by;
      }
    }
    const std::vector<double> there = evaluate(id, moved);
    for (std::size_t e = 0; e < y.size(); ++e) {
      const double off = there[e] == y[e] ? 0.0 : sure(std::abs(there[e] - y[e]));
      sums.passed[e] = std::max(sums.passed[e], (alone ? 4.0 : 1.0) * off);
    }
  }
}

std::vector<double> ErrorBounds::bound_of_structured(NodeId id, std::vector<Operand>& in) {
  const OpTraits& traits = real_.tape().op(id).traits;
  const std::vector<double> y = real_.numbers(id);
  std::size_t elements = 0;
  bool all_floats = true, far = false;
  for (const Operand& o : in) {
    // Flipping a condition of a structured op: not followed further.
    if (!o.is_float && o.unsure()) return std::vector<double>(y.size(), infinity);
    all_floats = all_floats && o.is_float;
    if (!o.is_float) continue;
    elements += o.x.size();
    for (std::size_t i = 0; i < o.x.size(); ++i) far = far || o.bound[i] > 1e-6 * std::abs(o.x[i]);
  }
  if (adds_up(id, in)) return bound_of_products(id, in);
  const std::size_t row = row_length(id, in);
  const auto evaluations = static_cast<double>(row > 0 ? row : elements);
  const bool affordable = evaluations * static_cast<double>(elements + y.size()) < budget;
  Sums sums(y.size());
  bool has_slopes = true;
  for (std::size_t k = 0; k < in.size() && affordable; ++k) {
    if (!in[k].is_float) continue;
    has_slopes = pass_through_slopes(id, in, k, sums) && has_slopes;
    if (traits.has_kinks && row == 0) pass_through_choices(id, in, k, sums);
  }
  if (far || !affordable) try_corners(id, in, !affordable, sums);
  // LAPACK's algorithms are stable for the matrix as a whole, not for each of its elements.
  const bool by_norm = !has_slopes || (traits.may_throw && all_floats);
  std::vector<double> bound(y.size());
  for (std::size_t e = 0; e < y.size(); ++e) {
    const double n = by_norm ? 3.0 * std::sqrt(sums.terms[e]) : sums.terms[e];
    const double size = by_norm ? times(sums.slopes[e], sums.most[e]) : sums.sizes[e];
    const double rounded = (n + operand_units) * size + result_units * std::abs(y[e]);
    bound[e] = sure(1.001 * sums.passed[e] + 2.0 * unit(id) * rounded +
                    std::numeric_limits<double>::denorm_min());
    if (!std::isfinite(y[e])) bound[e] = infinity;
  }
  return bound;
}

}  // namespace tapewise::checking
