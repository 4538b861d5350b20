#pragma once
#include <cstdint>
#include <tapewise/autograd/op.hpp>
#include <vector>

namespace tapewise {

/// One op on single numbers, 16 bytes. Numbers lie in slots of 8 bytes, counted from the start of
/// the arena.
struct ScalarInstruction {
  std::uint32_t op = 0;
  std::uint32_t out = 0, a = 0, b = 0;
};

/// A run of ops on single numbers as byte-code: a flat array that a `switch` walks through, without
/// a call per node. Independent ops of one kind may be regrouped into vector instructions.
///
/// Some instructions are followed by a second word of the same size: `Extra`.
struct ScalarCode {
  /// Instructions that are no op of the library.
  enum Special : std::uint32_t {
    call = 0xFFFF0000U,  ///< an op of the user's own: through its loop
    vector,              ///< `a` numbers a description in `vectors`
    sum,                 ///< out = a + the terms of `sums[b]`
    end,
  };
  /// The word after an instruction with a third operand or an attribute.
  struct Extra {
    std::uint32_t c = 0;
    std::uint32_t attribute = 0;  ///< into `attributes`
    std::uint64_t loop = 0;       ///< into `loops`, for `call`
  };
  static_assert(sizeof(Extra) == sizeof(ScalarInstruction));

  /// Ops of one kind on neighbouring slots, through the vector kernel.
  struct Vector {
    static constexpr std::size_t max_arity = 3;
    static constexpr std::uint32_t max_count = 256;
    struct Operand {
      std::uint32_t slot = 0;    ///< the first, or the only one
      std::uint32_t gather = 0;  ///< into `gathers`, when the slots are no neighbours
      bool gathered = false;
    };
    ElementLoop loop = nullptr;
    std::uint32_t out = 0, count = 0, arity = 0, attribute = 0;
    Operand in[max_arity];
  };
  /// Neighbouring slots, or slots listed in `gathers`, in double precision.
  struct Sum {
    std::uint32_t first = 0, count = 0;  ///< of the slots, or into `gathers`
    bool gathered = false;
  };
  /// A number from outside of the arena, copied in at the start: KernelCall::in_data[operand].
  struct Load {
    std::uint32_t slot = 0, operand = 0, bytes = 8;
  };

  /// out[i] = slots[from[i]].
  using Gather = void (*)(const std::uint64_t* slots, const std::uint32_t* from,
                          std::uint32_t count, std::uint64_t* out);

  std::vector<Load> loads;
  std::vector<ScalarInstruction> code;
  std::vector<std::uint64_t> attributes;
  std::vector<ElementLoop> loops;
  std::vector<Vector> vectors;
  std::vector<Sum> sums;
  std::vector<std::uint32_t> gathers;
  Gather gather = nullptr;
  std::size_t nodes = 0;
};

/// Makes code ready to run at a SIMD level: instructions that are worth it become one with their
/// neighbour. Defined beside `run_scalar_code`.
void finish(ScalarCode& code, SimdLevel simd);

/// Runs byte-code: KernelCall::params holds a pointer to it, `out_data` is the arena. Defined in
/// ops/kernels/scalar_code.cpp, where the rules are.
void run_scalar_code(const KernelCall& call);

}  // namespace tapewise
