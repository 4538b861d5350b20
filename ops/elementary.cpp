#include <tapewise/ops/elementary.hpp>

#include <tapewise/ops/library_records.hpp>

namespace tapewise {

std::span<const OpRecord> records_of(ElementaryOps list) {
  return making::library_records(list, "elementary");
}

}  // namespace tapewise
