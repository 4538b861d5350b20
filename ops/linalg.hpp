#pragma once
#include <tapewise/ops/kernels/blas.hpp>
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

namespace ops {

/// NumPy's matmul: matrices in the last two axes, leading axes broadcast; a vector on the left is
/// a row, on the right a column, and its axis of size 1 is dropped from the result.
struct Matmul : Structured {
  static constexpr std::string_view name = "matmul", formula = "A·B";
  static constexpr int arity = 2;
  /// Operands read transposed. Recorded without; the planner absorbs transposes into them.
  struct Attribute {
    std::uint32_t trans_a = 0, trans_b = 0;
  };
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
  static double flops(const KernelRequest& request);
  /// {g·Bᵀ, Aᵀ·g}
  static Var vjp(const Vjp& v);
  static bool absorb(int use, const OpRecord& producer, const Type& produced,
                     const void* producer_attribute, void* attribute);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

}  // namespace ops

/// The product of matrices, of matrix and vector, or of two vectors (a scalar), of floats; leading
/// axes are batches and broadcast. Throws ShapeError when the inner sizes differ, for operands
/// without axes, and for batches that do not broadcast; TypeError for integers or mixed dtypes.
inline Var matmul(const Operand& a, const Operand& b) { return record<ops::Matmul>({a, b}); }

using LinalgOps = OpList<ops::Matmul>;
std::span<const OpRecord> records_of(LinalgOps);

}  // namespace tapewise
