#pragma once
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/kernels/folds.hpp>
#include <tapewise/ops/reduce.hpp>

namespace tapewise {

/// Values in order, and where in x each stood, as int64 indices along the axis.
struct Sorted {
  Var values, indices;
};

namespace ops {

/// Where the first winner stands among the folded elements, counted in row-major order. A NaN wins.
struct ArgExtremumRule : AxesRule {
  static constexpr DTypes dtypes = numbers;
  static constexpr bool stops_gradient = true;
  static constexpr Text domain = "at least one element for each result",
                        derivative = "none: the result is an index";
  static Type type(const TypeArgs& args);
  static const Type& number_type(const KernelRequest& request) { return *request.in[0]; }

 protected:
  template <class T, bool largest>
  static void find(const KernelCall& call);
  static std::vector<Example> examples_of(Var (*arg)(const Operand&, const Axes&, bool));
};

struct Argmax : ArgExtremumRule {
  static constexpr Text name = "argmax", formula = "the first i with x_i = max x",
                        signature = "argmax(x, axes=all, keepdims=false)",
                        peers = "torch.argmax, jax.numpy.argmax, tf.math.argmax";
  template <class T>
  static void kernel(const KernelCall& call) {
    find<T, true>(call);
  }
  static std::vector<Example> examples();
};

struct Argmin : ArgExtremumRule {
  static constexpr Text name = "argmin", formula = "the first i with x_i = min x",
                        signature = "argmin(x, axes=all, keepdims=false)",
                        peers = "torch.argmin, jax.numpy.argmin, tf.math.argmin";
  template <class T>
  static void kernel(const KernelCall& call) {
    find<T, false>(call);
  }
  static std::vector<Example> examples();
};

/// Of the last axis. Equal elements keep their order; NaN counts as larger than all numbers.
struct Argsort : Structured {
  static constexpr Text name = "argsort", formula = "i with x[i_0] ≤ x[i_1] ≤ ...",
                        source = "Knuth, The Art of Computer Programming 3, 5.2",
                        signature = "argsort(x, axis=-1, descending=false)",
                        derivative = "none: the result is an index",
                        peers = "torch.argsort (stable), jax.numpy.argsort, tf.argsort";
  static constexpr DTypes dtypes = numbers;
  static constexpr int arity = 1;
  static constexpr bool stops_gradient = true;
  struct Attribute {
    std::int64_t count;  ///< so many of the first; -1: all
    std::int64_t descending;
  };
  struct Params {
    std::int64_t rows, n, count;
    bool descending;
  };
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  static const Type& number_type(const KernelRequest& request) { return *request.in[0]; }
  template <class T>
  static void kernel(const KernelCall& call);
  static Var batch(const Batched& b) { return record_again(b, b.operands, b.y.attribute_data()); }
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

struct Sort : Composite {
  static constexpr Text name = "sort", formula = "x[i_0] ≤ x[i_1] ≤ ...",
                        domain = "at least one axis",
                        source = "Knuth, The Art of Computer Programming 3, 5.2",
                        signature = "sort(x, axis=-1, descending=false).values",
                        derivative = "x̄[i_k] = ḡ_k", peers = "torch.sort, jax.numpy.sort, tf.sort";
  static constexpr DTypes dtypes = numbers;
  static constexpr Text kinks =
      "equal elements: each gets the gradient of its place in stable order";
  static std::vector<Example> examples();
};

struct Topk : Composite {
  static constexpr Text name = "topk", formula = "the k largest, in order", domain = "0 ≤ k ≤ n",
                        source = "Knuth, The Art of Computer Programming 3, 5.2",
                        signature = "topk(x, k, axis=-1, largest=true).values",
                        derivative = "x̄[i_k] = ḡ_k, 0 for those not chosen",
                        peers = "torch.topk, jax.lax.top_k, tf.math.top_k";
  static constexpr DTypes dtypes = numbers;
  static constexpr Text kinks =
      "equal elements: each gets the gradient of its place in stable order";
  static std::vector<Example> examples();
};

}  // namespace ops

/// Where the largest element along axes stands, as int64: the first of equal ones, a NaN before any
/// number. Several axes count as one, in row-major order; all of them by default. No gradient.
/// Throws ShapeError for nothing, and as `sum`.
inline Var argmax(const Operand& x, const Axes& axes = {}, bool keepdims = false) {
  return record<ops::Argmax>({x}, {axes, keepdims});
}
/// Where the smallest element stands; see `argmax`.
inline Var argmin(const Operand& x, const Axes& axes = {}, bool keepdims = false) {
  return record<ops::Argmin>({x}, {axes, keepdims});
}

/// The int64 indices that sort x along an axis, the last by default. Equal elements keep their
/// order, in both directions; NaN counts as larger than any number. No gradient.
/// Throws ShapeError for an axis that x does not have (a number has none), TypeError for bools.
Var argsort(const Operand& x, std::int64_t axis = -1, bool descending = false);
/// x sorted along an axis, and the indices of `argsort`. The gradient of a value goes to the
/// element that it was. Throws as `argsort`.
Sorted sort(const Operand& x, std::int64_t axis = -1, bool descending = false);
/// The k largest (or smallest) along an axis, in order, and their indices; ties as in `argsort`.
/// Throws ShapeError unless 0 ≤ k ≤ the axis's size, and as `argsort`.
Sorted topk(const Operand& x, std::int64_t k, std::int64_t axis = -1, bool largest = true);

using OrderOps = OpList<ops::Argmax, ops::Argmin, ops::Argsort, ops::Sort, ops::Topk>;
std::span<const OpRecord> records_of(OrderOps);

}  // namespace tapewise
