#pragma once
#include <tapewise/ops/index.hpp>

// Masks and labels as arrays.

namespace tapewise {

namespace ops {

struct OneHot : Structured {
  static constexpr Text name = "one_hot", formula = "1 at the label, 0 elsewhere",
                        domain = "-n ≤ label < n", source = "Roch, Deep Nets: labels",
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
  /// The classes stand last: a stack of labels is more of them.
  static Var batch(const Batched& b) { return record_again(b, b.operands, b.y.attribute_data()); }
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

struct MaskedFill : Composite {
  static constexpr Text name = "masked_fill", formula = "value if mask else x",
                        domain = "a mask that broadcasts to x",
                        source = "Harris et al., Array programming with NumPy, 2020",
                        signature = "masked_fill(x, mask, value)",
                        derivative = "x̄ = ḡ where the mask does not hold, else 0",
                        peers = "torch.masked_fill, jax.numpy.where, tf.where";
  static constexpr DTypes dtypes = every_dtype;
  static std::vector<Example> examples();
};

}  // namespace ops

/// 1 at each int64 label, 0 elsewhere, along a new last axis of size `classes`. A label out of
/// range throws DomainError when computed; negative ones count from the end. No gradient.
Var one_hot(const Operand& labels, std::int64_t classes, DType dtype = DType::float64);

/// x with `value` where the mask holds. The value is a number or a Var of one element or more that
/// broadcasts to x, as the mask does; its gradient is that of the places it fills.
/// Throws ShapeError when one of them would make the result larger than x, TypeError unless the
/// mask is of dtype bool.
Var masked_fill(const Operand& x, const Operand& mask, const Operand& value);

using MaskOps = OpList<ops::OneHot, ops::MaskedFill>;
std::span<const OpRecord> records_of(MaskOps);

}  // namespace tapewise
