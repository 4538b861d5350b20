#include <tapewise/ops/statistics.hpp>

#include <cmath>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/scan.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace ops {

// --- prod ---------------------------------------------------------------------------------------

template <class T>
void Prod::kernel(const KernelCall& call) {
  kernels::for_each_fold(
      call.params<Params>(), call.in<T>(0), call.out<T>(),
      [](const kernels::Folded<T>& elements) { return static_cast<T>(elements.product()); });
}

Var Prod::vjp(const Vjp& v) {
  // The folded axes go to the end and become one, along which there is a before and an after.
  const Var x = v.parent(0);
  const Shape shape = x.shape();
  const std::uint32_t folds = axes_of(x.type(), v.y.attribute_data());
  std::array<std::int64_t, Shape::max_rank> order{}, back{};
  std::size_t count = 0;
  Shape moved, flat;
  std::int64_t folded = 1;
  for (const bool last : {false, true}) {
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
      if (((folds >> axis & 1U) != 0) != last) continue;
      back[axis] = static_cast<std::int64_t>(count);
      order[count++] = static_cast<std::int64_t>(axis);
      moved.push_back(shape[axis]);
      if (last)
        folded *= shape[axis];
      else
        flat.push_back(shape[axis]);
    }
  }
  if (moved.rank() == flat.rank()) return v.g;  // no axis was folded
  flat.push_back(folded);
  const bool in_place = std::is_sorted(order.begin(), order.begin() + count);
  const auto reordered = [&](const Var& a, const auto& axes) {
    return in_place ? a : transpose(a, Axes(std::span<const std::int64_t>(axes.data(), count)));
  };
  const Var row = reshape(reordered(x, order), flat);
  const Var others = cumprod(row, -1, {.exclusive = true}) *
                     cumprod(row, -1, {.exclusive = true, .reverse = true});
  return cotangent_times(kept(v, v.g), reordered(reshape(others, moved), back));
}

// --- var, std -----------------------------------------------------------------------------------

Type VarianceRule::type(const TypeArgs& args) {
  const std::int64_t ddof = args.attribute<Attribute>().ddof;
  if (ddof < 0) {
    throw args.domain_error("ddof is negative: " + std::to_string(ddof) +
                            ", wanted 0 (divide by n) or 1 (by n - 1)");
  }
  return AxesRule::type(args);
}

double VarianceRule::divisor(const Type& x, const void* attribute) {
  const auto ddof = static_cast<double>(static_cast<const Attribute*>(attribute)->ddof);
  return std::max(count(x, attribute) - ddof, 0.0);
}

VarianceRule::Params VarianceRule::plan(const KernelRequest& request) {
  return {AxesRule::plan(request), divisor(*request.in[0], request.attribute_data)};
}

std::string VarianceRule::attribute_text(const void* attribute) {
  const std::string text = AxesRule::attribute_text(attribute);
  const auto ddof = static_cast<const Attribute*>(attribute)->ddof;
  return text + (text.empty() ? "ddof=" : " ddof=") + std::to_string(ddof);
}

/// What rounding has left in the mean is taken out again: Σ(x - m)² - (Σ(x - m))²/n.
template <class T>
T VarianceRule::variance(const kernels::Folded<T>& elements, double divisor) {
  using W = kernels::Wide<T>;
  const W n(static_cast<double>(elements.count()));
  const W mean = elements.sum([](T x) { return W(x); }) / n;
  const W rest = elements.sum([mean](T x) { return W(x) - mean; });
  const W squares = elements.sum([mean](T x) {
    const W distance = W(x) - mean;
    return distance * distance;
  });
  return static_cast<T>((squares - rest * rest / n) / W(divisor));
}

template <class T>
void Variance::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  kernels::for_each_fold(
      p.fold, call.in<T>(0), call.out<T>(),
      [&](const kernels::Folded<T>& elements) { return variance<T>(elements, p.divisor); });
}

Var Variance::vjp(const Vjp& v) {
  const Var x = v.parent(0);
  const Var distance = x - mean(x, v.attribute<Attribute>().axes, true);
  const double factor = 2.0 / divisor(x.type(), v.y.attribute_data());
  return cotangent_times(kept(v, v.g) * factor, distance);
}

