#include <tapewise/ops/solve.hpp>

#include <limits>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace ops {

namespace {

double cutoff_for(double given, const KernelRequest& request, std::int64_t m, std::int64_t n) {
  if (given >= 0.0) return given;
  const double eps = request.in[0]->dtype == DType::float32
                         ? static_cast<double>(std::numeric_limits<float>::epsilon())
                         : std::numeric_limits<double>::epsilon();
  return eps * static_cast<double>(std::max(m, n));
}

std::string cutoff_text(double cutoff) { return cutoff < 0.0 ? "" : "cutoff=" + to_text(cutoff); }

/// Square examples are moved away from singular ones.
Var shifted(const Var& x, double by) {
  if (x.shape().rank() < 2) return x;
  return x + by * matrices::identity(x.tape(), x.dtype(), x.shape().back());
}

constexpr std::string_view use_pinv = ": pinv(a) is defined";
constexpr std::string_view use_lstsq = ": lstsq(a, b) is defined";

}  // namespace

// --- inverse ------------------------------------------------------------------------------------

template <class T>
void Inverse::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(kernels::invert(p.batches, p.n, call.in<T>(0), call.out<T>()), name, p.batch,
                   use_pinv);
}

double Inverse::flops(const KernelRequest& request) {
  const Params p = plan(request);
  return 2.0 * static_cast<double>(p.batches * p.n) * static_cast<double>(p.n * p.n);
}

Var Inverse::vjp(const Vjp& v) {
  const Var yt = swap_last(v.y);
  return -matmul(yt, matmul(v.g, yt));
}

std::vector<Example> Inverse::examples() {
  std::vector<Example> examples;
  for (const Shape& shape : {Shape{3, 3}, Shape{2, 2, 2}, Shape{2, 1, 4, 4}, Shape{1, 1},
                             Shape{0, 0}, Shape{0, 2, 2}, Shape{2, 0, 0}}) {
    examples.push_back({{{DType::float64, shape, -1, 1}},
                        [](std::span<const Var> in) { return inverse(shifted(in[0], 3)); }});
  }
  return examples;
}

// --- solve, triangular_solve, lstsq -----------------------------------------------------------

namespace {

bool is_vector(const Shape& b) { return b.rank() == 1; }
std::int64_t right_sides(const Shape& b) { return is_vector(b) ? 1 : b.back(); }
Shape batch_of_b(const Shape& b) { return is_vector(b) ? Shape{} : matrices::batch_of(b); }

}  // namespace

Type SolveRule::type_for(const TypeArgs& args, bool square) {
  const Type& a = square ? matrices::checked_square(args) : matrices::checked(args);
  const Type& b = args.parent(1);
  const std::string both = to_string(a.shape) + " and " + to_string(b.shape);
  if (a.dtype != b.dtype) {
    throw args.type_error("dtypes differ: " + to_string(a) + " and " + to_string(b) +
                          ": write cast(x, dtype) on one of them");
  }
  if (b.shape.is_scalar()) {
    throw args.shape_error("the right side is a scalar: " + both + ", wanted a vector or matrices");
  }
  if (!is_vector(b.shape)) matrices::checked(args, 1);
  const std::int64_t given = is_vector(b.shape) ? b.shape[0] : matrices::rows(b.shape);
  if (given != matrices::rows(a.shape)) {
    throw args.shape_error("the right side has other rows than the matrix: " + both + ": " +
                           std::to_string(given) +
                           " != " + std::to_string(matrices::rows(a.shape)) +
                           (b.shape.rank() + 1 == a.shape.rank() && b.shape.rank() > 1
                                ? "; a stack of vectors needs a last axis of size 1"
                                : ""));
  }
  Shape shape;
  if (!tapewise::broadcast(matrices::batch_of(a.shape), batch_of_b(b.shape), shape)) {
    throw args.shape_error("batch axes do not broadcast: " + both);
  }
  shape.push_back(matrices::columns(a.shape));
  if (!is_vector(b.shape)) shape.push_back(b.shape.back());
  return {a.dtype, shape};
}

