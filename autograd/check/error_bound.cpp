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

double sure(double bound) { return std::isnan(bound) ? infinity : bound; }

/// The element of an operand that the element `e` of a result is made of.
std::size_t source_of(const Shape& operand, const Shape& result, std::size_t e) {
  std::size_t index = 0, stride = 1;
  for (std::size_t k = 1; k <= operand.rank(); ++k) {
    const auto n = static_cast<std::size_t>(result[result.rank() - k]);
    const auto own = static_cast<std::size_t>(operand[operand.rank() - k]);
    if (own != 1) index += e % n * stride;
    stride *= own;
    e /= n;
  }
  return index;
}

}  // namespace

bool ErrorBounds::Operand::unsure() const {
  return std::any_of(bound.begin(), bound.end(), [](double b) { return b != 0.0; });
}

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
    y.push_back(number_at(real_.tape().type(id).dtype, raw.data(), static_cast<std::int64_t>(i)));
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
  constexpr double h =
      0x1p-66;  // its square is nothing beside 1, yet tiny numbers do not underflow
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

/// A comparison of floats, where rounding may make its operands equal: 1 if that turns it.
void ErrorBounds::note_meetings(NodeId id, std::vector<Operand> in, std::vector<double>& bound) {
  const Tape& tape = real_.tape();
  const Operand a = in[0], b = in[1];
  for (Operand& o : in) o.x.assign(o.x.size(), 1.0);
  const std::vector<double> y = real_.numbers(id), equal = evaluate(id, in);
  for (std::size_t e = 0; e < y.size(); ++e) {
    const std::size_t i = source_of(tape.type(a.id).shape, tape.type(id).shape, e),
                      j = source_of(tape.type(b.id).shape, tape.type(id).shape, e);
    const bool meet = std::abs(a.x[i] - b.x[j]) <= a.bound[i] + b.bound[j];
    if (meet && equal[e] != y[e]) bound[e] = 1.0;
  }
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
    if (in.size() == 2 && in[0].is_float && in[1].is_float) note_meetings(id, in, bound);
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

}  // namespace tapewise::checking
