#pragma once
#include <tapewise/ops/kernels/folds.hpp>
#include <tapewise/ops/reduce.hpp>

namespace tapewise {

/// The norm of all elements along the axes, seen as one vector.
enum class Norm : std::uint64_t {
  one,        ///< Σ |x_i|
  two,        ///< √Σ x_i²
  inf,        ///< max |x_i|
  frobenius,  ///< `two` of matrices: of two axes, the last two unless others are named
};

namespace ops {

/// The product of the others is formed as (those before)·(those after), never as y/x_i, so zeros
/// are elements like all others, in derivatives of any order.
struct Prod : AxesRule {
  static constexpr Text name = "prod", formula = "Π x_i",
                        signature = "prod(x, axes=all, keepdims=false)",
                        derivative = "x̄_i = ḡ·Π_{j≠i} x_j",
                        peers = "torch.prod, jax.numpy.prod, tf.math.reduce_prod";
  static constexpr DTypes dtypes = numbers;
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// The mean first, then the squares of what is left: no cancellation.
struct VarianceRule : AxesRule {
  static constexpr Text domain = "ddof ≥ 0; NaN where n = ddof",
                        source =
                            "Chan, Golub & LeVeque, Algorithms for computing the "
                            "sample variance, 1983";
  struct Attribute : AxesRule::Attribute {
    std::int64_t ddof;
  };
  static Type type(const TypeArgs& args);
  struct Params {
    kernels::Reduction fold;
    double divisor;
  };
  static Params plan(const KernelRequest& request);
  static Var batch(const Batched& b) { return batch_as<Attribute>(b); }
  static std::string attribute_text(const void* attribute);

 protected:
  /// max(n - ddof, 0)
  static double divisor(const Type& x, const void* attribute);
  template <class T>
  static T variance(const kernels::Folded<T>& elements, double divisor);
};

struct Variance : VarianceRule {
  static constexpr Text name = "var", formula = "1/(n - ddof) Σ (x_i - mean x)^2",
                        signature = "var(x, axes=all, keepdims=false, ddof=0)",
                        derivative = "x̄ = ḡ·2·(x - mean x)/(n - ddof)",
                        peers =
                            "torch.var (unbiased: ddof=1), jax.numpy.var, "
                            "tf.math.reduce_variance";
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct StandardDeviation : VarianceRule {
  static constexpr Text name = "std", formula = "√var x",
                        signature = "stddev(x, axes=all, keepdims=false, ddof=0)",
                        derivative = "x̄ = ḡ·(x - mean x)/((n - ddof)·y), 0 where y = 0",
                        peers =
                            "torch.std (unbiased: ddof=1), jax.numpy.std, "
                            "tf.math.reduce_std";
  static constexpr Text kinks = "equal elements only: 0, the smallest subgradient";
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct NormOp : AxesRule {
  static constexpr Text name = "norm", formula = "Σ |x_i|, √Σ x_i^2 or max |x_i|",
                        signature = "norm(x, kind=two, axes=all, keepdims=false)",
                        derivative =
                            "x̄ = ḡ·sign x; ḡ·x/y, 0 at x = 0; ḡ·sign x where "
                            "|x_i| = y, ties shared",
                        peers =
                            "torch.linalg.vector_norm, jax.numpy.linalg.norm, "
                            "tf.norm",
                        source = "Goodfellow et al., Deep Learning, 2.5";
  static constexpr Text kinks =
      "x_i = 0 (one) and x = 0 (two): 0, the smallest subgradient; equal largest elements (inf): "
      "they share";
  struct Attribute : AxesRule::Attribute {
    Norm kind;
  };
  static Type type(const TypeArgs& args);
  struct Params {
    kernels::Reduction fold;
    Norm kind;
  };
  static Params plan(const KernelRequest& request) {
    return {AxesRule::plan(request), request.attribute<Attribute>().kind};
  }
  template <class T>
  static void kernel(const KernelCall& call);
  static Var batch(const Batched& b) { return batch_as<Attribute>(b); }
  static std::string attribute_text(const void* attribute);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

}  // namespace ops

/// The product over axes, as in `sum`; of nothing, 1. Its gradient is right where elements are 0.
inline Var prod(const Operand& x, const Axes& axes = {}, bool keepdims = false) {
  return record<ops::Prod>({x}, {axes, keepdims});
}

/// The variance over axes, as in `sum`, of floats: squares of distances from the mean, divided by
/// n - ddof. The default ddof = 0 is NumPy's; PyTorch's default is 1. With n = ddof: NaN.
/// Throws DomainError for a negative ddof.
inline Var var(const Operand& x, const Axes& axes = {}, bool keepdims = false,
               std::int64_t ddof = 0) {
  return record<ops::Variance>({x}, {{axes, keepdims}, ddof});
}
/// The standard deviation, √var. Where it is 0 its gradient is taken as 0.
inline Var stddev(const Operand& x, const Axes& axes = {}, bool keepdims = false,
                  std::int64_t ddof = 0) {
  return record<ops::StandardDeviation>({x}, {{axes, keepdims}, ddof});
}
// `var(x, 0, 1)` would take the 1 for keepdims.
template <std::same_as<int> I>
Var var(const Operand& x, const Axes& axes, I ddof) = delete;
template <std::same_as<int> I>
Var stddev(const Operand& x, const Axes& axes, I ddof) = delete;

/// A norm over axes, as in `sum`, of floats; `Norm` says which. Of nothing: 0. Never overflows when
/// the result does not. The gradient at 0 is taken as 0; largest elements of equal size share it.
/// Throws ShapeError for a Frobenius norm of other than two axes.
Var norm(const Operand& x, Norm kind = Norm::two, const Axes& axes = {}, bool keepdims = false);

using StatisticsOps = OpList<ops::Prod, ops::Variance, ops::StandardDeviation, ops::NormOp>;
std::span<const OpRecord> records_of(StatisticsOps);

}  // namespace tapewise
