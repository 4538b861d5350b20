#pragma once
#include <tapewise/ops/kernels/simd.hpp>
#include <tapewise/ops/make_record.hpp>

namespace tapewise::making {

/// The records of a family's list, made once, with SIMD lanes. Called in the family's .cpp only:
/// that is where its kernels are compiled.
template <class... Rules>
std::span<const OpRecord> library_records(OpList<Rules...>, std::string_view family) {
  static const OpRecord records[] = {make_record<Rules, kernels::BatchLanes>(family)...};
  return records;
}

}  // namespace tapewise::making
