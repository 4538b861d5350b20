#include <tapewise/ops/powers.hpp>

#include <tapewise/ops/activation.hpp>  // sigmoid, in the derivative of logaddexp
#include <tapewise/ops/library_records.hpp>

namespace tapewise {

std::span<const OpRecord> records_of(PowerOps list) {
  return making::library_records(list, "powers");
}

}  // namespace tapewise
