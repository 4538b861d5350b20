#pragma once
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace ops {

/// Of matrices, in the last two axes. Diagonal k holds the elements (i, i + k).
struct MatrixPartRule : Structured {
  static constexpr DTypes dtypes = every_dtype;
  static constexpr int arity = 1;
  static constexpr Text domain = "at least two axes", source = array_source;
  struct Attribute {
    std::int64_t k;
  };
  static double flops(const KernelRequest&) { return 0; }
  /// Leading axes are a stack already.
  static Var batch(const Batched& b) { return record_again(b, b.operands, b.y.attribute_data()); }
  static std::string attribute_text(const void* attribute) {
    return "k=" + std::to_string(static_cast<const Attribute*>(attribute)->k);
  }

 protected:
  static void require_matrices(const TypeArgs& args);
};

struct TriangleRule : MatrixPartRule {
  struct Params {
    std::int64_t matrices, rows, columns, k;
  };
  static Type type(const TypeArgs& args) {
    require_matrices(args);
    return args.parent(0);
  }
  static Params plan(const KernelRequest& request);

 protected:
  template <class T, bool lower>
  static void copy(const KernelCall& call);
};

struct Tril : TriangleRule {
  static constexpr Text name = "tril", formula = "x_ij if j ≤ i + k else 0",
                        signature = "tril(x, k=0)", derivative = "x̄ = tril(ḡ, k)",
                        peers = "torch.tril, jax.numpy.tril, tf.linalg.band_part";
  template <class T>
  static void kernel(const KernelCall& call) {
    copy<T, true>(call);
  }
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct Triu : TriangleRule {
  static constexpr Text name = "triu", formula = "x_ij if j ≥ i + k else 0",
                        signature = "triu(x, k=0)", derivative = "x̄ = triu(ḡ, k)",
                        peers = "torch.triu, jax.numpy.triu, tf.linalg.band_part";
  template <class T>
  static void kernel(const KernelCall& call) {
    copy<T, false>(call);
  }
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct Diagonal : MatrixPartRule {
  static constexpr Text name = "diagonal", formula = "y_i = x_{i,i+k}",
                        signature = "diagonal(x, k=0)",
                        derivative = "x̄ = zeros with ḡ on diagonal k",
                        peers = "torch.diagonal, jax.numpy.diagonal, tf.linalg.diag_part";
  using Params = kernels::StridedCopy;
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call) {
    kernels::strided_copy<sizeof(T)>(call);
  }
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct DiagonalInto : MatrixPartRule {
  static constexpr Text name = "diagonal_into", formula = "zeros with g on diagonal k",
                        domain = "g as long as the diagonal",
                        signature = "diagonal_into(g, rows, columns, k=0)",
                        derivative = "x̄ = diagonal(ḡ, k)",
                        peers = "torch.diag_embed, tf.linalg.diag";
  struct Attribute {
    std::int64_t rows, columns, k;
  };
  using Params = kernels::StridedCopy;
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call) {
    kernels::strided_copy<sizeof(T)>(call);
  }
  static std::string attribute_text(const void* attribute);
  static Var vjp(const Vjp& v);
  static std::vector<Example> examples();
};

struct Diag : Composite {
  static constexpr Text name = "diag",
                        formula = "the matrix of a diagonal, the diagonal of a matrix",
                        domain = "at least one axis", signature = "diag(x, k=0)",
                        source = "Goodfellow et al., Deep Learning, 2.6",
                        derivative = "x̄ = diag(ḡ, k)",
                        peers = "torch.diag, jax.numpy.diag, tf.linalg.diag";
  static constexpr DTypes dtypes = every_dtype;
  static std::vector<Example> examples();
};

struct Trace : Composite {
  static constexpr Text name = "trace", formula = "Σ x_{i,i+k}", domain = "at least two axes",
                        signature = "trace(x, k=0)",
                        source = "Goodfellow et al., Deep Learning, 2.10",
                        derivative = "x̄ = zeros with ḡ along diagonal k",
                        peers = "torch.trace, jax.numpy.trace, tf.linalg.trace";
  static constexpr DTypes dtypes = numbers;
  static std::vector<Example> examples();
};

}  // namespace ops

/// The lower or upper triangle of matrices, zeros elsewhere: diagonal k and what is below or above
/// it. Leading axes are batches. Throws ShapeError for fewer than two axes.
inline Var tril(const Operand& x, std::int64_t k = 0) { return record<ops::Tril>({x}, {k}); }
inline Var triu(const Operand& x, std::int64_t k = 0) { return record<ops::Triu>({x}, {k}); }

/// Diagonal k of matrices, the elements (i, i + k); leading axes are batches. Throws ShapeError for
/// fewer than two axes. A diagonal beyond the corner is empty.
inline Var diagonal(const Operand& x, std::int64_t k = 0) {
  return record<ops::Diagonal>({x}, {k});
}
/// Matrices of this size with g on diagonal k, zeros elsewhere: the adjoint of `diagonal`.
/// Throws ShapeError unless g's last axis is as long as the diagonal.
inline Var diagonal_into(const Operand& g, std::int64_t rows, std::int64_t columns,
                         std::int64_t k = 0) {
  return record<ops::DiagonalInto>({g}, {rows, columns, k});
}
/// Of a vector, the square matrix with it on diagonal k; of matrices, diagonal k.
/// Throws ShapeError for a number.
Var diag(const Operand& x, std::int64_t k = 0);
/// The sum of diagonal k of matrices of numbers; leading axes are batches.
Var trace(const Operand& x, std::int64_t k = 0);

using DiagonalOps =
    OpList<ops::Tril, ops::Triu, ops::Diagonal, ops::DiagonalInto, ops::Diag, ops::Trace>;
std::span<const OpRecord> records_of(DiagonalOps);

}  // namespace tapewise
