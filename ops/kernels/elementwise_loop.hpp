#pragma once
#include <array>
#include <cstddef>
#include <tapewise/autograd/op.hpp>
#include <tapewise/ops/scheme.hpp>
#include <tuple>
#include <utility>

namespace tapewise::kernels {

/// Without SIMD: one number at a time, for rules that no batch can read. The compiler may still
/// vectorise the loop.
struct ScalarLanes {
  template <class T>
  static constexpr bool has_batch = false;
};

/// What an elementwise kernel needs beside its pointers. A loop over the inner axis, along which
/// each operand is contiguous or one repeated number, is run for each index of the outer axes.
struct ElementwiseParams {
  static constexpr std::size_t max_arity = 3;

  ElementLoop inner;
  std::size_t n;  ///< elements along the inner axis
  std::size_t operands;
  std::size_t outer_rank;
  alignas(8) std::byte attribute[elementwise_attribute_bytes];
  // From here on for the strided case only: flat kernels are stored without it.
  std::size_t inner_out_bytes;
  std::array<std::int64_t, Shape::max_rank> outer_sizes;
  std::array<std::array<std::int64_t, Shape::max_rank>, max_arity> outer_bytes;  ///< strides
};

template <class R, class T, int k>
using InOf = typename R::template In<T, k>;

/// `R::value` for arguments of one reader.
template <class R, class... Args>
[[gnu::always_inline]] inline auto call_value(const void* attribute, Args... x) {
  if constexpr (std::is_same_v<typename R::Attribute, NoAttribute>) {
    return R::value(x...);
  } else {
    return R::value(x..., *static_cast<const typename R::Attribute*>(attribute));
  }
}

/// The inner loop. Bit k of `Repeated`: operand k is one number for the whole loop.
template <class R, class T, class Lanes, unsigned Repeated, class Ks>
struct InnerLoop;

template <class R, class T, class Lanes, unsigned Repeated, int... k>
struct InnerLoop<R, T, Lanes, Repeated, std::integer_sequence<int, k...>> {
  using Out = typename R::template Out<T>;
  static constexpr bool batched =
      R::simd && Lanes::template has_batch<T> && std::is_same_v<Out, T> && !std::is_same_v<T, bool>;

  template <int K>
  static constexpr bool repeated = (Repeated >> K & 1U) != 0;

  template <int K>
  using Pointer = const InOf<R, T, K>*;

  static void run(void* out_data, const void* const* in, std::size_t n, const void* attribute) {
    // In locals: the compiler cannot know that no store changes `in`.
    const std::tuple<Pointer<k>...> x{static_cast<Pointer<k>>(in[k])...};
    loop(static_cast<Out*>(out_data), n, attribute, std::get<static_cast<std::size_t>(k)>(x)...);
  }

  static void loop(Out* out, std::size_t n, const void* attribute, Pointer<k>... x) {
    if constexpr (batched) {
      constexpr std::size_t width = Lanes::template width<T>;
      const auto numbers =
          std::make_tuple(Lanes::template repeat<T>(repeated<k> ? *x : InOf<R, T, k>{})...);
      const auto operand = [&]<int K>(std::integral_constant<int, K>, auto* p, auto&& load) {
        if constexpr (repeated<K>) {
          return std::get<static_cast<std::size_t>(K)>(numbers);
        } else {
          return load(p);
        }
      };
      std::size_t i = 0;
#pragma GCC unroll 4
      for (; i + width <= n; i += width) {
        const auto load = [i](auto* p) { return Lanes::template load<T>(p + i); };
        Lanes::store(out + i, call_value<R>(attribute,
                                            operand(std::integral_constant<int, k>{}, x, load)...));
      }
      if (i < n) {
        const auto load = [i, n](auto* p) { return Lanes::template load_first<T>(p + i, n - i); };
        Lanes::store_first(
            out + i,
            call_value<R>(attribute, operand(std::integral_constant<int, k>{}, x, load)...), n - i);
      }
    } else {
      for (std::size_t i = 0; i < n; ++i) {
        out[i] = static_cast<Out>(call_value<R>(attribute, x[repeated<k> ? 0 : i]...));
      }
    }
  }
};

/// The loops of a rule for number type T, by the bits of the repeated operands.
template <class R, class T, class Lanes>
constexpr auto loops_of() {
  return []<unsigned... mask>(std::integer_sequence<unsigned, mask...>) {
    using Ks = std::make_integer_sequence<int, R::arity>;
    return std::array<ElementLoop, sizeof...(mask)>{&InnerLoop<R, T, Lanes, mask, Ks>::run...};
  }
  (std::make_integer_sequence<unsigned, (1U << R::arity)>{});
}

/// Whether a rule's value can be read by the number type T.
template <class R, class T>
inline constexpr bool readable = std::is_same_v<T, Complex>
                                     ? R::complex_step && (R::dtypes.bits & floats.bits) != 0
                                     : R::dtypes.contains(dtype_of<T>);

/// The loop of a rule for one number type without SIMD; null when the rule cannot be read by it.
template <class R, class T>
ElementLoop scalar_loop(unsigned repeated) {
  if constexpr (readable<R, T>) {
    static constexpr auto loops = loops_of<R, T, ScalarLanes>();
    return loops[repeated];
  } else {
    return nullptr;
  }
}
template <class R>
ElementLoop complex_loop(unsigned repeated) {
  return scalar_loop<R, Complex>(repeated);
}

/// One indirect call for the usual case: every operand contiguous or one number.
void run_flat(const KernelCall& call);

/// The general case: operands broadcast along some axes.
void run_strided(const KernelCall& call);

/// The number type that an elementwise rule computes in: the result's dtype, or that of the first
/// operand when the result is a mask.
inline DType number_of(const KernelRequest& request) {
  return request.number(request.out.dtype == DType::boolean ? *request.in[0] : request.out);
}

/// The kernel of an elementwise op, made of its loops: flat, or strided over outer axes.
Kernel elementwise_kernel(const KernelRequest& request,
                          ElementLoop (*loop)(DType, unsigned, bool, SimdLevel),
                          std::size_t attribute_bytes);

}  // namespace tapewise::kernels
