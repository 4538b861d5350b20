#include <tapewise/ops/linalg.hpp>

#include <algorithm>
#include <limits>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace ops {

namespace {

/// An operand seen as matrices: rows and columns as the product reads them, and the batch axes.
struct Matrices {
  std::int64_t rows, columns;
  Shape batch;
};

Matrices left(const Shape& s, bool transposed) {
  if (s.rank() == 1) return {1, s[0], {}};
  const Shape batch(std::span(s.begin(), s.rank() - 2));
  const std::int64_t r = s[s.rank() - 2], c = s.back();
  return transposed ? Matrices{c, r, batch} : Matrices{r, c, batch};
}

Matrices right(const Shape& s, bool transposed) {
  if (s.rank() == 1) return {s[0], 1, {}};
  return left(s, transposed);
}

/// x with the axis of size 1 that makes a matrix of a vector.
Var as_matrix(const Var& x, bool is_left) {
  if (x.shape().rank() > 1) return x;
  const std::int64_t n = x.shape()[0];
  return is_left ? reshape(x, {1, n}) : reshape(x, {n, 1});
}

/// A batch of matrices as one tall matrix.
Var all_rows(const Var& x) {
  const Shape& s = x.shape();
  std::int64_t rows = 1;
  for (std::size_t axis = 0; axis + 1 < s.rank(); ++axis) rows *= s[axis];
  return reshape(x, {rows, s.back()});
}

/// g with the axes that vectors among the operands have cost the result.
Var with_vector_axes(const Vjp& v) {
  const bool a_is_vector = v.parent(0).shape().rank() == 1;
  const bool b_is_vector = v.parent(1).shape().rank() == 1;
  if (!a_is_vector && !b_is_vector) return v.g;
  const Shape& g = v.g.shape();
  Shape full;
  const std::size_t kept = g.rank() - (a_is_vector ? 0U : 1U) - (b_is_vector ? 0U : 1U);
  for (std::size_t axis = 0; axis < kept; ++axis) full.push_back(g[axis]);
  full.push_back(a_is_vector ? 1 : g[kept]);
  full.push_back(b_is_vector ? 1 : g.back());
  return reshape(v.g, full);
}

Strides batch_strides(const Shape& from, const Shape& to, std::int64_t matrix) {
  Strides strides = broadcast_strides(from, to);
  for (auto& stride : strides) stride *= matrix;
  return strides;
}

}  // namespace

Type Matmul::type(const TypeArgs& args) {
  const Type &a = args.parent(0), &b = args.parent(1);
  const std::string both = to_string(a.shape) + " x " + to_string(b.shape);
  for (const Type* t : {&a, &b}) {
    if (!is_float(t->dtype)) {
      throw args.type_error("not defined for " + to_string(*t) + ": cast it to a float dtype");
    }
  }
  if (a.dtype != b.dtype) {
    throw args.type_error("dtypes differ: " + to_string(a) + " x " + to_string(b) +
                          ": write cast(x, dtype) on one of them");
  }
  if (a.shape.is_scalar() || b.shape.is_scalar()) {
    throw args.shape_error("a scalar is no matrix: " + both + ": write a*b");
  }
  const auto attribute = args.attribute<Attribute>();
  const Matrices A = left(a.shape, attribute.trans_a != 0),
                 B = right(b.shape, attribute.trans_b != 0);
  if (A.columns != B.rows) {
    throw args.shape_error("inner sizes differ: " + both + ": " + std::to_string(A.columns) +
                           " != " + std::to_string(B.rows));
  }
  if (std::max({A.rows, A.columns, B.columns}) > std::numeric_limits<int>::max()) {
    throw args.shape_error("a size is beyond what the BLAS can count: " + both);
  }
  Type result{a.dtype, {}};
  if (!tapewise::broadcast(A.batch, B.batch, result.shape)) {
    throw args.shape_error("batch axes do not broadcast: " + both);
  }
  if (a.shape.rank() > 1) result.shape.push_back(A.rows);
  if (b.shape.rank() > 1) result.shape.push_back(B.columns);
  return result;
}

