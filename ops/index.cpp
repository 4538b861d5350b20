#include <tapewise/ops/index.hpp>

#include <algorithm>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/index_places.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise::ops {

// --- stacks: one axis further on
// ------------------------------------------------------------------

namespace {

/// The same op with its axis, one of `rank`, counted behind that of the stack.
template <class R>
Var one_axis_further(const Batched& b, std::span<const Var> operands, std::size_t rank) {
  auto attribute = b.attribute<typename R::Attribute>();
  attribute.axis = static_cast<std::int64_t>(accepted_axis(attribute.axis, rank)) + 1;
  return record_again(b, operands, &attribute);
}

/// For an x of its own at each place of the stack and indices that they share.
template <class R>
Var batch_with_shared_indices(const Batched& b, std::size_t rank) {
  if (b.is_stacked(1)) return one_by_one(b);
  return one_axis_further<R>(b, b.operands, rank);
}

/// For operands that are aligned: those that the stack shares are repeated.
template <class R>
Var batch_aligned(const Batched& b) {
  std::vector<Var> operands;
  for (std::size_t k = 0; k < b.operands.size(); ++k) {
    Shape shape = {b.n};
    for (const std::int64_t size : b.shape(k)) shape.push_back(size);
    operands.push_back(broadcast_to(b.operands[k], shape));
  }
  return one_axis_further<R>(b, operands, b.shape(0).rank());
}

}  // namespace

Var Take::batch(const Batched& b) { return batch_with_shared_indices<Take>(b, b.shape(0).rank()); }
Var TakeAdd::batch(const Batched& b) {
  return batch_with_shared_indices<TakeAdd>(b, b.y.shape().rank());
}
Var Gather::batch(const Batched& b) { return batch_aligned<Gather>(b); }
Var ScatterAdd::batch(const Batched& b) { return batch_aligned<ScatterAdd>(b); }

// --- take, take_add -----------------------------------------------------------------------------

Type Take::type(const TypeArgs& args) {
  const Type& x = args.parent(0);
  const Shape& indices = args.parent(1).shape;
  const std::size_t axis =
      checked_axis(args, args.attribute<Attribute>().axis, x.shape.rank(), x.shape);
  require_indices(args, 1);
  if (x.shape.rank() - 1 + indices.rank() > Shape::max_rank) {
    throw args.shape_error("the result would have more than " + std::to_string(Shape::max_rank) +
                           " axes: " + to_string(x.shape) + " with indices " + to_string(indices));
  }
  Shape shape;
  for (std::size_t a = 0; a < axis; ++a) shape.push_back(x.shape[a]);
  for (const std::int64_t size : indices) shape.push_back(size);
  for (std::size_t a = axis + 1; a < x.shape.rank(); ++a) shape.push_back(x.shape[a]);
  return {x.dtype, shape};
}

IndexParams Take::plan(const KernelRequest& request) {
  return around(request.in[0]->shape, request.attribute<Attribute>().axis, request.in[1]->size());
}

template <class T>
void Take::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const auto* indices = call.in<std::int64_t>(1);
  const T* x = call.in<T>(0);
  T* out = call.out<T>();
  for (std::int64_t o = 0; o < p.outer; ++o, x += p.size * p.inner) {
    for (std::int64_t i = 0; i < p.count; ++i, out += p.inner) {
      std::copy_n(x + place<Take>(indices, i, p) * p.inner, p.inner, out);
    }
  }
}

Var Take::vjp(const Vjp& v) {
  if (v.use != 0) return {};
  const Shape x = v.parent(0).shape();
  const std::size_t axis = accepted_axis(v.attribute<Attribute>().axis, x.rank());
  return take_add(v.g, v.parent(1), static_cast<std::int64_t>(axis), x[axis]);
}

std::vector<Example> Take::examples() {
  return {{{{DType::float64, {4, 3}}, {DType::int64, {5}, -4, 3}},
           [](std::span<const Var> in) { return take(in[0], in[1], 0); }},
          {{{DType::float64, {2, 3, 2}}, {DType::int64, {2, 2}, 0, 2}},
           [](std::span<const Var> in) { return take(in[0], in[1], -2); }},
          {{{DType::float64, {5}}, {DType::int64, {}, 0, 4}},
           [](std::span<const Var> in) { return take(in[0], in[1], 0); }},
          {{{DType::float64, {2, 3}}, {DType::int64, {0}, 0, 2}},
           [](std::span<const Var> in) { return take(in[0], in[1], 1); }}};
}

