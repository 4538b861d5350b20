#include <tapewise/ops/matrices.hpp>

#include <limits>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

ops::MatrixRule::Params ops::MatrixRule::plan(const KernelRequest& request) {
  const Shape& a = request.in[0]->shape;
  const Shape batch = matrices::batch_of(a);
  return {batch, batch.size(), matrices::rows(a), matrices::columns(a)};
}

Var ops::MatrixRule::batch(const Batched& b) {
  return record_again(b, b.operands, b.y.attribute_data());
}

namespace matrices {

Shape batch_of(const Shape& matrices) {
  return Shape(std::span(matrices.begin(), matrices.rank() - 2));
}
Shape extended(const Shape& batch, std::initializer_list<std::int64_t> sizes) {
  Shape shape = batch;
  for (const std::int64_t size : sizes) shape.push_back(size);
  return shape;
}
std::int64_t rows(const Shape& matrices) { return matrices[matrices.rank() - 2]; }
std::int64_t columns(const Shape& matrices) { return matrices.back(); }

const Type& checked(const TypeArgs& args, std::size_t k) {
  const Type& a = args.parent(k);
  if (!is_float(a.dtype)) {
    throw args.type_error("not defined for " + to_string(a) + ": cast it to a float dtype");
  }
  if (a.shape.rank() < 2) {
    throw args.shape_error("wanted matrices, given " + to_string(a) + ": two axes at least");
  }
  // Byte counts and workspaces are worked out in int as well.
  constexpr std::int64_t most = std::numeric_limits<int>::max() / 128;
  if (rows(a.shape) > most || columns(a.shape) > most) {
    throw args.shape_error("a size is beyond what LAPACK can count: " + to_string(a.shape));
  }
  return a;
}

const Type& checked_square(const TypeArgs& args, std::size_t k) {
  const Type& a = checked(args, k);
  if (rows(a.shape) != columns(a.shape)) {
    throw args.shape_error("wanted square matrices, given " + to_string(a.shape) + ": " +
                           std::to_string(rows(a.shape)) +
                           " != " + std::to_string(columns(a.shape)));
  }
  return a;
}

std::string name_of_matrix(std::int64_t matrix, const Shape& batch) {
  if (batch.is_scalar()) return "the matrix";
  Shape place = batch;
  for (std::size_t axis = batch.rank(); axis-- > 0; matrix /= batch[axis]) {
    place.set(axis, matrix % batch[axis]);
  }
  return "matrix " + to_string(place) + " of the batch " + to_string(batch);
}

void refuse(const kernels::Fault& fault, std::string_view op, const Shape& batch,
            std::string_view advice) {
  if (!fault) return;
  const std::string place = std::to_string(fault.place);
  const std::string what = [&]() -> std::string {
    switch (fault.kind) {
      case kernels::Fault::Kind::not_finite: return "has an element that is infinite or NaN";
      case kernels::Fault::Kind::singular:
        return "is singular: no pivot but 0 for column " + place + std::string(advice);
      case kernels::Fault::Kind::not_positive_definite:
        return "is not positive definite: its leading minor of order " + place + " is not positive";
      case kernels::Fault::Kind::not_positive:
        return "has a negative determinant, whose logarithm is no real number: use slogdet";
      case kernels::Fault::Kind::unavailable:
        return "needs LAPACK, which is not in the page: give these inputs to the command tapewise";
      default: return "is one for which LAPACK's iteration did not converge";
    }
  }();
  throw DomainError("[" + std::string(op) + "] " + name_of_matrix(fault.matrix, batch) + " " +
                    what);
}

namespace {

/// A constant n x n matrix from f(i, j).
template <class F>
Var constant_matrix(Tape& tape, DType dtype, std::int64_t n, F&& f) {
  const Array array({dtype, {n, n}});
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      if (dtype == DType::float32)
        array.as<float>()[i * n + j] = static_cast<float>(f(i, j));
      else
        array.as<double>()[i * n + j] = f(i, j);
    }
  }
  return tape.constant(array);
}

Shape with_ones(const Shape& shape, std::size_t at, std::size_t count) {
  Shape result;
  for (std::size_t axis = 0; axis < at; ++axis) result.push_back(shape[axis]);
  for (std::size_t k = 0; k < count; ++k) result.push_back(1);
  for (std::size_t axis = at; axis < shape.rank(); ++axis) result.push_back(shape[axis]);
  return result;
}

/// The elements [begin, end) of the last axis.
Slices on_last_axis(std::size_t rank, std::int64_t begin, std::int64_t end) {
  std::array<Slice, Shape::max_rank> slices{};
  slices[rank - 1] = {begin, end};
  return Slices(std::span<const Slice>(slices.data(), rank));
}

/// Elements of a part for each matrix; of an empty batch any size will do.
std::int64_t size_of_part(const Shape& packed, const Shape& part) {
  std::int64_t matrices = 1;
  for (std::size_t axis = 0; axis + 1 < packed.rank(); ++axis) matrices *= packed[axis];
  return matrices == 0 ? 0 : part.size() / matrices;
}

}  // namespace

Var identity(Tape& tape, DType dtype, std::int64_t n) {
  return constant_matrix(tape, dtype, n, [](auto i, auto j) { return i == j ? 1.0 : 0.0; });
}
Var lower_weights(Tape& tape, DType dtype, std::int64_t n, double diagonal) {
  return constant_matrix(tape, dtype, n, [&](auto i, auto j) {
    return i == j ? diagonal : i > j ? 1.0 : 0.0;
  });
}
Var as_row(const Var& x) { return reshape(x, with_ones(x.shape(), x.shape().rank() - 1, 1)); }
Var as_column(const Var& x) { return reshape(x, with_ones(x.shape(), x.shape().rank(), 1)); }
Var as_matrix(const Var& x) { return reshape(x, with_ones(x.shape(), x.shape().rank(), 2)); }

Var part(const Var& packed, std::int64_t begin, const Shape& shape, SourceLine where) {
  const std::int64_t end = begin + size_of_part(packed.shape(), shape);
  const Var flat = slice(Operand(packed, where), on_last_axis(packed.shape().rank(), begin, end));
  return reshape(Operand(flat, where), shape);
}

Var cotangent_part(const Var& g, std::int64_t begin, const Shape& shape) {
  if (&g.op() == &record_of<ops::Add>()) {
    const Var a = cotangent_part(g.parent(0), begin, shape);
    const Var b = cotangent_part(g.parent(1), begin, shape);
    if (!a.has_tape()) return b;
    return b.has_tape() ? a + b : a;
  }
  if (&g.op() == &record_of<ops::SliceInto>()) {
    ops::SliceInto::Attribute into;
    std::memcpy(&into, g.attribute_data(), sizeof into);
    const std::size_t last = g.shape().rank() - 1;
    if (into.slices.count() == last + 1 && into.slices[last].step == 1) {
      const Slice& used = into.slices[last];
      const Var inner = g.parent(0);
      if (used.start == begin && inner.shape().size() == shape.size()) {
        return reshape(inner, shape);
      }
      if (used.stop <= begin || used.start >= begin + size_of_part(g.shape(), shape)) return {};
    }
  }
  return part(g, begin, shape);
}

}  // namespace matrices

}  // namespace tapewise
