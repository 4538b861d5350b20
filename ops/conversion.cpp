#include <tapewise/ops/conversion.hpp>

#include <tapewise/ops/library_records.hpp>

namespace tapewise {

namespace {

[[noreturn]] void refuse(double number, std::int64_t position) {
  throw DomainError("[cast] " + std::to_string(number) + " at position " +
                    std::to_string(position) + " does not fit into int64");
}

/// Element `i` in the other type. Between floats under the complex step: the identity.
template <class To, class From>
To converted(From x, std::int64_t i) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else if constexpr (std::is_same_v<From, Complex>) {
    return converted<To>(x.re, i);
  } else if constexpr (std::is_same_v<To, Complex>) {
    return Complex(static_cast<double>(x));
  } else if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_same_v<To, std::int64_t> && std::is_floating_point_v<From>) {
    constexpr From limit = From(9223372036854775808.0);  // 2^63, in the float's own precision
    if (!(x >= -limit && x < limit)) refuse(static_cast<double>(x), i);
    return static_cast<std::int64_t>(x);
  } else {
    return static_cast<To>(x);
  }
}

Var cast_first(std::span<const Var> in, DType to) { return cast(in[0], to); }

}  // namespace

template <class T>
void ops::Cast::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  T* out = call.out<T>();
  with_type(p.from, [&](auto number) {
    const auto* x = call.in<decltype(number)>(0);
    for (std::int64_t i = 0; i < p.n; ++i) out[i] = converted<T>(x[i], i);
  });
}

std::vector<Example> ops::Cast::examples() {
  const auto to_float64 = [](std::span<const Var> in) { return cast_first(in, DType::float64); };
  const auto to_float32 = [](std::span<const Var> in) { return cast_first(in, DType::float32); };
  const auto to_int64 = [](std::span<const Var> in) { return cast_first(in, DType::int64); };
  const auto to_bool = [](std::span<const Var> in) { return cast_first(in, DType::boolean); };
  return {
      {{{DType::float64, {2, 3}, -3, 3}}, to_float32}, {{{DType::float64, {}, -3, 3}}, to_float32},
      {{{DType::float64, {0, 2}, -3, 3}}, to_float32}, {{{DType::float64, {4}, -3, 3}}, to_float64},
      {{{DType::float64, {5}, -3, 3}}, to_int64},      {{{DType::float64, {5}, -3, 3}}, to_bool},
      {{{DType::int64, {2, 3}, -3, 3}}, to_float64},   {{{DType::int64, {5}, -1, 1}}, to_bool},
      {{{DType::boolean, {5}, 0, 1}}, to_float32},     {{{DType::boolean, {5}, 0, 1}}, to_int64}};
}

std::vector<Example> ops::StopGradient::examples() {
  const auto apply = [](std::span<const Var> in) { return stop_gradient(in[0]); };
  return {{{{DType::float64, {2, 3}, -3, 3}}, apply}, {{{DType::float64, {}, -3, 3}}, apply}};
}

std::span<const OpRecord> records_of(ConversionOps list) {
  return making::library_records(list, "conversion");
}

}  // namespace tapewise
