#include <tapewise/ops/one_hot.hpp>

#include <tapewise/ops/comparison.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/index_places.hpp>
#include <tapewise/ops/library_records.hpp>

namespace tapewise {

namespace ops {

Type OneHot::type(const TypeArgs& args) {
  const auto a = args.attribute<Attribute>();
  Shape shape = args.parent(0).shape;
  require_indices(args, 0);
  if (a.classes < 0 || shape.rank() == Shape::max_rank) {
    throw args.shape_error("no array has shape " + to_string(shape) + " and " +
                           std::to_string(a.classes) + " classes");
  }
  shape.push_back(a.classes);
  const auto dtype = static_cast<DType>(a.dtype);
  if (!every_dtype.contains(dtype)) {
    throw args.type_error("no array on a tape is " + std::string(name_of(dtype)));
  }
  return {dtype, shape};
}

IndexParams OneHot::plan(const KernelRequest& request) {
  return around(request.out.shape, -1, request.in[0]->size());
}

template <class T>
void OneHot::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const auto* labels = call.in<std::int64_t>(0);
  T* out = call.out<T>();
  set_zero(out, p.count * p.size);
  for (std::int64_t i = 0; i < p.count; ++i) out[i * p.size + place<OneHot>(labels, i, p)] = T(1);
}

std::string OneHot::attribute_text(const void* attribute) {
  const auto* a = static_cast<const Attribute*>(attribute);
  return "classes=" + std::to_string(a->classes) +
         " dtype=" + std::string(name_of(static_cast<DType>(a->dtype)));
}

std::vector<Example> OneHot::examples() {
  return {{{{DType::int64, {5}, 0, 3}}, [](std::span<const Var> in) { return one_hot(in[0], 4); }},
          {{{DType::int64, {2, 2}, -2, 1}},
           [](std::span<const Var> in) { return one_hot(in[0], 2, DType::boolean); }},
          {{{DType::int64, {}, 0, 2}},
           [](std::span<const Var> in) { return one_hot(in[0], 3, DType::float32); }},
          {{{DType::int64, {0}, 0, 2}},
           [](std::span<const Var> in) { return one_hot(in[0], 3, DType::int64); }}};
}

std::vector<Example> MaskedFill::examples() {
  const ExampleInput mask{DType::boolean, {2, 3}, 0, 1}, x{DType::float64, {2, 3}, -2, 2};
  return {{{x, mask}, [](std::span<const Var> in) { return masked_fill(in[0], in[1], -1.5); }},
          {{x, {DType::boolean, {3}, 0, 1}, {DType::float64, {2, 1}}},
           [](std::span<const Var> in) { return masked_fill(in[0], in[1], in[2]); }},
          {{{DType::float64, {}}, {DType::boolean, {}, 0, 1}},
           [](std::span<const Var> in) { return masked_fill(in[0], in[1], 2.0); }},
          {{{DType::float64, {0}}, {DType::boolean, {0}, 0, 1}},
           [](std::span<const Var> in) { return masked_fill(in[0], in[1], 2.0); }}};
}

}  // namespace ops

Var masked_fill(const Operand& x, const Operand& mask, const Operand& value) {
  Composing op("masked_fill", {x, mask});
  const Type& mask_type = op[1].type();
  if (mask_type.dtype != DType::boolean) {
    throw op.type_error("the mask is of dtype bool, given " + to_string(mask_type) +
                        ": write a comparison");
  }
  const Var y = where(op[1], value, op[0]);
  if (!(y.shape() == op[0].shape())) {
    throw op.shape_error("mask " + to_string(mask_type.shape) + " and value do not broadcast to " +
                         to_string(op[0].shape()) + ": the result would be " +
                         to_string(y.shape()));
  }
  return op.keep(y);
}

Var one_hot(const Operand& labels, std::int64_t classes, DType dtype) {
  return record<ops::OneHot>({labels}, {classes, static_cast<std::int64_t>(dtype)});
}

std::span<const OpRecord> records_of(MaskOps list) {
  return making::library_records(list, "index");
}

}  // namespace tapewise
