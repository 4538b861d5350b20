#include <tapewise/autograd/scalar_code.hpp>

#include <tapewise/ops/all_lists.hpp>
#include <tapewise/ops/kernels/elementwise_loop.hpp>
#include <tapewise/ops/kernels/levels.hpp>
#include <tapewise/ops/kernels/scalar_rules.hpp>

namespace tapewise {

namespace kernels {

namespace {

/// The elementwise rules of all families, numbered.
template <class... Rules>
struct Numbered {};

template <class... A, class... B>
constexpr Numbered<A..., B...> operator+(Numbered<A...>, Numbered<B...>) {
  return {};
}
template <class R>
constexpr auto if_elementwise() {
  if constexpr (requires { R::elementwise_scheme; })
    return Numbered<R>{};
  else
    return Numbered<>{};
}
template <class... Rules>
constexpr auto elementwise_of(OpList<Rules...>) {
  return (if_elementwise<Rules>() + ... + Numbered<>{});
}
using AllRules =
    decltype(with_all_families([](auto... family) { return (elementwise_of(family) + ...); }));

template <std::uint32_t k, class... Rules>
auto rule_at(Numbered<Rules...>) -> std::tuple_element_t<k, std::tuple<Rules...>>;
template <class... Rules>
constexpr std::uint32_t count_of(Numbered<Rules...>) {
  return sizeof...(Rules);
}
constexpr std::uint32_t dtypes = 4;  // bool, int64, float32, float64, in the order of DType
constexpr std::uint32_t opcodes = count_of(AllRules{}) * dtypes;

using Slot = std::uint64_t;

template <class T>
T read(const Slot* slots, std::uint32_t at) {
  T x;
  std::memcpy(&x, slots + at, sizeof x);
  return x;
}
template <class T>
void write(Slot* slots, std::uint32_t at, T x) {
  std::memcpy(slots + at, &x, sizeof x);
}

ScalarCode::Extra extra_of(const ScalarInstruction* pc) {
  ScalarCode::Extra extra;
  std::memcpy(static_cast<void*>(&extra), pc + 1, sizeof extra);
  return extra;
}

/// Carries out one instruction and returns the next.
template <std::uint32_t opcode>
[[gnu::always_inline]] inline const ScalarInstruction* step(const ScalarInstruction* pc,
                                                            Slot* slots,
                                                            const std::uint64_t* attributes) {
  if constexpr (opcode < opcodes) {
    using R = decltype(rule_at<opcode / dtypes>(AllRules{}));
    constexpr auto dtype = static_cast<DType>(opcode % dtypes);
    using T = std::conditional_t<
        dtype == DType::boolean, bool,
        std::conditional_t<dtype == DType::int64, std::int64_t,
                           std::conditional_t<dtype == DType::float32, float, double>>>;
    if constexpr (readable<R, T>) {
      using Out = typename R::template Out<T>;
      constexpr bool with_attribute = !std::is_same_v<typename R::Attribute, NoAttribute>;
      const void* attribute = nullptr;
      std::uint32_t c = 0;
      if constexpr (with_attribute || R::arity == 3) {
        const auto extra = extra_of(pc);
        attribute = attributes + extra.attribute;
        c = extra.c;
      }
      const auto a = read<InOf<R, T, 0>>(slots, pc->a);
      if constexpr (R::arity == 1) {
        write(slots, pc->out, static_cast<Out>(call_value<R>(attribute, a)));
      } else {
        const auto b = read<InOf<R, T, 1>>(slots, pc->b);
        if constexpr (R::arity == 2) {
          write(slots, pc->out, static_cast<Out>(call_value<R>(attribute, a, b)));
        } else {
          const auto third = read<InOf<R, T, 2>>(slots, c);
          write(slots, pc->out, static_cast<Out>(call_value<R>(attribute, a, b, third)));
        }
      }
      return pc + (with_attribute || R::arity == 3 ? 2 : 1);
    }
  }
  return pc + 1;
}

// Two ops of arithmetic in double precision that follow each other are one instruction of two
// words: one jump for both. What the last pair computed is at hand in registers, as a number that
// went through memory would come later than the arithmetic takes.

using Arithmetic = std::tuple<ops::Add, ops::Subtract, ops::Multiply, ops::Divide>;
constexpr std::uint32_t arithmetic = std::tuple_size_v<Arithmetic>;
/// What the first op reads of the results of the pair before.
enum Carry : std::uint32_t { nothing, a_second, b_second, a_first, b_first, carries };
/// Which operand of the second op is the first's result.
enum Joint : std::uint32_t { no_operand, first_operand, second_operand, joints };
constexpr std::uint32_t pairs = arithmetic * arithmetic * carries * joints;
/// A pair among other instructions, which carries nothing, and pairs in a row.
constexpr std::uint32_t lone_pair = 1024, first_pair = lone_pair + pairs / carries;

constexpr std::uint32_t carrying(std::uint32_t lone, Carry carry) {
  return first_pair + (lone - lone_pair) * carries + carry;
}
/// So many pairs in a row pay for the jump into their loop.
constexpr std::size_t worth_carrying = 6;

struct LastPair {
  double first, second;
};

template <std::uint32_t pair, Carry carry>
[[gnu::always_inline]] inline const ScalarInstruction* step_pair(const ScalarInstruction* pc,
                                                                 Slot* slots, LastPair& last) {
  using First = std::tuple_element_t<pair / joints / arithmetic, Arithmetic>;
  using Second = std::tuple_element_t<pair / joints % arithmetic, Arithmetic>;
  constexpr auto joint = static_cast<Joint>(pair % joints);
  const double first = First::value(carry == a_second  ? last.second
                                    : carry == a_first ? last.first
                                                       : read<double>(slots, pc[0].a),
                                    carry == b_second  ? last.second
                                    : carry == b_first ? last.first
                                                       : read<double>(slots, pc[0].b));
  write(slots, pc[0].out, first);
  const double a = joint == first_operand ? first : read<double>(slots, pc[1].a);
  const double b = joint == second_operand ? first : read<double>(slots, pc[1].b);
  const double second = Second::value(a, b);
  write(slots, pc[1].out, second);
  last = {first, second};
  return pc + 2;
}

#define TAPEWISE_CASES_OF_PAIRS_4(n) \
  TAPEWISE_PAIR(n) TAPEWISE_PAIR((n) + 1) TAPEWISE_PAIR((n) + 2) TAPEWISE_PAIR((n) + 3)
#define TAPEWISE_CASES_OF_PAIRS_16(n) \
  TAPEWISE_CASES_OF_PAIRS_4(n)        \
  TAPEWISE_CASES_OF_PAIRS_4((n) + 4)  \
  TAPEWISE_CASES_OF_PAIRS_4((n) + 8) TAPEWISE_CASES_OF_PAIRS_4((n) + 12)
#define TAPEWISE_CASES_OF_PAIRS \
  TAPEWISE_CASES_OF_PAIRS_16(0) \
  TAPEWISE_CASES_OF_PAIRS_16(16) TAPEWISE_CASES_OF_PAIRS_16(32)

/// Pairs in a row, until something else comes: a loop without calls, so that the compiler keeps
/// what is carried in registers. Returns what comes next.
const ScalarInstruction* run_pairs(const ScalarInstruction* pc, Slot* slots) {
  static_assert(pairs / carries == 48 && carries == 5, "fit the cases");
  LastPair last{0, 0};
#define TAPEWISE_CARRY(n, carry)                        \
  case first_pair + (n)*carries + (carry):              \
    pc = step_pair<(n), Carry{carry}>(pc, slots, last); \
    break;
#define TAPEWISE_PAIR(n)      \
  TAPEWISE_CARRY(n, nothing)  \
  TAPEWISE_CARRY(n, a_second) \
  TAPEWISE_CARRY(n, b_second) TAPEWISE_CARRY(n, a_first) TAPEWISE_CARRY(n, b_first)
  while (true) {
    switch (pc->op) {
      TAPEWISE_CASES_OF_PAIRS
      default: return pc;
    }
  }
#undef TAPEWISE_PAIR
#undef TAPEWISE_CARRY
}

void run_vector(const ScalarCode& code, const ScalarCode::Vector& v, Slot* slots) {
  alignas(64) Slot gathered[ScalarCode::Vector::max_arity][ScalarCode::Vector::max_count];
  const void* in[ScalarCode::Vector::max_arity] = {};
  for (std::uint32_t k = 0; k < v.arity; ++k) {
    if (v.in[k].gathered) {
      const std::uint32_t* from = code.gathers.data() + v.in[k].gather;
      code.gather(slots, from, v.count, gathered[k]);
      in[k] = gathered[k];
    } else {
      in[k] = slots + v.in[k].slot;
    }
  }
  v.loop(slots + v.out, in, v.count, code.attributes.data() + v.attribute);
}

/// Four sums at once: additions that wait for each other would take four times as long.
void run_sum(const ScalarCode& code, const ScalarInstruction& instruction, Slot* slots) {
  const ScalarCode::Sum& s = code.sums[instruction.b];
  double part[4] = {read<double>(slots, instruction.a), 0, 0, 0};
  const auto add_all = [&](auto term) {
    std::uint32_t k = 0;
    for (; k + 4 <= s.count; k += 4) {
      for (std::uint32_t l = 0; l < 4; ++l) part[l] += term(k + l);
    }
    for (; k < s.count; ++k) part[k % 4] += term(k);
  };
  if (s.gathered) {
    const std::uint32_t* from = code.gathers.data() + s.first;
    add_all([&](std::uint32_t k) { return read<double>(slots, from[k]); });
  } else {
    add_all([&](std::uint32_t k) { return read<double>(slots, s.first + k); });
  }
  write(slots, instruction.out, (part[0] + part[1]) + (part[2] + part[3]));
}

const ScalarInstruction* run_call(const ScalarCode& code, const ScalarInstruction* pc,
                                  Slot* slots) {
  const auto extra = extra_of(pc);
  const void* in[] = {slots + pc->a, slots + pc->b, slots + extra.c};
  code.loops[extra.loop](slots + pc->out, in, 1, code.attributes.data() + extra.attribute);
  return pc + 2;
}

#define TAPEWISE_CASE(n)                 \
  case n:                                \
    pc = step<n>(pc, slots, attributes); \
    break;
#define TAPEWISE_CASES_4(n) \
  TAPEWISE_CASE(n) TAPEWISE_CASE((n) + 1) TAPEWISE_CASE((n) + 2) TAPEWISE_CASE((n) + 3)
#define TAPEWISE_CASES_16(n) \
  TAPEWISE_CASES_4(n)        \
  TAPEWISE_CASES_4((n) + 4) TAPEWISE_CASES_4((n) + 8) TAPEWISE_CASES_4((n) + 12)
#define TAPEWISE_CASES_64(n) \
  TAPEWISE_CASES_16(n)       \
  TAPEWISE_CASES_16((n) + 16) TAPEWISE_CASES_16((n) + 32) TAPEWISE_CASES_16((n) + 48)
#define TAPEWISE_CASES_256(n) \
  TAPEWISE_CASES_64(n)        \
  TAPEWISE_CASES_64((n) + 64) TAPEWISE_CASES_64((n) + 128) TAPEWISE_CASES_64((n) + 192)

void run(const ScalarCode& code, Slot* slots) {
#define TAPEWISE_PAIR(n) \
  case lone_pair + (n): pc = step_pair<(n), nothing>(pc, slots, last); break;
  static_assert(opcodes <= lone_pair, "add cases below");
  const ScalarInstruction* pc = code.code.data();
  const std::uint64_t* attributes = code.attributes.data();
  LastPair last{0, 0};  // which no case reads
  while (true) {
    switch (pc->op) {
      TAPEWISE_CASES_256(0)
      TAPEWISE_CASES_256(256)
      TAPEWISE_CASES_256(512)
      TAPEWISE_CASES_256(768)
      TAPEWISE_CASES_OF_PAIRS
      case ScalarCode::vector:
        run_vector(code, code.vectors[pc->a], slots);
        ++pc;
        break;
      case ScalarCode::sum:
        run_sum(code, *pc, slots);
        ++pc;
        break;
      case ScalarCode::call: pc = run_call(code, pc, slots); break;
      case ScalarCode::end: return;
      default: pc = run_pairs(pc, slots); break;
    }
  }
#undef TAPEWISE_PAIR
}

template <class... Rules>
std::uint32_t number_of(Numbered<Rules...>, std::string_view name) {
  std::uint32_t number = 0;
  const bool found = ((Rules::name == name ? true : (++number, false)) || ...);
  return found ? number : ScalarCode::call;
}

template <class... Rules>
constexpr auto two_word_rules(Numbered<Rules...>) {
  return std::array{
      (Rules::arity == 3 || !std::is_same_v<typename Rules::Attribute, NoAttribute>)...};
}
bool has_second_word(const ScalarInstruction& instruction) {
  static constexpr auto of_rule = two_word_rules(AllRules{});
  return instruction.op == ScalarCode::call ||
         (instruction.op < opcodes && of_rule[instruction.op / dtypes]);
}

}  // namespace

std::uint32_t scalar_opcode(std::string_view rule, DType number) {
  const std::uint32_t rule_number = number_of(AllRules{}, rule);
  if (rule_number == ScalarCode::call || number == DType::complex128) return ScalarCode::call;
  return rule_number * dtypes + static_cast<std::uint32_t>(number);
}

namespace {

/// The number among `Arithmetic` of an instruction that computes one in double; else `arithmetic`.
std::uint32_t arithmetic_of(const ScalarInstruction& instruction) {
  static const auto codes = []<class... R>(std::tuple<R...>*) {
    return std::array{scalar_opcode(R::name, DType::float64)...};
  }(static_cast<Arithmetic*>(nullptr));
  std::uint32_t k = 0;
  while (k < arithmetic && codes[k] != instruction.op) ++k;
  return k;
}

}  // namespace

}  // namespace kernels

namespace {

void join_pairs(ScalarCode& code) {
  using namespace kernels;
  std::vector<ScalarInstruction*> row;  // pairs right after each other
  const auto reads = [](const ScalarInstruction& instruction, std::uint32_t slot, auto as_a,
                        auto as_b, auto otherwise) {
    return instruction.a == slot ? as_a : instruction.b == slot ? as_b : otherwise;
  };
  const auto end_row = [&] {
    for (std::size_t k = 0; row.size() >= worth_carrying && k < row.size(); ++k) {
      Carry carry = nothing;
      if (k > 0) {
        // A slot that the pair before wrote twice holds its second result.
        const ScalarInstruction* before = row[k - 1];
        carry = reads(*row[k], before[1].out, a_second, b_second, nothing);
        if (carry == nothing && before[0].out != before[1].out) {
          carry = reads(*row[k], before[0].out, a_first, b_first, nothing);
        }
      }
      row[k]->op = carrying(row[k]->op, carry);
    }
    row.clear();
  };
  for (std::size_t at = 0; at < code.code.size();) {
    ScalarInstruction& first = code.code[at];
    const bool two_words = has_second_word(first);
    const std::uint32_t a = two_words ? arithmetic : arithmetic_of(first),
                        b = a == arithmetic ? arithmetic : arithmetic_of(code.code[at + 1]);
    if (b == arithmetic) {
      end_row();
      at += two_words ? 2 : 1;
      continue;
    }
    const Joint joint =
        reads(code.code[at + 1], first.out, first_operand, second_operand, no_operand);
    first.op = lone_pair + (a * arithmetic + b) * joints + joint;
    row.push_back(&first);
    at += 2;
  }
}

}  // namespace

void finish(ScalarCode& code, SimdLevel simd) {
  join_pairs(code);
  code.gather = kernels::level_kernels(simd).gather;
}

void run_scalar_code(const KernelCall& call) {
  const auto& code = *call.params<const ScalarCode*>();
  auto* slots = static_cast<kernels::Slot*>(call.out_data);
  for (const ScalarCode::Load& load : code.loads) {
    std::memcpy(slots + load.slot, call.in_data[load.operand], load.bytes);
  }
  kernels::run(code, slots);
}

}  // namespace tapewise
