#include <tapewise/ops/loss.hpp>

#include <limits>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/reduce_losses.hpp>

namespace tapewise {

Var reduced(const Operand& losses, const LossOptions& options) {
  const Var all = options.reduction == Reduction::mean  ? mean(losses)
                  : options.reduction == Reduction::sum ? sum(losses)
                                                        : losses.var();
  return options.factor == 1.0 ? all : all * options.factor;
}

namespace ops {

Type LossRule::elementwise_type(const TypeArgs& args) {
  const Type &a = args.parent(0), &b = args.parent(1);
  if (!is_float(a.dtype) || a.dtype != b.dtype) {
    throw args.type_error("wanted two arrays of one float dtype, given " + to_string(a) + " and " +
                          to_string(b) + ": cast one of them");
  }
  if (a.shape != b.shape) {
    throw args.shape_error("wanted two arrays of one shape, given " + to_string(a.shape) + " and " +
                           to_string(b.shape) + ": reshape or broadcast_to one of them");
  }
  return a;
}

Type LossRule::reduced_type(const Type& single, const LossOptions& options) {
  return options.reduction == Reduction::none ? single : Type{single.dtype, {}};
}

LossRule::Params LossRule::plan_for(const KernelRequest& request, std::int64_t n) {
  const auto options = request.attribute<LossOptions>();
  Params p{n, 0, options.factor, options.reduction != Reduction::none, false, request.simd};
  if (options.reduction == Reduction::mean) p.scale /= static_cast<double>(n);
  if (n == 0 && options.reduction == Reduction::mean)
    p.scale = std::numeric_limits<double>::quiet_NaN();
  return p;
}

Var LossRule::scaled_cotangent(const Vjp& v, std::int64_t n) {
  const auto options = v.attribute<LossOptions>();
  const bool mean = options.reduction == Reduction::mean && n > 0;
  const double scale = mean ? options.factor / static_cast<double>(n) : options.factor;
  return scale == 1.0 ? v.g : v.g * scale;
}

std::string LossRule::attribute_text(const void* attribute) {
  const auto* options = static_cast<const LossOptions*>(attribute);
  constexpr const char* names[] = {"mean", "sum", "none"};
  std::string text = names[static_cast<std::size_t>(options->reduction)];
  if (options->factor != 1.0) text += " factor=" + to_text(options->factor);
  return text;
}

// --- mse ----------------------------------------------------------------------------------------

template <class T>
void Mse::kernel(const KernelCall& call) {
  const T *a = call.in<T>(0), *b = call.in<T>(1);
  reduce_losses<T>(call, call.params<Params>().n, [&](std::int64_t i) {
    const T difference = a[i] - b[i];
    return difference * difference;
  });
}

Var Mse::vjp(const Vjp& v) {
  const Var g = scaled_cotangent(v, v.parent(0).type().size()) * 2.0;
  return v.use == 0 ? g * (v.parent(0) - v.parent(1)) : g * (v.parent(1) - v.parent(0));
}

std::vector<Example> Mse::examples() {
  std::vector<Example> examples;
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{0}}) {
    const ExampleInput x{DType::float64, shape, -2, 2};
    if (shape.size() > 0) {
      examples.push_back({{x, x}, [](std::span<const Var> in) { return mse(in[0], in[1]); }});
    }
    examples.push_back({{x, x}, [](std::span<const Var> in) {
                          return mse(in[0], in[1], {Reduction::sum, 0.5});
                        }});
    examples.push_back({{x, x}, [](std::span<const Var> in) {
                          return mse(in[0], in[1], {Reduction::none, 1.0});
                        }});
  }
  return examples;
}

// --- bce_with_logits ----------------------------------------------------------------------------

template <class T>
void BceWithLogits::kernel(const KernelCall& call) {
  using math::exp, math::log1p, math::where;
  const T *z = call.in<T>(0), *y = call.in<T>(1);
  // (max(z, 0) - z·y) + log(1 + e^-|z|), in this order: ζ(z) - z·y would round small losses away.
  // -|z| is written out: where numbers are complex, it goes on smoothly at 0 as max(z, 0) does.
  reduce_losses<T>(call, call.params<Params>().n, [&](std::int64_t i) {
    const T positive = where(z[i] <= T(0), T(0), z[i]), negative = where(z[i] <= T(0), z[i], -z[i]);
    return (positive - z[i] * y[i]) + log1p(exp(negative));
  });
}

Var BceWithLogits::vjp(const Vjp& v) {
  const Var g = scaled_cotangent(v, v.parent(0).type().size());
  return v.use == 0 ? g * (sigmoid(v.parent(0)) - v.parent(1)) : g * -v.parent(0);
}

std::vector<Example> BceWithLogits::examples() {
  std::vector<Example> examples;
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}}) {
    const ExampleInput z{DType::float64, shape, -4, 4}, y{DType::float64, shape, 0, 1};
    examples.push_back(
        {{z, y}, [](std::span<const Var> in) { return bce_with_logits(in[0], in[1]); }});
    examples.push_back({{z, y}, [](std::span<const Var> in) {
                          return bce_with_logits(in[0], in[1], {Reduction::none, 2.0});
                        }});
  }
  return examples;
}

}  // namespace ops

std::span<const OpRecord> records_of(LossOps list) { return making::library_records(list, "loss"); }

}  // namespace tapewise
