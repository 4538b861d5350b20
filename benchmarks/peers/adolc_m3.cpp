#include <memory>

#include "../harness.hpp"
#include "../m3_scalar.hpp"
#include "adolc_common.hpp"

namespace {

bench::PeerFactory peer(short tag) {
  return [tag](const void* given) -> bench::Contender {
    const auto& data = *static_cast<const bench::m3::Data*>(given);
    auto tape = std::make_shared<bench::adolc::Tape>(tag, bench::m3::variables(data));
    tape->record([&](const std::vector<adouble>& x) {
      return bench::m3::objective(data, x, [](const adouble& v) { return v.value(); });
    });
    return {"ADOL-C", [tape] { tape->replay(); }, [tape] { return tape->numbers(); }};
  };
}

const bench::Peer a("M3/1k_d2_K5", peer(1)), b("M3/1k_d10_K25", peer(2));

}  // namespace
