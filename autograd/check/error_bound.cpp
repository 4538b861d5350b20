#include <tapewise/autograd/check/error_bound.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tapewise/autograd/check/random.hpp>
#include <tapewise/autograd/check/rounding.hpp>
#include <tapewise/autograd/complex.hpp>
#include <tapewise/autograd/graph_walk.hpp>

namespace tapewise::checking {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double smallest = std::numeric_limits<double>::denorm_min();

/// Units by which an op's result may be off, and those by which its operands count as off. Library
/// functions are good to two or three; rules are a few operations.
constexpr double result_units = 4.0, operand_units = 2.0;
/// Elements times evaluations that are spent on one structured op.
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

struct ErrorBounds::Operand {
  NodeId id = 0;
  bool is_float = false;
  bool is_bool = false;
  std::vector<double> x;
  std::vector<double> bound;
  std::vector<double> move;  ///< imaginary parts, for `slopes`

  bool unsure() const {
    return std::any_of(bound.begin(), bound.end(), [](double b) { return b != 0.0; });
  }
};

ErrorBounds::ErrorBounds(Replay& real, Precision precision)
    : real_(real), complex_(real.tape(), Numbers::complex128), precision_(precision) {}

void ErrorBounds::set(NodeId id, std::vector<double> bound) { bounds_[id] = std::move(bound); }

const std::vector<double>& ErrorBounds::of(NodeId id) {
  const auto known = [&](NodeId other) { return bounds_.contains(other); };
  for (const NodeId node : ancestors(real_.tape(), std::span(&id, 1), known)) compute(node);
  return bounds_.at(id);
}

double ErrorBounds::unit(NodeId id) const {
  const bool narrow = real_.tape().type(id).dtype == DType::float32;
  return narrow && precision_ == Precision::as_recorded ? unit32 : unit64;
}

std::vector<ErrorBounds::Operand> ErrorBounds::operands_of(NodeId id) {
  std::vector<Operand> in;
  for (const NodeId parent : real_.tape().parents(id)) {
    Operand& o = in.emplace_back();
    o.id = parent;
    o.is_float = real_.is_float(parent);
    o.is_bool = real_.tape().type(parent).dtype == DType::boolean;
    o.x = real_.numbers(parent);
    o.bound = bounds_.at(parent);
  }
  return in;
}

void ErrorBounds::compute(NodeId id) {
  const OpTraits& traits = real_.tape().op(id).traits;
  if (traits.leaf) {  // exact, save the constants of derivative rules
    if (real_.tape().node(id).in_b) return set_constant(id);
    return set(id, std::vector<double>(static_cast<std::size_t>(real_.size(id)), 0.0));
  }
  std::vector<Operand> in = operands_of(id);
  std::vector<double> bound(static_cast<std::size_t>(real_.size(id)), 0.0);
  const bool index_unsure = std::any_of(in.begin(), in.end(), [](const Operand& o) {
    return !o.is_float && !o.is_bool && o.unsure();
  });
  if (bound.empty()) {
  } else if (!real_.is_float(id)) {
    bound = index_unsure ? std::vector<double>(bound.size(), 1.0) : bound_of_choice(id, in);
  } else if (index_unsure) {
    bound.assign(bound.size(), infinity);
  } else if (traits.elementwise) {
    bound = bound_of_elementwise(id, in);
  } else if (!bound_of_moved(id, in, bound)) {
    bound = bound_of_structured(id, in);
  }
  bounds_[id] = std::move(bound);
}

void ErrorBounds::set_constant(NodeId id) {
  const bool narrow = real_.tape().type(id).dtype == DType::float32;
  std::vector<double>& bound = bounds_[id];
  bound.assign(static_cast<std::size_t>(real_.size(id)), 0.0);
  for (std::size_t i = 0; i < bound.size() && real_.is_float(id); ++i) {
    const double x = real_.number(id, static_cast<std::int64_t>(i));
    // It may be the result of several operations.
    if (std::isfinite(x) && !is_short(x)) bound[i] = 4.0 * (narrow ? unit32 : unit64) * std::abs(x);
  }
}

/// The node from the operands' `x`.
std::vector<double> ErrorBounds::evaluate(NodeId id, const std::vector<Operand>& in) {
  std::vector<std::vector<std::uint8_t>> masks;
  std::vector<const void*> operands;
  for (const Operand& o : in) {
    if (o.is_float) {
      operands.push_back(o.x.data());
    } else if (o.is_bool) {
      std::vector<std::uint8_t>& mask = masks.emplace_back();
      for (const double x : o.x) mask.push_back(x != 0.0);
      operands.push_back(mask.data());
    } else {
      operands.push_back(real_.data(o.id));
    }
  }
  const auto n = static_cast<std::size_t>(real_.size(id));
  if (real_.is_float(id)) {
    std::vector<double> y(n);
    real_.evaluate(id, operands, y.data());
    return y;
  }
  std::vector<std::byte> raw(real_.bytes(id));
  real_.evaluate(id, operands, raw.data());
  std::vector<double> y;
  for (std::size_t i = 0; i < n; ++i) {
    y.push_back(
        number_at(real_.tape().type(id).dtype, raw.data(), static_cast<std::int64_t>(i)));
  }
  return y;
}

/// Σ ∂y/∂x·move, without a difference. False where the op has no complex kernel.
bool ErrorBounds::slopes(NodeId id, const std::vector<Operand>& in, std::vector<double>& out) {
  if (!complex_.has(id)) {
    std::vector<NodeId> ids{id};
    for (const Operand& o : in) ids.push_back(o.id);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    complex_.adopt(real_, ids);
  }
  if (!complex_.computes(id)) return false;
  constexpr double h = 0x1p-66;  // its square is nothing beside 1, yet tiny numbers do not underflow
  std::vector<std::vector<Complex>> moved;
  std::vector<const void*> operands;
  for (const Operand& o : in) {
    if (!o.is_float) {
      operands.push_back(real_.data(o.id));
      continue;
    }
    std::vector<Complex>& x = moved.emplace_back(o.x.begin(), o.x.end());
    for (std::size_t i = 0; i < o.move.size(); ++i) x[i].im = h * o.move[i];
    operands.push_back(x.data());
  }
  std::vector<Complex> y(static_cast<std::size_t>(real_.size(id)));
  complex_.evaluate(id, operands, y.data());
  out.clear();
  for (const Complex& v : y) out.push_back(v.im / h);
  return true;
}

/// A condition or an index: 1 where another one could come out.
std::vector<double> ErrorBounds::bound_of_choice(NodeId id, std::vector<Operand>& in) {
  const std::vector<double> y = real_.numbers(id);
  std::vector<double> bound(y.size(), 0.0);
  const auto compare = [&](const std::vector<Operand>& moved) {
    const std::vector<double> other = evaluate(id, moved);
    for (std::size_t e = 0; e < y.size(); ++e) {
      if (other[e] != y[e]) bound[e] = 1.0;
    }
  };
  const auto push = [](Operand& o, std::size_t i, double by) {
    if (o.bound[i] == 0.0) return;
    if (o.is_bool)
      o.x[i] = by < 0.0 ? 1.0 - o.x[i] : o.x[i];
    else
      o.x[i] += by * o.bound[i];
  };
  if (real_.tape().op(id).traits.elementwise) {
    for (unsigned corner = 0; corner < 1U << in.size(); ++corner) {
      std::vector<Operand> moved = in;
      for (std::size_t k = 0; k < in.size(); ++k) {
        for (std::size_t i = 0; i < in[k].x.size(); ++i) {
          push(moved[k], i, (corner >> k & 1U) != 0 ? -1.0 : 1.0);
        }
      }
      compare(moved);
    }
    return bound;
  }
  // Two elements that change places are as far apart as both errors together: twice the larger.
  for (std::size_t k = 0; k < in.size(); ++k) {
    for (std::size_t i = 0; i < in[k].x.size(); ++i) {
      if (in[k].bound[i] == 0.0) continue;
      const double x = in[k].x[i];
      for (const double side : {-2.0, 2.0}) {
        push(in[k], i, side);
        compare(in);
        in[k].x[i] = x;
      }
    }
  }
  return bound;
}

/// Where each element is one of the operands' elements, always the same one, or zero: moves the
/// bounds along. Tried with random operands, among which a computed result would not be found.
bool ErrorBounds::bound_of_moved(NodeId id, const std::vector<Operand>& in,
                                 std::vector<double>& bound) {
  std::vector<std::pair<const Operand*, std::size_t>> from;
  std::vector<std::size_t> source[2];
  for (std::uint64_t draw = 0; draw < 2; ++draw) {
    Random random(0xD1CE + draw);
    std::vector<Operand> given = in;
    std::vector<std::pair<double, std::size_t>> known;
    from.clear();
    for (std::size_t k = 0; k < in.size(); ++k) {
      if (!in[k].is_float) continue;
      for (std::size_t i = 0; i < in[k].x.size(); ++i) {
        given[k].x[i] = 1.0 + random.uniform();
        known.emplace_back(given[k].x[i], from.size());
        from.emplace_back(&in[k], i);
      }
    }
    std::sort(known.begin(), known.end());
    for (const double y : evaluate(id, given)) {
      if (y == 0.0) {
        source[draw].push_back(from.size());
        continue;
      }
      const std::pair<double, std::size_t> wanted{std::abs(y), 0};
      const auto found = std::lower_bound(known.begin(), known.end(), wanted);
      if (found == known.end() || found->first != std::abs(y)) return false;
      source[draw].push_back(found->second);
    }
  }
  if (source[0] != source[1]) return false;
  for (std::size_t e = 0; e < bound.size(); ++e) {
    if (source[0][e] == from.size()) continue;
    const auto& [operand, i] = from[source[0][e]];
    bound[e] = operand->bound[i];
    if (unit(id) > unit(operand->id)) bound[e] += unit(id) * std::abs(operand->x[i]);  // a cast
  }
  return true;
}

/// Whether an elementwise op only hands on one of its operands, its sign apart. Tried with random
/// operands of many sizes, among which a computed result would not be found.
bool ErrorBounds::only_chooses(NodeId id, const std::vector<Operand>& in) {
  Random random(0xD1CE);
  for (const double size : {0.25, 1.0, 3.0, 17.0, -0.5, -2.0, -40.0, 1e-3}) {
    std::vector<Operand> given = in;
    std::vector<double> all{0.0};
    for (Operand& o : given) {
      if (!o.is_float) continue;
      for (double& x : o.x) {
        x = size * (1.0 + random.uniform());
        all.push_back(std::abs(x));
      }
    }
    std::sort(all.begin(), all.end());
    for (const double y : evaluate(id, given)) {
      if (!std::isfinite(y) || !std::binary_search(all.begin(), all.end(), std::abs(y))) {
        return false;
      }
    }
  }
  return true;
}

std::vector<double> ErrorBounds::bound_of_elementwise(NodeId id, std::vector<Operand>& in) {
  const OpTraits& traits = real_.tape().op(id).traits;
  const double u = unit(id);
  const std::vector<double> y = real_.numbers(id);
  const bool is_arithmetic = traits.arithmetic != Arithmetic::none;
  const bool is_exact = !is_arithmetic && only_chooses(id, in);
  const double own = is_exact ? 0.0 : is_arithmetic ? 1.0 : result_units;
  const double before = is_exact || is_arithmetic ? 0.0 : operand_units;

  std::vector<double> bound(y.size(), 0.0);
  bool far = traits.has_kinks;  // whether the ends of the ranges tell more than the slopes do
  std::vector<double> passed;
  bool has_slopes = true;
  for (Operand& o : in) {
    if (!o.is_float) {
      far = far || o.unsure();
      continue;
    }
    o.move.assign(o.x.size(), 0.0);
    for (std::size_t i = 0; i < o.x.size(); ++i) {
      o.move[i] = o.bound[i] + before * u * std::abs(o.x[i]);
      far = far || o.bound[i] > 1e-8 * std::abs(o.x[i]);
    }
    std::vector<Operand> alone = in;
    for (Operand& other : alone) {
      if (&other - alone.data() != &o - in.data()) other.move.clear();
    }
    has_slopes = has_slopes && slopes(id, alone, passed);
    if (!has_slopes) break;
    for (std::size_t e = 0; e < y.size(); ++e) bound[e] += std::abs(passed[e]);
  }
  if (far || !has_slopes) {
    for (unsigned corner = 0; corner < 1U << in.size(); ++corner) {
      std::vector<Operand> moved = in;
      for (std::size_t k = 0; k < in.size(); ++k) {
        const bool down = (corner >> k & 1U) != 0;
        for (std::size_t i = 0; i < in[k].x.size(); ++i) {
          if (in[k].is_bool) {
            if (down && in[k].bound[i] != 0.0) moved[k].x[i] = 1.0 - in[k].x[i];
            continue;
          }
          const double by = has_slopes ? in[k].bound[i]
                                       : 2.0 * (in[k].bound[i] + before * u * std::abs(in[k].x[i]));
          if (by != 0.0) moved[k].x[i] += down ? -by : by;
        }
      }
      const std::vector<double> there = evaluate(id, moved);
      for (std::size_t e = 0; e < y.size(); ++e) {
        if (there[e] != y[e]) bound[e] = std::max(bound[e], sure(std::abs(there[e] - y[e])));
      }
    }
  }
  for (std::size_t e = 0; e < y.size(); ++e) {
    const double rounded = own * u * std::abs(y[e]);
    bound[e] = sure(bound[e] + rounded + (own > 0.0 && std::abs(y[e]) < 1e-290 ? smallest : 0.0));
    if (!std::isfinite(y[e])) bound[e] = infinity;
  }
  return bound;
}

/// Whether the op is a sum of products of its operands' elements with factors that are not negative,
/// as sums, products of matrices and convolutions are: then |∂y/∂x|·bound is the op itself at |x|.
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

std::vector<double> ErrorBounds::bound_of_structured(NodeId id, std::vector<Operand>& in) {
  const OpRecord& op = real_.tape().op(id);
  const std::vector<double> y = real_.numbers(id);
  const double u = unit(id);
  const bool products = adds_up(id, in);
  if (products) return bound_of_products(id, in);
  for (const Operand& o : in) {
    // Flipping a condition of a structured op: not followed further.
    if (!o.is_float && o.unsure()) return std::vector<double>(y.size(), infinity);
  }

  // Rows by themselves can be looked at side by side: `stride` elements instead of all.
  std::size_t all = 0, floats = 0;
  for (const Operand& o : in) {
    all += o.is_float ? o.x.size() : 0;
    floats += o.is_float;
  }
  std::size_t stride = 0;
  if (op.row_axes != nullptr && floats == 1 && in[0].is_float) {
    const Shape& shape = real_.tape().type(in[0].id).shape;
    const std::size_t axes = op.row_axes(real_.tape().type(in[0].id), real_.tape().attribute(id));
    if (axes > 0) stride = 1;
    for (std::size_t a = 0; a < axes; ++a) {
      stride *= static_cast<std::size_t>(shape[shape.rank() - 1 - a]);
    }
  }
  std::vector<double> passed(y.size(), 0.0), sizes(y.size(), 0.0), plain(y.size(), 0.0),
      most(y.size(), 0.0), terms(y.size(), 0.0);
  bool has_slopes = true, far = false;
  std::vector<double> slope;
  // Σ ∂y/∂x·move by differences, where there are no complex numbers.
  const auto differences = [&](const std::vector<Operand>& moved) {
    double by = 0.0;
    for (const Operand& o : moved) by = std::max(by, largest(o.move));
    double size = 0.0;
    for (const Operand& o : moved) {
      if (!o.move.empty()) size = std::max(size, largest(o.x));
    }
    const double t = 1e-6 * (size > 0.0 ? size : 1.0) / by;
    std::vector<Operand> high = moved, low = moved;
    for (std::size_t k = 0; k < moved.size(); ++k) {
      for (std::size_t i = 0; i < moved[k].move.size(); ++i) {
        high[k].x[i] += t * moved[k].move[i];
        low[k].x[i] -= t * moved[k].move[i];
      }
    }
    const std::vector<double> above = evaluate(id, high), below = evaluate(id, low);
    slope.clear();
    for (std::size_t e = 0; e < y.size(); ++e) {
      const double up = std::abs(above[e] - y[e]), down = std::abs(y[e] - below[e]);
      slope.push_back(std::isnan(up) ? down / t : std::isnan(down) ? up / t : std::max(up, down) / t);
    }
  };
  const bool affordable =
      static_cast<double>(stride > 0 ? stride : all) * static_cast<double>(all + y.size()) < budget;
  for (std::size_t k = 0; k < in.size() && affordable; ++k) {
    Operand& o = in[k];
    if (!o.is_float) continue;
    const double typical = largest(o.x) > 0.0 ? largest(o.x) : 1.0;
    const std::size_t group = stride > 0 ? stride : o.x.size();
    const std::size_t rows = group > 0 ? o.x.size() / group : 0;
    std::vector<double> size(o.x.size());
    for (std::size_t i = 0; i < size.size(); ++i) {
      size[i] = std::abs(o.x[i]) > 0.0 && std::isfinite(o.x[i]) ? std::abs(o.x[i]) : typical;
      far = far || o.bound[i] > 1e-6 * size[i];
    }
    for (std::size_t first = 0; first < group; ++first) {
      o.move.assign(o.x.size(), 0.0);
      for (std::size_t i = first; i < o.x.size(); i += group) o.move[i] = size[i];
      if (!slopes(id, in, slope)) {
        has_slopes = false;
        differences(in);
      }
      for (std::size_t e = 0; e < y.size(); ++e) {
        const std::size_t i = first + group * (e / (y.size() / rows));
        const double d = std::abs(slope[e]);
        if (d == 0.0) continue;
        passed[e] += times(d, o.bound[i] / size[i]);
        sizes[e] += d * (std::abs(o.x[i]) / size[i]);
        plain[e] += d / size[i];
        most[e] = std::max(most[e], std::abs(o.x[i]));
        terms[e] += 1.0;
      }
    }
    o.move.clear();
    // Choices: which element wins may change with each of them.
    for (std::size_t i = 0; i < o.x.size() && op.traits.has_kinks && stride == 0; ++i) {
      if (o.bound[i] == 0.0) continue;
      const double x = o.x[i];
      for (const double side : {-2.0, 2.0}) {
        o.x[i] = x + side * o.bound[i];
        const std::vector<double> there = evaluate(id, in);
        for (std::size_t e = 0; e < y.size(); ++e) {
          if (there[e] != y[e]) passed[e] += 0.5 * std::abs(there[e] - y[e]);
        }
      }
      o.x[i] = x;
    }
  }
  if (far || !affordable) {
    // Ends of the ranges, in random directions: curvature, and what is left where the elements are
    // too many to be taken one by one (no bound then, but an estimate).
    Random random(0xFA);
    for (int sample = 0; sample < 8; ++sample) {
      std::vector<Operand> moved = in;
      for (Operand& o : moved) {
        for (std::size_t i = 0; o.is_float && i < o.x.size(); ++i) {
          const double by = o.bound[i] + (affordable ? 0.0 : operand_units * u * std::abs(o.x[i]));
          if (by != 0.0) o.x[i] += random.uniform() < 0.5 ? by : -by;
        }
      }
      const std::vector<double> there = evaluate(id, moved);
      for (std::size_t e = 0; e < y.size(); ++e) {
        const double off = sure(std::abs(there[e] - y[e]));
        if (there[e] != y[e]) passed[e] = std::max(passed[e], (affordable ? 1.0 : 4.0) * off);
      }
    }
  }
  // LAPACK's algorithms are stable for the matrix as a whole, not for each of its elements.
  const bool all_floats = floats == in.size();
  const bool by_norm = !has_slopes || (op.traits.may_throw && all_floats);
  for (std::size_t e = 0; e < y.size(); ++e) {
    const double n = by_norm ? 3.0 * std::sqrt(terms[e]) : terms[e];
    const double rounded = u * ((n + operand_units) * (by_norm ? plain[e] * most[e] : sizes[e]) +
                                result_units * std::abs(y[e]));
    passed[e] = sure(1.001 * passed[e] + 2.0 * rounded + smallest);
    if (!std::isfinite(y[e])) passed[e] = infinity;
  }
  return passed;
}

}  // namespace tapewise::checking
