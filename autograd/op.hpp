#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tapewise/autograd/error.hpp>
#include <tapewise/autograd/node.hpp>
#include <tapewise/autograd/shape.hpp>
#include <tapewise/autograd/simd_level.hpp>
#include <tapewise/autograd/var.hpp>
#include <type_traits>
#include <vector>

namespace tapewise {

/// What the shape rule of an op sees: the parents' types, the attribute, and whom to name in an
/// error.
struct TypeArgs {
  const OpRecord& op;
  std::span<const Type* const> parents;
  const void* attribute_data;
  SourceLine where;
  NodeId id;
  /// The op that is written in this one and that the user called; empty: the user called this one.
  std::string_view composer;

  const Type& parent(std::size_t k) const { return *parents[k]; }
  template <class A>
  A attribute() const {
    A a;
    std::memcpy(&a, attribute_data, sizeof a);
    return a;
  }
  /// The error to throw: "[op] what\n  recorded at file:line as %id".
  ShapeError shape_error(const std::string& what) const;
  TypeError type_error(const std::string& what) const;
  DomainError domain_error(const std::string& what) const;
};

/// The arguments of one kernel at work: raw, contiguous, aligned memory.
struct KernelCall {
  void* out_data;
  const void* const* in_data;
  const void* params_data;

  template <class T>
  T* out() const {
    return static_cast<T*>(out_data);
  }
  template <class T>
  const T* in(std::size_t k) const {
    return static_cast<const T*>(in_data[k]);
  }
  /// The memory of a second result, which stands behind the operands.
  template <class T>
  T* by_product(std::size_t k) const {
    return const_cast<T*>(in<T>(k));
  }
  template <class P>
  const P& params() const {
    return *static_cast<const P*>(params_data);
  }
};
using KernelFn = void (*)(const KernelCall&);
/// Some rows of the result, from `first` on. Reads the same rows of its operands, and all of the
/// last.
using RowsKernelFn = void (*)(const KernelCall&, std::int64_t first, std::int64_t count);

/// A kernel chosen for one node: the function, and what was worked out for it beforehand.
struct Kernel {
  static constexpr std::size_t max_params = 640;

  KernelFn run = nullptr;
  RowsKernelFn run_rows = nullptr;  ///< null where rows cannot be made by themselves
  std::int64_t rows = 0;            ///< that `run_rows` can make
  double flops = 0;
  std::size_t params_bytes = 0;
  alignas(16) std::byte params[max_params];

  template <class P>
  void set_params(const P& p) {
    static_assert(std::is_trivially_copyable_v<P> && sizeof(P) <= max_params);
    std::memcpy(params, &p, sizeof p);
    params_bytes = sizeof p;
  }
};

/// Room for the attribute of an elementwise op.
inline constexpr std::size_t elementwise_attribute_bytes = 24;

/// An elementwise op at work on `n` neighbouring elements: each operand is contiguous, or one
/// number repeated.
using ElementLoop = void (*)(void* out, const void* const* in, std::size_t n,
                             const void* attribute);

/// An op on rows of `n` neighbouring elements: a number per row, or a row per row.
using RowLoop = void (*)(void* out, const void* x, std::int64_t rows, std::int64_t n);

/// Contiguous elements are summed in blocks of this many, counted from the first, whoever does it.
inline constexpr std::int64_t fold_block_size = 256;
/// Rows that are summed are taken eight at a time, counted from the first.
inline constexpr std::int64_t fold_rows_size = 8;

/// A sum (or mean) in pieces, with accumulators of 8 bytes (16 for complex numbers) that start as
/// zero bytes.
struct FoldLoops {
  static constexpr std::size_t accumulator_bytes = 16;
  /// acc += Σ x over n ≤ fold_block_size elements
  void (*block)(void* acc, const void* x, std::int64_t n);
  /// acc[j] += Σ x[r][j]; all calls but the last with a multiple of fold_rows_size rows
  void (*rows)(void* acc, const void* x, std::int64_t rows, std::int64_t stride, std::int64_t n);
  /// acc[j] += other[j]
  void (*merge)(void* acc, const void* other, std::int64_t n);
  /// out[j] = acc[j] / count
  void (*finish)(void* out, const void* acc, std::int64_t n, double count);
};

/// What a kernel is chosen from. `number` is complex128 when the plan substitutes the number type
/// of all floats for the complex-step check; else it equals the dtype that the rule computes in.
struct KernelRequest {
  std::span<const Type* const> in;
  const Type& out;
  const void* attribute_data;
  bool complex_step = false;
  SimdLevel simd = SimdLevel::sse2;

