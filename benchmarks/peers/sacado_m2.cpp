// Sacado's reverse mode: records while it computes, then one reverse sweep.
#include <Sacado_trad.hpp>

#include <memory>

#include "../harness.hpp"
#include "../m2_scalar.hpp"

namespace {

using bench::Contender;
using Number = Sacado::Rad::ADvar<double>;

bench::PeerFactory peer(int which) {
  return [which](const void* data) -> Contender {
    auto numbers = std::make_shared<std::vector<double>>();
    const auto* given = static_cast<const bench::m2::Data*>(data);
    const auto run = [=] {
      std::vector<Number> x(given->x.begin(), given->x.end());
      const Number y = bench::m2::work(which, x);
      Sacado::Rad::ADcontext<double>::Gradcomp();
      *numbers = {y.val()};
      for (const Number& v : x) numbers->push_back(v.adj());
    };
    return {"Sacado", run, [numbers] { return *numbers; }};
  };
}

const bench::Peer a("M2/trans/record", peer(0)), b("M2/cheap/record", peer(1)),
    c("M2/chains16/replay", peer(2));

}  // namespace
