#include <tapewise/ops/rounding.hpp>

#include <tapewise/ops/library_records.hpp>

namespace tapewise {

std::span<const OpRecord> records_of(RoundingOps list) {
  return making::library_records(list, "rounding");
}

}  // namespace tapewise