Type TakeAdd::type(const TypeArgs& args) {
  const Type& g = args.parent(0);
  const Shape& indices = args.parent(1).shape;
  const auto a = args.attribute<Attribute>();
  require_indices(args, 1);
  require_numbers(args);
  const auto do_not_fit = [&] {
    return args.shape_error("indices " + to_string(indices) + " do not stand at axis " +
                            std::to_string(a.axis) + " of " + to_string(g.shape));
  };
  if (g.shape.rank() < indices.rank() || g.shape.rank() - indices.rank() == Shape::max_rank) {
    throw do_not_fit();
  }
  const std::size_t rank = g.shape.rank() - indices.rank() + 1;
  const int axis = normal_axis(a.axis, rank);
  if (axis < 0) throw do_not_fit();
  const auto first = static_cast<std::size_t>(axis);
  if (!std::equal(indices.begin(), indices.end(), g.shape.begin() + first)) throw do_not_fit();
  Shape shape;
  for (std::size_t k = 0; k < first; ++k) shape.push_back(g.shape[k]);
  shape.push_back(checked_size(args, a.size));
  for (std::size_t k = first + indices.rank(); k < g.shape.rank(); ++k) {
    shape.push_back(g.shape[k]);
  }
  return {g.dtype, shape};
}

IndexParams TakeAdd::plan(const KernelRequest& request) {
  return around(request.out.shape, request.attribute<Attribute>().axis, request.in[1]->size());
}

template <class T>
void TakeAdd::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const auto* indices = call.in<std::int64_t>(1);
  const T* g = call.in<T>(0);
  T* out = call.out<T>();
  set_zero(out, p.outer * p.size * p.inner);
  for (std::int64_t o = 0; o < p.outer; ++o, out += p.size * p.inner) {
    for (std::int64_t i = 0; i < p.count; ++i, g += p.inner) {
      T* row = out + place<TakeAdd>(indices, i, p) * p.inner;
      for (std::int64_t k = 0; k < p.inner; ++k) row[k] += g[k];
    }
  }
}

Var TakeAdd::vjp(const Vjp& v) {
  if (v.use != 0) return {};
  return take(v.g, v.parent(1), v.attribute<Attribute>().axis);
}

std::vector<Example> TakeAdd::examples() {
  return {{{{DType::float64, {5, 3}}, {DType::int64, {5}, -4, 3}},
           [](std::span<const Var> in) { return take_add(in[0], in[1], 0, 4); }},
          {{{DType::float64, {2, 2, 2, 3}}, {DType::int64, {2, 2}, 0, 2}},
           [](std::span<const Var> in) { return take_add(in[0], in[1], -2, 3); }},
          {{{DType::float64, {3}}, {DType::int64, {}, 0, 1}},
           [](std::span<const Var> in) { return take_add(in[0], in[1], 0, 2); }},
          {{{DType::float64, {2, 0}}, {DType::int64, {0}, 0, 1}},
           [](std::span<const Var> in) { return take_add(in[0], in[1], 1, 3); }}};
}

// --- gather, scatter_add ------------------------------------------------------------------------

namespace {

/// Same rank, and the same sizes in all axes but one.
void require_aligned(const TypeArgs& args, const char* who, std::size_t axis) {
  const Shape &x = args.parent(0).shape, &indices = args.parent(1).shape;
  Shape fitting = x;
  if (indices.rank() == x.rank()) fitting.set(axis, indices[axis]);
  if (indices != fitting) {
    throw args.shape_error(std::string(who) + " and indices differ in another axis than " +
                           std::to_string(axis) + ": " + to_string(x) + " and " +
                           to_string(indices));
  }
}

}  // namespace

Type Gather::type(const TypeArgs& args) {
  const Type& x = args.parent(0);
  const std::size_t axis =
      checked_axis(args, args.attribute<Attribute>().axis, x.shape.rank(), x.shape);
  require_indices(args, 1);
  require_aligned(args, "x", axis);
  return {x.dtype, args.parent(1).shape};
}

IndexParams Gather::plan(const KernelRequest& request) {
  const std::int64_t axis = request.attribute<Attribute>().axis;
  const Shape& y = request.out.shape;
  return around(request.in[0]->shape, axis, y[accepted_axis(axis, y.rank())]);
}

template <class T>
void Gather::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const auto* indices = call.in<std::int64_t>(1);
  const T* x = call.in<T>(0);
  T* out = call.out<T>();
  std::int64_t position = 0;
  for (std::int64_t o = 0; o < p.outer; ++o, x += p.size * p.inner) {
    for (std::int64_t i = 0; i < p.count; ++i) {
      for (std::int64_t k = 0; k < p.inner; ++k, ++position) {
        out[position] = x[place<Gather>(indices, position, p) * p.inner + k];
      }
    }
  }
}

Var Gather::vjp(const Vjp& v) {
  if (v.use != 0) return {};
  const Shape x = v.parent(0).shape();
  const std::size_t axis = accepted_axis(v.attribute<Attribute>().axis, x.rank());
  return scatter_add(v.g, v.parent(1), static_cast<std::int64_t>(axis), x[axis]);
}