template <class T>
void StandardDeviation::kernel(const KernelCall& call) {
  using math::sqrt;
  const auto& p = call.params<Params>();
  kernels::for_each_fold(
      p.fold, call.in<T>(0), call.out<T>(),
      [&](const kernels::Folded<T>& elements) { return sqrt(variance<T>(elements, p.divisor)); });
}

Var StandardDeviation::vjp(const Vjp& v) {
  const Var x = v.parent(0), y = kept(v, v.y);
  const Var distance = x - mean(x, v.attribute<Attribute>().axes, true);
  const Var slope = distance / (y * divisor(x.type(), v.y.attribute_data()));
  return cotangent_where(y != 0.0, cotangent_times(kept(v, v.g), slope));
}

// --- norm ---------------------------------------------------------------------------------------

Type NormOp::type(const TypeArgs& args) {
  const auto attribute = args.attribute<Attribute>();
  const Type result = AxesRule::type(args);
  if (attribute.kind == Norm::frobenius && attribute.axes.count() != 2) {
    throw args.shape_error("the Frobenius norm is of two axes, given " +
                           to_string(args.parent(0).shape) + " " + attribute.axes.text() +
                           ": Norm::two takes any axes");
  }
  return result;
}

namespace {

template <class T>
double real_part(T x) {
  if constexpr (std::is_same_v<T, Complex>)
    return x.re;
  else
    return static_cast<double>(x);
}

/// The largest |x|; NaN when there is one.
template <class T>
T largest_size(const kernels::Folded<T>& elements) {
  using math::abs;
  T largest(0);
  elements.each([&](T x) {
    const T size = abs(x);
    if (size > largest || size != size) largest = size;
  });
  return largest;
}

/// √Σ x², scaled by the largest |x| when squares leave the range of doubles.
template <class T>
T euclidean(const kernels::Folded<T>& elements) {
  using math::sqrt;
  using W = kernels::Wide<T>;
  const W squares = elements.sum([](T x) { return W(x) * W(x); });
  const double size = real_part(squares);
  constexpr double smallest = 1e-280;  // far from where squares lose digits
  if (size >= smallest && std::isfinite(size)) return static_cast<T>(sqrt(squares));
  const T largest = largest_size(elements);
  const double scale = real_part(largest);
  if (!(scale > 0.0) || !std::isfinite(scale)) return largest;
  const W scaled = elements.sum([scale](T x) {
    const W part = W(x) / W(scale);
    return part * part;
  });
  return static_cast<T>(W(scale) * sqrt(scaled));
}

template <class T>
T total_size(const kernels::Folded<T>& elements) {
  using math::abs;
  using W = kernels::Wide<T>;
  return static_cast<T>(elements.sum([](T x) { return W(abs(x)); }));
}

}  // namespace

template <class T>
void NormOp::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const auto write = [&](auto norm) {
    kernels::for_each_fold(p.fold, call.in<T>(0), call.out<T>(), norm);
  };
  switch (p.kind) {
    case Norm::one: return write(total_size<T>);
    case Norm::inf: return write(largest_size<T>);
    default: return write(euclidean<T>);
  }
}

std::string NormOp::attribute_text(const void* attribute) {
  constexpr const char* names[] = {"one", "two", "inf", "frobenius"};
  const std::string axes = AxesRule::attribute_text(attribute);
  const auto kind = static_cast<std::size_t>(static_cast<const Attribute*>(attribute)->kind);
  return names[kind] + (axes.empty() ? axes : " " + axes);
}

Var NormOp::vjp(const Vjp& v) {
  const auto attribute = v.attribute<Attribute>();
  const Var x = v.parent(0), y = kept(v, v.y), g = kept(v, v.g);
  switch (attribute.kind) {
    case Norm::one: return cotangent_times(g, sign(x));
    case Norm::inf: {
      const Var winners = abs(x) == y;
      const Var ties = sum(cast(winners, x.dtype()), attribute.axes, true);
      return cotangent_where(winners, cotangent_times(g / ties, sign(x)));
    }
    default: return cotangent_where(y != 0.0, cotangent_times(g, x / y));
  }
}