  DType number(const Type& t) const {
    return complex_step && is_float(t.dtype) ? DType::complex128 : t.dtype;
  }
  template <class A>
  A attribute() const {
    A a;
    std::memcpy(&a, attribute_data, sizeof a);
    return a;
  }
};

/// What a vjp rule sees: the node y = op(parents), the cotangent g of y, and for which use (which
/// position among the parents) the contribution is wanted.
struct Vjp {
  Var y;
  Var g;
  int use;

  Var parent(std::size_t k) const { return y.parent(k); }
  template <class A>
  A attribute() const {
    A a;
    std::memcpy(&a, y.attribute_data(), sizeof a);
    return a;
  }
};

/// What a batching rule sees: the recorded node y, and its operands anew, of which some are
/// stacked: `n` of them along a new first axis.
struct Batched {
  Var y;
  std::span<const Var> operands;
  std::uint32_t stacked;  ///< bit k: operand k is
  std::int64_t n;

  bool is_stacked(std::size_t k) const { return (stacked >> k & 1U) != 0; }
  /// The shape of operand k for one of the n.
  const Shape& shape(std::size_t k) const { return y.parent(k).shape(); }
  template <class A>
  A attribute() const {
    A a;
    std::memcpy(&a, y.attribute_data(), sizeof a);
    return a;
  }
};

/// One input of an example: random numbers in [low, high); whole ones for int64, either for bool.
struct ExampleInput {
  DType dtype = DType::float64;  ///< a float64 example is run in every float dtype
  Shape shape;
  double low = -1.0, high = 1.0;
};
/// An application of an op on which tests and docs stand.
struct Example {
  std::vector<ExampleInput> inputs;
  Var (*apply)(std::span<const Var> inputs);
};

/// What a formula is written in.
enum class Notation { plain, latex, mathml };

/// The ops of arithmetic that fused groups carry out in pairs; each is rounded once. A multiply
/// with one operand is its square.
enum class Arithmetic : std::uint8_t { none, add, subtract, multiply, divide, root };
inline constexpr std::size_t arithmetics_count = 6;

/// What the engine asks of ops, never lists.
struct OpTraits {
  bool elementwise = false;  ///< out[i] depends on the (broadcast) operands at i only
  bool leaf = false;         ///< has no parents: input, parameter, constant
  bool assign = false;       ///< writes a parameter's cell when a program ends
  bool alias = false;        ///< the value is the first parent's memory under another shape
  bool broadcast = false;    ///< the value is the parent's, repeated: elementwise readers can do it
  bool may_throw = false;    ///< the kernel checks values and can throw DomainError
  bool stops_gradient = false;  ///< a constant to differentiation, whatever it depends on
  bool has_kinks = false;       ///< the derivative jumps somewhere in the domain
  bool free_signs = false;      ///< elements may have the other sign where numbers round otherwise
  bool row_to_number = false;   ///< row ops: a number per row; else a row per row
  bool mean = false;            ///< folding ops: the sum is divided by the number of elements
  bool same_type = false;       ///< operands of one type give that type: no shape rule to run
  bool composite = false;       ///< written in other ops: records their nodes, none of its own
  Arithmetic arithmetic = Arithmetic::none;
  bool over_first = false;  ///< the result may lie where the first operand does
  bool has_zeros = false;   ///< a partial may be a structural zero (OnlyIf, Zero)
};

/// A structural zero among the numbers of a partial or a gradient: it stays zero whatever it is
/// multiplied with, as `select` does in subgraph B, and is 0 to whoever reads it. A NaN with a
/// payload that no arithmetic produces.
struct StructuralZero {
  static constexpr std::uint64_t bits = 0x7FF8'7A65'726F'0000U;
  static double number() { return std::bit_cast<double>(bits); }
  static bool is(double x) { return std::bit_cast<std::uint64_t>(x) == bits; }
  static double read(double x) { return is(x) ? 0.0 : x; }
};

/// An elementwise op at one place, read from its rule for numbers of one dtype: raw operands (of
/// which an op with fewer ignores the last ones), and y.
using ScalarValue = void (*)(const void* a, const void* b, const void* c, void* y,
                             const void* attribute);
/// The same, and ∂y/∂operand for each operand.
using ScalarStep = void (*)(const void* a, const void* b, const void* c, void* y,
                            const void* attribute, double* partials);
/// The same for ops that compute in double all over: numbers go from node to node in registers.
using DoubleStep = double (*)(double a, double b, double c, const void* attribute,
                              double* partials);

/// The record of one operation, made from its rule (a struct in ops/ or in the user's file).
/// The engine knows ops by this record only.
struct OpRecord {
  const void* key = nullptr;  ///< the rule it was made from
  std::string_view name;
  std::string_view family;
  std::string_view formula;
  std::string_view domain;
  std::string_view kinks;  ///< where the derivative jumps, and what counts there; empty: nowhere
  std::string_view source;
  std::string_view signature;   ///< "f(x, axes=all)"; empty: the name and the operands
  std::string_view derivative;  ///< in words or formulas, where no `partial_text` gives it
  std::string_view peers;       ///< what others call it: "torch.tanh, jax.numpy.tanh"
  int arity = 0;                ///< number of parents; -1: any number
  std::size_t attribute_bytes = 0;
  OpTraits traits;
  DTypes dtypes;
  /// Dtypes of single numbers for which recording needs no shape rule and has no attribute to store
  /// or to refuse.
  DTypes plain_dtypes;

