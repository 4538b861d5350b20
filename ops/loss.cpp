#include <tapewise/ops/loss.hpp>

#include <limits>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/reduce_losses.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>

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
  using math::abs, math::exp, math::log1p, math::where;
  const T *z = call.in<T>(0), *y = call.in<T>(1);
  // (max(z, 0) - z·y) + log(1 + e^-|z|), in this order: ζ(z) - z·y would round small losses away.
  reduce_losses<T>(call, call.params<Params>().n, [&](std::int64_t i) {
    const T positive = where(z[i] <= T(0), T(0), z[i]);
    return (positive - z[i] * y[i]) + log1p(exp(-abs(z[i])));
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

// --- cross_entropy ------------------------------------------------------------------------------
Type CrossEntropy::type(const TypeArgs& args) {
  const Type &z = args.parent(0), &labels = args.parent(1);
  if (!is_float(z.dtype)) {
    throw args.type_error("logits are floats, given " + to_string(z) + ": cast them");
  }
  if (z.shape.is_scalar()) throw args.shape_error("logits need an axis of classes, given ()");
  if (z.shape.back() == 0) {
    throw args.shape_error("logits need at least one class, given " + to_string(z.shape));
  }
  const Shape rows(std::span(z.shape.begin(), z.shape.rank() - 1));
  if (labels.dtype == DType::int64) {
    if (labels.shape != rows) {
      throw args.shape_error("logits " + to_string(z.shape) + " want index labels of shape " +
                             to_string(rows) + ", given " + to_string(labels.shape));
    }
  } else if (labels.dtype != z.dtype) {
    throw args.type_error("labels are int64 indices or probabilities of the logits' dtype: given " +
                          to_string(z) + " and " + to_string(labels));
  } else if (labels.shape != z.shape) {
    throw args.shape_error("logits " + to_string(z.shape) +
                           " want probabilities of the same shape, given " +
                           to_string(labels.shape));
  }
  return reduced_type({z.dtype, rows}, args.attribute<LossOptions>());
}
LossRule::Params CrossEntropy::plan(const KernelRequest& request) {
  const Shape& z = request.in[0]->shape;
  Params p = plan_for(request, z.size() / z.back());
  p.classes = z.back();
  p.index_labels = request.in[1]->dtype == DType::int64;
  return p;
}
template <class T>
void CrossEntropy::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const T* z = call.in<T>(0);
  const auto log_sum_row = kernels::rows_at<T>(p.simd).log_sum;
  reduce_losses<T>(call, [&](std::int64_t i) {
    const T* row = z + i * p.classes;
    if (p.index_labels) {
      const std::int64_t label = call.in<std::int64_t>(1)[i];
      if (label < 0 || label >= p.classes) {
        throw DomainError("[cross_entropy] label " + std::to_string(label) + " at position " +
                          std::to_string(i) + " is out of range for " + std::to_string(p.classes) +
                          " classes");
      }
      const auto [max, log_sum] = log_sum_row(row, p.classes);
      return log_sum - (row[label] - max);
    }
    const auto [max, log_sum] = log_sum_row(row, p.classes);
    const T* probability = call.in<T>(1) + i * p.classes;
    T loss(0);
    for (std::int64_t c = 0; c < p.classes; ++c) {
      loss += probability[c] * (log_sum - (row[c] - max));
    }
    return loss;
  });
}
Var CrossEntropy::vjp(const Vjp& v) {
  const Var z = v.parent(0), labels = v.parent(1);
  const std::int64_t classes = z.shape().back();
  Var g = scaled_cotangent(v, z.type().size() / classes);
  if (!v.y.shape().is_scalar()) {  // one cotangent per row
    Shape column = v.y.shape();
    column.push_back(1);
    g = reshape(g, column);
  }
  if (labels.dtype() == DType::int64) {
    return g * (softmax(z) - one_hot(labels, classes, z.dtype()));
  }
  if (v.use == 1) return g * -log_softmax(z);
  return g * (softmax(z) * sum(labels, -1, true) - labels);
}
std::vector<Example> CrossEntropy::examples() {
  std::vector<Example> examples;
  for (const Shape& rows : {Shape{}, Shape{3}, Shape{2, 2}}) {
    Shape full = rows;
    full.push_back(4);
    const ExampleInput z{DType::float64, full, -3, 3}, index{DType::int64, rows, 0, 4},
        probability{DType::float64, full, 0, 1};
    for (const ExampleInput& labels : {index, probability}) {
      examples.push_back(
          {{z, labels}, [](std::span<const Var> in) { return cross_entropy(in[0], in[1]); }});
      examples.push_back({{z, labels}, [](std::span<const Var> in) {
                            return cross_entropy(in[0], in[1], {Reduction::sum, 0.5});
                          }});
      examples.push_back({{z, labels}, [](std::span<const Var> in) {
                            return cross_entropy(in[0], in[1], {Reduction::none, 1.0});
                          }});
    }
  }
  return examples;
}
}  // namespace ops

std::span<const OpRecord> records_of(LossOps list) { return making::library_records(list, "loss"); }

}  // namespace tapewise
