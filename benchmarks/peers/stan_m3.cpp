#include <memory>

#include "../harness.hpp"
#include "../m3_scalar.hpp"
#include "stan_common.hpp"

namespace {

bench::Contender mixture(const void* given) {
  const auto& data = *static_cast<const bench::m3::Data*>(given);
  auto work = std::make_shared<bench::stan_math::Gradient>();
  const auto run = [work, &data, at = bench::m3::variables(data)] {
    work->run(at, [&](const auto& x) {
      return bench::m3::objective(data, x, [](const auto& v) { return v.val(); });
    });
  };
  return {"Stan", run, [work] { return work->numbers(); }};
}

const bench::Peer a("M3/1k_d2_K5", mixture), b("M3/1k_d10_K25", mixture);

}  // namespace
