#include <tapewise/ops/random.hpp>

#include <algorithm>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/comparison.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/kernels/philox.hpp>
#include <tapewise/ops/library_records.hpp>

namespace tapewise {

namespace ops {

Type RandomMask::type(const TypeArgs& args) {
  const Type& step = args.parent(0);
  if (step.dtype != DType::int64) {
    throw args.type_error("the step is an int64, given " + to_string(step));
  }
  if (!step.shape.is_scalar()) {
    throw args.shape_error("the step is a scalar, given " + to_string(step.shape));
  }
  return {DType::boolean, args.attribute<Attribute>().shape.shape()};
}

RandomMask::Params RandomMask::plan(const KernelRequest& request) {
  const auto a = request.attribute<Attribute>();
  return {request.out.size(), a.seed, a.threshold};
}

template <class T>
void RandomMask::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const auto step = static_cast<std::uint64_t>(*call.in<std::int64_t>(0));
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32U); };
  bool* out = call.out<bool>();
  for (std::int64_t i = 0; i < p.n; i += 4) {
    const auto block = static_cast<std::uint64_t>(i / 4);
    const auto words = kernels::philox({low(block), high(block), low(step), high(step)},
                                       {low(p.seed), high(p.seed)});
    const std::int64_t count = std::min<std::int64_t>(4, p.n - i);
    for (std::int64_t k = 0; k < count; ++k) {
      out[i + k] = words[static_cast<std::size_t>(k)] >= p.threshold;
    }
  }
}

std::string RandomMask::attribute_text(const void* attribute) {
  const auto* a = static_cast<const Attribute*>(attribute);
  return a->shape.text() + " rate=" + to_text(static_cast<double>(a->threshold) * 0x1p-32) +
         " seed=" + std::to_string(a->seed);
}

std::vector<Example> RandomMask::examples() {
  const ExampleInput step{DType::int64, {}, 0, 100};
  return {{{step},
           [](std::span<const Var> in) {
             return random_mask(in[0], {2, 3}, 0.5, 7);
           }},
          {{step}, [](std::span<const Var> in) { return random_mask(in[0], {}, 0.0, 7); }},
          {{step}, [](std::span<const Var> in) { return random_mask(in[0], {0}, 0.5, 7); }}};
}

std::vector<Example> Dropout::examples() {
  const ExampleInput step{DType::int64, {}, 0, 100};
  const auto x = [](const Shape& shape) { return ExampleInput{DType::float64, shape, -2, 2}; };
  return {{{x({4, 5})}, [](std::span<const Var> in) { return dropout(in[0], 0.5, 7); }},
          {{x({3}), step}, [](std::span<const Var> in) { return dropout(in[0], 0.2, 7, in[1]); }},
          {{x({}), step}, [](std::span<const Var> in) { return dropout(in[0], 0.9, 7, in[1]); }},
          {{x({0, 2})}, [](std::span<const Var> in) { return dropout(in[0], 0.5, 7); }}};
}

}  // namespace ops

namespace {

void require_rate(const char* op, double rate, SourceLine where) {
  if (rate >= 0 && rate <= 1) return;
  throw DomainError("[" + std::string(op) + "] the rate is a probability, given " + to_text(rate) +
                    "\n  at " + to_string(where));
}

}  // namespace

Var random_mask(const Operand& step, const Shape& shape, double rate, std::uint64_t seed) {
  require_rate("random_mask", rate, step.where());
  return record<ops::RandomMask>({step}, {shape, seed, static_cast<std::uint64_t>(rate * 0x1p32)});
}

Var dropout(const Operand& x, double rate, std::uint64_t seed, const Operand& step) {
  require_rate("dropout", rate, x.where());
  Composing op("dropout", {x});
  op.require_float(0);
  if (rate == 0) return op.keep(op[0]);
  const Var at =
      !step.is_number()
          ? step.var()
          : op.tape().constant(number_as(ArrayView(step.number()), DType::int64, "dropout"));
  const Var mask = random_mask(at, op[0].shape(), rate, seed);
  // At rate 1 nothing is left to be scaled.
  return op.keep(select(mask, rate == 1 ? op[0] : op[0] * (1 / (1 - rate))));
}

std::span<const OpRecord> records_of(RandomOps list) {
  return making::library_records(list, "random");
}

}  // namespace tapewise
