#pragma once
#include <tapewise/ops/kernels/levels.hpp>
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
};

/// The records of a family's list, made once. Called in the family's .cpp only.
template <class... Rules>
std::span<const OpRecord> library_records(OpList<Rules...>, std::string_view family) {
  static const OpRecord records[] = {make_record<Rules, LibraryLoops>(family)...};
  return records;
}

}  // namespace tapewise::making
