#include <tapewise/ops/arithmetic.hpp>

#include <tapewise/ops/library_records.hpp>

namespace tapewise {

std::span<const OpRecord> records_of(ArithmeticOps list) {
  return making::library_records(list, "arithmetic");
}

}  // namespace tapewise
