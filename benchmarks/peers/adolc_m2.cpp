#include <memory>

#include "../harness.hpp"
#include "../m2_scalar.hpp"
#include "adolc_common.hpp"

namespace {

bench::PeerFactory peer(short tag, int which, bool replay) {
  return [=](const void* data) -> bench::Contender {
    auto tape =
        std::make_shared<bench::adolc::Tape>(tag, static_cast<const bench::m2::Data*>(data)->x);
    const auto record = [=] {
      tape->record([=](const std::vector<adouble>& x) { return bench::m2::work(which, x); });
      tape->reverse();
    };
    record();
    const auto run = [=] { replay ? tape->replay() : record(); };
    return {"ADOL-C", run, [tape] { return tape->numbers(); }};
  };
}

const bench::Peer a("M2/trans/replay", peer(1, 0, true)), b("M2/cheap/replay", peer(2, 1, true)),
    c("M2/chains16/replay", peer(3, 2, true)), d("M2/trans/record", peer(4, 0, false)),
    e("M2/cheap/record", peer(5, 1, false));

bench::Contender recording(const void* data) {
  auto tape =
      std::make_shared<bench::adolc::Tape>(short{6}, static_cast<const bench::m2::Data*>(data)->x);
  const auto run = [tape] {
    tape->record([](const std::vector<adouble>& x) { return bench::m2::work(0, x); });
  };
  return {"ADOL-C", run, {}};
}
const bench::Peer f("record/ns_per_node", recording);

}  // namespace
