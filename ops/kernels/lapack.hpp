#pragma once
#include <cstdint>
#include <tapewise/autograd/complex.hpp>
#include <tapewise/ops/kernels/batches.hpp>
#include <tapewise/ops/kernels/blas.hpp>

// Factorizations of batches of row-major matrices, on LAPACK through the raw bindings of
// xtensor-blas. lapack_tools.hpp is the only file that names them.
//
// Each function works through `batch` matrices that lie behind each other, shared out over the
// threads if there is work enough, and gives the first one it cannot take. T is float or double;
// Complex (the checker's number) where the routine is analytic. The memory it works in is kept by
// each thread, so a replay allocates nothing.

namespace tapewise::kernels {

/// The first matrix of a batch that a routine cannot take, and why.
struct Fault {
  enum class Kind : std::uint64_t {
    none,
    not_finite,             ///< an element is infinite or NaN
    singular,               ///< `place` is the row or column (from 0) whose pivot is zero
    not_positive_definite,  ///< `place` is the order of the leading minor that is not positive
    not_positive,           ///< the determinant is not positive
    no_convergence,
    unavailable,  ///< the engine of a page has no LAPACK
  };
  Kind kind = Kind::none;
  std::int64_t matrix = 0, place = 0;

  explicit operator bool() const { return kind != Kind::none; }
};

/// out = A⁻¹, n x n.
template <class T>
Fault invert(std::int64_t batch, std::int64_t n, const T* a, T* out);

/// det A; 0 for a singular matrix.
template <class T>
Fault determinant(std::int64_t batch, std::int64_t n, const T* a, T* out);

/// log|det A| and the sign of det A, each into every `stride`-th element; -∞ and 0 for a singular
/// matrix. A null `sign` stands for matrices whose determinant must be positive.
template <class T>
Fault log_determinant(std::int64_t batch, std::int64_t n, const T* a, T* log, T* sign,
                      std::int64_t stride);

/// The matrix of cofactors, ∂det A/∂A = det(A)·A⁻ᵀ, for singular A as well.
template <class T>
Fault cofactors(std::int64_t batch, std::int64_t n, const T* a, T* out);

/// x (n x k) = A⁻¹·b, or A⁻ᵀ·b.
template <class T>
Fault solve(const PairedBatches& batches, bool transposed, std::int64_t n, std::int64_t k,
            const T* a, const T* b, T* x);

/// The same for a triangle of A.
template <class T>
Fault solve_triangular(const PairedBatches& batches, const Triangle& triangle, std::int64_t n,
                       std::int64_t k, const T* a, const T* b, T* x);

/// L of ½(A + Aᵀ) = L·Lᵀ, zero above the diagonal.
template <class T>
Fault cholesky(std::int64_t batch, std::int64_t n, const T* a, T* l);

/// The eigenvalues of ½(A + Aᵀ) in ascending order, n of them, and behind them the matrix whose
/// columns are the eigenvectors: n + n² elements for each matrix.
template <class T>
Fault eigh(std::int64_t batch, std::int64_t n, const T* a, T* packed);

/// A = U·diag(s)·Vᵀ for m x n and k = min(m, n): behind each other U (m x k), s in descending order
/// (k), Vᵀ (k x n).
template <class T>
Fault svd(std::int64_t batch, std::int64_t m, std::int64_t n, const T* a, T* packed);

/// A = Q·R for m x n and k = min(m, n): behind each other Q (m x k) and R (k x n).
template <class T>
Fault qr(std::int64_t batch, std::int64_t m, std::int64_t n, const T* a, T* packed);

/// out (n x m) = A⁺. Singular values up to `cutoff` times the largest count as zero.
template <class T>
Fault pseudo_inverse(std::int64_t batch, std::int64_t m, std::int64_t n, double cutoff, const T* a,
                     T* out);

/// x (n x k) = A⁺·b for A of m x n and b of m x k: of all x with the least |A·x - b| the shortest.
/// Singular values up to `cutoff` times the largest count as zero.
template <class T>
Fault least_squares(const PairedBatches& batches, std::int64_t m, std::int64_t n, std::int64_t k,
                    double cutoff, const T* a, const T* b, T* x);

}  // namespace tapewise::kernels
