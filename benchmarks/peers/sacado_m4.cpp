#include <memory>

#include "../harness.hpp"
#include "../m4_xor.hpp"
#include "sacado_common.hpp"

namespace {

struct Step {
  bench::sacado::Gradient gradient;
  std::vector<double> w = bench::m4::start();

  void run() {
    gradient.run(w, [](const auto& x) { return bench::m4::loss(x); });
    for (std::size_t i = 0; i < w.size(); ++i) w[i] -= bench::m4::rate * gradient.g[i];
  }
  std::vector<double> result() const {
    std::vector<double> numbers{gradient.y};
    numbers.insert(numbers.end(), w.begin(), w.end());
    return numbers;
  }
};

const bench::Peer a("M4", [](const void*) -> bench::Contender {
  auto step = std::make_shared<Step>();
  return {"Sacado", [step] { step->run(); }, [step] { return step->result(); }};
});

}  // namespace
