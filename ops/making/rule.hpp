#pragma once
#include <cstring>
#include <tapewise/ops/kernels/elementwise_loop.hpp>
#include <tapewise/ops/scheme.hpp>
#include <type_traits>
#include <utility>

// What all readers of a rule need: its attribute, its partials, the types of its operands.

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

}  // namespace tapewise::making