// --- examples -----------------------------------------------------------------------------------

namespace {

/// All axes, the first, the last, two apart, a number, rows of nothing.
template <auto reduce>
std::vector<Example> axes_examples() {
  const auto of = [](const Shape& shape, Var (*apply)(std::span<const Var>)) {
    return Example{{{DType::float64, shape, -2, 3}}, apply};
  };
  return {of({2, 3}, [](std::span<const Var> in) { return reduce(in[0], Axes(), false); }),
          of({4, 2}, [](std::span<const Var> in) { return reduce(in[0], Axes(0), false); }),
          of({2, 7}, [](std::span<const Var> in) { return reduce(in[0], Axes(-1), true); }),
          of({2, 3, 2},
             [](std::span<const Var> in) {
               return reduce(in[0], Axes{0, -1}, false);
             }),
          of({2, 3, 4}, [](std::span<const Var> in) { return reduce(in[0], Axes{1}, true); }),
          of({0, 3}, [](std::span<const Var> in) { return reduce(in[0], Axes(1), false); })};
}
void add_number(std::vector<Example>& examples, Var (*apply)(std::span<const Var>)) {
  examples.push_back({{{DType::float64, {}, 0.5, 3}}, apply});
}

}  // namespace

std::vector<Example> Prod::examples() {
  auto examples = axes_examples<tapewise::prod>();
  add_number(examples, [](std::span<const Var> in) { return prod(in[0]); });
  examples.push_back(
      {{{DType::float64, {0, 2}}}, [](std::span<const Var> in) { return prod(in[0], 0); }});
  for (const std::int64_t zeros : {1, 2}) {
    examples.push_back({{{DType::float64, {3}, 0.5, 2}, {DType::float64, {zeros}, 0, 0}},
                        [](std::span<const Var> in) { return prod(concat(in, 0)); }});
  }
  return examples;
}

std::vector<Example> Variance::examples() {
  auto examples = axes_examples<[](const Operand& x, const Axes& axes, bool keepdims) {
    return var(x, axes, keepdims, axes.all() ? 0 : 1);
  }>();
  add_number(examples, [](std::span<const Var> in) { return var(in[0]); });
  return examples;
}

std::vector<Example> StandardDeviation::examples() {
  return axes_examples<[](const Operand& x, const Axes& axes, bool keepdims) {
    return stddev(x, axes, keepdims, axes.all() ? 0 : 1);
  }>();
}

std::vector<Example> NormOp::examples() {
  auto examples = axes_examples<[](const Operand& x, const Axes& axes, bool keepdims) {
    return norm(x, Norm::two, axes, keepdims);
  }>();
  const auto ones = axes_examples<[](const Operand& x, const Axes& axes, bool keepdims) {
    return norm(x, Norm::one, axes, keepdims);
  }>();
  const auto largest = axes_examples<[](const Operand& x, const Axes& axes, bool keepdims) {
    return norm(x, Norm::inf, axes, keepdims);
  }>();
  examples.insert(examples.end(), ones.begin(), ones.end());
  examples.insert(examples.end(), largest.begin(), largest.end());
  examples.push_back({{{DType::float64, {2, 3, 2}}},
                      [](std::span<const Var> in) { return norm(in[0], Norm::frobenius); }});
  for (const Shape& shape : {Shape{}, Shape{0}}) {
    examples.push_back(
        {{{DType::float64, shape, 0.5, 2}}, [](std::span<const Var> in) { return norm(in[0]); }});
  }
  return examples;
}

}  // namespace ops

Var norm(const Operand& x, Norm kind, const Axes& axes, bool keepdims) {
  const bool matrices =
      kind == Norm::frobenius && axes.all() && x.is_var() && x.var().shape().rank() >= 2;
  return record<ops::NormOp>({x}, {{matrices ? Axes{-2, -1} : axes, keepdims}, kind});
}

std::span<const OpRecord> records_of(StatisticsOps list) {
  return making::library_records(list, "statistics");
}

}  // namespace tapewise
