#include <memory>

#include "../harness.hpp"
#include "../m2_scalar.hpp"
#include "sacado_common.hpp"

namespace {

bench::PeerFactory peer(int which) {
  return [which](const void* data) -> bench::Contender {
    auto work = std::make_shared<bench::sacado::Gradient>();
    const auto& at = static_cast<const bench::m2::Data*>(data)->x;
    const auto run = [=, &at] {
      work->run(at, [which](const auto& x) { return bench::m2::work(which, x); });
    };
    return {"Sacado", run, [work] { return work->numbers(); }};
  };
}

const bench::Peer a("M2/trans/record", peer(0)), b("M2/cheap/record", peer(1)),
    c("M2/chains16/replay", peer(2));

}  // namespace
