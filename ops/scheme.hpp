#pragma once
#include <array>
#include <initializer_list>
#include <string_view>
#include <tapewise/autograd/op.hpp>
#include <tapewise/autograd/tape.hpp>
#include <tapewise/autograd/text.hpp>
#include <tapewise/ops/math.hpp>
#include <type_traits>

// How an op is written: one struct, elementwise or structured. The struct is the only place that
// knows its name, formula, shape rule, value, derivative, domain and examples; everything else
// reads it. docs/own-op.md walks through one.

namespace tapewise {

/// What a rule says of itself. Of a std::string_view the compiler would count the characters one by
/// one, of hundreds of them in every user program; a rule of yours may be written with either.
using Text = const char*;

/// The numbers from which examples of an operand are drawn.
struct Range {
  double low, high;
  DType dtype = DType::float64;
};

/// Partials that need no multiplication: the cotangent as it is, negated, or none at all.
struct One {};
struct MinusOne {};
struct Zero {};

/// The partial where the condition holds, structurally zero elsewhere: infinities above do not leak
/// through a zero of this kind, as they would through a multiplication with 0.
template <class C, class P>
struct OnlyIf {
  C condition;
  P partial;
};
template <class C>
OnlyIf<C, One> only_if(C condition) {
  return {condition, One{}};
}
template <class C, class P>
OnlyIf<C, P> only_if(C condition, P partial) {
  return {condition, partial};
}

/// No attribute: what a rule has unless it declares `struct Attribute` of its own. An attribute is
/// plain data, copied byte by byte, compared byte by byte.
struct NoAttribute {};

struct Rule {
  using Attribute = NoAttribute;
  static constexpr Text domain = "all real numbers";
  static constexpr Text source = "";
  static constexpr Text signature = "";  ///< "f(x, axes=all)"; empty: name and operands
  /// The derivative in words or formulas, where it is not read from `partial`: "Ā = G·Bᵀ".
  static constexpr Text derivative = "";
  /// What others call it, separated by ", ": "torch.tanh, jax.numpy.tanh, tf.math.tanh".
  static constexpr Text peers = "";
  static constexpr DTypes dtypes = floats;
  /// Where the derivative jumps. What counts as the derivative there is said by the caller
  /// ("subgradient=..." or "ties=..." in the signature), or here, after a colon. Empty: nowhere.
  static constexpr Text kinks = "";
  static constexpr bool stops_gradient = false;
  static constexpr bool complex_step = true;  ///< analytic, so it can be read by `Complex`
  static constexpr bool simd = true;          ///< its value can be read by a SIMD batch
};

/// An op that acts element by element on `N` operands, broadcast against each other. A rule gives
///
///     template <class T> static T value(T x...)
///     template <int I, class T> static auto partial(T x..., T y)   // ∂y/∂x_I, or One, MinusOne,
///     Zero
///
/// with the attribute as a further, last argument when it declares one, and may then give
/// `static std::string refusal(const Attribute&)`: what is wrong with it, for a DomainError. Who
/// reads the rule is decided by T: float, double, a SIMD batch, Complex, Operand (records B), Probe
/// (writes text).
template <int N>
struct Elementwise : Rule {
  static constexpr bool elementwise_scheme = true;
  static constexpr Arithmetic arithmetic = Arithmetic::none;
  static constexpr int arity = N;
  /// Types of operand k and of the result, for the number type T.
  template <class T, int k>
  using In = T;
  template <class T>
  using Out = T;
};

/// An op with a structure of its own. A rule gives
///
///     static Type type(const TypeArgs&)                          // the shape rule; throws
///     struct Params {...};  static Params plan(const KernelRequest&)   // worked out once
///     template <class T> static void kernel(const KernelCall&)   // T: number type of the result
///     static Var vjp(const Vjp&)                                 // left out: not differentiable
struct Structured : Rule {
  static constexpr int arity = -1;
  static constexpr bool alias = false;      ///< the first parent's memory under another shape
  static constexpr bool broadcast = false;  ///< the parent's elements, repeated
  static constexpr bool may_throw = false;
  static constexpr bool over_first = false;  ///< the kernel copes with out == in(0)
  static constexpr Text domain = "all shapes";
  /// The operand or result whose dtype is the kernel's T.
  static const Type& number_type(const KernelRequest& request) { return request.out; }
};

/// An op that is written in other ops: its function records several nodes, and whoever reads the
/// tape sees those. The rule is its entry in the list of ops, on whose examples it is tested:
///
///     static std::vector<Example> examples()
struct Composite : Rule {
  static constexpr bool composite_scheme = true;
  static constexpr int arity = -1;
};

/// The identity of a rule: the address of its own copy of this.
template <class R>
inline constexpr char rule_key = 0;

namespace ops {
/// Found (by argument-dependent lookup) for the rules of the library, which live in this namespace.
void is_library_rule(const void*);
}  // namespace ops
template <class R>
concept LibraryRule = requires(const R* rule) {
  is_library_rule(rule);
};

/// The record of a rule of the library, by its name: addresses would not do where a user's program
/// hides its symbols from a shared library. Throws Error when the rule is missing from its family's
/// list, which stands at the end of its file.
const OpRecord& library_record(Text name);
/// The record of a user's own rule: include <tapewise/ops/own_op.hpp> where the rule stands.
template <class R>
const OpRecord& own_record();

/// The record of the op that rule `R` describes. The kernels behind it are compiled elsewhere, so
/// headers that record nodes stay thin.
template <class R>
const OpRecord& record_of() {
  if constexpr (LibraryRule<R>) {
    static const OpRecord& op = library_record(R::name);
    return op;
  } else {
    return own_record<R>();
  }
}

/// The ops of a family, listed once at the end of the family's file.
template <class... Rules>
struct OpList {};

/// Appends a node to the tape of the first operand that is a Var.
inline Var record(const OpRecord& op, std::span<const OperandRef> operands, const void* attribute) {
  return Tape::record(op, operands, attribute);
}
/// The same for a list in braces, with the arity as the compiler knows it: that of an op with one
/// or two operands takes the short way. No template, because there is one of those for each op.
inline Var record(const OpRecord& op, int arity, std::initializer_list<OperandRef> operands,
                  const void* attribute) {
  const OperandRef* operand = operands.begin();
  if (arity == 1 && operands.size() == 1) return Tape::record(op, *operand[0], attribute);
  if (arity == 2 && operands.size() == 2) {
    return Tape::record(op, *operand[0], *operand[1], attribute);
  }
  return Tape::record(op, std::span(operand, operands.size()), attribute);
}

/// Appends the node of a rule's op to the tape of the first operand that is a Var.
/// Throws ShapeError, TypeError or HandleError; the tape is unchanged then.
template <class R>
Var record(std::initializer_list<OperandRef> operands,
           const typename R::Attribute& attribute = {}) {
  return record(record_of<R>(), R::arity, operands, &attribute);
}
template <class R>
Var record(std::span<const Operand> operands, const typename R::Attribute& attribute = {}) {
  const std::vector<OperandRef> refs(operands.begin(), operands.end());
  return record(record_of<R>(), refs, &attribute);
}
template <class R>
Var record(std::initializer_list<Var> operands, const typename R::Attribute& attribute = {},
           SourceLine where = SourceLine::here()) {
  std::vector<Operand> located;
  for (const Var& operand : operands) located.emplace_back(operand, where);
  return record<R>(std::span<const Operand>(located), attribute);
}

}  // namespace tapewise
