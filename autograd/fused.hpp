#pragma once
#include <array>
#include <cstdint>
#include <tapewise/autograd/op.hpp>
#include <utility>
#include <vector>

namespace tapewise {

/// Where an op of a fused group finds an operand, or leaves its result, in a block.
struct FusedOperand {
  std::uint16_t slot = 0;         ///< into the group's slots
  std::int64_t row_bytes = 0;     ///< from one row of the block to the next; 0: the same row
  std::int64_t column_bytes = 0;  ///< from one column to the next; 0: one number for the row
};

/// One op at work on a block.
struct FusedOp {
  enum class Kind : std::uint8_t {
    flat,     ///< elementwise, the whole block in one call
    by_rows,  ///< elementwise, row by row: some operand is broadcast
    column,   ///< elementwise on one number per row
    row,      ///< a row op: a sum or maximum per row, a softmax
    total,    ///< folds all elements into one number
    across,   ///< folds each column into one number
  };
  static constexpr std::size_t max_arity = 3;

  // First what the usual case reads.
  Kind kind{};
  std::uint8_t arity = 0;
  bool streamed = false;  ///< the result is copied out past the caches
  bool past = false;      ///< the result is written past the caches
  FusedOperand out;
  std::array<FusedOperand, max_arity> in{};
  ElementLoop loop = nullptr;
  ElementLoop other_loop = nullptr;  ///< past the caches if `loop` is not; null: there is none
  alignas(8) std::array<std::byte, elementwise_attribute_bytes> attribute{};
  RowLoop row_loop = nullptr;
  FoldLoops fold{};
  double count = 1.0;            ///< by which a folded sum is divided
  std::size_t accumulators = 0;  ///< where they lie in the scratch memory
  const OpRecord* op = nullptr;
  const OpRecord* first = nullptr;  ///< of a pair of arithmetic: the op before, in the same loop

  /// Whether the result is to be written past the caches.
  void write_past(bool wanted) {
    if (past != wanted) std::swap(loop, other_loop);
    past = wanted;
  }
};

/// Two ops of arithmetic as one loop over a, b and c: `second(first(a, b), c)`, or
/// `second(c, first(a, b))`. The number is float32 or float64; bit k of `repeated` says that
/// operand k is one number. Defined in ops/kernels/.
ElementLoop arithmetic_pair_loop(Arithmetic first, Arithmetic second, bool on_right, DType number,
                                 unsigned repeated, SimdLevel simd);

/// One op of arithmetic on two operands whose result goes past the caches; else as above.
ElementLoop arithmetic_loop_past(Arithmetic op, DType number, unsigned repeated, SimdLevel simd);

/// Copies bytes past the caches.
using StreamCopy = void (*)(std::byte* to, const std::byte* from, std::size_t bytes);
/// The one of a SIMD level. Defined in ops/kernels/.
StreamCopy stream_copy(SimdLevel simd);

/// A group of ops that is run block by block: each block of a large array goes through all of the
/// ops while it is in the first cache, and values that nobody else reads never reach the arena.
///
/// The elements are seen as `rows` rows of `columns`; a block is `block_rows` of them,
/// `block_columns` wide. Slots are pointers: the memory outside of the group first (operands, then
/// results, as in KernelCall::in_data), then pieces of the scratch memory.
struct FusedGroup {
  /// How a pointer to outside memory moves with the block.
  struct External {
    std::int64_t row_bytes = 0, column_bytes = 0;
    /// For operands that are broadcast along one of several outer axes: the axes, innermost last.
    struct Axis {
      std::int64_t size, bytes;
    };
    std::vector<Axis> axes;

    std::int64_t offset(std::int64_t row, std::int64_t column) const;
  };

  static constexpr std::size_t max_slots = 128;
  static constexpr std::size_t max_scratch_bytes = 160U << 10U;

  std::int64_t rows = 1, columns = 1;
  std::int64_t block_rows = 1, block_columns = 1;
  bool folds_across = false, folds_total = false;
  bool acts_on_rows = false;  ///< some op needs whole rows
  bool large = false;         ///< worth the while of several threads
  std::vector<External> externals;
  std::vector<std::size_t> scratch;  ///< offsets of the scratch slots
  std::size_t scratch_bytes = 0;
  std::vector<FusedOp> ops;
  /// A result that is formed in scratch memory and copied out past the caches, block by block.
  struct Streamed {
    std::size_t external;
    std::size_t scratch;  ///< its offset
  };
  std::vector<Streamed> streamed;
  std::vector<std::size_t> past;  ///< results that ops write past the caches themselves
  StreamCopy stream = nullptr;
  std::size_t element_bytes = 8;  ///< of what is folded into one number

  bool goes_past_caches() const { return !streamed.empty() || !past.empty(); }
  static constexpr std::size_t max_totals = 4;
  /// Of the accumulators of all sums: of a panel's columns, or of the totals.
  std::size_t sums_bytes() const;
};

/// Runs a group; KernelCall::params holds a pointer to it.
void run_fused(const KernelCall& call);

/// A product and the group that reads it, some rows at a time: what has just left gemm is in the
/// cache. The operands of the product come first, then the group's slots.
struct Panels {
  Kernel product;
  std::int64_t columns = 0;  ///< of the product
  std::int64_t at_once = 0;  ///< rows of a panel
  std::size_t operands = 0;  ///< of the product
  const FusedGroup* group = nullptr;
};

/// Runs panels; KernelCall::params holds a pointer to them.
void run_panels(const KernelCall& call);

}  // namespace tapewise
