#pragma once
#include <tapewise/ops/matrices.hpp>

namespace tapewise {

namespace ops {

/// A number for each matrix of the batch.
struct DeterminantRule : MatrixRule {
  static constexpr Text source = "Magnus & Neudecker 1999, 8.3 and 8.4";
  static Type type(const TypeArgs& args);
  static double flops(const KernelRequest& request);
  static std::vector<Example> examples_of(Var (*apply)(std::span<const Var>));
};

struct Det : DeterminantRule {
  static constexpr Text name = "det", formula = "det A", domain = "square matrices",
                        signature = "det(a)", derivative = "Ā = g·cofactors(A) = g·det(A)·A⁻ᵀ",
                        peers = "torch.linalg.det, jax.numpy.linalg.det, tf.linalg.det";
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct LogDet : DeterminantRule {
  static constexpr Text name = "logdet", formula = "log det A", domain = "det A > 0",
                        signature = "logdet(a)", derivative = "Ā = g·A⁻ᵀ",
                        peers = "torch.logdet, tf.linalg.logdet";
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// Packed: the sign, log|det|.
struct SlogDet : DeterminantRule {
  static constexpr Text name = "slogdet", formula = "sign det A, log|det A|",
                        domain = "square matrices; ∂ where det A ≠ 0",
                        signature = "slogdet(a) -> {sign, logabsdet}",
                        derivative = "Ā = g_logabsdet·A⁻ᵀ",
                        peers = "torch.linalg.slogdet, jax.numpy.linalg.slogdet, tf.linalg.slogdet";
  static Type type(const TypeArgs& args);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct Cofactors : MatrixRule {
  static constexpr Text name = "cofactors", formula = "∂det A/∂A",
                        domain = "square matrices; ∂ where det A ≠ 0", signature = "cofactors(a)",
                        derivative = "Ā = det(A)·(⟨G, A⁻ᵀ⟩·A⁻ᵀ - A⁻ᵀ·Gᵀ·A⁻ᵀ)",
                        source = "Stewart 1998, On the adjugate matrix";
  static Type type(const TypeArgs& args) { return matrices::checked_square(args); }
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

}  // namespace ops

/// The determinant of each square matrix (..., n, n), by LU; 0 for a singular matrix, 1 for 0 x 0.
/// The gradient is the matrix of cofactors, which singular matrices have as well; the second
/// derivative of a singular matrix larger than 2 x 2 is refused.
/// Throws DomainError for elements that are not finite; ShapeError, TypeError.
inline Var det(const Operand& a) { return record<ops::Det>({a}); }

/// log det A, without the overflow of det. Throws DomainError that names the matrix when a
/// determinant is zero or negative (`slogdet` takes those), or an element is not finite.
inline Var logdet(const Operand& a) { return record<ops::LogDet>({a}); }

struct SlogDetResult {
  Var sign;       ///< 1, -1, or 0 for a singular matrix; its derivative is zero
  Var logabsdet;  ///< log|det A|, -∞ for a singular matrix
};
/// Sign and logarithm of the determinant: det A = sign·exp(logabsdet). The gradient of a singular
/// matrix throws DomainError. Throws DomainError for elements that are not finite.
SlogDetResult slogdet(const Operand& a);

/// The matrix of cofactors of each square matrix: element (i, j) is (-1)^(i+j) times the
/// determinant of A without row i and column j. Throws DomainError for elements that are not
/// finite.
inline Var cofactors(const Operand& a) { return record<ops::Cofactors>({a}); }

using DeterminantOps = OpList<ops::Det, ops::LogDet, ops::SlogDet, ops::Cofactors>;
std::span<const OpRecord> records_of(DeterminantOps);

}  // namespace tapewise
