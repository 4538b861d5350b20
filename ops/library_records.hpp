#pragma once
#include <tapewise/ops/kernels/levels.hpp>
#include <tapewise/ops/kernels/scalar_rules.hpp>
#include <tapewise/ops/make_record.hpp>

namespace tapewise::making {

/// Loops compiled once for each SIMD level, in ops/kernels/level.cpp; those for complex numbers
/// (the checker's) once, in the family's file.
struct LibraryLoops {
  template <class R>
  static ElementLoop loop(DType number, unsigned repeated, bool one_element, SimdLevel simd) {
    if (number == DType::complex128) {
      return kernels::complex_loop<R>(repeated);
    }
    static const kernels::LoopsByLevel loops(R::name);
    return loops.of(number, repeated, one_element, simd);
  }
  template <class R>
  static std::uint32_t opcode(DType number) {
    static const std::array<std::uint32_t, 5> codes = [] {
      std::array<std::uint32_t, 5> all{};
      for (std::size_t d = 0; d < all.size(); ++d) {
        all[d] = kernels::scalar_opcode(R::name, static_cast<DType>(d));
      }
      return all;
    }();
    return codes[static_cast<std::size_t>(number)];
  }
};

/// The records of a family's list, made once. Called in the family's .cpp only.
template <class... Rules>
std::span<const OpRecord> library_records(OpList<Rules...>, std::string_view family) {
  static const OpRecord records[] = {make_record<Rules, LibraryLoops>(family)...};
  return records;
}

}  // namespace tapewise::making
