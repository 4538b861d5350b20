#pragma once
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
  static constexpr std::string_view domain = "-n ≤ index < n";
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
  static constexpr std::string_view name = "take", formula = "x[..., i, ...]",
                                    signature = "take(x, indices, axis)",
                                    derivative = "x̄ = take_add(ḡ, i): zeros, x̄[..., i, ...] += ḡ",
                                    peers = "torch.index_select, jax.numpy.take, tf.gather";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct TakeAdd : IndexAddRule {
  static constexpr std::string_view name = "take_add", formula = "zeros, y[..., i, ...] += g",
                                    signature = "take_add(g, indices, axis, size)",
                                    derivative = "x̄ = take(ḡ, i)",
                                    peers = "torch.index_add, tf.scatter_nd";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct Gather : IndexRule {
  static constexpr std::string_view name = "gather", formula = "x[a, i[a, b], c]",
                                    signature = "gather(x, indices, axis)",
                                    derivative = "x̄ = scatter_add(ḡ, i)",
                                    peers =
                                        "torch.gather, jax.numpy.take_along_axis, "
                                        "tf.gather(batch_dims)";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct ScatterAdd : IndexAddRule {
  static constexpr std::string_view name = "scatter_add",
                                    formula = "zeros, y[a, i[a, b], c] += g[a, b, c]",
                                    signature = "scatter_add(g, indices, axis, size)",
                                    derivative = "x̄ = gather(ḡ, i)",
                                    peers =
                                        "torch.scatter_add, jax.numpy.ndarray.at.add, "
                                        "tf.scatter_nd";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct OneHot : Structured {
  static constexpr std::string_view name = "one_hot", formula = "1 at the label, 0 elsewhere",
                                    domain = "-n ≤ label < n",
                                    signature = "one_hot(labels, classes, dtype=float64)",
                                    derivative = "none: labels are integers",
                                    peers =
                                        "torch.nn.functional.one_hot, jax.nn.one_hot, "
                                        "tf.one_hot";
  static constexpr DTypes dtypes = every_dtype;
  static constexpr int arity = 1;
  static constexpr bool may_throw = true;
  static constexpr bool stops_gradient = true;
  struct Attribute {
    std::int64_t classes;
    std::int64_t dtype;
  };
  static Type type(const TypeArgs& args);
  using Params = IndexParams;
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

struct MaskedFill : Composite {
  static constexpr std::string_view name = "masked_fill", formula = "value if mask else x",
                                    domain = "a mask that broadcasts to x",
                                    signature = "masked_fill(x, mask, value)",
                                    derivative = "x̄ = ḡ where the mask does not hold, else 0",
                                    peers = "torch.masked_fill, jax.numpy.where, tf.where";
  static constexpr DTypes dtypes = every_dtype;
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

/// 1 at each int64 label, 0 elsewhere, along a new last axis of size `classes`. A label out of
/// range throws DomainError when computed; negative ones count from the end. No gradient.
Var one_hot(const Operand& labels, std::int64_t classes, DType dtype = DType::float64);

/// x with `value` where the mask holds. The value is a number or a Var of one element or more that
/// broadcasts to x, as the mask does; its gradient is that of the places it fills.
/// Throws ShapeError when one of them would make the result larger than x, TypeError unless the
/// mask is of dtype bool.
Var masked_fill(const Operand& x, const Operand& mask, const Operand& value);

using IndexOps =
    OpList<ops::Take, ops::TakeAdd, ops::Gather, ops::ScatterAdd, ops::OneHot, ops::MaskedFill>;
std::span<const OpRecord> records_of(IndexOps);

}  // namespace tapewise
