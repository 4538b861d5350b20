#pragma once
#include <tapewise/ops/making/rule.hpp>
#include <tuple>

// Reads an elementwise rule number by number: value and partials at one place, for scalar nodes,
// the sweep, the tables of numbers.

namespace tapewise::making {

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

template <class R, int... k>
constexpr bool is_double_only(std::integer_sequence<int, k...>) {
  return R::dtypes.contains(DType::float64) && !R::stops_gradient &&
         std::is_same_v<typename R::template Out<double>, double> &&
         (std::is_same_v<InTypeOf<R, double, k>, double> && ...);
}

/// See DoubleStep.
template <class R, int... k>
double double_step(double a, double b, double c, const void* attribute, double* partials) {
  const double x[] = {a, b, c};
  const std::tuple operands(x[k]...);
  const double y = ScalarReader<R, double>::y_of(operands, attribute);
  ((partials[k] = ScalarReader<R, double>::template partial_of<k>(operands, y, attribute)), ...);
  return y;
}

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
  [&]<int... k>(std::integer_sequence<int, k...> operands) {
    if constexpr (is_double_only<R>(operands)) op.double_step = &double_step<R, k...>;
  }
  (std::make_integer_sequence<int, R::arity>{});
  if constexpr (!R::stops_gradient) {
    op.traits.has_zeros = [&]<int... I>(std::integer_sequence<int, I...>) {
      return (zero_partial<R, I> || ...);
    }
    (std::make_integer_sequence<int, R::arity>{});
  }
}

}  // namespace tapewise::making
