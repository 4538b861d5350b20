#pragma once
#include <tapewise/ops/axes.hpp>
#include <tapewise/ops/kernels/strided_copy.hpp>
#include <tapewise/ops/scheme.hpp>
#include <tapewise/ops/slices.hpp>

namespace tapewise {

/// The sizes that a reshape asks for; one of them may be -1: what is left over.
class Sizes {
 public:
  constexpr Sizes() = default;
  constexpr Sizes(const Shape& shape) : Sizes(std::span(shape.begin(), shape.rank())) {}
  constexpr Sizes(std::initializer_list<std::int64_t> sizes)
      : Sizes(std::span(sizes.begin(), sizes.size())) {}
  constexpr explicit Sizes(std::span<const std::int64_t> sizes) : rank_(sizes.size()) {
    std::copy_n(sizes.begin(), std::min(sizes.size(), Shape::max_rank), sizes_.begin());
  }

  constexpr std::size_t rank() const { return rank_; }
  constexpr std::int64_t operator[](std::size_t axis) const { return sizes_[axis]; }
  /// The shape that these sizes give `x`. Throws ShapeError when there is none.
  Shape shape_of(const Shape& x, const TypeArgs& args) const;
  /// The shape that sizes without a -1 stand for.
  constexpr Shape shape() const { return Shape(std::span(sizes_.data(), rank_)); }
  /// "(2,-1)"
  std::string text() const;

 private:
  std::array<std::int64_t, Shape::max_rank> sizes_{};
  std::uint64_t rank_ = 0;
};

Var slice(const Operand& x, const Slices& slices);
Var slice_into(const Operand& g, const Shape& shape, const Slices& slices);

namespace ops {

/// Where the meaning of reshapes, slices, broadcasts and their kind is written down.
inline constexpr Text array_source = "Harris et al., Array programming with NumPy, 2020";

struct Reshape : Structured {
  static constexpr Text source = array_source;
  static constexpr Text name = "reshape", formula = "x in another shape",
                        signature = "reshape(x, shape)", derivative = "x̄ = ḡ in the shape of x",
                        peers = "torch.reshape, jax.numpy.reshape, tf.reshape";
  static constexpr DTypes dtypes = every_dtype;
  static constexpr int arity = 1;
  static constexpr bool alias = true;
  using Attribute = Sizes;
  static Type type(const TypeArgs& args) {
    const Type& x = args.parent(0);
    return {x.dtype, args.attribute<Sizes>().shape_of(x.shape, args)};
  }
  static Var vjp(const Vjp& v) { return record<Reshape>({Operand(v.g)}, v.parent(0).shape()); }
  static Var batch(const Batched& b);
  static std::string attribute_text(const void* attribute) {
    return static_cast<const Sizes*>(attribute)->text();
  }
  static std::vector<Example> examples();
};

/// What moves elements without looking at them.
struct CopyRule : Structured {
  static constexpr Text source = array_source;
  static constexpr DTypes dtypes = every_dtype;
  static constexpr int arity = 1;
  using Params = kernels::StridedCopy;
  template <class T>
  static void kernel(const KernelCall& call) {
    kernels::strided_copy<sizeof(T)>(call);
  }
  static double flops(const KernelRequest&) { return 0; }
};

struct Transpose : CopyRule {
  static constexpr Text name = "transpose", formula = "xᵀ",
                        signature = "transpose(x, axes=all in reverse)",
                        derivative = "x̄ = ḡ with its axes put back",
                        peers = "torch.permute, jax.numpy.transpose, tf.transpose";
  using Attribute = Axes;  ///< result axis k is axis [k] of x; none: all in reverse
  static Var batch(const Batched& b);
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  static Var vjp(const Vjp& v);
  static std::string attribute_text(const void* attribute) {
    return static_cast<const Axes*>(attribute)->text();
  }
  /// Is this the transpose of matrices: the last two axes swapped, all others in their place?
  static bool swaps_last(const Axes& axes, std::size_t rank);
  static std::vector<Example> examples();

