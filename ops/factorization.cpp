#include <tapewise/ops/factorization.hpp>

#include <cmath>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/over_gaps.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/solve.hpp>

namespace tapewise {

using matrices::as_column, matrices::as_row, matrices::cotangent_part, matrices::part;

namespace {

/// Shapes of a factorization's parts for matrices (..., m, n).
struct Parts {
  explicit Parts(const Shape& a)
      : batch(matrices::batch_of(a)),
        m(matrices::rows(a)),
        n(matrices::columns(a)),
        k(std::min(m, n)) {}
  Shape matrix(std::int64_t rows, std::int64_t columns) const {
    return matrices::extended(batch, {rows, columns});
  }
  Shape vector(std::int64_t size) const { return matrices::extended(batch, {size}); }

  Shape batch;
  std::int64_t m, n, k;
};

/// (x + xᵀ)
Var with_transpose(const Var& x) { return x + swap_last(x); }

/// The sum of those contributions that there are.
void add(Var& sum, const Var& term) { sum = sum.has_tape() ? sum + term : term; }

/// Products of the sizes as doubles, for estimates of work.
double product(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
  return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c) *
         static_cast<double>(d);
}

EighResult eigh_parts(const Var& packed, const Parts& p, SourceLine where) {
  return {part(packed, 0, p.vector(p.n), where), part(packed, p.n, p.matrix(p.n, p.n), where)};
}
SvdResult svd_parts(const Var& packed, const Parts& p, SourceLine where) {
  return {part(packed, 0, p.matrix(p.m, p.k), where), part(packed, p.m * p.k, p.vector(p.k), where),
          part(packed, p.m * p.k + p.k, p.matrix(p.k, p.n), where)};
}
QrResult qr_parts(const Var& packed, const Parts& p, SourceLine where) {
  return {part(packed, 0, p.matrix(p.m, p.k), where),
          part(packed, p.m * p.k, p.matrix(p.k, p.n), where)};
}

}  // namespace

namespace ops {

// --- cholesky -----------------------------------------------------------------------------------

template <class T>
void Cholesky::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(kernels::cholesky(p.batches, p.n, call.in<T>(0), call.out<T>()), name, p.batch);
}

double Cholesky::flops(const KernelRequest& request) {
  const Params p = plan(request);
  return product(p.batches, p.n, p.n, p.n) / 3.0;
}

Var Cholesky::vjp(const Vjp& v) {
  const Var& l = v.y;
  const Var weights = matrices::lower_weights(l.tape(), l.dtype(), l.shape().back(), 0.5);
  const Var s = 0.5 * with_transpose(weights * matmul(swap_last(l), v.g));
  const TriangularOptions transposed{.lower = true, .transposed = true};
  return triangular_solve(l, swap_last(triangular_solve(l, s, transposed)), transposed);
}

namespace {

/// The identity times `by` added: positive definite examples, with elements in (-1, 1) otherwise.
Var positive(const Var& x, double by) {
  if (x.shape().rank() < 2) return x;
  return x + by * matrices::identity(x.tape(), x.dtype(), x.shape().back());
}

const Shape square_shapes[] = {{3, 3}, {2, 2, 2}, {2, 1, 4, 4}, {1, 1},
                               {0, 0}, {0, 2, 2}, {2, 0, 0}};
const Shape all_shapes[] = {{3, 3}, {4, 2}, {2, 4}, {2, 3, 2}, {2, 1, 2, 3}, {1, 1},
                            {3, 1}, {1, 3}, {0, 2}, {2, 0},    {0, 2, 2}};

std::vector<Example> examples_with(std::span<const Shape> shapes,
                                   Var (*apply)(std::span<const Var>)) {
  std::vector<Example> examples;
  for (const Shape& shape : shapes) examples.push_back({{{DType::float64, shape, -1, 1}}, apply});
  return examples;
}

}  // namespace

std::vector<Example> Cholesky::examples() {
  return examples_with(square_shapes,
                       [](std::span<const Var> in) { return cholesky(positive(in[0], 5)); });
}

// --- eigh ---------------------------------------------------------------------------------------

Type Eigh::type(const TypeArgs& args) {
  const Type& a = matrices::checked_square(args);
  const Parts p(a.shape);
  return {a.dtype, p.vector(p.n + p.n * p.n)};
}

template <class T>
void Eigh::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(kernels::eigh(p.batches, p.n, call.in<T>(0), call.out<T>()), name, p.batch);
}

double Eigh::flops(const KernelRequest& request) {
  const Params p = plan(request);
  return 9.0 * product(p.batches, p.n, p.n, p.n);
}

