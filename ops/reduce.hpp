#pragma once
#include <tapewise/ops/axes.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/kernels/reduction.hpp>
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

/// Who gets the cotangent of a largest or smallest element that occurs more than once.
enum class Ties : std::uint64_t {
  share,  ///< all of them, in equal parts, as for torch.amax and jax.numpy.max
  first,  ///< the first of them in row-major order, as for torch.max along an axis
};

namespace ops {

/// Ops that fold axes away, or to size 1 with `keepdims`. A rule with a further choice derives its
/// attribute from this one.
struct AxesRule : Structured {
  static constexpr Text source = "Harris et al., Array programming with NumPy, 2020";
  static constexpr int arity = 1;
  struct Attribute {
    Axes axes;
    std::uint64_t keepdims;
  };
  static Type type(const TypeArgs& args);
  using Params = kernels::Reduction;
  static Params plan(const KernelRequest& request) {
    const Shape& x = request.in[0]->shape;
    return kernels::plan_reduction(x, axes_of(*request.in[0], request.attribute_data),
                                   request.simd);
  }
  static double flops(const KernelRequest& request) {
    return static_cast<double>(request.in[0]->size());
  }
  static std::string attribute_text(const void* attribute);
  /// The same axes, one further back.
  template <class A>
  static Var batch_as(const Batched& b) {
    auto attribute = b.attribute<A>();
    attribute.axes = attribute.axes.one_further(b.shape(0).rank());
    return record_again(b, b.operands, &attribute);
  }
  static Var batch(const Batched& b) { return batch_as<Attribute>(b); }
  static std::uint32_t axes_of(const Type& x, const void* attribute) {
    return static_cast<const Attribute*>(attribute)->axes.bits(x.shape.rank());
  }
  /// Elements that each result is made of.
  static double count(const Type& x, const void* attribute);
  /// Throws ShapeError when a result would be made of no element.
  static void require_elements(const TypeArgs& args, const Type& result, const char* what);
  /// A reduced array (the result, its cotangent) with the folded axes back as axes of size 1.
  static Var kept(const Vjp& v, const Var& reduced);
};

/// Reductions that also come as loops over rows, for fused groups.
struct ReduceRule : AxesRule {
  static constexpr bool row_to_number = true;
  /// The folded axes when they are the last ones.
  static std::size_t row_axes(const Type& x, const void* attribute);
  template <class T>
  static const kernels::ReductionKernels<T>& at(const KernelCall& call) {
    return kernels::reductions_at<T>(call.params<Params>().simd);
  }
};

/// Floats are added in trees of eight and in double, so long sums keep their digits.
struct Sum : ReduceRule {
  static constexpr Text name = "sum", formula = "Σ x_i",
                        signature = "sum(x, axes=all, keepdims=false)",
                        derivative = "x̄ = ḡ, repeated along the axes",
                        peers = "torch.sum, jax.numpy.sum, tf.math.reduce_sum";
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
  static constexpr Text name = "mean", formula = "1/n Σ x_i",
                        signature = "mean(x, axes=all, keepdims=false)",
                        derivative = "x̄ = ḡ/n, repeated along the axes",
                        peers = "torch.mean, jax.numpy.mean, tf.math.reduce_mean";
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

/// A NaN among the elements is the result, and nothing has no largest element.
struct ExtremumRule : ReduceRule {
  static constexpr DTypes dtypes = numbers;
  static constexpr Text kinks = "equal extremes";
  static constexpr Text domain = "at least one element for each result",
                        derivative = "x̄ = ḡ where x_i = y, ties shared or the first";
  struct Attribute : ReduceRule::Attribute {
    Ties ties;
  };
  static Type type(const TypeArgs& args);
  static Var batch(const Batched& b) { return batch_as<Attribute>(b); }
  static std::string attribute_text(const void* attribute);

