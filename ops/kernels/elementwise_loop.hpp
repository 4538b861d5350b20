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
  using Inner = void (*)(void* out, const void* const* in, std::size_t n, const void* attribute);
  static constexpr std::size_t max_arity = 3;

  Inner inner;
  std::size_t n;  ///< elements along the inner axis
  std::size_t operands;
  std::size_t outer_rank;
  alignas(8) std::byte attribute[16];
  // From here on for the strided case only: flat kernels are stored without it.
  std::size_t inner_out_bytes;
  std::array<std::int64_t, Shape::max_rank> outer_sizes;
  std::array<std::array<std::int64_t, Shape::max_rank>, max_arity> outer_bytes;  ///< strides
};

template <class R, class T, int k>
using InOf = typename R::template In<T, k>;

/// `R::value` for arguments of one reader.
template <class R, class... Args>
auto call_value(const void* attribute, Args... x) {
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
  static constexpr bool batched = R::simd && Lanes::template has_batch<T> &&
                                  std::is_same_v<Out, T> &&
                                  (std::is_same_v<InOf<R, T, k>, T> && ...);

  template <int K>
  static constexpr bool repeated = (Repeated >> K & 1U) != 0;

  template <int K>
  static auto at(const void* const* in, std::size_t i) {
    return static_cast<const InOf<R, T, K>*>(in[K])[repeated<K> ? 0 : i];
  }

  static void run(void* out_data, const void* const* in, std::size_t n, const void* attribute) {
    auto* out = static_cast<Out*>(out_data);
    std::size_t i = 0;
    if constexpr (batched) {
      constexpr std::size_t width = Lanes::template width<T>;
      const auto numbers =
          std::make_tuple(Lanes::repeat(repeated<k> ? *static_cast<const T*>(in[k]) : T{})...);
      for (; i + width <= n; i += width) {
        const auto operand = [&]<int K>(std::integral_constant<int, K>) {
          if constexpr (repeated<K>) {
            return std::get<static_cast<std::size_t>(K)>(numbers);
          } else {
            return Lanes::load(static_cast<const T*>(in[K]) + i);
          }
        };
        Lanes::store(out + i,
                     call_value<R>(attribute, operand(std::integral_constant<int, k>{})...));
      }
    }
    for (; i < n; ++i) out[i] = static_cast<Out>(call_value<R>(attribute, at<k>(in, i)...));
  }
};

/// One indirect call for the usual case: every operand contiguous or one number.
template <class Loop>
void run_flat(const KernelCall& call) {
  const auto& p = call.params<ElementwiseParams>();
  Loop::run(call.out_data, call.in_data, p.n, p.attribute);
}

/// The general case: operands broadcast along some axes.
void run_strided(const KernelCall& call);

/// Merges axes that all operands walk through alike. Returns the bits of the operands that repeat
/// along the inner axis. `operand_bytes` are element sizes in the buffers.
unsigned plan_axes(std::span<const Type* const> in, const Type& out,
                   std::span<const std::size_t> operand_bytes, std::size_t out_bytes,
                   ElementwiseParams& params);

/// The number type that an elementwise rule computes in: the result's dtype, or that of the first
/// operand when the result is a mask.
inline const Type& number_type(const KernelRequest& request) {
  return request.out.dtype == DType::boolean ? *request.in[0] : request.out;
}

/// Chooses the kernel of an elementwise rule: number type x which operands repeat x flat or not.
template <class R, class Lanes>
Kernel elementwise_kernel(const KernelRequest& request) {
  Kernel kernel;
  const DType number = request.number(number_type(request));
  with_type(number, [&](auto t) {
    using T = decltype(t);
    constexpr bool readable = std::is_same_v<T, Complex>
                                  ? R::complex_step && (R::dtypes.bits & floats.bits) != 0
                                  : R::dtypes.contains(dtype_of<T>);
    if constexpr (readable) {
      using Ks = std::make_integer_sequence<int, R::arity>;
      [&]<int... k>(std::integer_sequence<int, k...>) {
        ElementwiseParams params{};
        const std::array<std::size_t, R::arity> bytes = {sizeof(InOf<R, T, k>)...};
        const unsigned repeated =
            plan_axes(request.in, request.out, bytes, sizeof(typename R::template Out<T>), params);
        if constexpr (!std::is_same_v<typename R::Attribute, NoAttribute>) {
          static_assert(sizeof(typename R::Attribute) <= sizeof params.attribute);
          std::memcpy(params.attribute, request.attribute_data, sizeof(typename R::Attribute));
        }
        [&]<unsigned... mask>(std::integer_sequence<unsigned, mask...>) {
          constexpr KernelFn flat[] = {&run_flat<InnerLoop<R, T, Lanes, mask, Ks>>...};
          constexpr ElementwiseParams::Inner inner[] = {&InnerLoop<R, T, Lanes, mask, Ks>::run...};
          params.inner = inner[repeated];
          kernel.run = params.outer_rank == 0 ? flat[repeated] : &run_strided;
        }
        (std::make_integer_sequence<unsigned, (1U << R::arity)>{});
        kernel.set_params(params);
        if (params.outer_rank == 0) {
          kernel.params_bytes = offsetof(ElementwiseParams, inner_out_bytes);
        }
        kernel.flops = static_cast<double>(request.out.size());
      }
      (Ks{});
    }
  });
  return kernel;
}

}  // namespace tapewise::kernels
