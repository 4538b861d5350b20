#pragma once
#include <string_view>
#include <tapewise/ops/kernels/lapack.hpp>
#include <tapewise/ops/scheme.hpp>

// What ops on matrices share: a matrix stands in the last two axes, the axes before it are a batch.

namespace tapewise {

namespace ops {

/// One array of matrices.
struct MatrixRule : Structured {
  static constexpr int arity = 1;
  static constexpr bool may_throw = true;
  struct Params {
    Shape batch;
    std::int64_t batches, m, n;
  };
  static Params plan(const KernelRequest& request);
  /// The batch has one axis more.
  static Var batch(const Batched& b);
};

}  // namespace ops

namespace matrices {

/// The axes before the last two.
Shape batch_of(const Shape& matrices);
/// `batch` with further axes.
Shape extended(const Shape& batch, std::initializer_list<std::int64_t> sizes);
std::int64_t rows(const Shape& matrices);
std::int64_t columns(const Shape& matrices);

/// Throws TypeError unless operand k is float, ShapeError unless it has two axes or more, of sizes
/// that LAPACK can count; the second also unless its last two are equal.
const Type& checked(const TypeArgs& args, std::size_t k = 0);
const Type& checked_square(const TypeArgs& args, std::size_t k = 0);

/// "matrix (1,0) of the batch (2,3)", "the matrix" where there is but one.
std::string name_of_matrix(std::int64_t matrix, const Shape& batch);
/// Throws the DomainError that says which matrix of the batch is at fault, if one is. `advice` ends
/// the message on a singular one.
void refuse(const kernels::Fault& fault, std::string_view op, const Shape& batch,
            std::string_view advice = {});

/// The identity, a constant of the tape.
Var identity(Tape& tape, DType dtype, std::int64_t n);
/// A constant matrix that is 0 above the diagonal, `diagonal` on it and 1 below it.
Var lower_weights(Tape& tape, DType dtype, std::int64_t n, double diagonal);
/// x (..., n) as rows (..., 1, n), as columns (..., n, 1).
Var as_row(const Var& x);
Var as_column(const Var& x);
/// x (...) as (..., 1, 1)
Var as_matrix(const Var& x);

/// A node with several results holds them packed, one behind the other along its last axis. Here is
/// the one that begins at element `begin`, in its own shape.
Var part(const Var& packed, std::int64_t begin, const Shape& shape,
         SourceLine where = SourceLine::here());
/// What a cotangent of the packed node says of that part; an empty Var if it plainly says nothing,
/// which is so when the part was not used.
Var cotangent_part(const Var& g, std::int64_t begin, const Shape& shape);

}  // namespace matrices

}  // namespace tapewise
