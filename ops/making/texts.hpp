#pragma once
#include <span>
#include <string>
#include <tapewise/ops/making/rule.hpp>
#include <tapewise/ops/probe.hpp>

// Reads an elementwise rule as text, and finds out what its partials read.

namespace tapewise::making {

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

}  // namespace tapewise::making
