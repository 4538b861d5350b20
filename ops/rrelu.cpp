#include <tapewise/ops/rrelu.hpp>

#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/library_records.hpp>

namespace tapewise {

namespace {

/// The output function of SplitMix64: every bit of x in every bit of the result.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ x >> 30U) * 0xBF58476D1CE4E5B9U;
  x = (x ^ x >> 27U) * 0x94D049BB133111EBU;
  return x ^ x >> 31U;
}
constexpr std::uint64_t golden = 0x9E3779B97F4A7C15U;

}  // namespace

namespace ops {

Type UniformLike::type(const TypeArgs& args) {
  const Type &x = args.parent(0), &step = args.parent(1);
  if (!is_float(x.dtype)) throw args.type_error("wanted a float dtype, given " + to_string(x));
  if (step.dtype != DType::int64) {
    throw args.type_error("the step is an int64, given " + to_string(step));
  }
  if (!step.shape.is_scalar()) {
    throw args.shape_error("the step is a scalar, given " + to_string(step.shape));
  }
  const auto a = args.attribute<Attribute>();
  if (!(a.low <= a.high)) {
    throw args.domain_error("wanted low ≤ high, given " + to_text(a.low) + " and " +
                            to_text(a.high));
  }
  return x;
}

template <class T>
void UniformLike::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const auto step = static_cast<std::uint64_t>(*call.in<std::int64_t>(1));
  const std::uint64_t stream = mix(mix(p.a.seed + golden) + step * golden);
  T* out = call.out<T>();
  for (std::int64_t i = 0; i < p.n; ++i) {
    const std::uint64_t draw = mix(stream + (static_cast<std::uint64_t>(i) + 1U) * golden);
    const double u = static_cast<double>(draw >> 11U) * 0x1.0p-53;
    out[i] = static_cast<T>(p.a.low + (p.a.high - p.a.low) * u);
  }
}

std::string UniformLike::attribute_text(const void* attribute) {
  const auto* a = static_cast<const Attribute*>(attribute);
  return "low=" + to_text(a->low) + " high=" + to_text(a->high) +
         " seed=" + std::to_string(a->seed);
}

namespace {
constexpr ExampleInput step_input{DType::int64, {}, 0, 100};
ExampleInput x_input(const Shape& shape) { return {DType::float64, shape, -2, 2}; }
}  // namespace

std::vector<Example> UniformLike::examples() {
  return {
      {{x_input({4, 3}), step_input},
       [](std::span<const Var> in) { return uniform_like(in[0], -1, 2, 7, in[1]); }},
      {{x_input({})}, [](std::span<const Var> in) { return uniform_like(in[0], 0, 1, 7); }},
      {{x_input({0, 2})}, [](std::span<const Var> in) { return uniform_like(in[0], 0, 1, 7); }}};
}

std::vector<Example> Rrelu::examples() {
  return {{{x_input({4, 3}), step_input},
           [](std::span<const Var> in) { return rrelu(in[0], 7, in[1]); }},
          {{x_input({})}, [](std::span<const Var> in) { return rrelu(in[0], 7); }},
          {{x_input({0, 2})}, [](std::span<const Var> in) { return rrelu(in[0], 7); }}};
}

}  // namespace ops

namespace {

/// Records all that `f` does or nothing of it.
template <class F>
Var all_or_nothing(const Operand& x, std::string_view op, F&& f) {
  if (!x.is_var()) {
    throw TypeError("[" + std::string(op) + "] wanted a Var\n  at " + to_string(x.where()));
  }
  Tape& tape = x.var().tape();
  const auto before = tape.mark();
  try {
    return f(tape);
  } catch (...) {
    tape.rewind(before);
    throw;
  }
}

}  // namespace

Var uniform_like(const Operand& x, double low, double high, std::uint64_t seed,
                 const Operand& step) {
  return all_or_nothing(x, "uniform_like", [&](Tape& tape) {
    const auto number = [&] {
      return number_as(ArrayView(step.number()), DType::int64, "uniform_like");
    };
    const Operand at =
        step.is_number() ? Operand(tape.constant(number(), {}, x.where()), x.where()) : step;
    return record<ops::UniformLike>({x, at}, {low, high, seed});
  });
}

Var rrelu(const Operand& x, std::uint64_t seed, const Operand& step, double lower, double upper,
          Subgradient subgradient) {
  Composing op("rrelu", {x});
  require_one_kink(op, subgradient);
  return op.keep(prelu(op[0], uniform_like(op[0], lower, upper, seed, step), subgradient));
}

std::span<const OpRecord> records_of(RandomRectifierOps list) {
  return making::library_records(list, "activation");
}

}  // namespace tapewise
