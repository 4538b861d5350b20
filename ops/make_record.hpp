#pragma once
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/kernels/elementwise_loop.hpp>
#include <tapewise/ops/probe.hpp>
#include <tapewise/ops/scheme.hpp>
#include <utility>

// Reads a rule and fills in the record by which the engine knows the op. Included where kernels
// are compiled: the library's ops/*.cpp, and a user's file through own_op.hpp.

namespace tapewise::making {

template <class R>
inline constexpr bool has_attribute = !std::is_same_v<typename R::Attribute, NoAttribute>;

template <class R>
typename R::Attribute attribute_of(const void* data) {
  typename R::Attribute a{};
  if constexpr (has_attribute<R>) std::memcpy(&a, data, sizeof a);
  return a;
}

template <class R, int I, class... Args>
auto call_partial(const void* attribute, Args... args) {
  if constexpr (has_attribute<R>) {
    return R::template partial<I>(args..., attribute_of<R>(attribute));
  } else {
    return R::template partial<I>(args...);
  }
}

/// Calls `f` with the integral constant of `k`, a run-time number below N.
template <int N, class F>
auto with_index(int k, F&& f) {
  return [&]<int... i>(std::integer_sequence<int, i...>) {
    using Result = decltype(f(std::integral_constant<int, 0>{}));
    Result result{};
    (void)((k == i ? (result = f(std::integral_constant<int, i>{}), true) : false) || ...);
    return result;
  }
  (std::make_integer_sequence<int, N>{});
}

template <class R, class T, int k>
using InTypeOf = typename R::template In<T, k>;

template <class P>
inline constexpr bool is_only_if = false;
template <class C, class P>
inline constexpr bool is_only_if<OnlyIf<C, P>> = true;

/// A partial as a number or a text.
template <class T, class P>
T read_partial(const P& p) {
  if constexpr (std::is_same_v<P, Zero>)
    return T(0);
  else if constexpr (std::is_same_v<P, One>)
    return T(1);
  else if constexpr (std::is_same_v<P, MinusOne>)
    return T(-1);
  else
    return p;
}

/// g · partial, without a multiplication where none is needed.
template <class P>
Var times_partial(const Var& g, const P& partial) {
  if constexpr (std::is_same_v<P, One>)
    return g;
  else if constexpr (std::is_same_v<P, MinusOne>)
    return negated(g);
  else
    return cotangent_times(g, partial);
}

inline Var condition_of(const Var& condition) { return condition; }
inline Var condition_of(const Operand& condition) { return condition.var(); }

// --- elementwise --------------------------------------------------------------------------------

/// Operands broadcast against each other; number operands agree in dtype.
template <class R>
Type elementwise_type(const TypeArgs& args) {
  Type result = args.parent(0);
  DType number{};
  bool have_number = false;
  [&]<int... k>(std::integer_sequence<int, k...>) {
    const auto check = [&]<int K>(std::integral_constant<int, K>) {
      const Type& t = args.parent(K);
      constexpr bool mask = !std::is_same_v<InTypeOf<R, float, K>, float>;
      if (mask) {
        if (t.dtype != DType::boolean) {
          throw args.type_error("operand " + std::to_string(K + 1) +
                                " is a condition: wanted bool, given " + to_string(t));
        }
      } else if (!R::dtypes.contains(t.dtype)) {
        throw args.type_error("not defined for " + to_string(t) +
                              ": cast the operand to a dtype it takes");
      } else if (have_number && number != t.dtype) {
        throw args.type_error("dtypes differ: " + std::string(name_of(number)) + " and " +
                              std::string(name_of(t.dtype)) +
                              ": write cast(x, dtype) on one of them");
      } else {
        number = t.dtype;
        have_number = true;
      }
      if (K > 0) {
        Shape both;
        if (!broadcast(result.shape, t.shape, both)) {
          std::string shapes = to_string(args.parent(0).shape);
          for (std::size_t j = 1; j < args.parents.size(); ++j) {
            shapes += " and " + to_string(args.parent(j).shape);
          }
          throw args.shape_error("shapes do not broadcast: " + shapes);
        }
        result.shape = both;
      }
    };
    (check(std::integral_constant<int, k>{}), ...);
  }
  (std::make_integer_sequence<int, R::arity>{});
  constexpr bool to_mask = std::is_same_v<typename R::template Out<float>, bool>;
  result.dtype = to_mask ? DType::boolean : number;
  return result;
}

/// g · ∂y/∂x_use, summed over the axes along which x_use was broadcast.
template <class R>
Var elementwise_vjp(const Vjp& v) {
  return with_index<R::arity>(v.use, [&]<int I>(std::integral_constant<int, I>) -> Var {
    return [&]<int... k>(std::integer_sequence<int, k...>)->Var {
      const auto attribute = attribute_of<R>(v.y.attribute_data());
      const auto partial = call_partial<R, I>(&attribute, Operand(v.parent(k))..., Operand(v.y));
      using P = std::remove_cvref_t<decltype(partial)>;
      if constexpr (std::is_same_v<P, Zero>) {
        return Var{};
      } else if constexpr (std::is_same_v<P, MinusOne>) {
        return negated(sum_to(v.g, v.parent(I).shape()));  // the sum has fewer elements
      } else if constexpr (is_only_if<P>) {
        const Var g = times_partial(v.g, partial.partial);
        return sum_to(cotangent_where(condition_of(partial.condition), g), v.parent(I).shape());
      } else {
        const Var contribution = times_partial(v.g, partial);
        return contribution.has_tape() ? sum_to(contribution, v.parent(I).shape()) : Var{};
      }
    }
    (std::make_integer_sequence<int, R::arity>{});
  });
}

template <class R>
double elementwise_partial(int use, const double* x, const void* attribute) {
  return with_index<R::arity>(use, [&]<int I>(std::integral_constant<int, I>) -> double {
    return [&]<int... k>(std::integer_sequence<int, k...>)->double {
      const auto operand = [&]<int K>(std::integral_constant<int, K>) {
        return static_cast<InTypeOf<R, double, K>>(x[K]);
      };
      const double y = static_cast<double>(
          kernels::call_value<R>(attribute, operand(std::integral_constant<int, k>{})...));
      const auto p = call_partial<R, I>(attribute, operand(std::integral_constant<int, k>{})..., y);
      using P = std::remove_cvref_t<decltype(p)>;
      if constexpr (is_only_if<P>)
        return p.condition ? read_partial<double>(p.partial) : 0.0;
      else
        return read_partial<double>(p);
    }
    (std::make_integer_sequence<int, R::arity>{});
  });
}

/// The rule at one place, for raw operands whose number type is T: see ScalarValue, ScalarStep.
template <class R, class T>
struct ScalarReader {
  template <int K>
  static auto at(const void* const (&x)[3]) {
    return *static_cast<const InTypeOf<R, T, K>*>(x[K]);
  }

