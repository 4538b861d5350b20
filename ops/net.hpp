#pragma once
#include <tapewise/ops/reduce.hpp>

// Parts of networks that are written in other ops.

namespace tapewise {

/// Where attention may look.
struct AttentionOptions {
  /// bool (..., L, S): true where a query may look; or floats that are added to the scores.
  Var mask{};
  /// Query i looks at keys 0 to i only.
  bool causal = false;
  /// What scores are multiplied with; 0: 1/√d.
  double scale = 0.0;
};

namespace ops {

struct Embedding : Composite {
  static constexpr Text
      name = "embedding",
      formula = "W[i, :]", signature = "embedding(indices, W)", domain = "-n ≤ index < n",
      derivative = "G added to the rows that were read",
      peers = "torch.nn.functional.embedding, flax.linen.Embed, tf.nn.embedding_lookup",
      source = "Bengio et al. 2003; Goodfellow et al., Deep Learning, 12.4";
  static std::vector<Example> examples();
};
struct Attention : Composite {
  static constexpr Text
      name = "scaled_dot_product_attention",
      formula = "softmax(Q·Kᵀ/√d + mask)·V",
      signature = "scaled_dot_product_attention(Q, K, V, {mask=none, causal=false, scale=1/√d})",
      domain = "Q (..., L, d), K (..., S, d), V (..., S, e)",
      derivative = "by the chain rule of its parts",
      peers =
          "torch.nn.functional.scaled_dot_product_attention, jax.nn.dot_product_attention, "
          "mlx.fast.scaled_dot_product_attention",
      source = "Vaswani et al. 2017, Attention is all you need, eq. 1";
  static std::vector<Example> examples();
};
struct Maxout : Composite {
  static constexpr Text
      name = "maxout",
      formula = "max over each group of `pieces` neighbours",
      signature = "maxout(z, pieces, axis=-1, ties=share)",
      derivative = "G at the winner of each group; equal ones share it, or the first gets it",
      peers = "tfa.layers.Maxout",
      source = "Goodfellow et al. 2013, Maxout networks; Deep Learning, 6.3.1";
  static constexpr Text kinks = "equal pieces";
  static std::vector<Example> examples();
};
struct Glu : Composite {
  static constexpr Text
      name = "glu",
      formula = "a·σ(b), (a, b) the halves of x", signature = "glu(x, axis=-1)",
      derivative = "G·σ(b) in a, G·a·σ(b)(1 - σ(b)) in b",
      peers = "torch.nn.functional.glu, jax.nn.glu, mlx.nn.glu",
      source = "Dauphin et al. 2017, Language modeling with gated convolutional networks";
  static std::vector<Example> examples();
};

}  // namespace ops

/// Rows of a table W (n, d) for int64 indices (...): an array (..., d). An index out of range
/// throws DomainError when computed.
Var embedding(const Operand& indices, const Operand& table);

/// softmax(Q·Kᵀ·scale)·V for queries (..., L, d), keys (..., S, d) and values (..., S, e); leading
/// axes broadcast as in matmul. A query that may look at no key gives zeros. Throws ShapeError or
/// TypeError for operands that do not fit.
Var scaled_dot_product_attention(const Operand& queries, const Operand& keys, const Operand& values,
                                 const AttentionOptions& options = {});

/// The maximum over each group of `pieces` neighbours along an axis, whose size is divided by it:
/// of k·pieces linear functions z = x W + b it makes k piecewise linear units. With one piece of
/// w = 0, b = 0 in each pair it is relu. Equal winners share the gradient unless told. Throws
/// ShapeError unless the pieces divide the axis.
Var maxout(const Operand& z, std::int64_t pieces, std::int64_t axis = -1, Ties ties = Ties::share);

/// The first half of x along an axis, times the sigmoid of the second half. Throws ShapeError for
/// an axis of odd size.
Var glu(const Operand& x, std::int64_t axis = -1);

using NetOps = OpList<ops::Embedding, ops::Attention, ops::Maxout, ops::Glu>;
std::span<const OpRecord> records_of(NetOps);

}  // namespace tapewise