Var Eigh::vjp(const Vjp& v) {
  const Parts p(v.parent(0).shape());
  const auto [w, V] = eigh_parts(v.y, p, SourceLine::here());
  const Var g_w = cotangent_part(v.g, 0, p.vector(p.n));
  const Var g_V = cotangent_part(v.g, p.n, p.matrix(p.n, p.n));
  Var left;
  if (g_w.has_tape()) add(left, V * as_row(g_w));
  if (g_V.has_tape()) {
    const Var quotients = over_gaps(matmul(swap_last(V), g_V), w, w, true);
    add(left, matmul(V, 0.5 * with_transpose(quotients)));
  }
  return left.has_tape() ? matmul(left, swap_last(V)) : Var{};
}

namespace {

/// With diag(0, 4, 8, ...) added, so that eigenvalues and singular values keep their distance.
Var spread(const Var& x) {
  if (x.shape().rank() < 2) return x;
  const std::int64_t m = matrices::rows(x.shape()), n = matrices::columns(x.shape());
  const Array diagonal({x.dtype(), {m, n}});
  for (std::int64_t i = 0; i < m * n; ++i) {
    const double value =
        i / std::max<std::int64_t>(n, 1) == i % n ? 2.0 + 4.0 * static_cast<double>(i % n) : 0.0;
    if (x.dtype() == DType::float32)
      diagonal.as<float>()[i] = static_cast<float>(value);
    else
      diagonal.as<double>()[i] = value;
  }
  return x + x.tape().constant(diagonal);
}

}  // namespace

/// Squares, so that the signs of eigenvectors do not count.
std::vector<Example> Eigh::examples() {
  auto examples = examples_with(square_shapes,
                                [](std::span<const Var> in) { return eigh(spread(in[0])).values; });
  for (const Shape& shape : square_shapes) {
    examples.push_back({{{DType::float64, shape, -1, 1}}, [](std::span<const Var> in) {
                          const auto [values, vectors] = eigh(spread(in[0]));
                          return square(vectors) * as_row(values);
                        }});
  }
  return examples;
}

// --- svd ----------------------------------------------------------------------------------------

Type Svd::type(const TypeArgs& args) {
  const Type& a = matrices::checked(args);
  const Parts p(a.shape);
  return {a.dtype, p.vector(p.k * (p.m + p.n + 1))};
}

template <class T>
void Svd::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(kernels::svd(p.batches, p.m, p.n, call.in<T>(0), call.out<T>()), name, p.batch);
}

double Svd::flops(const KernelRequest& request) {
  const Params p = plan(request);
  return 10.0 * product(p.batches, p.m, p.n, std::min(p.m, p.n));
}

Var Svd::vjp(const Vjp& v) {
  const Parts p(v.parent(0).shape());
  const auto [U, s, Vt] = svd_parts(v.y, p, SourceLine::here());
  const Var V = swap_last(Vt);
  const Var g_U = cotangent_part(v.g, 0, p.matrix(p.m, p.k));
  const Var g_s = cotangent_part(v.g, p.m * p.k, p.vector(p.k));
  const Var g_Vt = cotangent_part(v.g, p.m * p.k + p.k, p.matrix(p.k, p.n));

  // (M - Mᵀ)_ij / (s_j² - s_i²), the difference of squares as a product
  const auto turned = [&, &s = s](const Var& M) {
    return with_transpose(over_gaps(over_gaps(M, s, s, true), -s, s, true));
  };
  // G·S⁻¹ for the part of G that is orthogonal to the columns of `basis`
  const auto outside = [&, &s = s](const Var& basis, const Var& inside, const Var& G) {
    const Var zeros = filled(s.tape(), {s.dtype(), p.vector(matrices::rows(basis.shape()))}, 0.0);
    return over_gaps(G - matmul(basis, inside), zeros, s);
  };

  Var left, right;  // Ā = left·Vᵀ + U·right
  if (g_s.has_tape()) add(left, U * as_row(g_s));
  if (g_U.has_tape()) {
    const Var M = matmul(swap_last(U), g_U);
    add(left, matmul(U, turned(M) * as_row(s)));
    if (p.m > p.k) add(left, outside(U, M, g_U));
  }
  if (g_Vt.has_tape()) {
    const Var g_V = swap_last(g_Vt), M = matmul(Vt, g_V);
    add(right, matmul(as_column(s) * turned(M), Vt));
    if (p.n > p.k) add(right, swap_last(outside(V, M, g_V)));
  }
  Var total;
  if (left.has_tape()) add(total, matmul(left, Vt));
  if (right.has_tape()) add(total, matmul(U, right));
  return total;
}

std::vector<Example> Svd::examples() {
  auto examples =
      examples_with(all_shapes, [](std::span<const Var> in) { return svd(spread(in[0])).s; });
  for (const Shape& shape : all_shapes) {
    examples.push_back({{{DType::float64, shape, -1, 1}}, [](std::span<const Var> in) {
                          const auto [u, s, vt] = svd(spread(in[0]));
                          return matmul(square(u) * as_row(s), square(vt));
                        }});
  }
  return examples;
}