SolveRule::Params SolveRule::params_for(const KernelRequest& request) {
  const Shape &a = request.in[0]->shape, &b = request.in[1]->shape;
  Params p{};
  p.m = matrices::rows(a);
  p.n = matrices::columns(a);
  p.k = right_sides(b);
  const Shape of_a = matrices::batch_of(a), of_b = batch_of_b(b);
  (void)tapewise::broadcast(of_a, of_b, p.batch);
  p.batches = kernels::PairedBatches(of_a, p.m * p.n, of_b, p.m * p.k, p.batch);
  return p;
}

Var SolveRule::as_matrices(const Vjp& v, const Var& x) {
  return is_vector(v.parent(1).shape()) ? matrices::as_column(x) : x;
}

/// Summed over the batches along which the operand was broadcast, in the operand's shape.
Var SolveRule::as_operand(const Vjp& v, const Var& gradient) {
  const Shape shape = v.parent(static_cast<std::size_t>(v.use)).shape();
  const bool vector = v.use == 1 && is_vector(shape);
  const Var own = sum_to(gradient, vector ? matrices::extended(shape, {1}) : shape);
  return vector ? reshape(own, shape) : own;
}

/// Everything as matrices with the same number of batch axes, the stack's axis first.
Var SolveRule::batch(const Batched& b) {
  const std::size_t rank = std::max({b.shape(0).rank(), b.shape(1).rank(), std::size_t{2}});
  std::vector<Var> operands;
  for (std::size_t k = 0; k < 2; ++k) {
    const Shape& one = b.shape(k);
    Shape shape;
    if (b.is_stacked(k)) shape.push_back(b.n);
    for (std::size_t axis = is_vector(one) ? 2 : one.rank(); b.is_stacked(k) && axis < rank; ++axis)
      shape.push_back(1);
    for (const std::int64_t size : one) shape.push_back(size);
    if (is_vector(one)) shape.push_back(1);
    operands.push_back(reshape(b.operands[k], shape));
  }
  return reshape(record_again(b, operands, b.y.attribute_data()), [&] {
    Shape shape = {b.n};
    for (const std::int64_t size : b.y.shape()) shape.push_back(size);
    return shape;
  }());
}

SolveRule::Params Solve::plan(const KernelRequest& request) {
  Params p = params_for(request);
  p.triangle.transposed = static_cast<std::uint32_t>(request.attribute<Attribute>().transposed);
  return p;
}

template <class T>
void Solve::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(kernels::solve(p.batches, p.triangle.transposed != 0, p.n, p.k, call.in<T>(0),
                                  call.in<T>(1), call.out<T>()),
                   name, p.batch, use_lstsq);
}

double Solve::flops(const KernelRequest& request) {
  const auto n = static_cast<double>(matrices::rows(request.in[0]->shape));
  const double matrices = static_cast<double>(request.in[0]->size()) / std::max(n * n, 1.0);
  return matrices * 2.0 / 3.0 * n * n * n + 2.0 * n * static_cast<double>(request.out.size());
}

Var Solve::vjp(const Vjp& v) {
  const Attribute other{1U - v.attribute<Attribute>().transposed};
  const Var g = as_matrices(v, v.g), y = as_matrices(v, v.y);
  const Var of_b = record<Solve>({v.parent(0), g}, other);
  if (v.use == 1) return as_operand(v, of_b);
  return as_operand(
      v, -(other.transposed != 0 ? matmul(of_b, swap_last(y)) : matmul(y, swap_last(of_b))));
}

std::string Solve::attribute_text(const void* attribute) {
  return static_cast<const Attribute*>(attribute)->transposed != 0 ? "Aᵀ" : "";
}

namespace {

const std::pair<Shape, Shape> solve_shapes[] = {
    {{3, 3}, {3}},    {{3, 3}, {3, 2}},          {{2, 2, 2}, {2, 2, 3}}, {{2, 2}, {3, 2, 1}},
    {{2, 2, 2}, {2}}, {{2, 1, 2, 2}, {3, 2, 2}}, {{1, 1}, {1, 1}},       {{0, 0}, {0, 2}},
    {{2, 2}, {2, 0}}, {{0, 2, 2}, {2, 1}}};

std::vector<Example> solve_examples(Var (*apply)(std::span<const Var>)) {
  std::vector<Example> examples;
  for (const auto& [a, b] : solve_shapes) {
    examples.push_back({{{DType::float64, a, -1, 1}, {DType::float64, b, -1, 1}}, apply});
  }
  return examples;
}

}  // namespace