 private:
  static std::size_t source_axis(const Axes& axes, std::size_t k, std::size_t rank);
};

struct BroadcastTo : CopyRule {
  static constexpr Text name = "broadcast_to", formula = "x, repeated",
                        signature = "broadcast_to(x, shape)",
                        derivative = "x̄ = Σ ḡ over the axes of the repetition",
                        peers =
                            "torch.broadcast_to, jax.numpy.broadcast_to, "
                            "tf.broadcast_to";
  static constexpr bool broadcast = true;
  using Attribute = Sizes;
  static Var batch(const Batched& b);
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request) {
    const Shape& to = request.out.shape;
    return kernels::plan_copy(to, broadcast_strides(request.in[0]->shape, to),
                              row_major_strides(to));
  }
  static Var vjp(const Vjp& v);
  static std::string attribute_text(const void* attribute) {
    return static_cast<const Sizes*>(attribute)->text();
  }
  static std::vector<Example> examples();
};

struct Concat : Structured {
  static constexpr Text source = array_source;
  static constexpr Text name = "concat", formula = "(a, b, ...) along an axis",
                        signature = "concat({a, b, ...}, axis)",
                        derivative = "ā, b̄, ... = the parts of ḡ",
                        peers = "torch.cat, jax.numpy.concatenate, tf.concat";
  static constexpr DTypes dtypes = every_dtype;
  struct Attribute {
    std::int64_t axis;
  };
  /// One node joins at most so many parts; `concat` records a tree for more.
  static constexpr std::size_t max_parts = 64;
  static Type type(const TypeArgs& args);
  struct Params {
    std::int64_t outer, parts;
    std::array<std::int64_t, max_parts> run;  ///< contiguous elements of each part
  };
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static double flops(const KernelRequest&) { return 0; }
  static Var batch(const Batched& b);
  static Var vjp(const Vjp& v);
  static std::string attribute_text(const void* attribute) {
    return "axis=" + std::to_string(static_cast<const Attribute*>(attribute)->axis);
  }
  static std::vector<Example> examples();
};

struct SliceOp : CopyRule {
  static constexpr Text name = "slice", formula = "x[start:stop:step, ...]",
                        signature = "slice(x, {{start, stop, step}, ...})",
                        derivative = "x̄ = zeros with ḡ at [start:stop:step, ...]",
                        peers =
                            "torch.Tensor.__getitem__, jax.lax.slice, "
                            "tf.strided_slice";
  using Attribute = Slices;
  static Var batch(const Batched& b);
  static Type type(const TypeArgs& args) {
    const Type& x = args.parent(0);
    const auto slices = args.attribute<Slices>();
    slices.check(x.shape, args);
    return {x.dtype, slices.shape_of(x.shape)};
  }
  static Params plan(const KernelRequest& request) {
    const auto slices = request.attribute<Slices>();
    const Shape &x = request.in[0]->shape, &y = request.out.shape;
    return kernels::plan_copy(y, slices.strides_in(x), row_major_strides(y), slices.begin_in(x));
  }
  static Var vjp(const Vjp& v) {
    return slice_into(v.g, v.parent(0).shape(), v.attribute<Slices>());
  }
  static std::string attribute_text(const void* attribute) {
    return static_cast<const Slices*>(attribute)->text();
  }
  static std::vector<Example> examples();
};

struct SliceInto : CopyRule {
  static constexpr Text name = "slice_into", formula = "zeros with g at [start:stop:step, ...]",
                        signature = "slice_into(g, shape, {{start, stop, step}, ...})",
                        derivative = "x̄ = ḡ[start:stop:step, ...]",
                        peers = "torch.slice_scatter, jax.numpy.ndarray.at.set";
  struct Attribute {
    Sizes shape;
    Slices slices;
  };
  static Var batch(const Batched& b);
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request) {
    const auto slices = request.attribute<Attribute>().slices;
    const Shape &g = request.in[0]->shape, &y = request.out.shape;
    return kernels::plan_copy(g, row_major_strides(g), slices.strides_in(y), 0, slices.begin_in(y),
                              y.size());
  }
  static Var vjp(const Vjp& v) { return slice(v.g, v.attribute<Attribute>().slices); }
  static std::string attribute_text(const void* attribute) {
    const auto* a = static_cast<const Attribute*>(attribute);
    return a->shape.text() + " " + a->slices.text();
  }
  static std::vector<Example> examples();
};

}  // namespace ops

/// x with the same elements in another shape; one size may be -1 and is worked out. Shares x's
/// memory. Throws ShapeError when the numbers of elements differ.
inline Var reshape(const Operand& x, const Sizes& sizes) {
  return record<ops::Reshape>({x}, sizes);
}

/// x with its axes in reverse, or in the order given: axis k of the result is axis `axes[k]` of x.
/// Throws ShapeError unless `axes` names each axis of x once.
inline Var transpose(const Operand& x, const Axes& axes = {}) {
  return record<ops::Transpose>({x}, axes);
}
/// x with its last two axes swapped: the transpose of each matrix in a batch.
/// Throws ShapeError for fewer than two axes.
Var swap_last(const Operand& x);

/// x repeated along new leading axes and along axes of size 1, by NumPy's rule; x itself when it
/// has that shape. Throws ShapeError when x does not broadcast to it.
inline Var broadcast_to(const Operand& x, const Shape& shape) {
  if (x.is_var() && x.var().shape() == shape) return x.var();
  return record<ops::BroadcastTo>({x}, shape);
}

/// The parts, one after the other along an existing axis; negative axes count from the back.
/// Throws ShapeError unless they agree in every other axis, TypeError unless in dtype.
Var concat(std::span<const Operand> parts, std::int64_t axis,
           SourceLine where = SourceLine::here());
inline Var concat(std::initializer_list<Operand> parts, std::int64_t axis,
                  SourceLine where = SourceLine::here()) {
  return concat(std::span(parts.begin(), parts.size()), axis, where);
}
Var concat(std::span<const Var> parts, std::int64_t axis, SourceLine where = SourceLine::here());

/// x[start:stop:step, ...] with NumPy's meaning, a copy: `slice(x, {{}, {1, 3}, {.step = -1}})`.
/// Throws ShapeError for more slices than axes, or a step of 0.
inline Var slice(const Operand& x, const Slices& slices) {
  return record<ops::SliceOp>({x}, slices);
}
/// Zeros of this shape with g at the slices: the adjoint of `slice`.
/// Throws ShapeError unless g has the shape that the slices choose.
inline Var slice_into(const Operand& g, const Shape& shape, const Slices& slices) {
  return record<ops::SliceInto>({g}, {shape, slices});
}

using ShapeOps = OpList<ops::Reshape, ops::Transpose, ops::BroadcastTo, ops::Concat, ops::SliceOp,
                        ops::SliceInto>;
std::span<const OpRecord> records_of(ShapeOps);

}  // namespace tapewise
