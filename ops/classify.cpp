#include <tapewise/ops/classify.hpp>

#include <tapewise/ops/library_records.hpp>

namespace tapewise {

std::span<const OpRecord> records_of(ClassifyOps list) {
  return making::library_records(list, "comparison");
}

}  // namespace tapewise
