#pragma once
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/axes.hpp>
#include <tapewise/ops/kernels/rows.hpp>
#include <tapewise/ops/reduce.hpp>

namespace tapewise {

Var softmax(const Operand& x, std::int64_t axis = -1);
Var log_softmax(const Operand& x, std::int64_t axis = -1);

namespace ops {

/// Ops on all rows along one axis, each row by itself.
struct RowRule : Structured {
  static constexpr int arity = 1;
  static constexpr Text source = "Goodfellow et al., Deep Learning, 6.2.2.3";
  struct Attribute {
    std::int64_t axis;
  };
  struct Params {
    std::int64_t outer, n, inner;
    SimdLevel simd;
  };
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  static std::string attribute_text(const void* attribute) {
    return "axis=" + std::to_string(static_cast<const Attribute*>(attribute)->axis);
  }
  static double flops(const KernelRequest& request) {
    return 3.0 * static_cast<double>(request.out.size());
  }
  template <class T>
  using Row = void (*)(const T* x, T* out, std::int64_t n, std::int64_t stride);
  template <class T>
  static void for_each_row(const KernelCall& call, Row<T> kernels::RowKernels<T>::*which) {
    const auto& p = call.params<Params>();
    const Row<T> row = kernels::rows_at<T>(p.simd).*which;
    for (std::int64_t o = 0; o < p.outer; ++o) {
      for (std::int64_t i = 0; i < p.inner; ++i) {
        const std::int64_t at = o * p.n * p.inner + i;
        row(call.in<T>(0) + at, call.out<T>() + at, p.n, p.inner);
      }
    }
  }
  static constexpr bool row_to_number = false;
  /// A row is the last axis, if that is the one.
  static std::size_t row_axes(const Type& x, const void* attribute) {
    const std::int64_t axis = static_cast<const Attribute*>(attribute)->axis;
    const auto rank = static_cast<std::int64_t>(x.shape.rank());
    return axis == -1 || axis == rank - 1 ? 1 : 0;
  }
  static Var batch(const Batched& b);
  static std::vector<Example> examples_of(Var (*apply)(std::span<const Var>));
};

struct Softmax : RowRule {
  static constexpr Text name = "softmax", formula = "e^x_i / Σ e^x_j";
  static constexpr Text peers = "torch.nn.functional.softmax, jax.nn.softmax, tf.nn.softmax";
  static constexpr Text signature = "softmax(x, axis=-1)";
  static constexpr Text derivative = "x̄ = y∘(ḡ - Σ ḡ·y)";
  template <class T>
  static void kernel(const KernelCall& call) {
    for_each_row<T>(call, &kernels::RowKernels<T>::softmax);
  }
  template <class T>
  static RowLoop row_loop(SimdLevel simd) {
    return kernels::rows_at<T>(simd).softmax_rows;
  }
  /// diag(p) - p·pᵀ applied to g: p·(g - Σ g·p)
  static Var vjp(const Vjp& v) {
    const std::int64_t axis = v.attribute<Attribute>().axis;
    return v.y * (v.g - sum(v.g * v.y, axis, true));
  }
  static std::vector<Example> examples();
};

struct LogSoftmax : RowRule {
  static constexpr Text name = "log_softmax", formula = "x_i - log Σ e^x_j";
  static constexpr Text peers =
      "torch.nn.functional.log_softmax, jax.nn.log_softmax, tf.nn.log_softmax";
  static constexpr Text signature = "log_softmax(x, axis=-1)";
  static constexpr Text derivative = "x̄ = ḡ - softmax(x)·Σ ḡ";
  template <class T>
  static void kernel(const KernelCall& call) {
    for_each_row<T>(call, &kernels::RowKernels<T>::log_softmax);
  }
  template <class T>
  static RowLoop row_loop(SimdLevel simd) {
    return kernels::rows_at<T>(simd).log_softmax_rows;
  }
  /// (I - p·1ᵀ) applied to g: g - p·Σ g
  static Var vjp(const Vjp& v) {
    const std::int64_t axis = v.attribute<Attribute>().axis;
    return v.g - softmax(v.parent(0), axis) * sum(v.g, axis, true);
  }
  static std::vector<Example> examples();
};

/// Softmax of -x: the smallest gets the most.
struct Softmin : Composite {
  static constexpr Text name = "softmin", formula = "e^-x_i / Σ e^-x_j",
                        signature = "softmin(x, axis=-1)", derivative = "-y·(g - Σ g·y)",
                        peers = "torch.nn.functional.softmin", domain = "all shapes",
                        source = RowRule::source;
  static std::vector<Example> examples();
};

/// The point of the probability simplex that is nearest to x: max(0, x - τ) with Σ = 1.
struct Sparsemax : RowRule {
  static constexpr Text
      name = "sparsemax",
      formula = "max(0, x_i - τ), with Σ = 1", signature = "sparsemax(x, axis=-1)",
      derivative = "on the support g - its mean there, else 0",
      peers =
          "tfa.activations.sparsemax, keras.ops.sparsemax, jaxopt.projection.projection_simplex",
      source = "Martins & Astudillo 2016, From softmax to sparsemax";
  static constexpr Text kinks = "x_i = τ: slope 0, as outside of the support";
  /// Michelot 1986: τ from those above the last τ, until none leaves.
  template <class T>
  static void row(const T* x, T* out, std::int64_t n, std::int64_t stride);
  template <class T>
  static void kernel(const KernelCall& call);
  template <class T>
  static RowLoop row_loop(SimdLevel) {
    return [](void* out, const void* x, std::int64_t rows, std::int64_t n) {
      for (std::int64_t r = 0; r < rows; ++r) {
        row<T>(static_cast<const T*>(x) + r * n, static_cast<T*>(out) + r * n, n, 1);
      }
    };
  }
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

}  // namespace ops

/// e^x_i / Σ_j e^x_j along an axis, the last by default: positive, sums to 1, unchanged when a
/// constant is added to x, and finite for x = ±1000. An element of -inf gets probability 0 and
/// gradient 0, as a mask wants it; of -inf only there is no softmax: NaN, as in PyTorch. Throws
/// ShapeError for an axis that x has not.
inline Var softmax(const Operand& x, std::int64_t axis) {
  return record<ops::Softmax>({x}, {axis});
}
/// The logarithm of softmax, without ever forming a vanishing probability.
inline Var log_softmax(const Operand& x, std::int64_t axis) {
  return record<ops::LogSoftmax>({x}, {axis});
}

/// softmax(-x).
Var softmin(const Operand& x, std::int64_t axis = -1);
/// The probabilities nearest to x in the Euclidean sense, many of them exactly 0; unchanged when a
/// constant is added to x. Throws ShapeError for an axis that x has not.
inline Var sparsemax(const Operand& x, std::int64_t axis = -1) {
  return record<ops::Sparsemax>({x}, {axis});
}

using SoftmaxOps = OpList<ops::Softmax, ops::LogSoftmax, ops::Softmin, ops::Sparsemax>;
std::span<const OpRecord> records_of(SoftmaxOps);

}  // namespace tapewise