Matmul::Params Matmul::plan(const KernelRequest& request) {
  const auto attribute = request.attribute<Attribute>();
  const Matrices A = left(request.in[0]->shape, attribute.trans_a != 0);
  const Matrices B = right(request.in[1]->shape, attribute.trans_b != 0);
  Params p{};
  p.product = {A.rows, B.columns, A.columns, attribute.trans_a, attribute.trans_b, request.simd};
  Shape batch;
  (void)tapewise::broadcast(A.batch, B.batch, batch);
  p.batches = batch.size();
  // One B for all rows of a contiguous batch of A: a single, taller product, if BLAS can count it.
  if (B.batch.size() == 1 && attribute.trans_a == 0 && A.batch.size() == p.batches &&
      p.batches <= std::numeric_limits<int>::max() / std::max<std::int64_t>(A.rows, 1)) {
    p.product.m *= p.batches;
    p.batches = p.batches == 0 ? 0 : 1;
    return p;
  }
  // One A for a batch of column vectors: they are the rows of one matrix, to be multiplied with Aᵀ.
  if (B.columns == 1 && A.batch.size() == 1 && B.batch.size() == p.batches && p.batches > 1 &&
      p.batches <= std::numeric_limits<int>::max()) {
    p.product = {p.batches, A.rows, A.columns, 0, 1U - attribute.trans_a, request.simd};
    p.batches = 1;
    p.swapped = true;
    return p;
  }
  p.batch_rank = batch.rank();
  const Strides a = batch_strides(A.batch, batch, A.rows * A.columns);
  const Strides b = batch_strides(B.batch, batch, B.rows * B.columns);
  for (std::size_t axis = 0; axis < batch.rank(); ++axis) {
    p.batch_sizes[axis] = batch[axis];
    p.a_strides[axis] = a[axis];
    p.b_strides[axis] = b[axis];
  }
  return p;
}

double Matmul::flops(const KernelRequest& request) {
  const Params p = plan(request);
  return 2.0 * static_cast<double>(p.batches) * static_cast<double>(p.product.m) *
         static_cast<double>(p.product.n) * static_cast<double>(p.product.k);
}

template <class T>
void Matmul::run(const Params& p, bool add, const T* a, const T* b, T* c) {
  if (p.batches == 1) {
    return kernels::multiply(p.product, p.swapped ? b : a, p.swapped ? a : b, c, add);
  }
  for (std::int64_t batch = 0; batch < p.batches; ++batch) {
    std::int64_t at_a = 0, at_b = 0, rest = batch;
    for (std::size_t axis = p.batch_rank; axis-- > 0;) {
      const std::int64_t index = rest % p.batch_sizes[axis];
      rest /= p.batch_sizes[axis];
      at_a += index * p.a_strides[axis];
      at_b += index * p.b_strides[axis];
    }
    kernels::multiply(p.product, a + at_a, b + at_b, c + batch * p.product.m * p.product.n, add);
  }
}

template <class T>
void Matmul::kernel(const KernelCall& call) {
  run(call.params<Params>(), false, call.in<T>(0), call.in<T>(1), call.out<T>());
}

template <class T>
void Matmul::rows_kernel(const KernelCall& call, std::int64_t first, std::int64_t count) {
  Params p = call.params<Params>();
  p.product.m = count;
  run(p, false, call.in<T>(0) + first * p.product.k, call.in<T>(1),
      call.out<T>() + first * p.product.n);
}

