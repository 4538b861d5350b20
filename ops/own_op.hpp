#pragma once
#include <tapewise/ops/make_record.hpp>

// Include this in the file that holds an op of your own: docs/own-op.md.

namespace tapewise {

template <class R>
const OpRecord& own_record() {
  static const OpRecord op = making::make_record<R, kernels::ScalarLanes>("own");
  return op;
}

}  // namespace tapewise
