#include <tapewise/ops/rectifier.hpp>

#include <tapewise/ops/library_records.hpp>

namespace tapewise {

std::span<const OpRecord> records_of(RectifierOps list) {
  return making::library_records(list, "activation");
}

}  // namespace tapewise
