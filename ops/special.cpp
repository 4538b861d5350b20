#include <tapewise/ops/special.hpp>

#include <tapewise/ops/library_records.hpp>

namespace tapewise {

std::span<const OpRecord> records_of(SpecialOps list) {
  return making::library_records(list, "special");
}

}  // namespace tapewise
