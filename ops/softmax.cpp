#include <tapewise/ops/softmax.hpp>

#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/comparison.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/library_records.hpp>

namespace tapewise {

namespace ops {

Var RowRule::batch(const Batched& b) {
  const auto axis = accepted_axis(b.attribute<Attribute>().axis, b.shape(0).rank());
  const Attribute shifted{static_cast<std::int64_t>(axis) + 1};
  return record_again(b, b.operands, &shifted);
}

Type RowRule::type(const TypeArgs& args) {
  const Type& x = args.parent(0);
  if (!is_float(x.dtype)) {
    throw args.type_error("not defined for " + to_string(x) + ": cast it to a float dtype");
  }
  const std::int64_t axis = args.attribute<Attribute>().axis;
  if (normal_axis(axis, x.shape.rank()) < 0) {
    throw args.shape_error("axis " + std::to_string(axis) + " is out of range for " +
                           to_string(x.shape));
  }
  return x;
}

RowRule::Params RowRule::plan(const KernelRequest& request) {
  const Shape& x = request.out.shape;
  const auto axis =
      static_cast<std::size_t>(normal_axis(request.attribute<Attribute>().axis, x.rank()));
  Params p{1, x[axis], 1, request.simd};
  for (std::size_t a = 0; a < axis; ++a) p.outer *= x[a];
  for (std::size_t a = axis + 1; a < x.rank(); ++a) p.inner *= x[a];
  return p;
}

std::vector<Example> RowRule::examples_of(Var (*apply)(std::span<const Var>)) {
  std::vector<Example> examples;
  for (const Shape& shape :
       {Shape{4}, Shape{2, 3}, Shape{2, 3, 2}, Shape{1}, Shape{0, 3}, Shape{3, 0}, Shape{2, 19}}) {
    examples.push_back({{{DType::float64, shape, -3, 3}}, apply});
  }
  return examples;
}

namespace {
/// Half of the examples go along the first axis.
std::int64_t example_axis(const Var& x) {
  const Shape& shape = x.shape();
  return shape.rank() == 3 ? 1 : shape == Shape{2, 3} || shape == Shape{0, 3} ? 0 : -1;
}
}  // namespace

std::vector<Example> Softmax::examples() {
  return examples_of([](std::span<const Var> in) { return softmax(in[0], example_axis(in[0])); });
}

std::vector<Example> LogSoftmax::examples() {
  return examples_of(
      [](std::span<const Var> in) { return log_softmax(in[0], example_axis(in[0])); });
}

std::vector<Example> Softmin::examples() {
  return RowRule::examples_of(
      [](std::span<const Var> in) { return softmin(in[0], example_axis(in[0])); });
}

// --- sparsemax ----------------------------------------------------------------------------------

template <class T>
void Sparsemax::row(const T* x, T* out, std::int64_t n, std::int64_t stride) {
  if (n == 0) return;
  // From the largest element on, as softmax: beside large numbers τ = x - 1 would be x.
  T largest = x[0], sum(0);
  for (std::int64_t i = 1; i < n; ++i) largest = x[i * stride] > largest ? x[i * stride] : largest;
  for (std::int64_t i = 0; i < n; ++i) sum = sum + (x[i * stride] - largest);
  std::int64_t support = n;
  T tau = (sum - T(1)) / T(static_cast<double>(n));
  while (true) {
    T above(0);
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      const T z = x[i * stride] - largest;
      if (!(z > tau)) continue;
      above = above + z;
      ++count;
    }
    // None: a NaN, which τ carries on. More than before: τ has been rounded onto an element, which
    // would come and go for ever.
    if (count == 0 || count >= support) break;
    support = count;
    tau = (above - T(1)) / T(static_cast<double>(count));
  }
  for (std::int64_t i = 0; i < n; ++i) {
    const T over = x[i * stride] - largest - tau;
    out[i * stride] = over <= T(0) ? T(0) : over;
  }
}

template <class T>
void Sparsemax::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  for (std::int64_t o = 0; o < p.outer; ++o) {
    for (std::int64_t i = 0; i < p.inner; ++i) {
      const std::int64_t at = o * p.n * p.inner + i;
      row(call.in<T>(0) + at, call.out<T>() + at, p.n, p.inner);
    }
  }
}

Var Sparsemax::vjp(const Vjp& v) {
  const std::int64_t axis = v.attribute<Attribute>().axis;
  const Var support = cast(v.y > 0.0, v.g.dtype());
  const Var mean = sum(support * v.g, axis, true) / sum(support, axis, true);
  return support * (v.g - mean);
}

std::vector<Example> Sparsemax::examples() {
  return RowRule::examples_of(
      [](std::span<const Var> in) { return sparsemax(in[0], example_axis(in[0])); });
}

}  // namespace ops

Var softmin(const Operand& x, std::int64_t axis) {
  Composing op("softmin", {x});
  return op.keep(softmax(-op[0], axis));
}

std::span<const OpRecord> records_of(SoftmaxOps list) {
  return making::library_records(list, "softmax");
}

}  // namespace tapewise