 protected:
  /// `first` is where the first winner stands, when the ties ask for it.
  static Var routed(const Vjp& v, Var (*first)(const Operand&, const Axes&, bool));
};

struct Amax : ExtremumRule {
  static constexpr Text name = "amax", formula = "max x_i",
                        signature = "amax(x, axes=all, keepdims=false, ties=share)",
                        peers = "torch.amax, jax.numpy.max, tf.math.reduce_max";
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

struct Amin : ExtremumRule {
  static constexpr Text name = "amin", formula = "min x_i",
                        signature = "amin(x, axes=all, keepdims=false, ties=share)",
                        peers = "torch.amin, jax.numpy.min, tf.math.reduce_min";
  template <class T>
  static void kernel(const KernelCall& call) {
    at<T>(call).min(call);
  }
  template <class T>
  static RowLoop row_loop(SimdLevel simd) {
    return kernels::reductions_at<T>(simd).min_rows;
  }
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// m + log Σ exp(x_i - m) with m = max x_i: no overflow, and exact for infinities.
struct LogSumExp : ReduceRule {
  static constexpr Text name = "logsumexp", formula = "log Σ e^x_i",
                        signature = "logsumexp(x, axes=all, keepdims=false)",
                        derivative = "x̄ = ḡ·e^(x - y), 0 where y = -∞",
                        peers =
                            "torch.logsumexp, jax.nn.logsumexp, "
                            "tf.math.reduce_logsumexp",
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
/// equally unless `ties` says otherwise. Throws ShapeError for the maximum of nothing.
inline Var amax(const Operand& x, const Axes& axes = {}, bool keepdims = false,
                Ties ties = Ties::share) {
  return record<ops::Amax>({x}, {{axes, keepdims}, ties});
}
/// The smallest element along axes, in every other respect like `amax`.
inline Var amin(const Operand& x, const Axes& axes = {}, bool keepdims = false,
                Ties ties = Ties::share) {
  return record<ops::Amin>({x}, {{axes, keepdims}, ties});
}
/// What `max` and `min` do with ties: along one axis the first winner takes all, as torch.max with
/// an axis does; along several axes, or all, ties share.
constexpr Ties usual_ties(const Axes& axes) {
  return axes.count() == 1 ? Ties::first : Ties::share;
}
/// `amax` under its short name, with `usual_ties`. The axes stand in braces: `max(x, {0})` is the
/// maximum along axis 0, while `max(x, 0)` compares each element with 0.
inline Var max(const Operand& x) { return amax(x); }
inline Var max(const Operand& x, const Axes& axes, bool keepdims) {
  return amax(x, axes, keepdims, usual_ties(axes));
}
inline Var max(const Operand& x, std::initializer_list<std::int64_t> axes, bool keepdims = false) {
  return max(x, Axes(axes), keepdims);
}
template <std::same_as<Axes> A>
Var max(const Operand& x, const A& axes) {
  return max(x, axes, false);
}
/// `amin` under its short name; see `max`.
inline Var min(const Operand& x) { return amin(x); }
inline Var min(const Operand& x, const Axes& axes, bool keepdims) {
  return amin(x, axes, keepdims, usual_ties(axes));
}
inline Var min(const Operand& x, std::initializer_list<std::int64_t> axes, bool keepdims = false) {
  return min(x, Axes(axes), keepdims);
}
template <std::same_as<Axes> A>
Var min(const Operand& x, const A& axes) {
  return min(x, axes, false);
}
/// log Σ exp x over axes, as in `sum`, without overflow. Its gradient is softmax. Of nothing, or of
/// -inf only: -inf, with gradient 0.
inline Var logsumexp(const Operand& x, const Axes& axes = {}, bool keepdims = false) {
  return record<ops::LogSumExp>({x}, {axes, keepdims});
}

using ReduceOps = OpList<ops::Sum, ops::Mean, ops::Amax, ops::Amin, ops::LogSumExp>;
std::span<const OpRecord> records_of(ReduceOps);

}  // namespace tapewise
