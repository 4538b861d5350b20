#include <tapewise/ops/reduce.hpp>

#include <limits>
#include <numeric>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/elementary.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/order.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace {

/// `x` with the axes folded to size 1, or left out.
Shape folded(const Shape& x, std::uint32_t axes, bool keepdims) {
  Shape shape;
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    if ((axes >> axis & 1U) == 0)
      shape.push_back(x[axis]);
    else if (keepdims)
      shape.push_back(1);
  }
  return shape;
}

}  // namespace

Var sum_to(const Var& g, const Shape& to) {
  const Shape from = g.shape();
  if (from == to) return g;
  std::array<std::int64_t, Shape::max_rank> axes{};
  std::size_t count = 0;
  const std::size_t added = from.rank() - to.rank();
  for (std::size_t axis = 0; axis < from.rank(); ++axis) {
    const bool repeated = axis < added || (to[axis - added] == 1 && from[axis] != 1);
    if (repeated) axes[count++] = static_cast<std::int64_t>(axis);
  }
  const Var total = sum(g, Axes(std::span<const std::int64_t>(axes.data(), count)), added == 0);
  return total.shape() == to ? total : reshape(total, to);
}

namespace ops {

Type AxesRule::type(const TypeArgs& args) {
  const Type& x = args.parent(0);
  const auto [axes, keepdims] = args.attribute<Attribute>();
  if (!args.op.dtypes.contains(x.dtype)) {
    throw args.type_error("not defined for " + to_string(x) + ": write cast(x, dtype) first");
  }
  axes.check(x.shape, args);
  return {x.dtype, folded(x.shape, axes.bits(x.shape.rank()), keepdims != 0)};
}

double AxesRule::count(const Type& x, const void* attribute) {
  const std::uint32_t axes = axes_of(x, attribute);
  double count = 1;
  for (std::size_t axis = 0; axis < x.shape.rank(); ++axis) {
    if ((axes >> axis & 1U) != 0) count *= static_cast<double>(x.shape[axis]);
  }
  return count;
}

void AxesRule::require_elements(const TypeArgs& args, const Type& result, const char* what) {
  if (args.parent(0).size() == 0 && result.size() > 0) {
    throw args.shape_error("nothing has no " + std::string(what) + ": given " +
                           to_string(args.parent(0).shape));
  }
}

std::size_t ReduceRule::row_axes(const Type& x, const void* attribute) {
  const std::uint32_t axes = axes_of(x, attribute);
  for (std::size_t count = 1; count <= x.shape.rank(); ++count) {
    if (axes == ((1U << count) - 1U) << (x.shape.rank() - count)) return count;
  }
  return 0;
}

std::string AxesRule::attribute_text(const void* attribute) {
  const auto* a = static_cast<const Attribute*>(attribute);
  std::string text = a->axes.text();
  if (a->keepdims != 0) text += text.empty() ? "keepdims" : " keepdims";
  return text;
}

Var AxesRule::kept(const Vjp& v, const Var& reduced) {
  const Shape x = v.parent(0).shape();
  const Shape shape = folded(x, v.attribute<Attribute>().axes.bits(x.rank()), true);
  return reduced.shape() == shape ? reduced : reshape(reduced, shape);
}

Var Sum::vjp(const Vjp& v) {
  const Shape x = v.parent(0).shape();
  return broadcast_to(kept(v, v.g), x);
}

Var Mean::vjp(const Vjp& v) {
  const Shape x = v.parent(0).shape();
  const double count = static_cast<double>(x.size()) / static_cast<double>(v.y.type().size());
  return broadcast_to(kept(v, v.g) / count, x);
}

Type ExtremumRule::type(const TypeArgs& args) {
  const Type result = AxesRule::type(args);
  require_elements(args, result, args.op.name == Amin::name ? "minimum" : "maximum");
  return result;
}

std::string ExtremumRule::attribute_text(const void* attribute) {
  std::string text = AxesRule::attribute_text(attribute);
  if (static_cast<const Attribute*>(attribute)->ties == Ties::first) {
    text += text.empty() ? "ties=first" : " ties=first";
  }
  return text;
}

Var ExtremumRule::routed(const Vjp& v, Var (*first)(const Operand&, const Axes&, bool)) {
  const Var x = v.parent(0);
  const auto attribute = v.attribute<Attribute>();
  if (attribute.ties == Ties::share) {
    const Var winners = x == kept(v, v.y);
    const Var ties = sum(cast(winners, x.dtype()), attribute.axes, true);
    return cotangent_where(winners, kept(v, v.g) / ties);
  }
  // The places of the folded elements, counted as argmax and argmin count them.
  const std::uint32_t folds = axes_of(x.type(), &attribute);
  Shape shape;
  for (std::size_t axis = 0; axis < x.shape().rank(); ++axis) {
    shape.push_back((folds >> axis & 1U) != 0 ? x.shape()[axis] : 1);
  }
  Array places({DType::int64, shape});
  std::iota(places.as<std::int64_t>(), places.as<std::int64_t>() + shape.size(), std::int64_t{0});
  const Var winner = first(x, attribute.axes, true) == Operand(x.tape().constant(places));
  return cotangent_where(winner, kept(v, v.g));
}

Var Amax::vjp(const Vjp& v) { return routed(v, argmax); }
Var Amin::vjp(const Vjp& v) { return routed(v, argmin); }

/// e^(x - y). Where y = -∞, all x are, and the difference would be none: the least number stands
/// for y there, so that e^(x - y) is 0.
Var LogSumExp::vjp(const Vjp& v) {
  const double least = v.y.dtype() == DType::float32
                           ? static_cast<double>(std::numeric_limits<float>::lowest())
                           : std::numeric_limits<double>::lowest();
  const Var y = max(kept(v, v.y), least, Subgradient::right);
  return cotangent_times(kept(v, v.g), exp(v.parent(0) - y));
}

namespace {

/// Ranks from 0 to 4, axes from both ends, in the middle and apart, empty arrays.
template <auto reduce>
std::vector<Example> reduce_examples(bool of_nothing) {
  std::vector<Example> examples = {
      {{{DType::float64, {2, 3}, -3, 3}},
       [](std::span<const Var> in) { return reduce(in[0], {}, false); }},
      {{{DType::float64, {2, 3}, -3, 3}},
       [](std::span<const Var> in) { return reduce(in[0], 0, false); }},
      {{{DType::float64, {2, 37}, -3, 3}},
       [](std::span<const Var> in) { return reduce(in[0], -1, true); }},
      {{{DType::float64, {2, 3, 4}, -3, 3}},
       [](std::span<const Var> in) {
         return reduce(in[0], {0, -1}, false);
       }},
      {{{DType::float64, {2, 3, 4}, -3, 3}},
       [](std::span<const Var> in) { return reduce(in[0], 1, true); }},
      {{{DType::float64, {2, 3, 2, 3}, -3, 3}},
       [](std::span<const Var> in) {
         return reduce(in[0], {2, 0}, false);
       }},
      {{{DType::float64, {}, -3, 3}},
       [](std::span<const Var> in) { return reduce(in[0], {}, false); }},
      {{{DType::float64, {0, 3}, -3, 3}},
       [](std::span<const Var> in) { return reduce(in[0], 1, false); }}};
  if (of_nothing) {
    examples.push_back({{{DType::float64, {0, 3}, -3, 3}},
                        [](std::span<const Var> in) { return reduce(in[0], 0, false); }});
  }
  return examples;
}

}  // namespace

std::vector<Example> Sum::examples() { return reduce_examples<tapewise::sum>(true); }
std::vector<Example> Mean::examples() { return reduce_examples<tapewise::mean>(false); }
std::vector<Example> Amax::examples() {
  return reduce_examples<[](const Operand& x, const Axes& axes, bool keepdims) {
    return amax(x, axes, keepdims, usual_ties(axes));
  }>(false);
}
std::vector<Example> Amin::examples() {
  return reduce_examples<[](const Operand& x, const Axes& axes, bool keepdims) {
    return amin(x, axes, keepdims, usual_ties(axes));
  }>(false);
}
std::vector<Example> LogSumExp::examples() { return reduce_examples<tapewise::logsumexp>(true); }

}  // namespace ops

std::span<const OpRecord> records_of(ReduceOps list) {
  return making::library_records(list, "reduce");
}

}  // namespace tapewise
