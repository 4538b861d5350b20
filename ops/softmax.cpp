#include <tapewise/ops/softmax.hpp>

#include <tapewise/ops/batching.hpp>
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
  return x.shape().rank() == 3 ? 1 : x.shape().back() == 3 ? 0 : -1;
}
}  // namespace

std::vector<Example> Softmax::examples() {
  return examples_of([](std::span<const Var> in) { return softmax(in[0], example_axis(in[0])); });
}

std::vector<Example> LogSoftmax::examples() {
  return examples_of(
      [](std::span<const Var> in) { return log_softmax(in[0], example_axis(in[0])); });
}

}  // namespace ops

std::span<const OpRecord> records_of(SoftmaxOps list) {
  return making::library_records(list, "softmax");
}

}  // namespace tapewise
