#pragma once
#include <tapewise/autograd/plan.hpp>
#include <tapewise/autograd/program.hpp>

namespace tapewise {

template <class Before>
void Program::run_steps(Before&& before) {
  has_run_ = false;
  const ReadyStep* const first = ready_.data();
  const ReadyStep* step = first;
  const ReadyStep* const end = step + ready_.size();
  try {
    for (; step != end; ++step) {
      before(static_cast<std::size_t>(step - first));
      step->run(step->call);
    }
    before(ready_.size());
  } catch (const DomainError& error) {
    throw DomainError(where_failed(static_cast<std::size_t>(step - first), error.what()));
  }
  for (Clock* clock : written_) clock->tick();
  has_run_ = true;
}

}  // namespace tapewise