  /// Shape rule: the node's type, or a ShapeError or TypeError.
  Type (*type)(const TypeArgs&) = nullptr;
  /// Value rule: the kernel for these types; `run == nullptr` when there is none.
  Kernel (*kernel)(const KernelRequest&) = nullptr;
  /// The op (its rule) whose value this op's kernel can give along with its own, where that op
  /// reads the same operands, then others. Such a kernel is requested with that op's operands.
  const void* by_product = nullptr;
  Kernel (*kernel_with_by_product)(const KernelRequest&) = nullptr;
  /// The op that adds this op's value to a further, first operand of the same type: `c + A·B` for
  /// `A·B`. It has the same attribute.
  const OpRecord& (*accumulating)() = nullptr;
  /// Elementwise ops: the loop for a number type; bit k of `repeated` says that operand k is one
  /// number. Null when the rule cannot be read by that number type. `one_element` asks for the loop
  /// over a single element, which is scalar code.
  ElementLoop (*element_loop)(DType number, unsigned repeated, bool one_element,
                              SimdLevel simd) = nullptr;
  /// Elementwise ops of the library: their byte-code, see ScalarCode. Null for users' own.
  std::uint32_t (*scalar_opcode)(DType number) = nullptr;
  /// Ops that act on each row by itself, the last `row_axes(...)` axes of the operand being a row
  /// (0: these attributes make no rows of them).
  std::size_t (*row_axes)(const Type& x, const void* attribute) = nullptr;
  RowLoop (*row_loop)(DType number, SimdLevel simd) = nullptr;
  /// Sums and means: the axes folded, as bits, and the loops to do it piece by piece.
  std::uint32_t (*folded_axes)(const Type& x, const void* attribute) = nullptr;
  FoldLoops (*fold_loops)(DType number, SimdLevel simd) = nullptr;
  /// Derivative rule: the contribution of y to its parent number `use`, recorded as Vars.
  /// Null when the op gives no derivative.
  Var (*vjp)(const Vjp&) = nullptr;
  /// The op on stacks of operands at once; null: one after the other. See tapewise::stacked.
  Var (*batch)(const Batched&) = nullptr;
  /// Elementwise ops: ∂y/∂x_use at the numbers `x`.
  double (*partial)(int use, const double* x, const void* attribute) = nullptr;
  /// Elementwise ops at one place, without a kernel: by the dtype in which the rule computes; null
  /// where it is not defined. `scalar_step` is there for float dtypes and ops with a derivative.
  std::array<ScalarValue, dtypes_count> scalar_value{};
  std::array<ScalarStep, dtypes_count> scalar_step{};
  DoubleStep double_step = nullptr;  ///< null where an operand or the result is no double
  /// Elementwise ops: the formulas of value and partial with the operands' names put in.
  std::string (*value_text)(Notation, std::span<const std::string> operands,
                            const void* attribute) = nullptr;
  std::string (*partial_text)(int use, Notation, std::span<const std::string> operands,
                              const void* attribute) = nullptr;
  /// Which values the derivative rule reads: bit k is parent k, `reads_y` the op's own value.
  unsigned (*reads)(int use, const void* attribute) = nullptr;
  static constexpr unsigned reads_y = 1U << 31;
  /// May an operand be read through `producer` instead (a transpose as a flag)? Then the new
  /// attribute is written to `attribute` and the producer's parent takes the operand's place.
  bool (*absorb)(int use, const OpRecord& producer, const Type& produced,
                 const void* producer_attribute, void* attribute) = nullptr;
  /// What is wrong with an attribute, for a DomainError; empty when nothing is. Null: all are
  /// right.
  std::string (*refusal)(const void* attribute) = nullptr;
  /// The attribute as text: "axes=1 keepdims".
  std::string (*attribute_text)(const void* attribute) = nullptr;
  std::vector<Example> (*examples)() = nullptr;
};

/// Every op of the library, family by family. Defined in ops/all_ops.cpp.
std::span<const OpRecord* const> all_ops();

}  // namespace tapewise
