#pragma once
#include <tapewise/ops/axes.hpp>
#include <tapewise/ops/kernels/reduction.hpp>
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

namespace ops {

/// Ops that fold axes away, or to size 1 with `keepdims`.
struct ReduceRule : Structured {
  static constexpr int arity = 1;
  struct Attribute {
    Axes axes;
    std::uint64_t keepdims;
  };
  static Type type(const TypeArgs& args);
  using Params = kernels::Reduction;
  static Params plan(const KernelRequest& request) {
    const Shape& x = request.in[0]->shape;
    return kernels::plan_reduction(x, request.attribute<Attribute>().axes.bits(x.rank()),
                                   request.simd);
  }
  static double flops(const KernelRequest& request) {
    return static_cast<double>(request.in[0]->size());
  }
  static std::string attribute_text(const void* attribute);
  /// The same axes, one further back.
  static Var batch(const Batched& b);
  static constexpr bool row_to_number = true;
  static std::uint32_t axes_of(const Type& x, const void* attribute) {
    return static_cast<const Attribute*>(attribute)->axes.bits(x.shape.rank());
  }
  /// The folded axes when they are the last ones.
  static std::size_t row_axes(const Type& x, const void* attribute);
  template <class T>
  static const kernels::ReductionKernels<T>& at(const KernelCall& call) {
    return kernels::reductions_at<T>(call.params<Params>().simd);
  }
  /// A reduced array (the result, its cotangent) with the folded axes back as axes of size 1.
  static Var kept(const Vjp& v, const Var& reduced);
};

/// Floats are added in trees of eight and in double, so long sums keep their digits.
struct Sum : ReduceRule {
  static constexpr std::string_view name = "sum", formula = "Σ x_i";
  static constexpr DTypes dtypes = numbers;
  template <class T>
  static void kernel(const KernelCall& call) {
    at<T>(call).sum(call);
  }
  template <class T>
  static RowLoop row_loop(SimdLevel simd) {
    return kernels::reductions_at<T>(simd).sum_rows;
  }
  static constexpr bool divides = false;
  static std::uint32_t folded_axes(const Type& x, const void* attribute) {
    return axes_of(x, attribute);
  }
  template <class T>
  static FoldLoops fold_loops(SimdLevel simd) {
    return kernels::reductions_at<T>(simd).fold;
  }
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct Mean : ReduceRule {
  static constexpr std::string_view name = "mean", formula = "1/n Σ x_i";
  template <class T>
  static void kernel(const KernelCall& call) {
    at<T>(call).mean(call);
  }
  template <class T>
  static RowLoop row_loop(SimdLevel simd) {
    return kernels::reductions_at<T>(simd).mean_rows;
  }
  static constexpr bool divides = true;
  static std::uint32_t folded_axes(const Type& x, const void* attribute) {
    return axes_of(x, attribute);
  }
  template <class T>
  static FoldLoops fold_loops(SimdLevel simd) {
    return kernels::reductions_at<T>(simd).fold;
  }
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// A NaN among the elements is the result. Equal maxima share the cotangent equally.
struct Amax : ReduceRule {
  static constexpr std::string_view name = "amax", formula = "max x_i";
  static constexpr DTypes dtypes = numbers;
  static constexpr bool has_kinks = true;
  static Type type(const TypeArgs& args);
  template <class T>
  static void kernel(const KernelCall& call) {
    at<T>(call).max(call);
  }
  template <class T>
  static RowLoop row_loop(SimdLevel simd) {
    return kernels::reductions_at<T>(simd).max_rows;
  }
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// m + log Σ exp(x_i - m) with m = max x_i: no overflow, and exact for infinities.
struct LogSumExp : ReduceRule {
  static constexpr std::string_view name = "logsumexp", formula = "log Σ e^x_i",
                                    source = "Goodfellow et al., Deep Learning, 4.1";
  template <class T>
  static void kernel(const KernelCall& call) {
    at<T>(call).logsumexp(call);
  }
  template <class T>
  static RowLoop row_loop(SimdLevel simd) {
    return kernels::reductions_at<T>(simd).logsumexp_rows;
  }
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

}  // namespace ops

/// The sum over all axes, or over those given; `keepdims` leaves them with size 1. The sum of
/// nothing is 0. Throws ShapeError for an axis that x does not have, or one given twice.
inline Var sum(const Operand& x, const Axes& axes = {}, bool keepdims = false) {
  return record<ops::Sum>({x}, {axes, keepdims});
}
/// The mean over axes, as in `sum`, of floats. The mean of nothing is NaN.
inline Var mean(const Operand& x, const Axes& axes = {}, bool keepdims = false) {
  return record<ops::Mean>({x}, {axes, keepdims});
}
/// The largest element along axes, as in `sum`. NaN passes on; equal maxima share the gradient
/// equally. Throws ShapeError for the maximum of nothing.
inline Var amax(const Operand& x, const Axes& axes = {}, bool keepdims = false) {
  return record<ops::Amax>({x}, {axes, keepdims});
}
/// `amax` under its short name. The axes stand in braces: `max(x, {0})` is the maximum along axis
/// 0, while `max(x, 0)` compares each element with 0.
inline Var max(const Operand& x) { return amax(x); }
inline Var max(const Operand& x, std::initializer_list<std::int64_t> axes, bool keepdims = false) {
  return amax(x, Axes(axes), keepdims);
}
inline Var max(const Operand& x, const Axes& axes, bool keepdims) {
  return amax(x, axes, keepdims);
}
template <std::same_as<Axes> A>
Var max(const Operand& x, const A& axes) {
  return amax(x, axes);
}
/// log Σ exp x over axes, as in `sum`, without overflow. Of nothing: -inf. Its gradient is softmax.
inline Var logsumexp(const Operand& x, const Axes& axes = {}, bool keepdims = false) {
  return record<ops::LogSumExp>({x}, {axes, keepdims});
}

using ReduceOps = OpList<ops::Sum, ops::Mean, ops::Amax, ops::LogSumExp>;
std::span<const OpRecord> records_of(ReduceOps);

}  // namespace tapewise
