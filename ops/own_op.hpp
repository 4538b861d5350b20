#pragma once
#include <tapewise/ops/make_record.hpp>

// Include this in the file that holds an op of your own: docs/own-op.md.

namespace tapewise {

namespace making {

/// Loops compiled in the user's file, one number at a time; the compiler may vectorise them.
struct OwnLoops {
  template <class R>
  static ElementLoop loop(DType number, unsigned repeated, bool one_element, SimdLevel) {
    return with_type(number, [&](auto t) {
      return kernels::scalar_loop<R, decltype(t)>(one_element ? 0 : repeated);
    });
  }
};

}  // namespace making

template <class R>
const OpRecord& own_record() {
  static const OpRecord op = making::make_record<R, making::OwnLoops>("own");
  return op;
}

}  // namespace tapewise
