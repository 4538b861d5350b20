// Stan Math's reverse mode: records while it computes, on a stack that keeps its memory.
#include <stan/math.hpp>

#include <memory>

#include "../harness.hpp"
#include "../m2_scalar.hpp"

namespace {

using bench::Contender;
using stan::math::var;

bench::PeerFactory peer(int which) {
  return [which](const void* data) -> Contender {
    auto numbers = std::make_shared<std::vector<double>>();
    const auto* given = static_cast<const bench::m2::Data*>(data);
    const auto run = [=] {
      std::vector<var> x(given->x.begin(), given->x.end());
      var y = bench::m2::work(which, x);
      y.grad();
      *numbers = {y.val()};
      for (const var& v : x) numbers->push_back(v.adj());
      stan::math::recover_memory();
    };
    return {"Stan", run, [numbers] { return *numbers; }};
  };
}

const bench::Peer a("M2/trans/record", peer(0)), b("M2/cheap/record", peer(1)),
    c("M2/chains16/replay", peer(2));

}  // namespace
