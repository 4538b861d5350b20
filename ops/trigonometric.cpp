#include <tapewise/ops/trigonometric.hpp>

#include <tapewise/ops/library_records.hpp>

namespace tapewise {

std::span<const OpRecord> records_of(TrigonometricOps list) {
  return making::library_records(list, "trigonometric");
}

}  // namespace tapewise
