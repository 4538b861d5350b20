#include <memory>

#include "../harness.hpp"
#include "../m4_xor.hpp"
#include "adolc_common.hpp"

namespace {

using bench::adolc::Tape;

bench::Contender step(const void*) {
  auto tape = std::make_shared<Tape>(short{1}, bench::m4::start());
  tape->record([](const std::vector<adouble>& w) { return bench::m4::loss(w); });
  const auto run = [tape] {
    tape->replay();
    for (std::size_t i = 0; i < tape->x.size(); ++i) tape->x[i] -= bench::m4::rate * tape->g[i];
  };
  const auto result = [tape] {
    std::vector<double> numbers{tape->y};
    numbers.insert(numbers.end(), tape->x.begin(), tape->x.end());
    return numbers;
  };
  return {"ADOL-C", run, result};
}

const bench::Peer a("M4", step);

}  // namespace
