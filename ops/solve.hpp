#pragma once
#include <tapewise/ops/matrices.hpp>

namespace tapewise {

/// Which triangle `triangular_solve` reads, and how.
struct TriangularOptions {
  bool lower = true;
  bool transposed = false;     ///< solve Aᵀ·x = b
  bool unit_diagonal = false;  ///< ones on the diagonal, which is not read
};

namespace ops {

struct Inverse : MatrixRule {
  static constexpr Text name = "inverse", formula = "A⁻¹", domain = "det A ≠ 0",
                        signature = "inverse(a)", derivative = "Ā = -Yᵀ·G·Yᵀ",
                        peers = "torch.linalg.inv, jax.numpy.linalg.inv, tf.linalg.inv",
                        source = "Giles 2008, An extended collection, 2.2.3";
  static Type type(const TypeArgs& args) { return matrices::checked_square(args); }
  template <class T>
  static void kernel(const KernelCall& call);
  static double flops(const KernelRequest& request);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct Pinv : MatrixRule {
  static constexpr Text name = "pinv", formula = "A⁺",
                        domain = "all matrices; ∂ where the rank is constant",
                        signature = "pinv(a, cutoff)",
                        derivative = "Ā = -Yᵀ·G·Yᵀ + (I - A·Y)·Gᵀ·Y·Yᵀ + Yᵀ·Y·Gᵀ·(I - Y·A)",
                        peers = "torch.linalg.pinv, jax.numpy.linalg.pinv, tf.linalg.pinv",
                        source = "Golub & Pereyra 1973, The differentiation of pseudo-inverses";
  static constexpr bool complex_step = false;
  struct Attribute {
    double cutoff;  ///< negative: eps·max(m, n)
  };
  struct Params {
    MatrixRule::Params of;
    double cutoff;
  };
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

/// A·x = b, in one sense or another: matrices A and b whose batches broadcast, or one vector b.
struct SolveRule : Structured {
  static constexpr int arity = 2;
  static constexpr bool may_throw = true;
  struct Params {
    kernels::PairedBatches batches;
    Shape batch;
    std::int64_t m, n, k;
    kernels::Triangle triangle;
    double cutoff;
  };
  /// For A as it lies in memory: x has as many rows as A has columns.
  static Type type_for(const TypeArgs& args, bool square);
  static Params params_for(const KernelRequest& request);
  static Var batch(const Batched& b);
  /// Operand b and the arrays of its shape as matrices.
  static Var as_matrices(const Vjp& v, const Var& x);
  static Var as_operand(const Vjp& v, const Var& gradient);
};

struct Solve : SolveRule {
  static constexpr Text name = "solve", formula = "A⁻¹·b", domain = "det A ≠ 0",
                        signature = "solve(a, b)", derivative = "b̄ = A⁻ᵀ·G, Ā = -b̄·Yᵀ",
                        peers = "torch.linalg.solve, jax.numpy.linalg.solve, tf.linalg.solve",
                        source = "Giles 2008, An extended collection, 2.3.1";
  struct Attribute {
    std::uint64_t transposed;
  };
  static Type type(const TypeArgs& args) { return type_for(args, true); }
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static double flops(const KernelRequest& request);
  static Var vjp(const Vjp& v);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

struct TriangularSolve : SolveRule {
  static constexpr Text name = "triangular_solve", formula = "tri(A)⁻¹·b",
                        domain = "no zero on the diagonal of A",
                        signature = "triangular_solve(a, b, {lower, transposed, unit_diagonal})",
                        derivative = "b̄ = tri(A)⁻ᵀ·G, Ā = -tri(b̄·Yᵀ)",
                        peers =
                            "torch.linalg.solve_triangular, jax.scipy.linalg.solve_triangular, "
                            "tf.linalg.triangular_solve",
                        source = "Giles 2008, An extended collection, 2.3.1";
  using Attribute = kernels::Triangle;
  static Type type(const TypeArgs& args) { return type_for(args, true); }
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static double flops(const KernelRequest& request);
  static Var vjp(const Vjp& v);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

struct Lstsq : SolveRule {
  static constexpr Text name = "lstsq", formula = "A⁺·b",
                        domain = "all matrices; ∂ where the rank is constant",
                        signature = "lstsq(a, b, cutoff)",
                        derivative = "b̄ = A⁺ᵀ·G, Ā = -b̄·Yᵀ + (b - A·Y)·(A⁺·b̄)ᵀ + A⁺ᵀ·Y·(G - Aᵀ·b̄)ᵀ",
                        peers = "torch.linalg.lstsq, jax.numpy.linalg.lstsq, tf.linalg.lstsq",
                        source = "Golub & Pereyra 1973, The differentiation of pseudo-inverses";
  static constexpr bool complex_step = false;
  struct Attribute {
    double cutoff;  ///< negative: eps·max(m, n)
  };
  static Type type(const TypeArgs& args) { return type_for(args, false); }
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

}  // namespace ops

/// The inverse of each square matrix (..., n, n). Throws DomainError that names the matrix when one
/// is singular (a pivot of its LU factorization is 0) or not finite; ShapeError, TypeError.
/// To solve A·x = b, `solve` is faster and more accurate.
inline Var inverse(const Operand& a) { return record<ops::Inverse>({a}); }

/// x with A·x = b, for A (..., n, n) and b (..., n, k), whose leading axes broadcast, or for a
/// vector b (n,), as in NumPy 2: a stack of vectors is written with a last axis of size 1.
/// Throws DomainError that names the matrix when one is singular or not finite; ShapeError,
/// TypeError.
inline Var solve(const Operand& a, const Operand& b) { return record<ops::Solve>({a, b}, {0}); }

/// As `solve` for the lower or upper triangle of A; the rest of A is not read and has no gradient.
/// Throws DomainError for a zero on the diagonal.
inline Var triangular_solve(const Operand& a, const Operand& b,
                            const TriangularOptions& options = {}) {
  return record<ops::TriangularSolve>(
      {a, b},
      {options.lower ? 1U : 0U, options.transposed ? 1U : 0U, options.unit_diagonal ? 1U : 0U});
}

/// The pseudo-inverse (..., n, m) of (..., m, n) by Moore and Penrose, for any rank. Singular
/// values up to `cutoff` times the largest count as zero; by default eps·max(m, n), as in PyTorch.
/// The gradient is that of matrices of the same rank: where the rank is about to change there is
/// none. Throws DomainError for elements that are not finite; ShapeError, TypeError.
inline Var pinv(const Operand& a, double cutoff = -1.0) { return record<ops::Pinv>({a}, {cutoff}); }

/// The least-squares solution A⁺·b, of A (..., m, n) and b (..., m, k) or (m,): of all x with the
/// least |A·x - b| the shortest. Batches and `cutoff` as in `solve` and `pinv`, errors as in
/// `pinv`.
inline Var lstsq(const Operand& a, const Operand& b, double cutoff = -1.0) {
  return record<ops::Lstsq>({a, b}, {cutoff});
}

using SolveOps = OpList<ops::Inverse, ops::Solve, ops::TriangularSolve, ops::Pinv, ops::Lstsq>;
std::span<const OpRecord> records_of(SolveOps);

}  // namespace tapewise