std::vector<Example> Gather::examples() {
  return {{{{DType::float64, {4, 3}}, {DType::int64, {4, 1}, 0, 2}},
           [](std::span<const Var> in) { return gather(in[0], in[1], 1); }},
          {{{DType::float64, {3, 2, 2}}, {DType::int64, {4, 2, 2}, -3, 2}},
           [](std::span<const Var> in) { return gather(in[0], in[1], -3); }},
          {{{DType::float64, {5}}, {DType::int64, {7}, 0, 4}},
           [](std::span<const Var> in) { return gather(in[0], in[1], 0); }},
          {{{DType::float64, {2, 3}}, {DType::int64, {2, 0}, 0, 2}},
           [](std::span<const Var> in) { return gather(in[0], in[1], 1); }}};
}

Type ScatterAdd::type(const TypeArgs& args) {
  const Type& g = args.parent(0);
  const auto a = args.attribute<Attribute>();
  const std::size_t axis = checked_axis(args, a.axis, g.shape.rank(), g.shape);
  require_indices(args, 1);
  require_numbers(args);
  if (args.parent(1).shape != g.shape) {
    throw args.shape_error("g and indices differ in shape: " + to_string(g.shape) + " and " +
                           to_string(args.parent(1).shape));
  }
  Shape shape = g.shape;
  shape.set(axis, checked_size(args, a.size));
  return {g.dtype, shape};
}

IndexParams ScatterAdd::plan(const KernelRequest& request) {
  const std::int64_t axis = request.attribute<Attribute>().axis;
  const Shape& g = request.in[0]->shape;
  return around(request.out.shape, axis, g[accepted_axis(axis, g.rank())]);
}

template <class T>
void ScatterAdd::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const auto* indices = call.in<std::int64_t>(1);
  const T* g = call.in<T>(0);
  T* out = call.out<T>();
  set_zero(out, p.outer * p.size * p.inner);
  std::int64_t position = 0;
  for (std::int64_t o = 0; o < p.outer; ++o, out += p.size * p.inner) {
    for (std::int64_t i = 0; i < p.count; ++i) {
      for (std::int64_t k = 0; k < p.inner; ++k, ++position) {
        out[place<ScatterAdd>(indices, position, p) * p.inner + k] += g[position];
      }
    }
  }
}

Var ScatterAdd::vjp(const Vjp& v) {
  if (v.use != 0) return {};
  return gather(v.g, v.parent(1), v.attribute<Attribute>().axis);
}

std::vector<Example> ScatterAdd::examples() {
  return {{{{DType::float64, {4, 1}}, {DType::int64, {4, 1}, 0, 2}},
           [](std::span<const Var> in) { return scatter_add(in[0], in[1], 1, 3); }},
          {{{DType::float64, {4, 2, 2}}, {DType::int64, {4, 2, 2}, -3, 2}},
           [](std::span<const Var> in) { return scatter_add(in[0], in[1], -3, 3); }},
          {{{DType::float64, {0, 2}}, {DType::int64, {0, 2}, 0, 1}},
           [](std::span<const Var> in) { return scatter_add(in[0], in[1], 0, 2); }}};
}

}  // namespace tapewise::ops

namespace tapewise {

namespace {

/// A plain whole number as an int64 index: it would become a float otherwise.
Operand as_indices(const Operand& indices) {
  const double number = indices.number();
  if (!indices.is_number() || indices.number_dtype() != DType::int64) return indices;
  return {ArrayView(static_cast<std::int64_t>(number)), indices.where()};
}

}  // namespace

Var take(const Operand& x, const Operand& indices, std::int64_t axis) {
  return record<ops::Take>({x, as_indices(indices)}, {axis});
}

Var take_add(const Operand& g, const Operand& indices, std::int64_t axis, std::int64_t size) {
  return record<ops::TakeAdd>({g, as_indices(indices)}, {axis, size});
}

Var gather(const Operand& x, const Operand& indices, std::int64_t axis) {
  return record<ops::Gather>({x, indices}, {axis});
}

Var scatter_add(const Operand& g, const Operand& indices, std::int64_t axis, std::int64_t size) {
  return record<ops::ScatterAdd>({g, indices}, {axis, size});
}

Var scatter_add(const Operand& x, const Operand& indices, const Operand& g, std::int64_t axis) {
  Composing op("scatter_add", {x, indices, g});
  const Shape& shape = op[0].shape();
  const int normal = normal_axis(axis, shape.rank());
  if (normal < 0) {
    throw op.shape_error("axis " + std::to_string(axis) + " is out of range for " +
                         to_string(shape));
  }
  const Var sums = scatter_add(op[2], op[1], axis, shape[static_cast<std::size_t>(normal)]);
  if (!(sums.shape() == shape)) {
    throw op.shape_error("x and g differ in another axis than " + std::to_string(axis) + ": " +
                         to_string(shape) + " and " + to_string(op[2].shape()));
  }
  return op.keep(op[0] + sums);
}

std::span<const OpRecord> records_of(IndexOps list) {
  return making::library_records(list, "index");
}

}  // namespace tapewise
