#pragma once
#include <tapewise/ops/shape.hpp>
#include <vector>

namespace tapewise {

namespace ops {

// What is written in reshape, transpose, broadcast_to, slice and concat: those are what the tape
// shows, and their derivatives are what is used.

struct RearrangeRule : Composite {
  static constexpr DTypes dtypes = every_dtype;
  static constexpr Text domain = "all shapes", source = array_source;
};

struct Permute : RearrangeRule {
  static constexpr Text name = "permute", formula = "axis k of y is axis axes[k] of x",
                        signature = "permute(x, axes)", derivative = "x̄ = ḡ with its axes put back",
                        peers = "torch.permute, jax.numpy.transpose, tf.transpose";
  static std::vector<Example> examples();
};

struct Squeeze : RearrangeRule {
  static constexpr Text name = "squeeze", formula = "x without axes of size 1",
                        signature = "squeeze(x, axes=all of size 1)",
                        derivative = "x̄ = ḡ in the shape of x",
                        peers = "torch.squeeze, jax.numpy.squeeze, tf.squeeze";
  static std::vector<Example> examples();
};

struct ExpandDims : RearrangeRule {
  static constexpr Text name = "expand_dims", formula = "x with new axes of size 1",
                        signature = "expand_dims(x, axes)", derivative = "x̄ = ḡ in the shape of x",
                        peers =
                            "torch.unsqueeze, jax.numpy.expand_dims, "
                            "tf.expand_dims";
  static std::vector<Example> examples();
};

struct Stack : RearrangeRule {
  static constexpr Text name = "stack", formula = "(a, b, ...) along a new axis",
                        domain = "arrays of one shape", signature = "stack({a, b, ...}, axis=0)",
                        derivative = "ā = ḡ[0], b̄ = ḡ[1], ...",
                        peers = "torch.stack, jax.numpy.stack, tf.stack";
  static std::vector<Example> examples();
};

struct Split : RearrangeRule {
  static constexpr Text name = "split", formula = "x in parts along an axis",
                        signature = "split(x, parts or {sizes}, axis=0)",
                        derivative = "x̄ = (ḡ_0, ḡ_1, ...) joined",
                        peers =
                            "torch.tensor_split, torch.split, jax.numpy.split, "
                            "tf.split";
  static std::vector<Example> examples();
};

struct Flip : RearrangeRule {
  static constexpr Text name = "flip", formula = "y_k = x_{n-1-k}", signature = "flip(x, axes=all)",
                        derivative = "x̄ = ḡ flipped",
                        peers = "torch.flip, jax.numpy.flip, tf.reverse";
  static std::vector<Example> examples();
};

struct Roll : RearrangeRule {
  static constexpr Text name = "roll", formula = "y_k = x_{k-s mod n}",
                        signature = "roll(x, shift, axis=flattened)",
                        derivative = "x̄ = ḡ rolled back",
                        peers = "torch.roll, jax.numpy.roll, tf.roll";
  static std::vector<Example> examples();
};

struct Tile : RearrangeRule {
  static constexpr Text name = "tile", formula = "x, several times along each axis",
                        signature = "tile(x, {times})", derivative = "x̄ = Σ ḡ over the copies",
                        peers = "torch.tile, jax.numpy.tile, tf.tile";
  static std::vector<Example> examples();
};

struct Repeat : RearrangeRule {
  static constexpr Text name = "repeat", formula = "y_{k·times + r} = x_k",
                        signature = "repeat(x, times, axis)",
                        derivative = "x̄_k = Σ_r ḡ_{k·times + r}",
                        peers = "torch.repeat_interleave, jax.numpy.repeat, tf.repeat";
  static std::vector<Example> examples();
};

}  // namespace ops

// All of these throw ShapeError for axes that the array does not have or that are given twice, and
// leave the tape as it was. Negative axes count from the back.

/// x with its axes in this order: axis k of the result is axis `axes[k]` of x. As `transpose`, with
/// the axes named.
Var permute(const Operand& x, const Axes& axes);

/// x without the axes named, or without all of size 1. Throws ShapeError for another size.
Var squeeze(const Operand& x, const Axes& axes = {});
/// x with axes of size 1 in these places of the result.
Var expand_dims(const Operand& x, const Axes& axes);

/// Arrays of one shape, one behind the other along a new axis of the result.
/// Throws ShapeError or TypeError unless they agree in shape and dtype.
Var stack(std::span<const Operand> parts, std::int64_t axis = 0);
inline Var stack(std::initializer_list<Operand> parts, std::int64_t axis = 0) {
  return stack(std::span(parts.begin(), parts.size()), axis);
}
Var stack(std::span<const Var> parts, std::int64_t axis = 0, SourceLine where = SourceLine::here());

/// x cut into so many parts of equal size (NumPy's meaning; torch.split counts elements instead).
/// Throws ShapeError when the size is no multiple of them.
std::vector<Var> split(const Operand& x, std::int64_t parts, std::int64_t axis = 0);
/// x cut into parts of these sizes. Throws ShapeError unless they add up to the axis's size.
std::vector<Var> split(const Operand& x, std::span<const std::int64_t> sizes,
                       std::int64_t axis = 0);
inline std::vector<Var> split(const Operand& x, std::initializer_list<std::int64_t> sizes,
                              std::int64_t axis = 0) {
  return split(x, std::span(sizes.begin(), sizes.size()), axis);
}

/// x backwards along the axes, or along all.
Var flip(const Operand& x, const Axes& axes = {});

/// x moved on by `shift` places along an axis; what leaves at the end comes in at the beginning.
Var roll(const Operand& x, std::int64_t shift, std::int64_t axis);
/// The same of x as one row of all elements, in x's shape.
Var roll(const Operand& x, std::int64_t shift);

/// x so many times along each axis. With fewer numbers than axes the last axes are meant, with
/// more, x gets new leading axes: NumPy's rule. Throws ShapeError for a negative number.
Var tile(const Operand& x, std::span<const std::int64_t> times);
inline Var tile(const Operand& x, std::initializer_list<std::int64_t> times) {
  return tile(x, std::span(times.begin(), times.size()));
}

/// Each element `times` times, next to each other along an axis: torch.repeat_interleave. (What
/// torch.Tensor.repeat does is `tile`.) Throws ShapeError for a negative number.
Var repeat(const Operand& x, std::int64_t times, std::int64_t axis);

using RearrangeOps = OpList<ops::Permute, ops::Squeeze, ops::ExpandDims, ops::Stack, ops::Split,
                            ops::Flip, ops::Roll, ops::Tile, ops::Repeat>;
std::span<const OpRecord> records_of(RearrangeOps);

}  // namespace tapewise
