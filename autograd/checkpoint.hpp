#pragma once
#include <span>
#include <tapewise/autograd/tape.hpp>
#include <utility>

namespace tapewise {

/// Records `f(inputs...)` as a checkpoint: a compiled program keeps only what is read outside of
/// it, gives up the values inside once f is done, and computes them again when backward reads them.
/// Values and gradients are the same bits as without. Returns what f returns; when f throws, the
/// tape is as it was.
///
/// Checkpoints may follow each other and be nested. `CompileOptions::memory_budget` chooses what to
/// recompute by itself; a checkpoint says it. Goodfellow et al., Deep Learning, 6.5.6; Griewank &
/// Walther 2000.
template <class F, class... Inputs>
auto checkpoint(F&& f, const Var& first, const Inputs&... others) {
  Tape& tape = first.tape();
  const Mark before = tape.mark();
  try {
    auto result = std::forward<F>(f)(first, others...);
    tape.add_checkpoint(before.size);
    return result;
  } catch (...) {
    tape.rewind(before);
    throw;
  }
}

/// The same for an f that takes `std::span<const Var>`. Throws HandleError for no inputs.
template <class F>
auto checkpoint(F&& f, std::span<const Var> inputs) {
  if (inputs.empty()) throw HandleError("[checkpoint] no inputs: checkpoint(f, {x, ...})");
  return checkpoint([&](const Var&) { return std::forward<F>(f)(inputs); }, inputs[0]);
}
template <class F>
auto checkpoint(F&& f, std::initializer_list<Var> inputs) {
  return checkpoint(std::forward<F>(f), std::span(inputs.begin(), inputs.size()));
}

}  // namespace tapewise
