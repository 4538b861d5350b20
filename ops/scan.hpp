#pragma once
#include <tapewise/ops/axes.hpp>
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

/// How a running sum or product goes along its axis.
struct ScanOptions {
  bool exclusive = false;  ///< element k is made of those before it, without itself
  bool reverse = false;    ///< from the last element to the first
};

namespace ops {

/// Ops that run along one axis and keep the shape.
struct ScanRule : Structured {
  static constexpr Text source = "Blelloch, Prefix sums and their applications, 1990";
  struct Attribute {
    std::int64_t axis;
    std::uint32_t exclusive, reverse;
  };
  struct Params {
    std::int64_t outer, n, inner;
    bool exclusive, reverse;
  };
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  static Var batch(const Batched& b);
  static std::string attribute_text(const void* attribute);
  static double flops(const KernelRequest& request) {
    return static_cast<double>(request.out.size());
  }
};

struct Cumsum : ScanRule {
  static constexpr Text name = "cumsum", formula = "y_k = Σ_{j≤k} x_j",
                        signature = "cumsum(x, axis, {exclusive=false, reverse=false})",
                        derivative = "x̄ = the running sum of ḡ from the other end",
                        peers = "torch.cumsum, jax.numpy.cumsum, tf.math.cumsum";
  static constexpr DTypes dtypes = numbers;
  static constexpr int arity = 1;
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// Its derivative is a linear recurrence, without a division: right where elements are 0.
struct Cumprod : ScanRule {
  static constexpr Text name = "cumprod", formula = "y_k = Π_{j≤k} x_j",
                        signature = "cumprod(x, axis, {exclusive=false, reverse=false})",
                        derivative = "x̄_k = Π_{j<k} x_j · Σ_{i≥k} ḡ_i Π_{k<j≤i} x_j",
                        peers = "torch.cumprod, jax.numpy.cumprod, tf.math.cumprod";
  static constexpr DTypes dtypes = numbers;
  static constexpr int arity = 1;
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct LinearRecurrence : ScanRule {
  static constexpr Text name = "linear_recurrence", formula = "y_k = a_k·y_{k-1} + b_k, y_{-1} = 0",
                        signature = "linear_recurrence(a, b, axis, reverse=false)",
                        derivative = "b̄_k = ḡ_k + a_{k+1}·b̄_{k+1}, ā_k = b̄_k·y_{k-1}",
                        peers = "jax.lax.associative_scan";
  static constexpr int arity = 2;
  static Type type(const TypeArgs& args);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var batch(const Batched& b);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

}  // namespace ops

/// Running sums along an axis: y_k = x_0 + ... + x_k. Negative axes count from the back.
/// Throws ShapeError for an axis that x does not have, TypeError for bools.
inline Var cumsum(const Operand& x, std::int64_t axis, ScanOptions options = {}) {
  return record<ops::Cumsum>({x}, {axis, options.exclusive, options.reverse});
}
/// Running products along an axis, as in `cumsum`: y_k = x_0·...·x_k.
inline Var cumprod(const Operand& x, std::int64_t axis, ScanOptions options = {}) {
  return record<ops::Cumprod>({x}, {axis, options.exclusive, options.reverse});
}
/// y_k = a_k·y_{k-1} + b_k along an axis, beginning from 0: exponential averages, discounted sums.
/// `reverse` runs from the last element to the first. a and b are floats of one dtype and shape;
/// throws ShapeError or TypeError otherwise.
inline Var linear_recurrence(const Operand& a, const Operand& b, std::int64_t axis,
                             bool reverse = false) {
  return record<ops::LinearRecurrence>({a, b}, {axis, 0U, reverse});
}

using ScanOps = OpList<ops::Cumsum, ops::Cumprod, ops::LinearRecurrence>;
std::span<const OpRecord> records_of(ScanOps);

}  // namespace tapewise
