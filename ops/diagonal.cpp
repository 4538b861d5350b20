#include <tapewise/ops/diagonal.hpp>

#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/reduce.hpp>

namespace tapewise {

namespace ops {

void MatrixPartRule::require_matrices(const TypeArgs& args) {
  if (const Shape& x = args.parent(0).shape; x.rank() < 2) {
    throw args.shape_error("wanted matrices, given " + to_string(x) + ": reshape it first");
  }
}

namespace {

struct Place {
  std::int64_t row, column, length;
};

/// Where diagonal k of a matrix begins, and how long it is.
Place place_of(std::int64_t rows, std::int64_t columns, std::int64_t k) {
  if (k >= columns || -rows >= k) return {0, 0, 0};
  const std::int64_t row = std::max<std::int64_t>(-k, 0), column = std::max<std::int64_t>(k, 0);
  return {row, column, std::min(rows - row, columns - column)};
}

Shape leading(const Shape& x, std::size_t dropped) {
  return Shape(std::span(x.begin(), x.rank() - dropped));
}

/// Strides of the diagonals of matrices: those of the leading axes, and one down to the right.
Strides diagonal_strides(const Shape& matrices) {
  Strides strides = row_major_strides(matrices);
  strides[matrices.rank() - 2] = matrices.back() + 1;
  return strides;
}

}  // namespace

// --- tril, triu ---------------------------------------------------------------------------------

TriangleRule::Params TriangleRule::plan(const KernelRequest& request) {
  const Shape& x = request.out.shape;
  const std::int64_t rows = x[x.rank() - 2], columns = x.back();
  // Beyond the corners all diagonals are the same; a distance from them must not overflow.
  const std::int64_t k = std::clamp(request.attribute<Attribute>().k, -rows - 1, columns + 1);
  return {leading(x, 2).size(), rows, columns, k};
}

template <class T, bool lower>
void TriangleRule::copy(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const T* x = call.in<T>(0);
  T* out = call.out<T>();
  for (std::int64_t m = 0; m < p.matrices; ++m) {
    for (std::int64_t i = 0; i < p.rows; ++i, x += p.columns, out += p.columns) {
      // The first column that is above the lower triangle, or in the upper one.
      const std::int64_t cut = std::clamp<std::int64_t>(i + p.k + (lower ? 1 : 0), 0, p.columns);
      std::fill_n(out, p.columns, T(0));
      if (lower)
        std::copy_n(x, cut, out);
      else
        std::copy(x + cut, x + p.columns, out + cut);
    }
  }
}

Var Tril::vjp(const Vjp& v) { return tril(v.g, v.attribute<Attribute>().k); }
Var Triu::vjp(const Vjp& v) { return triu(v.g, v.attribute<Attribute>().k); }

// --- diagonal -----------------------------------------------------------------------------------

Type Diagonal::type(const TypeArgs& args) {
  require_matrices(args);
  const Type& x = args.parent(0);
  Shape shape = leading(x.shape, 2);
  shape.push_back(
      place_of(x.shape[x.shape.rank() - 2], x.shape.back(), args.attribute<Attribute>().k).length);
  return {x.dtype, shape};
}

kernels::StridedCopy Diagonal::plan(const KernelRequest& request) {
  const Shape &x = request.in[0]->shape, &y = request.out.shape;
  const Place place = place_of(x[x.rank() - 2], x.back(), request.attribute<Attribute>().k);
  return kernels::plan_copy(y, diagonal_strides(x), row_major_strides(y),
                            place.row * x.back() + place.column);
}

Var Diagonal::vjp(const Vjp& v) {
  const Shape x = v.parent(0).shape();
  return diagonal_into(v.g, x[x.rank() - 2], x.back(), v.attribute<Attribute>().k);
}

Type DiagonalInto::type(const TypeArgs& args) {
  const Type& g = args.parent(0);
  const auto a = args.attribute<Attribute>();
  if (a.rows < 0 || a.columns < 0 || g.shape.rank() >= Shape::max_rank) {
    throw args.shape_error("no array has matrices of " + std::to_string(a.rows) + " rows and " +
                           std::to_string(a.columns) +
                           " columns in the place of the last axis of " + to_string(g.shape));
  }
  const std::int64_t length = place_of(a.rows, a.columns, a.k).length;
  if (g.shape.is_scalar() || g.shape.back() != length) {
    throw args.shape_error("diagonal " + std::to_string(a.k) + " of " +
                           to_string(Shape{a.rows, a.columns}) + " has " + std::to_string(length) +
                           " elements, given " + to_string(g.shape));
  }
  Shape shape = leading(g.shape, 1);
  shape.push_back(a.rows);
  shape.push_back(a.columns);
  return {g.dtype, shape};
}

kernels::StridedCopy DiagonalInto::plan(const KernelRequest& request) {
  const auto a = request.attribute<Attribute>();
  const Shape &g = request.in[0]->shape, &y = request.out.shape;
  const Place place = place_of(a.rows, a.columns, a.k);
  return kernels::plan_copy(g, row_major_strides(g), diagonal_strides(y), 0,
                            place.row * a.columns + place.column, y.size());
}

std::string DiagonalInto::attribute_text(const void* attribute) {
  const auto* a = static_cast<const Attribute*>(attribute);
  return to_string(Shape{a->rows, a->columns}) + " k=" + std::to_string(a->k);
}

Var DiagonalInto::vjp(const Vjp& v) { return diagonal(v.g, v.attribute<Attribute>().k); }

// --- examples -----------------------------------------------------------------------------------

namespace {

Example of(const Shape& shape, Var (*apply)(std::span<const Var>)) {
  return {{{DType::float64, shape, -2, 2}}, apply};
}

}  // namespace

std::vector<Example> Tril::examples() {
  return {of({3, 3}, [](std::span<const Var> in) { return tril(in[0]); }),
          of({2, 3, 4}, [](std::span<const Var> in) { return tril(in[0], 1); }),
          of({4, 2}, [](std::span<const Var> in) { return tril(in[0], -2); }),
          of({0, 3}, [](std::span<const Var> in) { return tril(in[0]); }),
          {{{DType::boolean, {3, 3}, 0, 1}}, [](std::span<const Var> in) { return tril(in[0]); }}};
}
std::vector<Example> Triu::examples() {
  return {of({3, 3}, [](std::span<const Var> in) { return triu(in[0]); }),
          of({2, 3, 4}, [](std::span<const Var> in) { return triu(in[0], 1); }),
          of({4, 2}, [](std::span<const Var> in) { return triu(in[0], -2); }),
          of({3, 0}, [](std::span<const Var> in) { return triu(in[0]); }),
          {{{DType::int64, {3, 3}, -9, 9}}, [](std::span<const Var> in) { return triu(in[0]); }}};
}
std::vector<Example> Diagonal::examples() {
  return {of({3, 3}, [](std::span<const Var> in) { return diagonal(in[0]); }),
          of({2, 3, 4}, [](std::span<const Var> in) { return diagonal(in[0], 2); }),
          of({2, 4, 3}, [](std::span<const Var> in) { return diagonal(in[0], -1); }),
          of({2, 2}, [](std::span<const Var> in) { return diagonal(in[0], 5); }),
          of({0, 3}, [](std::span<const Var> in) { return diagonal(in[0]); })};
}
std::vector<Example> DiagonalInto::examples() {
  return {of({3}, [](std::span<const Var> in) { return diagonal_into(in[0], 3, 3); }),
          of({2, 2}, [](std::span<const Var> in) { return diagonal_into(in[0], 3, 4, 2); }),
          of({2, 3}, [](std::span<const Var> in) { return diagonal_into(in[0], 4, 3, -1); }),
          of({0}, [](std::span<const Var> in) { return diagonal_into(in[0], 2, 2, -5); })};
}
std::vector<Example> Diag::examples() {
  return {of({3}, [](std::span<const Var> in) { return diag(in[0], 1); }),
          of({3, 4}, [](std::span<const Var> in) { return diag(in[0], -1); }),
          of({0}, [](std::span<const Var> in) { return diag(in[0]); })};
}
std::vector<Example> Trace::examples() {
  return {of({3, 3}, [](std::span<const Var> in) { return trace(in[0]); }),
          of({2, 3, 4}, [](std::span<const Var> in) { return trace(in[0], 1); }),
          of({0, 0}, [](std::span<const Var> in) { return trace(in[0]); })};
}

}  // namespace ops

Var diag(const Operand& x, std::int64_t k) {
  Composing op("diag", {x});
  const Shape& shape = op[0].shape();
  if (shape.is_scalar()) throw op.shape_error("wanted a vector or matrices, given ()");
  if (shape.rank() > 1) return op.keep(diagonal(op[0], k));
  std::int64_t side = 0;
  if (k == INT64_MIN || __builtin_add_overflow(shape[0], std::abs(k), &side)) {
    throw op.shape_error("no matrix has a diagonal " + std::to_string(k));
  }
  return op.keep(diagonal_into(op[0], side, side, k));
}

Var trace(const Operand& x, std::int64_t k) {
  Composing op("trace", {x});
  const Type& type = op[0].type();
  if (type.shape.rank() < 2) {
    throw op.shape_error("wanted matrices, given " + to_string(type.shape));
  }
  if (!numbers.contains(type.dtype)) {
    throw op.type_error("not defined for " + to_string(type) + ": write cast(x, dtype) first");
  }
  return op.keep(sum(diagonal(op[0], k), -1));
}

std::span<const OpRecord> records_of(DiagonalOps list) {
  return making::library_records(list, "diagonal");
}

}  // namespace tapewise
