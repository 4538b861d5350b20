#pragma once
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

namespace ops {

/// An array seen as (outer, axis, inner) around the axis that indices choose from.
struct IndexParams {
  std::int64_t outer, size, inner;  ///< `size` elements along the axis can be chosen
  std::int64_t count;               ///< indices, or indices along the axis
  std::int64_t axis;                ///< for the error
};

/// Operand 1 holds the indices. Negative ones count from the end.
struct IndexRule : Structured {
  static constexpr Text domain = "-n ≤ index < n",
                        source = "Harris et al., Array programming with NumPy, 2020";
  static constexpr DTypes dtypes = every_dtype;
  static constexpr int arity = 2;
  static constexpr bool may_throw = true;
  using Params = IndexParams;
  struct Attribute {
    std::int64_t axis;
  };
  static std::string attribute_text(const void* attribute) {
    return "axis=" + std::to_string(static_cast<const Attribute*>(attribute)->axis);
  }
  static double flops(const KernelRequest&) { return 0; }
};
/// The adjoints, which add at the indices; the result has `size` elements along the axis.
struct IndexAddRule : IndexRule {
  static constexpr DTypes dtypes = numbers;
  struct Attribute {
    std::int64_t axis, size;
  };
  static std::string attribute_text(const void* attribute) {
    const auto* a = static_cast<const Attribute*>(attribute);
    return "axis=" + std::to_string(a->axis) + " size=" + std::to_string(a->size);
  }
  static double flops(const KernelRequest& request) {
    return static_cast<double>(request.in[0]->size());
  }
};

struct Take : IndexRule {
  static constexpr Text name = "take", formula = "x[..., i, ...]",
                        signature = "take(x, indices, axis)",
                        derivative = "x̄ = take_add(ḡ, i): zeros, x̄[..., i, ...] += ḡ",
                        peers = "torch.index_select, jax.numpy.take, tf.gather";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var batch(const Batched& b);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct TakeAdd : IndexAddRule {
  static constexpr Text name = "take_add", formula = "zeros, y[..., i, ...] += g",
                        signature = "take_add(g, indices, axis, size)",
                        derivative = "x̄ = take(ḡ, i)", peers = "torch.index_add, tf.scatter_nd";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var batch(const Batched& b);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct Gather : IndexRule {
  static constexpr Text name = "gather", formula = "x[a, i[a, b], c]",
                        signature = "gather(x, indices, axis)",
                        derivative = "x̄ = scatter_add(ḡ, i)",
                        peers =
                            "torch.gather, jax.numpy.take_along_axis, "
                            "tf.gather(batch_dims)";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var batch(const Batched& b);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct ScatterAdd : IndexAddRule {
  static constexpr Text name = "scatter_add", formula = "zeros, y[a, i[a, b], c] += g[a, b, c]",
                        signature = "scatter_add(g, indices, axis, size)",
                        derivative = "x̄ = gather(ḡ, i)",
                        peers =
                            "torch.scatter_add, jax.numpy.ndarray.at.add, "
                            "tf.scatter_nd";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var batch(const Batched& b);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

}  // namespace ops

/// x with an axis replaced by the choices that int64 `indices` of any shape make along it: NumPy's
/// `take`. For x of shape (A..., n, B...) and indices (I...), the result is (A..., I..., B...).
/// Negative indices count from the end; one out of range throws DomainError when computed.
Var take(const Operand& x, const Operand& indices, std::int64_t axis);
/// The adjoint of `take`: zeros with `size` elements along the axis, to which g is added at the
/// indices. Repeated indices accumulate. `axis` is one of the result's axes.
Var take_add(const Operand& g, const Operand& indices, std::int64_t axis, std::int64_t size);

/// One choice for each place: y[a,b,c] = x[a, indices[a,b,c], c] for axis 1, NumPy's
/// `take_along_axis`. x and the int64 indices have the same rank and agree in all other axes.
/// Negative indices count from the end; one out of range throws DomainError when computed.
Var gather(const Operand& x, const Operand& indices, std::int64_t axis);
/// The adjoint of `gather`: zeros with `size` elements along the axis, to which g is added at the
/// indices. Repeated indices accumulate.
Var scatter_add(const Operand& g, const Operand& indices, std::int64_t axis, std::int64_t size);
/// x with g added at the indices: PyTorch's `scatter_add`, x + scatter_add(g, indices, axis, size).
/// x, g and indices have the same rank; g and the indices one shape, which agrees with x's in all
/// axes but this.
Var scatter_add(const Operand& x, const Operand& indices, const Operand& g, std::int64_t axis);

using IndexOps = OpList<ops::Take, ops::TakeAdd, ops::Gather, ops::ScatterAdd>;
std::span<const OpRecord> records_of(IndexOps);

}  // namespace tapewise
