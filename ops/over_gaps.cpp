#include <tapewise/ops/over_gaps.hpp>

#include <cmath>
#include <limits>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/reduce.hpp>

namespace tapewise {

namespace ops {

Type OverGaps::type(const TypeArgs& args) {
  const Type& m = matrices::checked(args);
  const Shape batch = matrices::batch_of(m.shape);
  const Shape wanted[] = {matrices::extended(batch, {matrices::rows(m.shape)}),
                          matrices::extended(batch, {matrices::columns(m.shape)})};
  for (const std::size_t k : {std::size_t{1}, std::size_t{2}}) {
    const Type& x = args.parent(k);
    if (x.dtype != m.dtype) {
      throw args.type_error("dtypes differ: " + to_string(m) + " and " + to_string(x) +
                            ": write cast(x, dtype) on one of them");
    }
    if (x.shape != wanted[k - 1]) {
      throw args.shape_error("operand " + std::to_string(k + 1) + " is " + to_string(x.shape) +
                             " beside " + to_string(m.shape) + ", wanted " +
                             to_string(wanted[k - 1]));
    }
  }
  return m;
}

OverGaps::Params OverGaps::plan(const KernelRequest& request) {
  const MatrixRule::Params of = MatrixRule::plan(request);
  return {of.batch, of.batches, of.m, of.n, request.attribute<Attribute>().skip_diagonal != 0};
}

namespace {

double real(double x) { return x; }
double real(Complex x) { return x.re; }

template <class T>
bool is_zero(T x) {
  return x == T(0);
}
bool is_zero(Complex x) { return x.re == 0.0 && x.im == 0.0; }

/// The largest |x|, of real parts.
template <class T>
double largest(const T* x, std::int64_t n, double at_least) {
  for (std::int64_t i = 0; i < n; ++i) at_least = std::max(at_least, std::abs(real(x[i])));
  return at_least;
}

template <class T>
inline constexpr double eps = std::numeric_limits<double>::epsilon();
template <>
inline constexpr double eps<float> = static_cast<double>(std::numeric_limits<float>::epsilon());

}  // namespace

template <class T>
void OverGaps::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const T *m = call.in<T>(0), *a = call.in<T>(1), *b = call.in<T>(2);
  T* out = call.out<T>();
  for (std::int64_t matrix = 0; matrix < p.batches; ++matrix) {
    const double least =
        eps<T> * static_cast<double>(std::max(p.m, p.n)) * largest(b, p.n, largest(a, p.m, 0.0));
    for (std::int64_t i = 0; i < p.m; ++i) {
      for (std::int64_t j = 0; j < p.n; ++j, ++m, ++out) {
        const T gap = b[j] - a[i];
        if (p.skip_diagonal && i == j) {
          *out = T(0);
        } else if (std::abs(real(gap)) > least) {
          *out = *m / gap;
        } else if (is_zero(*m)) {
          *out = T(0);
        } else {
          throw DomainError("[over_gaps] values " + std::to_string(i) + " and " +
                            std::to_string(j) + " of " + matrices::name_of_matrix(matrix, p.batch) +
                            " are equal: " + to_text(real(a[i])) + " and " + to_text(real(b[j])) +
                            ". Vectors that belong to equal eigenvalues or singular values (or to "
                            "singular values of 0) have no derivative");
        }
      }
    }
    a += p.m;
    b += p.n;
  }
}

Var OverGaps::vjp(const Vjp& v) {
  const bool skip = v.attribute<Attribute>().skip_diagonal != 0;
  const Var a = v.parent(1), b = v.parent(2);
  if (v.use == 0) return over_gaps(v.g, a, b, skip);
  const Var slopes = over_gaps(v.g * v.y, a, b, skip);
  return v.use == 1 ? sum(slopes, -1) : -sum(slopes, -2);
}

std::string OverGaps::attribute_text(const void* attribute) {
  return static_cast<const Attribute*>(attribute)->skip_diagonal != 0 ? "skip_diagonal" : "";
}

std::vector<Example> OverGaps::examples() {
  std::vector<Example> examples;
  for (const Shape& shape : {Shape{3, 2}, Shape{2, 2, 3}, Shape{1, 1}, Shape{0, 2}, Shape{2, 0}}) {
    const Shape batch = matrices::batch_of(shape);
    examples.push_back(
        {{{DType::float64, shape, -1, 1},
          {DType::float64, matrices::extended(batch, {matrices::rows(shape)}), -1, 1},
          {DType::float64, matrices::extended(batch, {matrices::columns(shape)}), 2, 3}},
         [](std::span<const Var> in) { return over_gaps(in[0], in[1], in[2]); }});
  }
  examples.push_back(
      {{{DType::float64, {2, 2}, -1, 1}, {DType::float64, {2}, -1, 1}},
       [](std::span<const Var> in) { return over_gaps(in[0], in[1], in[1], true); }});
  return examples;
}

}  // namespace ops

std::span<const OpRecord> records_of(GapOps list) {
  return making::library_records(list, "linalg");
}

}  // namespace tapewise
