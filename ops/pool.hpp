#pragma once
#include <tapewise/ops/scheme.hpp>
#include <tapewise/ops/window.hpp>

namespace tapewise {

/// How the windows of a max_pool walk; a stride of 0 stands for the kernel's size. `ceil_mode`: a
/// last window may hang over the end, if it begins before the padding there.
struct MaxPoolOptions {
  Pair stride = 0, padding = 0, dilation = 1;
  bool ceil_mode = false;
};
/// The same for avg_pool. `count_padding` (PyTorch: count_include_pad): the zeros of the padding
/// count as elements; what hangs over beyond them never does.
struct AvgPoolOptions {
  Pair stride = 0, padding = 0;
  bool count_padding = true;
  bool ceil_mode = false;
  /// What sums are divided by instead of the number of elements; 0: that number.
  std::int64_t divisor_override = 0;
};

namespace ops {

/// Where the largest element of each window lies: its index in the rows·columns elements of its
/// image. The first of equal ones, as in PyTorch; a NaN counts as the largest.
struct MaxPlaces : Structured {
  static constexpr Text name = "max_pool2d_places", formula = "argmax of x over each window",
                        signature =
                            "max_pool2d_places(x, kernel, "
                            "{stride=kernel, padding=0, dilation=1, ceil_mode=false})",
                        domain = "windows with an element of the image",
                        derivative = "none: the place is constant almost everywhere",
                        peers =
                            "torch.nn.functional.max_pool2d(return_indices=True), "
                            "tf.nn.max_pool_with_argmax",
                        source = "Goodfellow et al., Deep Learning, 9.3";
  static constexpr int arity = 1;
  static constexpr bool stops_gradient = true;
  using Attribute = WindowRule;
  struct Params {
    std::int64_t images;
    kernels::WindowAxis rows, columns;
  };
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  static const Type& number_type(const KernelRequest& request) { return *request.in[0]; }
  static double flops(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var batch(const Batched& b);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

struct MaxPool2d : Composite {
  static constexpr Text
      name = "max_pool2d",
      formula = "max of x over each window",
      signature = "max_pool2d(x, kernel, {stride=kernel, padding=0, dilation=1, ceil_mode=false})",
      domain = MaxPlaces::domain,
      derivative = "G at the place of each maximum, the first of equals",
      peers = "torch.nn.functional.max_pool2d, tf.nn.max_pool2d, flax.linen.max_pool",
      source = MaxPlaces::source;
  static constexpr Text kinks = "equal maxima in a window: the first gets all, as PyTorch has it";
  static std::vector<Example> examples();
};
struct AvgPool2d : Composite {
  static constexpr Text
      name = "avg_pool2d",
      formula = "mean of x over each window",
      signature =
          "avg_pool2d(x, kernel, {stride=kernel, padding=0, count_padding=true, ceil_mode=false, "
          "divisor_override=none})",
      domain = "images of at least a kernel's size",
      derivative = "G/n at each element of each window of n",
      peers = "torch.nn.functional.avg_pool2d, tf.nn.avg_pool2d, flax.linen.avg_pool",
      source = MaxPlaces::source;
  static std::vector<Example> examples();
};
struct MaxPool1d : Composite {
  static constexpr Text
      name = "max_pool1d",
      formula = MaxPool2d::formula,
      signature = "max_pool1d(x, kernel, stride=kernel, padding=0, dilation=1, ceil_mode=false)",
      domain = MaxPlaces::domain, derivative = MaxPool2d::derivative,
      peers = "torch.nn.functional.max_pool1d, tf.nn.max_pool1d", source = MaxPlaces::source;
  static constexpr Text kinks = "equal maxima in a window: the first gets all, as PyTorch has it";
  static std::vector<Example> examples();
};
struct AvgPool1d : Composite {
  static constexpr Text
      name = "avg_pool1d",
      formula = AvgPool2d::formula,
      signature =
          "avg_pool1d(x, kernel, stride=kernel, padding=0, count_padding=true, ceil_mode=false, "
          "divisor_override=none)",
      domain = AvgPool2d::domain, derivative = AvgPool2d::derivative,
      peers = "torch.nn.functional.avg_pool1d, tf.nn.avg_pool1d", source = MaxPlaces::source;
  static std::vector<Example> examples();
};

}  // namespace ops

/// The largest element of each window of images (..., rows, columns). Padding never wins; NaN does.
/// Equal maxima: the first one gets the gradient, as in PyTorch. Throws ShapeError when no window
/// fits, or one would lie in the padding altogether.
Var max_pool2d(const Operand& x, Pair kernel, const MaxPoolOptions& options = {});
/// The flat index, in its image, of each such element: int64.
Var max_pool2d_places(const Operand& x, Pair kernel, const MaxPoolOptions& options = {});

/// The mean of each window of images (..., rows, columns). Padding counts as zeros, as in PyTorch,
/// unless told. Throws ShapeError when no window fits, DomainError for a negative divisor.
Var avg_pool2d(const Operand& x, Pair kernel, const AvgPoolOptions& options = {});

/// The same along the last axis of (..., n).
Var max_pool1d(const Operand& x, std::int64_t kernel, std::int64_t stride = 0,
               std::int64_t padding = 0, std::int64_t dilation = 1, bool ceil_mode = false);
Var avg_pool1d(const Operand& x, std::int64_t kernel, std::int64_t stride = 0,
               std::int64_t padding = 0, bool count_padding = true, bool ceil_mode = false,
               std::int64_t divisor_override = 0);

using PoolOps =
    OpList<ops::MaxPlaces, ops::MaxPool2d, ops::AvgPool2d, ops::MaxPool1d, ops::AvgPool1d>;
std::span<const OpRecord> records_of(PoolOps);

}  // namespace tapewise
