// ADOL-C: its drivers `hess_vec` and `hessian` on a tape recorded once.
#include <memory>

#include "../m7_second_order.hpp"
#include "adolc_common.hpp"

namespace {

using bench::Contender;
using namespace bench::m7;
using bench::adolc::Tape;

Contender product(std::shared_ptr<Tape> tape, std::vector<double> v) {
  const auto run = [tape, v]() mutable {
    hess_vec(tape->tag, tape->size(), tape->x.data(), v.data(), tape->g.data());
  };
  return {"ADOL-C", run, [tape] { return tape->g; }};
}

Contender rosenbrock_hvp(const void* given) {
  const auto& data = *static_cast<const Chain*>(given);
  auto tape = std::make_shared<Tape>(short{1}, data.x);
  tape->record([](const std::vector<adouble>& x) { return rosenbrock(x); });
  return product(tape, data.v);
}

std::shared_ptr<Tape> regression_tape(short tag, const Regression& data) {
  auto tape = std::make_shared<Tape>(tag, data.x);
  tape->record([&](const std::vector<adouble>& x) { return regression(data, x); });
  return tape;
}

Contender regression_hvp(const void* given) {
  const auto& data = *static_cast<const Regression*>(given);
  return product(regression_tape(2, data), data.v);
}

Contender regression_hessian(const void* given) {
  auto tape = regression_tape(3, *static_cast<const Regression*>(given));
  auto H = std::make_shared<std::vector<double>>(features * features);
  auto rows = std::make_shared<std::vector<double*>>();
  for (int i = 0; i < features; ++i) rows->push_back(H->data() + i * features);
  const auto run = [=] { hessian(tape->tag, features, tape->x.data(), rows->data()); };
  const auto result = [H] {  // ADOL-C fills the lower triangle
    std::vector<double> full = *H;
    for (std::size_t i = 0; i < features; ++i) {
      for (std::size_t j = 0; j < i; ++j) full[j * features + i] = full[i * features + j];
    }
    return full;
  };
  return {"ADOL-C", run, result};
}

const bench::Peer a("M7/hvp_rosenbrock", rosenbrock_hvp), b("M7/hvp_logreg", regression_hvp),
    c("M7/hessian_logreg", regression_hessian);

}  // namespace