Var Matmul::vjp(const Vjp& v) {
  const Var g = with_vector_axes(v);
  const Var A = as_matrix(v.parent(0), true), B = as_matrix(v.parent(1), false);
  if (v.use == 1 && B.shape().rank() == 2 && A.shape().rank() > 2) {
    // One B for all batches: their sum is one product with all rows, never an array of products.
    const Var own = matmul(swap_last(all_rows(A)), all_rows(g));
    const Shape& shape = v.parent(1).shape();
    return own.shape() == shape ? own : reshape(own, shape);
  }
  const Var full = v.use == 0 ? matmul(g, swap_last(B)) : matmul(swap_last(A), g);
  const Var& parent = v.use == 0 ? A : B;
  const Var own = sum_to(full, parent.shape());
  const Shape& shape = v.parent(static_cast<std::size_t>(v.use)).shape();
  return own.shape() == shape ? own : reshape(own, shape);
}

/// Stacked vectors are the rows of a matrix; a stack of matrices broadcasts beside one matrix.
Var Matmul::batch(const Batched& b) {
  const Var &A = b.operands[0], &B = b.operands[1];
  const std::size_t rank_a = b.shape(0).rank(), rank_b = b.shape(1).rank();
  if (!b.is_stacked(0) && rank_b == 1) {
    if (rank_a == 1) return matmul(B, A);
    if (rank_a == 2) return matmul(B, transpose(A));
  }
  if (!b.is_stacked(1) && rank_b <= 2) return matmul(A, B);
  // Everything as matrices with the same number of batch axes.
  const std::size_t rank = std::max({rank_a, rank_b, std::size_t{2}});
  const auto full = [&](std::size_t k) {
    const Var& x = b.operands[k];
    const Shape& one = b.shape(k);
    Shape shape;
    if (b.is_stacked(k)) shape.push_back(b.n);
    const bool vector = one.rank() == 1;
    for (std::size_t axis = vector ? 2 : one.rank(); b.is_stacked(k) && axis < rank; ++axis) {
      shape.push_back(1);
    }
    if (vector && k == 0) shape.push_back(1);
    for (const std::int64_t size : one) shape.push_back(size);
    if (vector && k == 1) shape.push_back(1);
    return shape == x.shape() ? x : reshape(x, shape);
  };
  const Var product = matmul(full(0), full(1));
  Shape shape = {b.n};
  for (const std::int64_t size : b.y.shape()) shape.push_back(size);
  return product.shape() == shape ? product : reshape(product, shape);
}

bool Matmul::absorb(int use, const OpRecord& producer, const Type& produced,
                    const void* producer_attribute, void* attribute) {
  if (producer.key != &rule_key<Transpose>) return false;
  Axes axes;
  std::memcpy(&axes, producer_attribute, sizeof axes);
  if (produced.shape.rank() < 2 || !Transpose::swaps_last(axes, produced.shape.rank()))
    return false;
  Attribute flags;
  std::memcpy(&flags, attribute, sizeof flags);
  std::uint32_t& flag = use == 0 ? flags.trans_a : flags.trans_b;
  flag = 1U - flag;
  std::memcpy(attribute, &flags, sizeof flags);
  return true;
}

std::string Matmul::attribute_text(const void* attribute) {
  const auto* flags = static_cast<const Attribute*>(attribute);
  std::string text;
  if (flags->trans_a != 0) text += "Aᵀ";
  if (flags->trans_b != 0) text += text.empty() ? "Bᵀ" : " Bᵀ";
  return text;
}

std::vector<Example> Matmul::examples() {
  constexpr auto apply = [](std::span<const Var> in) { return matmul(in[0], in[1]); };
  const std::pair<Shape, Shape> shapes[] = {
      {{2, 3}, {3, 4}},       {{3}, {3}},          {{2, 3}, {3}},       {{3}, {3, 4}},
      {{2, 2, 3}, {2, 3, 2}}, {{2, 2, 3}, {3, 2}}, {{2, 3}, {2, 3, 2}}, {{2, 1, 2, 3}, {3, 3, 2}},
      {{2, 2, 3}, {3}},       {{3}, {2, 3, 2}},    {{0, 3}, {3, 2}},    {{2, 0}, {0, 3}},
      {{1, 1}, {1, 1}},       {{2, 3}, {4, 3, 1}}, {{12, 9}, {9, 11}},  {{1, 40}, {40, 20}},
      {{0, 2, 3}, {3, 2}}};
  std::vector<Example> examples;
  for (const auto& [a, b] : shapes) {
    examples.push_back({{{DType::float64, a, -1, 1}, {DType::float64, b, -1, 1}}, apply});
  }
  return examples;
}

