#pragma once
#include <tapewise/ops/kernels/blas.hpp>
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

namespace ops {

struct MatmulAdd;

/// NumPy's matmul: matrices in the last two axes, leading axes broadcast; a vector on the left is
/// a row, on the right a column, and its axis of size 1 is dropped from the result.
struct Matmul : Structured {
  static constexpr Text name = "matmul", formula = "A·B", signature = "matmul(a, b)",
                        derivative = "Ā = G·Bᵀ, B̄ = Aᵀ·G",
                        peers = "torch.matmul, jax.numpy.matmul, tf.linalg.matmul",
                        source = "Giles 2008, An extended collection, 2.2.2";
  static constexpr int arity = 2;
  /// Operands read transposed. Recorded without; the planner absorbs transposes into them.
  struct Attribute {
    std::uint32_t trans_a = 0, trans_b = 0;
  };
  using Accumulating = MatmulAdd;  ///< sums of products are formed in gemm
  static Var batch(const Batched& b);
  static Type type(const TypeArgs& args);
  struct Params {
    kernels::Product product;
    std::int64_t batches;
    bool swapped;  ///< the second operand stands on the left
    std::uint64_t batch_rank;
    std::array<std::int64_t, Shape::max_rank> batch_sizes, a_strides, b_strides;  ///< elements
  };
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  /// Rows of one product of which each can be made by itself; 0: none.
  static std::int64_t rows_alone(const Params& p) {
    return p.batches == 1 && !p.swapped && p.product.trans_a == 0 ? p.product.m : 0;
  }
  template <class T>
  static void rows_kernel(const KernelCall& call, std::int64_t first, std::int64_t count);
  /// C = A·B, or C + A·B.
  template <class T>
  static void run(const Params& p, bool add, const T* a, const T* b, T* c);
  static double flops(const KernelRequest& request);
  /// {g·Bᵀ, Aᵀ·g}
  static Var vjp(const Vjp& v);
  static bool absorb(int use, const OpRecord& producer, const Type& produced,
                     const void* producer_attribute, void* attribute);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

struct MatmulAdd : Structured {
  static constexpr Text name = "matmul_add", formula = "C + A·B", signature = "matmul_add(c, a, b)",
                        derivative = "C̄ = G, Ā = G·Bᵀ, B̄ = Aᵀ·G",
                        peers = "torch.addmm, torch.baddbmm", source = Matmul::source;
  static constexpr int arity = 3;
  static constexpr bool over_first = true;
  using Attribute = Matmul::Attribute;
  using Params = Matmul::Params;
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static std::int64_t rows_alone(const Params& p) { return Matmul::rows_alone(p); }
  template <class T>
  static void rows_kernel(const KernelCall& call, std::int64_t first, std::int64_t count);
  static double flops(const KernelRequest& request);
  static Var vjp(const Vjp& v);
  static std::string attribute_text(const void* attribute) {
    return Matmul::attribute_text(attribute);
  }
  static std::vector<Example> examples();
};

}  // namespace ops

/// The product of matrices, of matrix and vector, or of two vectors (a scalar), of floats; leading
/// axes are batches and broadcast. Throws ShapeError when the inner sizes differ, for operands
/// without axes, and for batches that do not broadcast; TypeError for integers or mixed dtypes.
inline Var matmul(const Operand& a, const Operand& b) { return record<ops::Matmul>({a, b}); }

/// c + matmul(a, b) in one go, for c of the product's type. `compile` makes it of such sums where
/// it can. Throws as `matmul` does, and ShapeError or TypeError for another c.
inline Var matmul_add(const Operand& c, const Operand& a, const Operand& b) {
  return record<ops::MatmulAdd>({c, a, b});
}

using LinalgOps = OpList<ops::Matmul, ops::MatmulAdd>;
std::span<const OpRecord> records_of(LinalgOps);

}  // namespace tapewise
