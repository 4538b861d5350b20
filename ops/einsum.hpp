#pragma once
#include <initializer_list>
#include <span>
#include <string_view>
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

namespace ops {

struct Outer : Composite {
  static constexpr Text name = "outer", formula = "a_i·b_j", signature = "outer(a, b)",
                        derivative = "ā_i = Σ_j G_ij·b_j, b̄_j = Σ_i G_ij·a_i",
                        peers = "torch.outer, jax.numpy.outer, numpy.outer";
  static constexpr Text source = "Goodfellow et al., Deep Learning, 2.2";
  static std::vector<Example> examples();
};

struct Dot : Composite {
  static constexpr Text name = "dot", formula = "Σ_i a_i·b_i", signature = "dot(a, b)",
                        derivative = "ā = g·b, b̄ = g·a",
                        peers = "torch.linalg.vecdot, jax.numpy.dot, tf.tensordot";
  static constexpr Text source = "Goodfellow et al., Deep Learning, 2.2";
  static std::vector<Example> examples();
};

struct Einsum : Composite {
  static constexpr Text name = "einsum", formula = "Σ of products, by the names of axes",
                        signature = "einsum(\"ij,jk->ik\", a, b, ...)",
                        derivative = "einsum with the operand's names and the result's exchanged",
                        peers = "torch.einsum, jax.numpy.einsum, tf.einsum",
                        source = "NumPy's numpy.einsum";
  static std::vector<Example> examples();
};

}  // namespace ops

/// All products of an element of a (..., n) with one of b (..., m): (..., n, m). Leading axes are
/// batches and broadcast. Throws ShapeError for scalars and batches that do not broadcast.
Var outer(const Operand& a, const Operand& b);

/// The inner product of vectors along the last axis; leading axes are batches and broadcast. For
/// products of matrices write `matmul`. Throws ShapeError when the last sizes differ.
Var dot(const Operand& a, const Operand& b);

/// Einstein's sum: each operand's axes are named by letters, an axis whose name is not in the
/// result is summed over, and axes of one name run together: "ij,jk->ik" is a matrix product,
/// "ii->i" a diagonal, "bij->b" a sum. Without "->" the result has the names that occur once, in
/// alphabetical order. "..." stands for further axes, which broadcast and come first in a result
/// that is not written. Blanks do not count. An axis of size 1 broadcasts against others of its
/// name.
///
/// Operands are multiplied from left to right, in `matmul` wherever names are shared, so the order
/// of the operands decides the cost. Throws ShapeError for an expression that is not well formed or
/// does not fit the operands, TypeError unless they are floats of one dtype.
Var einsum(std::string_view expression, std::span<const Operand> operands,
           SourceLine where = SourceLine::here());
inline Var einsum(std::string_view expression, std::initializer_list<Operand> operands,
                  SourceLine where = SourceLine::here()) {
  return einsum(expression, std::span(operands.begin(), operands.size()), where);
}
/// einsum("ij,jk->ik", a, b)
template <class... More>
requires(std::is_convertible_v<const More&, Operand>&&...) Var
    einsum(std::string_view expression, const Operand& first, const More&... more) {
  const Operand operands[] = {first, more...};
  return einsum(expression, std::span<const Operand>(operands), first.where());
}

using EinsumOps = OpList<ops::Outer, ops::Dot, ops::Einsum>;
std::span<const OpRecord> records_of(EinsumOps);

}  // namespace tapewise