std::vector<Example> Solve::examples() {
  auto examples =
      solve_examples([](std::span<const Var> in) { return solve(shifted(in[0], 3), in[1]); });
  examples.push_back({{{DType::float64, {2, 3, 3}, -1, 1}, {DType::float64, {3, 2}, -1, 1}},
                      [](std::span<const Var> in) {
                        return record<Solve>({shifted(in[0], 3), in[1]}, {1});
                      }});
  return examples;
}

SolveRule::Params TriangularSolve::plan(const KernelRequest& request) {
  Params p = params_for(request);
  p.triangle = request.attribute<Attribute>();
  return p;
}

template <class T>
void TriangularSolve::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(kernels::solve_triangular(p.batches, p.triangle, p.n, p.k, call.in<T>(0),
                                             call.in<T>(1), call.out<T>()),
                   name, p.batch, use_lstsq);
}

double TriangularSolve::flops(const KernelRequest& request) {
  return static_cast<double>(matrices::rows(request.in[0]->shape)) *
         static_cast<double>(request.out.size());
}

Var TriangularSolve::vjp(const Vjp& v) {
  const Attribute own = v.attribute<Attribute>();
  Attribute other = own;
  other.transposed = 1U - own.transposed;
  const Var g = as_matrices(v, v.g), y = as_matrices(v, v.y);
  const Var of_b = record<TriangularSolve>({v.parent(0), g}, other);
  if (v.use == 1) return as_operand(v, of_b);
  const Var full = own.transposed != 0 ? matmul(y, swap_last(of_b)) : matmul(of_b, swap_last(y));
  const std::int64_t n = v.parent(0).shape().back();
  const Var lower =
      matrices::lower_weights(v.g.tape(), v.g.dtype(), n, own.unit_diagonal != 0 ? 0.0 : 1.0);
  return as_operand(v, -(full * (own.lower != 0 ? lower : swap_last(lower))));
}

std::string TriangularSolve::attribute_text(const void* attribute) {
  const auto* a = static_cast<const Attribute*>(attribute);
  std::string text = a->lower != 0 ? "lower" : "upper";
  if (a->transposed != 0) text += " Aᵀ";
  if (a->unit_diagonal != 0) text += " unit_diagonal";
  return text;
}

std::vector<Example> TriangularSolve::examples() {
  auto examples = solve_examples(
      [](std::span<const Var> in) { return triangular_solve(shifted(in[0], 3), in[1]); });
  const ExampleInput a{DType::float64, {2, 3, 3}, -1, 1}, b{DType::float64, {3, 2}, -1, 1};
  examples.push_back({{a, b}, [](std::span<const Var> in) {
                        return triangular_solve(shifted(in[0], 3), in[1], {.lower = false});
                      }});
  examples.push_back({{a, b}, [](std::span<const Var> in) {
                        return triangular_solve(shifted(in[0], 3), in[1],
                                                {.lower = false, .transposed = true});
                      }});
  examples.push_back({{a, b}, [](std::span<const Var> in) {
                        return triangular_solve(in[0], in[1],
                                                {.transposed = true, .unit_diagonal = true});
                      }});
  return examples;
}

SolveRule::Params Lstsq::plan(const KernelRequest& request) {
  Params p = params_for(request);
  p.cutoff = cutoff_for(request.attribute<Attribute>().cutoff, request, p.m, p.n);
  return p;
}

template <class T>
void Lstsq::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(kernels::least_squares(p.batches, p.m, p.n, p.k, p.cutoff, call.in<T>(0),
                                          call.in<T>(1), call.out<T>()),
                   name, p.batch);
}