// --- qr -----------------------------------------------------------------------------------------

Type Qr::type(const TypeArgs& args) {
  const Type& a = matrices::checked(args);
  const Parts p(a.shape);
  return {a.dtype, p.vector(p.k * (p.m + p.n))};
}

template <class T>
void Qr::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(kernels::qr(p.batches, p.m, p.n, call.in<T>(0), call.out<T>()), name, p.batch);
}

double Qr::flops(const KernelRequest& request) {
  const Params p = plan(request);
  return 4.0 * product(p.batches, p.m, p.n, std::min(p.m, p.n));
}

namespace {

/// The first (or the other) `k` columns.
Var columns_of(const Var& x, std::int64_t begin, std::int64_t end) {
  std::array<Slice, Shape::max_rank> slices{};
  const std::size_t rank = x.shape().rank();
  slices[rank - 1] = {begin, end};
  return slice(x, Slices(std::span<const Slice>(slices.data(), rank)));
}

/// The gradient for a square R: (G_Q + Q·copyltu(R·G_Rᵀ - G_Qᵀ·Q))·R⁻ᵀ. One cotangent may be empty.
Var qr_gradient(const Var& Q, const Var& R, const Var& g_Q, const Var& g_R) {
  Var M;
  if (g_R.has_tape()) add(M, matmul(R, swap_last(g_R)));
  if (g_Q.has_tape()) add(M, -matmul(swap_last(g_Q), Q));
  const std::int64_t n = R.shape().back();
  const Var tril = matrices::lower_weights(R.tape(), R.dtype(), n, 1.0);
  const Var strict = matrices::lower_weights(R.tape(), R.dtype(), n, 0.0);
  Var total = matmul(Q, M * tril + swap_last(M * strict));
  if (g_Q.has_tape()) total = g_Q + total;
  return swap_last(triangular_solve(R, swap_last(total), {.lower = false}));
}

}  // namespace

Var Qr::vjp(const Vjp& v) {
  const Parts p(v.parent(0).shape());
  const auto [Q, R] = qr_parts(v.y, p, SourceLine::here());
  Var g_Q = cotangent_part(v.g, 0, p.matrix(p.m, p.k));
  const Var g_R = cotangent_part(v.g, p.m * p.k, p.matrix(p.k, p.n));
  if (!g_Q.has_tape() && !g_R.has_tape()) return {};
  if (p.m >= p.n) return qr_gradient(Q, R, g_Q, g_R);
  // A = (X Y) with a square X = Q·R₁, and Y = Q·R₂
  const Var R1 = columns_of(R, 0, p.m);
  if (!g_R.has_tape()) {
    return concat(
        {qr_gradient(Q, R1, g_Q, {}), filled(Q.tape(), {Q.dtype(), p.matrix(p.m, p.n - p.m)}, 0.0)},
        -1);
  }
  const Var Y = columns_of(v.parent(0), p.m, p.n);
  const Var g_R1 = columns_of(g_R, 0, p.m), g_R2 = columns_of(g_R, p.m, p.n);
  add(g_Q, matmul(Y, swap_last(g_R2)));
  return concat({qr_gradient(Q, R1, g_Q, g_R1), matmul(Q, g_R2)}, -1);
}

std::vector<Example> Qr::examples() {
  auto examples =
      examples_with(all_shapes, [](std::span<const Var> in) { return qr(spread(in[0])).q; });
  for (const auto apply : {+[](std::span<const Var> in) { return qr(spread(in[0])).r; },
                           +[](std::span<const Var> in) {
                             const auto [q, r] = qr(spread(in[0]));
                             return matmul(square(q), square(r));
                           }}) {
    for (const Shape& shape : all_shapes) {
      examples.push_back({{{DType::float64, shape, -1, 1}}, apply});
    }
  }
  return examples;
}

}  // namespace ops

// --- the parts ----------------------------------------------------------------------------------

namespace {

/// Records the packed node of R and its parts: all of them or none.
template <class R, class F>
auto record_parts(const Operand& a, F&& parts) {
  if (!a.is_var()) (void)record<R>({a});  // throws: nothing says which tape is meant
  Tape::Transaction transaction(a.var().tape());
  const Var packed = record<R>({a});
  const auto result = parts(packed, Parts(a.var().shape()), a.where());
  transaction.keep();
  return result;
}

}  // namespace

EighResult eigh(const Operand& a) { return record_parts<ops::Eigh>(a, eigh_parts); }
SvdResult svd(const Operand& a) { return record_parts<ops::Svd>(a, svd_parts); }
QrResult qr(const Operand& a) { return record_parts<ops::Qr>(a, qr_parts); }

std::span<const OpRecord> records_of(FactorizationOps list) {
  return making::library_records(list, "linalg");
}

}  // namespace tapewise