  /// The operands, read once: y may be where one of them is.
  template <int... k>
  static auto arguments(const void* const (&x)[3], std::integer_sequence<int, k...>) {
    return std::tuple(at<k>(x)...);
  }

  template <class Arguments>
  static auto y_of(const Arguments& x, const void* attribute) {
    using Out = typename R::template Out<T>;
    return std::apply(
        [&](auto... each) { return static_cast<Out>(kernels::call_value<R>(attribute, each...)); },
        x);
  }

  static void value(const void* a, const void* b, const void* c, void* y, const void* attribute) {
    const void* const x[3] = {a, b, c};
    using Ks = std::make_integer_sequence<int, R::arity>;
    *static_cast<typename R::template Out<T>*>(y) = y_of(arguments(x, Ks{}), attribute);
  }

  template <int I, class Arguments>
  static double partial_of(const Arguments& x, T y, const void* attribute) {
    const auto p =
        std::apply([&](auto... each) { return call_partial<R, I>(attribute, each..., y); }, x);
    using P = std::remove_cvref_t<decltype(p)>;
    if constexpr (std::is_same_v<P, Zero>) {
      return StructuralZero::number();
    } else if constexpr (is_only_if<P>) {
      return p.condition ? static_cast<double>(read_partial<T>(p.partial))
                         : StructuralZero::number();
    } else {
      return static_cast<double>(read_partial<T>(p));
    }
  }

