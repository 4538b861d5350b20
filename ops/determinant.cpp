#include <tapewise/ops/determinant.hpp>

#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/solve.hpp>

namespace tapewise {

namespace ops {

Type DeterminantRule::type(const TypeArgs& args) {
  const Type& a = matrices::checked_square(args);
  return {a.dtype, matrices::batch_of(a.shape)};
}

double DeterminantRule::flops(const KernelRequest& request) {
  const Params p = plan(request);
  return 2.0 / 3.0 * static_cast<double>(p.batches * p.n) * static_cast<double>(p.n * p.n);
}

std::vector<Example> DeterminantRule::examples_of(Var (*apply)(std::span<const Var>)) {
  std::vector<Example> examples;
  for (const Shape& shape : {Shape{3, 3}, Shape{2, 2, 2}, Shape{2, 1, 4, 4}, Shape{1, 1},
                             Shape{0, 0}, Shape{0, 2, 2}, Shape{2, 0, 0}}) {
    examples.push_back({{{DType::float64, shape, -1, 1}}, apply});
  }
  return examples;
}

namespace {

/// Determinants are positive.
Var shifted(const Var& x) {
  if (x.shape().rank() < 2) return x;
  return x + 3.0 * matrices::identity(x.tape(), x.dtype(), x.shape().back());
}

/// A⁻ᵀ
Var inverse_transposed(const Var& a) { return swap_last(inverse(a)); }

}  // namespace

template <class T>
void Det::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(kernels::determinant(p.batches, p.n, call.in<T>(0), call.out<T>()), name,
                   p.batch);
}

Var Det::vjp(const Vjp& v) { return matrices::as_matrix(v.g) * cofactors(v.parent(0)); }

std::vector<Example> Det::examples() {
  return examples_of([](std::span<const Var> in) { return det(shifted(in[0])); });
}

template <class T>
void LogDet::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(
      kernels::log_determinant<T>(p.batches, p.n, call.in<T>(0), call.out<T>(), nullptr, 1), name,
      p.batch, ": slogdet(a) is defined");
}

Var LogDet::vjp(const Vjp& v) { return matrices::as_matrix(v.g) * inverse_transposed(v.parent(0)); }

std::vector<Example> LogDet::examples() {
  return examples_of([](std::span<const Var> in) { return logdet(shifted(in[0])); });
}

Type SlogDet::type(const TypeArgs& args) {
  Type type = DeterminantRule::type(args);
  type.shape.push_back(2);
  return type;
}

template <class T>
void SlogDet::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  T* out = call.out<T>();
  matrices::refuse(kernels::log_determinant(p.batches, p.n, call.in<T>(0), out + 1, out, 2), name,
                   p.batch);
}

Var SlogDet::vjp(const Vjp& v) {
  const Var a = v.parent(0);
  const Var g = matrices::cotangent_part(v.g, 1, matrices::batch_of(a.shape()));
  return g.has_tape() ? matrices::as_matrix(g) * inverse_transposed(a) : Var{};
}

std::vector<Example> SlogDet::examples() {
  auto examples =
      examples_of([](std::span<const Var> in) { return slogdet(-shifted(in[0])).logabsdet; });
  examples.push_back({{{DType::float64, {2, 3, 3}, -1, 1}}, [](std::span<const Var> in) {
                        const auto [sign, logabsdet] = slogdet(-shifted(in[0]));
                        return sign * logabsdet;
                      }});
  return examples;
}

template <class T>
void Cofactors::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  matrices::refuse(kernels::cofactors(p.batches, p.n, call.in<T>(0), call.out<T>()), name, p.batch);
}

Var Cofactors::vjp(const Vjp& v) {
  const Var a = v.parent(0);
  const std::int64_t n = matrices::rows(a.shape());
  if (n < 2) return {};               // constant
  if (n == 2) return cofactors(v.g);  // linear, and its own adjoint
  const Var y = inverse_transposed(a);
  const Var along = sum(v.g * y, {-2, -1}, true);
  return matrices::as_matrix(det(a)) * (along * y - matmul(y, matmul(swap_last(v.g), y)));
}

std::vector<Example> Cofactors::examples() {
  return DeterminantRule::examples_of(
      [](std::span<const Var> in) { return cofactors(shifted(in[0])); });
}

}  // namespace ops

SlogDetResult slogdet(const Operand& a) {
  if (!a.is_var()) (void)record<ops::SlogDet>({a});  // throws: nothing says which tape is meant
  Tape::Transaction transaction(a.var().tape());
  const Var packed = record<ops::SlogDet>({a});
  Shape shape = packed.shape();
  const Shape batch(std::span(shape.begin(), shape.rank() - 1));
  const SlogDetResult result{matrices::part(packed, 0, batch, a.where()),
                             matrices::part(packed, 1, batch, a.where())};
  transaction.keep();
  return result;
}

std::span<const OpRecord> records_of(DeterminantOps list) {
  return making::library_records(list, "linalg");
}

}  // namespace tapewise