// --- sums of products ---------------------------------------------------------------------------

Type MatmulAdd::type(const TypeArgs& args) {
  TypeArgs factors = args;
  factors.parents = args.parents.subspan(1);
  const Type product = Matmul::type(factors);
  const Type& c = args.parent(0);
  if (c.dtype != product.dtype) {
    throw args.type_error("the product is " + to_string(product) + ", given " + to_string(c) +
                          " to add it to");
  }
  if (c.shape != product.shape) {
    throw args.shape_error("the product has shape " + to_string(product.shape) + ", given " +
                           to_string(c.shape) + " to add it to: write c + matmul(a, b)");
  }
  return product;
}

MatmulAdd::Params MatmulAdd::plan(const KernelRequest& request) {
  return Matmul::plan({request.in.subspan(1), request.out, request.attribute_data,
                       request.complex_step, request.simd});
}

template <class T>
void MatmulAdd::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  if (call.out<T>() != call.in<T>(0)) {
    std::copy_n(call.in<T>(0), p.batches * p.product.m * p.product.n, call.out<T>());
  }
  Matmul::run(p, true, call.in<T>(1), call.in<T>(2), call.out<T>());
}

template <class T>
void MatmulAdd::rows_kernel(const KernelCall& call, std::int64_t first, std::int64_t count) {
  Params p = call.params<Params>();
  p.product.m = count;
  T* out = call.out<T>() + first * p.product.n;
  const T* c = call.in<T>(0) + first * p.product.n;
  if (out != c) std::copy_n(c, count * p.product.n, out);
  Matmul::run(p, true, call.in<T>(1) + first * p.product.k, call.in<T>(2), out);
}

double MatmulAdd::flops(const KernelRequest& request) {
  return Matmul::flops({request.in.subspan(1), request.out, request.attribute_data,
                        request.complex_step, request.simd});
}

Var MatmulAdd::vjp(const Vjp& v) {
  if (v.use == 0) return v.g;
  return Matmul::vjp({matmul(v.parent(1), v.parent(2)), v.g, v.use - 1});
}

std::vector<Example> MatmulAdd::examples() {
  constexpr auto apply = [](std::span<const Var> in) { return matmul_add(in[0], in[1], in[2]); };
  const std::array<Shape, 3> shapes[] = {{{{2, 4}, {2, 3}, {3, 4}}},
                                         {{{2}, {2, 3}, {3}}},
                                         {{{4}, {3}, {3, 4}}},
                                         {{{}, {3}, {3}}},
                                         {{{5, 6}, {5, 1}, {1, 6}}},
                                         {{{2, 2, 2}, {2, 2, 3}, {2, 3, 2}}},
                                         {{{2, 3, 2}, {2, 3, 4}, {4, 2}}},
                                         {{{4, 2, 1}, {2, 3}, {4, 3, 1}}},
                                         {{{12, 11}, {12, 9}, {9, 11}}},
                                         {{{0, 2}, {0, 3}, {3, 2}}},
                                         {{{2, 3}, {2, 0}, {0, 3}}}};
  std::vector<Example> examples;
  for (const auto& [c, a, b] : shapes) {
    examples.push_back(
        {{{DType::float64, c, -1, 1}, {DType::float64, a, -1, 1}, {DType::float64, b, -1, 1}},
         apply});
  }
  return examples;
}

}  // namespace ops

std::span<const OpRecord> records_of(LinalgOps list) {
  return making::library_records(list, "linalg");
}

}  // namespace tapewise