  static void step(const void* a, const void* b, const void* c, void* y, const void* attribute,
                   double* partials) {
    const void* const x[3] = {a, b, c};
    using Ks = std::make_integer_sequence<int, R::arity>;
    const auto operands = arguments(x, Ks{});
    const T result = y_of(operands, attribute);
    *static_cast<T*>(y) = result;
    [&]<int... I>(std::integer_sequence<int, I...>) {
      ((partials[I] = partial_of<I>(operands, result, attribute)), ...);
    }
    (Ks{});
  }
};

/// Whether ∂y/∂x_I may be a structural zero.
template <class R, int I>
inline constexpr bool zero_partial = []<int... k>(std::integer_sequence<int, k...>) {
  using P = std::remove_cvref_t<decltype(call_partial<R, I>(
      nullptr, std::declval<InTypeOf<R, double, k>>()..., 0.0))>;
  return std::is_same_v<P, Zero> || is_only_if<P>;
}
(std::make_integer_sequence<int, R::arity>{});

template <class R>
void fill_scalar_readers(OpRecord& op) {
  [&]<class... T>(std::tuple<T...>*) {
    const auto fill = [&]<class N>(N) {
      if constexpr (R::dtypes.contains(dtype_of<N>)) {
        const auto d = static_cast<std::size_t>(dtype_of<N>);
        op.scalar_value[d] = &ScalarReader<R, N>::value;
        if constexpr (std::is_floating_point_v<N> && !R::stops_gradient) {
          op.scalar_step[d] = &ScalarReader<R, N>::step;
        }
      }
    };
    (fill(T{}), ...);
  }(static_cast<std::tuple<bool, std::int64_t, float, double>*>(nullptr));
  if constexpr (!R::stops_gradient) {
    op.traits.has_zeros = [&]<int... I>(std::integer_sequence<int, I...>) {
      return (zero_partial<R, I> || ...);
    }
    (std::make_integer_sequence<int, R::arity>{});
  }
}

template <class R>
std::string elementwise_value_text(Notation notation, std::span<const std::string> names,
                                   const void* attribute) {
  return [&]<int... k>(std::integer_sequence<int, k...>) {
    return kernels::call_value<R>(attribute, Probe::argument(names[k], k, notation)...).text();
  }
  (std::make_integer_sequence<int, R::arity>{});
}

/// The partial as the probe reads it; the last name, or "y", stands for the result.
template <class R>
Probe probe_partial(int use, Notation notation, std::span<const std::string> names,
                    const void* attribute) {
  struct Answer {
    Probe probe{0};
  };
  return with_index<R::arity>(
             use,
             [&]<int I>(std::integral_constant<int, I>) -> Answer {
               return [&]<int... k>(std::integer_sequence<int, k...>)->Answer {
                 const std::string y = names.size() > R::arity ? names[R::arity] : "y";
                 const auto p =
                     call_partial<R, I>(attribute, Probe::argument(names[k], k, notation)...,
                                        Probe::argument(y, 31, notation));
                 using P = std::remove_cvref_t<decltype(p)>;
                 if constexpr (is_only_if<P>) {
                   return {where(p.condition, read_partial<Probe>(p.partial), Probe(0))};
                 } else {
                   return {read_partial<Probe>(p)};
                 }
               }
               (std::make_integer_sequence<int, R::arity>{});
             })
      .probe;
}

template <class R>
std::string elementwise_partial_text(int use, Notation notation, std::span<const std::string> names,
                                     const void* attribute) {
  return probe_partial<R>(use, notation, names, attribute).text();
}

template <class R>
unsigned elementwise_reads(int use, const void* attribute) {
  static const std::string names[] = {"a", "b", "c"};
  return probe_partial<R>(use, Notation::plain, std::span(names).first(R::arity), attribute)
      .reads();
}

template <class R>
typename R::Attribute example_attribute() {
  if constexpr (requires { R::example; })
    return R::example;
  else
    return {};
}

/// Shapes that every elementwise op is shown with: 0-d, one and two axes, broadcast, empty.
template <class R>
std::vector<Example> elementwise_examples() {
  constexpr auto apply = [](std::span<const Var> in) {
    std::vector<Operand> operands(in.begin(), in.end());
    return record<R>(operands, example_attribute<R>());
  };
  static const Shape patterns[][3] = {
      {{}, {}, {}},          {{5}, {5}, {5}},   {{2, 3}, {2, 3}, {2, 3}},    {{2, 3}, {3}, {2, 1}},
      {{3, 1}, {1, 4}, {}},  {{4}, {}, {4}},    {{2, 1, 3}, {4, 1}, {4, 3}}, {{0}, {0}, {1}},
      {{2, 0}, {1}, {2, 1}}, {{35}, {35}, {35}}};
  std::vector<Example> examples;
  for (const auto& pattern : patterns) {
    Example example{{}, apply};
    for (std::size_t k = 0; k < R::arity; ++k) {
      const Range& range = R::ranges[k];
      example.inputs.push_back({range.dtype, pattern[k], range.low, range.high});
    }
    examples.push_back(std::move(example));
  }
  return examples;
}

template <class R, class Loops>
void fill_elementwise(OpRecord& op) {
  op.traits.elementwise = true;
  op.traits.arithmetic = R::arithmetic;
  op.traits.same_type = [&]<int... k>(std::integer_sequence<int, k...>) {
    return std::is_same_v<typename R::template Out<float>, float> &&
           (std::is_same_v<InTypeOf<R, float, k>, float> && ...);
  }
  (std::make_integer_sequence<int, R::arity>{});
  op.type = elementwise_type<R>;
  op.batch = elementwise_batch;
  fill_scalar_readers<R>(op);
  op.element_loop = &Loops::template loop<R>;
  if constexpr (requires { &Loops::template opcode<R>; }) {
    op.scalar_opcode = &Loops::template opcode<R>;
  }
  op.kernel = [](const KernelRequest& request) {
    return kernels::elementwise_kernel(request, &Loops::template loop<R>,
                                       has_attribute<R> ? sizeof(typename R::Attribute) : 0);
  };
  static_assert(sizeof(typename R::Attribute) <= elementwise_attribute_bytes);
  op.value_text = elementwise_value_text<R>;
  op.examples = elementwise_examples<R>;
  if constexpr (!R::stops_gradient) {
    op.vjp = elementwise_vjp<R>;
    op.partial = elementwise_partial<R>;
    op.partial_text = elementwise_partial_text<R>;
    op.reads = elementwise_reads<R>;
  }
}

// --- structured ---------------------------------------------------------------------------------

/// Whether a structured rule has a kernel for the number type T.
template <class R, class T>
inline constexpr bool kernel_readable = std::is_same_v<T, Complex>
                                            ? R::complex_step
                                            : R::dtypes.contains(dtype_of<T>);

template <class R>
Kernel structured_kernel(const KernelRequest& request) {
  Kernel kernel;
  if constexpr (!R::alias) {
    with_type(request.number(R::number_type(request)), [&](auto t) {
      using T = decltype(t);
      if constexpr (kernel_readable<R, T>) kernel.run = &R::template kernel<T>;
    });
    kernel.set_params(R::plan(request));
    if constexpr (requires { R::flops(request); })
      kernel.flops = R::flops(request);
    else
      kernel.flops = 0;
  }
  return kernel;
}

/// The kernel that gives the rule's value and that of its `ByProduct`.
template <class R>
Kernel kernel_with_by_product(const KernelRequest& request) {
  Kernel kernel;
  with_type(request.number(R::number_type(request)), [&](auto t) {
    using T = decltype(t);
    if constexpr (kernel_readable<R, T>) kernel.run = &R::template kernel_with_by_product<T>;
  });
  kernel.set_params(R::plan_with_by_product(request));
  return kernel;
}

template <class R>
void fill_structured(OpRecord& op) {
  op.traits.alias = R::alias;
  op.traits.broadcast = R::broadcast;
  op.traits.may_throw = R::may_throw;
  op.traits.over_first = R::over_first;
  op.type = &R::type;
  op.kernel = structured_kernel<R>;
  if constexpr (requires { &R::vjp; }) op.vjp = &R::vjp;
  if constexpr (requires { &R::batch; }) op.batch = &R::batch;
  if constexpr (requires { &R::absorb; }) op.absorb = &R::absorb;
  if constexpr (requires { &R::examples; }) op.examples = &R::examples;
  if constexpr (requires { typename R::Accumulating; }) {
    op.accumulating = []() -> const OpRecord& { return record_of<typename R::Accumulating>(); };
  }
  if constexpr (requires { typename R::ByProduct; }) {
    op.by_product = &rule_key<typename R::ByProduct>;
    op.kernel_with_by_product = kernel_with_by_product<R>;
  }
  if constexpr (requires { &R::row_axes; }) {
    op.row_axes = &R::row_axes;
    op.traits.row_to_number = R::row_to_number;
    op.row_loop = [](DType number, SimdLevel simd) {
      return with_type(number, [&](auto t) -> RowLoop {
        using T = decltype(t);
        if constexpr (kernel_readable<R, T>)
          return R::template row_loop<T>(simd);
        else
          return nullptr;
      });
    };
  }
  if constexpr (requires { &R::folded_axes; }) {
    op.folded_axes = &R::folded_axes;
    op.traits.mean = R::divides;
    op.fold_loops = [](DType number, SimdLevel simd) {
      return with_type(number, [&](auto t) -> FoldLoops {
        using T = decltype(t);
        if constexpr (kernel_readable<R, T>)
          return R::template fold_loops<T>(simd);
        else
          return {};
      });
    };
  }
}

// --- both ---------------------------------------------------------------------------------------

/// `Loops` says where the loops of an elementwise rule are compiled.
template <class R, class Loops>
OpRecord make_record(std::string_view family) {
  OpRecord op;
  op.key = &rule_key<R>;
  op.name = R::name;
  op.family = family;
  op.formula = R::formula;
  op.domain = R::domain;
  op.source = R::source;
  op.arity = R::arity;
  op.attribute_bytes = has_attribute<R> ? sizeof(typename R::Attribute) : 0;
  op.traits.has_kinks = R::has_kinks;
  op.traits.stops_gradient = R::stops_gradient;
  op.dtypes = R::dtypes;
  static_assert(std::is_trivially_copyable_v<typename R::Attribute>);
  op.signature = R::signature;
  op.derivative = R::derivative;
  op.peers = R::peers;
  if constexpr (requires { &R::attribute_text; }) op.attribute_text = &R::attribute_text;
  if constexpr (requires { &R::refusal; }) {
    op.refusal = [](const void* attribute) { return R::refusal(attribute_of<R>(attribute)); };
  }
  if constexpr (requires { R::elementwise_scheme; }) {
    fill_elementwise<R, Loops>(op);
  } else if constexpr (requires { R::composite_scheme; }) {
    op.traits.composite = true;
    op.examples = &R::examples;
  } else {
    fill_structured<R>(op);
  }
  return op;
}

}  // namespace tapewise::making
