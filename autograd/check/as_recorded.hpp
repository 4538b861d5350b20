#pragma once
#include <optional>
#include <span>
#include <tapewise/autograd/check/error_bound.hpp>
#include <tapewise/autograd/check/replay.hpp>
#include <tapewise/autograd/gradcheck.hpp>
#include <vector>

namespace tapewise::checking {

/// The gradient as it was recorded, beside its replay in float64.
class AsRecorded {
 public:
  AsRecorded(Replay& real, std::vector<NodeId> entries, bool narrow)
      : real_(real), entries_(std::move(entries)), narrow_(narrow) {}

  /// The rounding of each entry in the dtypes it was recorded in.
  const std::vector<std::vector<double>>& rounding();
  /// float32 values can only be compared roughly, where rounding leaves digits to compare.
  Verdict compare(std::size_t k, std::span<const double> recorded);

 private:
  ErrorBounds& bounds();
  bool computes_another_function();
  bool loses_its_place();
  bool takes_other_signs() const;

  Replay& real_;
  std::vector<NodeId> entries_;
  bool narrow_;
  std::vector<std::vector<double>> rounding_;
  std::optional<ErrorBounds> bounds_;
  std::optional<bool> computes_another_function_;
};

}  // namespace tapewise::checking
