#include <tapewise/autograd/check/as_recorded.hpp>

#include <algorithm>
#include <cmath>
#include <tapewise/autograd/check/rounding.hpp>
#include <tapewise/autograd/check/waves.hpp>
#include <tapewise/autograd/forward.hpp>

namespace tapewise::checking {

namespace {

/// Whether float32 can hold every value on the way without overflow or loss near zero.
bool fits_float32(const Replay& replay) {
  return std::all_of(replay.nodes().begin(), replay.nodes().end(), [&](NodeId id) {
    if (!replay.is_float(id)) return true;
    const std::vector<double> values = replay.numbers(id);
    return std::all_of(values.begin(), values.end(), [](double x) {
      return x == 0.0 || (std::abs(x) > 1e-30 && std::abs(x) < 1e30);
    });
  });
}

}  // namespace

const std::vector<std::vector<double>>& AsRecorded::rounding() {
  if (rounding_.empty()) rounding_ = rounding_spread(real_, entries_, narrow_ ? unit32 : unit64);
  return rounding_;
}

Verdict AsRecorded::compare(std::size_t k, std::span<const double> recorded) {
  const std::vector<double> exact = real_.numbers(entries_[k]);
  double scale = 0.0;
  for (const double x : exact) scale = std::max(scale, std::abs(x));
  Verdict verdict = Verdict::right;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double size = std::max(std::abs(exact[i]), 1e-3 * scale);
    const double allowed = 64.0 * rounding()[k][i] + 1e-3 * size;
    if (!std::isfinite(exact[i]) || !std::isfinite(allowed) || allowed > 0.5 * size) continue;
    if (!(std::abs(recorded[i] - exact[i]) <= allowed)) {
      if (!fits_float32(real_)) return Verdict::undecidable;
      // Random rounding of operands and results does not show what an algorithm loses on the way,
      // beside larger elements say; the running bound does.
      const double bound = bounds().of(entries_[k])[i];
      const bool off = !(std::abs(recorded[i] - exact[i]) <= bound);
      if (off && !computes_another_function()) return Verdict::wrong;
      verdict = Verdict::undecidable;
    }
  }
  return verdict;
}

ErrorBounds& AsRecorded::bounds() {
  if (!bounds_) bounds_.emplace(real_, ErrorBounds::Precision::as_recorded);
  return *bounds_;
}

bool AsRecorded::computes_another_function() {
  if (!computes_another_function_) {
    computes_another_function_ = takes_other_signs() || loses_its_place();
  }
  return *computes_another_function_;
}

/// Whether rounding moves an element along a wave, sin x of a large x say: the bound knows the
/// slope at the element only, and that is another where float32 has put it.
bool AsRecorded::loses_its_place() {
  constexpr double much = 0x1p-10;  // of the wave's length
  for (const NodeId id : real_.nodes()) {
    for (std::size_t use = 0; use < real_.tape().parents(id).size(); ++use) {
      for (const Wave& w : waves_of(real_, id, use)) {
        const double moved = bounds().of(w.operand)[static_cast<std::size_t>(w.element)];
        if (!(moved <= much * w.length)) return true;
      }
    }
  }
  return false;
}

/// Whether an op has chosen other signs in float32, as LAPACK may for eigenvectors: then the replay
/// is of another function.
bool AsRecorded::takes_other_signs() const {
  Tape& tape = real_.tape();
  return std::any_of(real_.nodes().begin(), real_.nodes().end(), [&](NodeId id) {
    if (!tape.op(id).traits.free_signs || tape.type(id).dtype != DType::float32) return false;
    const void* recorded = forward(tape, id);
    const std::vector<double> exact = real_.numbers(id);
    double largest = 0.0;
    for (const double x : exact) largest = std::max(largest, std::abs(x));
    for (std::size_t i = 0; i < exact.size(); ++i) {
      const double x = number_at(DType::float32, recorded, static_cast<std::int64_t>(i));
      // Eigenvalues stand beside eigenvectors, and may be as much larger as they like.
      const bool turned = x * exact[i] < 0.0 && std::abs(x + exact[i]) < 1e-3 * std::abs(x);
      if (turned && std::abs(x) > 1e-3 * std::min(largest, 1.0)) return true;
    }
    return false;
  });
}

}  // namespace tapewise::checking
