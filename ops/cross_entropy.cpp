#include <tapewise/ops/cross_entropy.hpp>

#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/one_hot.hpp>
#include <tapewise/ops/reduce_losses.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>

namespace tapewise {

namespace ops {

namespace {

/// Logits (..., classes) and labels: the shape of the rows.
Shape checked_rows(const TypeArgs& args) {
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
  return rows;
}

/// Throws DomainError for a label that is none of the classes, before anything is written.
template <class P>
void check_labels(const char* op, const P& p, const std::int64_t* labels) {
  for (std::int64_t i = 0; i < p.n; ++i) {
    if (labels[i] >= 0 && labels[i] < p.classes) continue;
    throw DomainError("[" + std::string(op) + "] label " + std::to_string(labels[i]) +
                      " at position " + std::to_string(i) + " is out of range for " +
                      std::to_string(p.classes) + " classes");
  }
}

/// One cotangent per row, as a column beside the rows.
Var as_column(const Var& g) {
  if (g.shape().is_scalar()) return g;
  Shape column = g.shape();
  column.push_back(1);
  return reshape(g, column);
}

/// The loss of a row of logits, from their maximum and log Σ exp(z_j - max).
template <class T, class P>
T loss_of_row(const KernelCall& call, const P& p, std::int64_t i, const kernels::LogSum<T>& sum) {
  const T* row = call.in<T>(0) + i * p.classes;
  if (p.index_labels) return sum.log_sum - (row[call.in<std::int64_t>(1)[i]] - sum.max);
  const T* probability = call.in<T>(1) + i * p.classes;
  T loss(0);
  for (std::int64_t c = 0; c < p.classes; ++c) {
    loss += probability[c] * (sum.log_sum - (row[c] - sum.max));
  }
  return loss;
}

/// The gradient of a class with p near 1, as p - 1 has few digits: the gradients of all classes sum
/// to 0, and the others have all their digits.
template <class T>
T minus_the_others(const T* gradients, std::int64_t classes, std::int64_t one) {
  T rest(0);
  for (std::int64_t c = 0; c < classes; ++c) {
    if (c != one) rest = rest - gradients[c];
  }
  return rest;
}

/// The gradient of a row of logits, written to `out`. Returns what its loss is made from.
template <class T, class P>
kernels::LogSum<T> gradient_of_row(const KernelCall& call, const P& p, std::int64_t i, T g,
                                   T* out) {
  const T* row = call.in<T>(0) + i * p.classes;
  out += i * p.classes;
  const auto& rows = kernels::rows_at<T>(p.simd);
  if (p.index_labels) {
    const auto sum = rows.scaled_softmax(row, out, p.classes, g);
    const std::int64_t label = call.in<std::int64_t>(1)[i];
    const bool sure = g != T(0) && out[label] / g > T(0.5);
    out[label] = out[label] - g;
    if (sure) out[label] = minus_the_others(out, p.classes, label);
    return sum;
  }
  const T* probability = call.in<T>(1) + i * p.classes;
  T total(0);
  for (std::int64_t c = 0; c < p.classes; ++c) total += probability[c];
  const auto sum = rows.scaled_softmax(row, out, p.classes, g * total);
  std::int64_t winner = 0;
  for (std::int64_t c = 0; c < p.classes; ++c) winner = row[c] > row[winner] ? c : winner;
  const bool sure = g * total != T(0) && out[winner] / (g * total) > T(0.5);
  for (std::int64_t c = 0; c < p.classes; ++c) out[c] = out[c] - g * probability[c];
  if (sure) out[winner] = minus_the_others(out, p.classes, winner);
  return sum;
}

}  // namespace

Type CrossEntropy::type(const TypeArgs& args) {
  return reduced_type({args.parent(0).dtype, checked_rows(args)}, args.attribute<LossOptions>());
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
  if (p.index_labels) check_labels("cross_entropy", p, call.in<std::int64_t>(1));
  const auto log_sum_row = kernels::rows_at<T>(p.simd).log_sum;
  reduce_losses<T>(call, p.n * p.classes, [&](std::int64_t i) {
    return loss_of_row<T>(call, p, i, log_sum_row(call.in<T>(0) + i * p.classes, p.classes));
  });
}

CrossEntropy::PairParams CrossEntropy::plan_with_by_product(const KernelRequest& request) {
  return {plan(request), request.in[2]->shape.is_scalar() ? 0 : 1};
}

template <class T>
void CrossEntropy::kernel_with_by_product(const KernelCall& call) {
  const auto& params = call.params<PairParams>();
  const Params& p = params.loss;
  if (p.index_labels) check_labels("cross_entropy", p, call.in<std::int64_t>(1));
  const T* g = call.in<T>(2);
  T* gradient = call.by_product<T>(3);
  reduce_losses<T>(call, p.n * p.classes, [&](std::int64_t i) {
    const auto sum = gradient_of_row<T>(call, p, i, g[i * params.g_stride], gradient);
    return loss_of_row<T>(call, p, i, sum);
  });
}

Var CrossEntropy::vjp(const Vjp& v) {
  const Var z = v.parent(0), labels = v.parent(1);
  const std::int64_t classes = z.shape().back();
  const Var g = scaled_cotangent(v, z.type().size() / classes);
  if (v.use == 0) return cross_entropy_gradient(z, labels, g);
  return as_column(g) * -log_softmax(z);
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

// --- gradient -----------------------------------------------------------------------------------

Type CrossEntropyGradient::type(const TypeArgs& args) {
  const Type &z = args.parent(0), &g = args.parent(2);
  const Shape rows = checked_rows(args);
  if (g.dtype != z.dtype) {
    throw args.type_error("the cotangent is of the logits' dtype: given " + to_string(z) + " and " +
                          to_string(g));
  }
  if (!g.shape.is_scalar() && g.shape != rows) {
    throw args.shape_error("logits " + to_string(z.shape) + " want a cotangent of shape () or " +
                           to_string(rows) + ", given " + to_string(g.shape));
  }
  return z;
}

CrossEntropyGradient::Params CrossEntropyGradient::plan(const KernelRequest& request) {
  const Shape& z = request.in[0]->shape;
  return {z.size() / z.back(), z.back(), request.in[2]->shape.is_scalar() ? 0 : 1,
          request.in[1]->dtype == DType::int64, request.simd};
}

template <class T>
void CrossEntropyGradient::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  if (p.index_labels) check_labels("cross_entropy_gradient", p, call.in<std::int64_t>(1));
  const T* g = call.in<T>(2);
  constexpr std::int64_t work_of_a_part = 16 << 10;
  const int parts = static_cast<int>(
      std::clamp<std::int64_t>(p.n * p.classes / work_of_a_part, 1, num_threads()));
  threads::for_parts(parts, [&](int part) {
    for (std::int64_t i = threads::part_begin(p.n, 1, part, parts);
         i < threads::part_begin(p.n, 1, part + 1, parts); ++i) {
      (void)gradient_of_row<T>(call, p, i, g[i * p.g_stride], call.out<T>());
    }
  });
}

/// With p = softmax(z), t the labels as probabilities and u the cotangent: in z
/// Σt·p·(gu - Σ gu·p), in t Σ gu·p - gu, in g Σ u·(Σt·p - t).
Var CrossEntropyGradient::vjp(const Vjp& v) {
  const Var z = v.parent(0), labels = v.parent(1), g = v.parent(2), u = v.g;
  const Var p = softmax(z);
  const bool index = labels.dtype() == DType::int64;
  if (v.use == 2) {
    const Var t = index ? one_hot(labels, z.shape().back(), z.dtype()) : labels;
    const Var difference = index ? p - t : p * sum(t, -1, true) - t;
    return g.shape().is_scalar() ? sum(u * difference) : sum(u * difference, -1);
  }
  const Var gu = as_column(g) * u;
  const Var mean = sum(gu * p, -1, true);
  if (v.use == 1) return mean - gu;
  const Var to_z = p * (gu - mean);
  return index ? to_z : to_z * sum(labels, -1, true);
}

std::vector<Example> CrossEntropyGradient::examples() {
  constexpr auto apply = [](std::span<const Var> in) {
    return cross_entropy_gradient(in[0], in[1], in[2]);
  };
  std::vector<Example> examples;
  for (const Shape& rows : {Shape{}, Shape{3}, Shape{2, 2}}) {
    Shape full = rows;
    full.push_back(4);
    const ExampleInput z{DType::float64, full, -3, 3}, index{DType::int64, rows, 0, 4},
        probability{DType::float64, full, 0, 1};
    for (const Shape& of_g : {Shape{}, rows}) {
      examples.push_back({{z, index, {DType::float64, of_g, -1, 1}}, apply});
      examples.push_back({{z, probability, {DType::float64, of_g, -1, 1}}, apply});
    }
  }
  return examples;
}

}  // namespace ops

std::span<const OpRecord> records_of(CrossEntropyOps list) {
  return making::library_records(list, "loss");
}

}  // namespace tapewise