Var Lstsq::vjp(const Vjp& v) {
  const double cutoff = v.attribute<Attribute>().cutoff;
  const Var a = v.parent(0), at = swap_last(a);
  const Var g = as_matrices(v, v.g), y = as_matrices(v, v.y), b = as_matrices(v, v.parent(1));
  const Var of_b = lstsq(at, g, cutoff);
  if (v.use == 1) return as_operand(v, of_b);
  const Var residual = b - matmul(a, y), in_kernel = g - matmul(at, of_b);
  return as_operand(v, matmul(residual, swap_last(lstsq(a, of_b, cutoff))) -
                           matmul(of_b, swap_last(y)) +
                           matmul(lstsq(at, y, cutoff), swap_last(in_kernel)));
}

std::string Lstsq::attribute_text(const void* attribute) {
  return cutoff_text(static_cast<const Attribute*>(attribute)->cutoff);
}

namespace {

/// Ones are added to the main diagonal, so that the columns (or rows) are far from dependent.
Var with_full_rank(const Var& x) {
  if (x.shape().rank() < 2) return x;
  const std::int64_t m = matrices::rows(x.shape()), n = matrices::columns(x.shape());
  const std::int64_t most = std::max(m, n);
  const Var ones = matrices::identity(x.tape(), x.dtype(), most);
  return x + 2.0 * slice(ones, {{0, m}, {0, n}});
}

}  // namespace

std::vector<Example> Lstsq::examples() {
  const auto apply = [](std::span<const Var> in) { return lstsq(with_full_rank(in[0]), in[1]); };
  const std::pair<Shape, Shape> shapes[] = {
      {{4, 2}, {4}},    {{2, 3}, {2, 2}}, {{2, 3, 2}, {3, 1}}, {{3, 2}, {2, 3, 2}},
      {{2, 2}, {2, 2}}, {{1, 1}, {1}},    {{0, 2}, {0, 1}},    {{2, 0}, {2, 1}}};
  std::vector<Example> examples;
  for (const auto& [a, b] : shapes) {
    examples.push_back({{{DType::float64, a, -1, 1}, {DType::float64, b, -1, 1}}, apply});
  }
  return examples;
}

// --- pinv ---------------------------------------------------------------------------------------

Type Pinv::type(const TypeArgs& args) {
  const Type& a = matrices::checked(args);
  return {a.dtype, matrices::extended(matrices::batch_of(a.shape),
                                      {matrices::columns(a.shape), matrices::rows(a.shape)})};
}

Pinv::Params Pinv::plan(const KernelRequest& request) {
  const MatrixRule::Params of = MatrixRule::plan(request);
  return {of, cutoff_for(request.attribute<Attribute>().cutoff, request, of.m, of.n)};
}

template <class T>
void Pinv::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(
      kernels::pseudo_inverse(p.of.batches, p.of.m, p.of.n, p.cutoff, call.in<T>(0), call.out<T>()),
      name, p.of.batch);
}

Var Pinv::vjp(const Vjp& v) {
  const Var a = v.parent(0), y = v.y, yt = swap_last(y), gt = swap_last(v.g);
  const Var y_gt = matmul(y, gt), gt_y = matmul(gt, y);
  return matmul(gt - matmul(a, y_gt), matmul(y, yt)) - matmul(yt, matmul(v.g, yt)) +
         matmul(matmul(yt, y), gt - matmul(gt_y, a));
}

std::string Pinv::attribute_text(const void* attribute) {
  return cutoff_text(static_cast<const Attribute*>(attribute)->cutoff);
}

std::vector<Example> Pinv::examples() {
  std::vector<Example> examples;
  for (const Shape& shape : {Shape{3, 2}, Shape{2, 3}, Shape{2, 3, 3}, Shape{2, 1, 3, 1},
                             Shape{1, 1}, Shape{0, 3}, Shape{3, 0}, Shape{0, 2, 2}}) {
    examples.push_back({{{DType::float64, shape, -1, 1}},
                        [](std::span<const Var> in) { return pinv(with_full_rank(in[0])); }});
  }
  // Of rank 1, where all of the derivative's terms count.
  examples.push_back({{{DType::float64, {3, 1}, 1, 2}, {DType::float64, {1, 3}, 1, 2}},
                      [](std::span<const Var> in) { return pinv(matmul(in[0], in[1]), 1e-3); }});
  return examples;
}

}  // namespace ops

std::span<const OpRecord> records_of(SolveOps list) {
  return making::library_records(list, "linalg");
}

}  // namespace tapewise
