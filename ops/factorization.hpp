#pragma once
#include <tapewise/ops/matrices.hpp>

namespace tapewise {

namespace ops {

struct Cholesky : MatrixRule {
  static constexpr Text name = "cholesky", formula = "L with L·Lᵀ = ½(A + Aᵀ)",
                        domain = "A positive definite", signature = "cholesky(a)",
                        derivative =
                            "Ā = L⁻ᵀ·½(P + Pᵀ)·L⁻¹, P = tril(Lᵀ·G) with its diagonal halved",
                        peers =
                            "torch.linalg.cholesky, jax.numpy.linalg.cholesky, tf.linalg.cholesky",
                        source = "Murray 2016, Differentiation of the Cholesky decomposition";
  static Type type(const TypeArgs& args) { return matrices::checked_square(args); }
  template <class T>
  static void kernel(const KernelCall& call);
  static double flops(const KernelRequest& request);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// Packed: eigenvalues (n), eigenvectors (n x n).
struct Eigh : MatrixRule {
  static constexpr Text name = "eigh", formula = "w, V with V·diag(w)·Vᵀ = ½(A + Aᵀ)",
                        domain = "all matrices; ∂V where no two w are equal",
                        signature = "eigh(a) -> {values, vectors}",
                        derivative = "Ā = V·(diag(g_w) + sym(VᵀG_V / (w_j - w_i)))·Vᵀ",
                        peers = "torch.linalg.eigh, jax.numpy.linalg.eigh, tf.linalg.eigh",
                        source = "Magnus 1985, On differentiating eigenvalues and eigenvectors";
  static constexpr bool complex_step = false, free_signs = true;
  static Type type(const TypeArgs& args);
  template <class T>
  static void kernel(const KernelCall& call);
  static double flops(const KernelRequest& request);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// Packed: U (m x k), s (k), Vᵀ (k x n).
struct Svd : MatrixRule {
  static constexpr Text
      name = "svd",
      formula = "U, s, Vᵀ with U·diag(s)·Vᵀ = A",
      domain = "all matrices; ∂U and ∂V where no two s are equal or zero",
      signature = "svd(a) -> {u, s, vt}",
      derivative =
          "Ā = U·([F∘(UᵀG_U)]·S + S·[F∘(VᵀG_V)] + diag(g_s))·Vᵀ + (I - UUᵀ)·G_U·S⁻¹·Vᵀ "
          "+ U·S⁻¹·G_Vᵀ·(I - VVᵀ), F∘M = (M - Mᵀ)_ij / (s_j² - s_i²)",
      peers = "torch.linalg.svd, jax.numpy.linalg.svd, tf.linalg.svd",
      source = "Townsend 2016, Differentiating the singular value decomposition";
  static constexpr bool complex_step = false, free_signs = true;
  static Type type(const TypeArgs& args);
  template <class T>
  static void kernel(const KernelCall& call);
  static double flops(const KernelRequest& request);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

/// Packed: Q (m x k), R (k x n).
struct Qr : MatrixRule {
  static constexpr Text
      name = "qr",
      formula = "Q, R with Q·R = A", domain = "all matrices; ∂ of full rank",
      signature = "qr(a) -> {q, r}",
      derivative = "Ā = (G_Q + Q·copyltu(R·G_Rᵀ - G_Qᵀ·Q))·R⁻ᵀ for m ≥ n",
      peers = "torch.linalg.qr, jax.numpy.linalg.qr, tf.linalg.qr",
      source = "Walter & Lehmann 2012, Algorithmic differentiation of linear algebra functions";
  static constexpr bool complex_step = false, free_signs = true;
  static Type type(const TypeArgs& args);
  template <class T>
  static void kernel(const KernelCall& call);
  static double flops(const KernelRequest& request);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

}  // namespace ops

/// The lower triangular L of each positive definite matrix (..., n, n), with L·Lᵀ = A. A matrix
/// that is not symmetric stands for its symmetric part ½(A + Aᵀ), as in JAX, so that the gradient
/// is symmetric and is the derivative of what was computed, element by element; for symmetric A
/// values and gradients are PyTorch's. Throws DomainError that names the matrix when one is not
/// positive definite or not finite; ShapeError, TypeError.
inline Var cholesky(const Operand& a) { return record<ops::Cholesky>({a}); }

struct EighResult {
  Var values;   ///< (..., n), ascending
  Var vectors;  ///< (..., n, n), the columns, each of length 1; the signs are LAPACK's
};
/// The eigenvalues and eigenvectors of each symmetric matrix (..., n, n), of ½(A + Aᵀ) as in
/// `cholesky`. Both are slices of one node. Functions of the eigenvalues alone can always be
/// differentiated once (equal ones: as if they were different). Eigenvectors of equal eigenvalues
/// have no derivative: DomainError, if one is asked for. Eigenvalues count as equal when they
/// differ by less than n·eps times the largest. Throws DomainError for elements that are not
/// finite.
EighResult eigh(const Operand& a);

struct SvdResult {
  Var u;   ///< (..., m, k)
  Var s;   ///< (..., k), descending
  Var vt;  ///< (..., k, n)
};
/// A = U·diag(s)·Vᵀ for each matrix (..., m, n), with k = min(m, n) (`full_matrices=False` of
/// NumPy). Of functions of U and V the derivative is defined where no two singular values are equal
/// and none is zero; else DomainError, as in `eigh`. Throws DomainError for elements that are not
/// finite.
SvdResult svd(const Operand& a);

struct QrResult {
  Var q;  ///< (..., m, k), with orthonormal columns
  Var r;  ///< (..., k, n), upper triangular; the signs on the diagonal are LAPACK's
};
/// A = Q·R for each matrix (..., m, n), with k = min(m, n), by Householder reflections. The
/// gradient asks for a full rank (in a wide matrix: of the first m columns): a zero on the diagonal
/// of R is a DomainError. Throws DomainError for elements that are not finite.
QrResult qr(const Operand& a);

using FactorizationOps = OpList<ops::Cholesky, ops::Eigh, ops::Svd, ops::Qr>;
std::span<const OpRecord> records_of(FactorizationOps);

}  // namespace tapewise
