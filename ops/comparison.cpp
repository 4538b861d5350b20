#include <tapewise/ops/comparison.hpp>

#include <tapewise/ops/library_records.hpp>

namespace tapewise {

std::span<const OpRecord> records_of(ComparisonOps list) {
  return making::library_records(list, "comparison");
}

}  // namespace tapewise
