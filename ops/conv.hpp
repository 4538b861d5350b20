#pragma once
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/scheme.hpp>
#include <tapewise/ops/window.hpp>

// Convolutions (cross-correlations, as everywhere in deep learning). With x ∗ w for conv2d, the
// number Σ y·(x ∗ w) is linear in each of x, w and y; conv2d, conv_transpose2d and
// conv2d_weight are its derivatives in y, x and w, so each one's vjp consists of the other two.

namespace tapewise {

/// How a 2-d convolution walks: `{.stride = 2, .padding = {1, 0}}`.
struct ConvOptions {
  Pair stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;
};
/// The same for one axis.
struct Conv1dOptions {
  std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};

namespace ops {

struct ConvRule : Structured {
  static constexpr int arity = 2;
  static constexpr Text source = "Goodfellow et al., Deep Learning, 9.1 and 9.5";
  static constexpr Text domain = "images of at least a kernel's size";
  /// `size`: rows and columns of what the operands do not tell: of the image for the transposed
  /// convolution, of the kernel for the weight's gradient.
  struct Attribute {
    Pair stride, padding, dilation, size;
    std::int64_t groups;

    WindowRule window(const Pair& kernel) const { return {kernel, stride, padding, dilation}; }
  };
  using Params = kernels::Convolution;
  static Params plan_for(const Shape& x, const Shape& w, const Attribute& a);
  static std::string attribute_text(const void* attribute);
  static double flops_for(const Params& p);
  /// Images stacked along a new first axis are images.
  static Var batch(const Batched& b);
};

struct Conv2d : ConvRule {
  static constexpr Text
      name = "conv2d",
      formula = "y[o, r, c] = Σ x[i, r·stride + a·dilation - padding, ...]·w[o, i, a, b]",
      signature = "conv2d(x, w, {stride=1, padding=0, dilation=1, groups=1})",
      derivative = "x̄ = conv_transpose2d(G, w), w̄ = conv2d_weight(x, G)",
      peers = "torch.nn.functional.conv2d, jax.lax.conv_general_dilated, tf.nn.conv2d";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  static double flops(const KernelRequest& request) { return flops_for(plan(request)); }
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct ConvTranspose2d : ConvRule {
  static constexpr Text
      name = "conv_transpose2d",
      formula = "x[i, r·stride + a·dilation - padding, ...] += y[o, r, c]·w[o, i, a, b]",
      signature =
          "conv_transpose2d(y, w, {stride=1, padding=0, dilation=1, groups=1}, "
          "output_padding=0)",
      derivative = "ȳ = conv2d(G, w), w̄ = conv2d_weight(G, y)",
      peers =
          "torch.nn.functional.conv_transpose2d, jax.lax.conv_transpose, "
          "tf.nn.conv2d_transpose";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  static double flops(const KernelRequest& request) { return flops_for(plan(request)); }
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct Conv2dWeight : ConvRule {
  static constexpr Text
      name = "conv2d_weight",
      formula = "w[o, i, a, b] = Σ x[i, r·stride + a·dilation - padding, ...]·y[o, r, c]",
      signature = "conv2d_weight(x, y, kernel, {stride=1, padding=0, dilation=1, groups=1})",
      derivative = "x̄ = conv_transpose2d(y, G), ȳ = conv2d(x, G)",
      peers = "torch.nn.grad.conv2d_weight, tf.raw_ops.Conv2DBackpropFilter";
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  static double flops(const KernelRequest& request) { return flops_for(plan(request)); }
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static Var batch(const Batched& b) { return one_by_one(b); }  // it sums over the images
  static std::vector<Example> examples();
};

struct Conv1d : Composite {
  static constexpr Text
      name = "conv1d",
      formula = "y[o, r] = Σ x[i, r·stride + a·dilation - padding]·w[o, i, a]",
      signature = "conv1d(x, w, {stride=1, padding=0, dilation=1, groups=1})",
      domain = "signals of at least a kernel's size", derivative = "that of conv2d with one row",
      peers = "torch.nn.functional.conv1d, jax.lax.conv_general_dilated, tf.nn.conv1d",
      source = ConvRule::source;
  static std::vector<Example> examples();
};
struct ConvTranspose1d : Composite {
  static constexpr Text name = "conv_transpose1d",
                        formula = "x[i, r·stride + a·dilation - padding] += y[o, r]·w[o, i, a]",
                        signature =
                            "conv_transpose1d(y, w, {stride=1, padding=0, dilation=1, groups=1}, "
                            "output_padding=0)",
                        domain = "every signal",
                        derivative = "that of conv_transpose2d with one row",
                        peers = "torch.nn.functional.conv_transpose1d, tf.nn.conv1d_transpose",
                        source = ConvRule::source;
  static std::vector<Example> examples();
};

}  // namespace ops

/// Images x (..., channels, rows, columns) with weights w (filters, channels/groups, a, b) to
/// (..., filters, rows', columns'), rows' = ⌊(rows + 2·padding - dilation·(a - 1) - 1)/stride⌋ + 1.
/// The kernel is not flipped. Padding is with zeros. With groups, filters and channels are dealt
/// out in as many parts, each filter sees its own part only; groups = channels is "depthwise".
/// Throws ShapeError when the shapes do not fit, TypeError unless both are floats of one dtype.
Var conv2d(const Operand& x, const Operand& w, const ConvOptions& options = {});

/// The adjoint of conv2d in x: y (..., filters, rows', columns') to (..., channels, rows, columns)
/// with rows = (rows' - 1)·stride - 2·padding + dilation·(a - 1) + 1 + output_padding. w is that of
/// the conv2d, so its first axis is that of y. Throws as conv2d does.
Var conv_transpose2d(const Operand& y, const Operand& w, const ConvOptions& options = {},
                     Pair output_padding = 0);

/// The adjoint of conv2d in w: Σ over all images of x with y (..., filters, rows', columns'), for a
/// kernel of these rows and columns. Throws as conv2d does.
Var conv2d_weight(const Operand& x, const Operand& y, Pair kernel, const ConvOptions& options = {});

/// The same along one axis: x (..., channels, n), w (filters, channels/groups, a).
Var conv1d(const Operand& x, const Operand& w, const Conv1dOptions& options = {});
Var conv_transpose1d(const Operand& y, const Operand& w, const Conv1dOptions& options = {},
                     std::int64_t output_padding = 0);

using ConvOps =
    OpList<ops::Conv2d, ops::ConvTranspose2d, ops::Conv2dWeight, ops::Conv1d, ops::ConvTranspose1d>;
std::span<const OpRecord> records_of(ConvOps);

}  // namespace tapewise
