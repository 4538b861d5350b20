#pragma once
#include <functional>
#include <optional>
#include <tapewise/autograd/check/error_bound.hpp>
#include <tapewise/autograd/check/line.hpp>
#include <tapewise/autograd/check/verdict.hpp>
#include <tapewise/autograd/gradcheck.hpp>

namespace tapewise::checking {

/// One check at work: the entries of some nodes against the slopes of a scalar in them.
class Checker {
 public:
  /// `held[k]` has the entry `entries[k]`, a Var of subgraph B. `real` may hold values of leaves
  /// that differ from the tape's.
  Checker(Replay& real, const Var& scalar, std::span<const Var> held, std::span<const Var> entries,
          const GradcheckOptions& options);

  /// For higher orders: the scalars of which this one is a derivative, the last one first. They say
  /// how large slopes are where this one is zero.
  void derived_from(std::span<const Var> scalars);
  /// Analytic values computed by somebody else, in the place of those of the replay.
  void use_values(std::size_t k, std::vector<double> values) { analytic_[k] = std::move(values); }
  GradcheckReport run();

 private:
  void check_node(std::size_t k);
  void check_elements(std::size_t k, Line& line);
  void check_projections(std::size_t k, Line& line);
  /// The entry along a direction.
  GradcheckElement along(std::size_t k, Line& line, const Direction& d, double scale);
  void hold_silent(std::size_t k, Line& line, const Direction& d, double scale,
                   std::vector<std::int64_t>& held);
  Direction part_of(std::size_t k, Direction d, std::int64_t begin, std::int64_t end,
                    std::span<const std::int64_t> held) const;
  Direction by_own_size(std::size_t k, const Line& line, Direction d) const;
  Direction random_direction(std::size_t k, Line& line, std::uint64_t seed) const;
  /// The numeric side of an entry, and the verdict; looks for kinks where it matters.
  void decide(GradcheckElement& e, Line& line, const Direction& d, double scale);
  GradcheckElement element(std::size_t k, std::int64_t index) const;
  /// Along a direction: ∇f·v and what rounding does to it.
  void project(std::size_t k, const Direction& d, GradcheckElement& e) const;
  std::int64_t locate(std::size_t k, Line& line, Direction d);
  bool is_flat(const GradcheckElement& e, const Line& line, const Direction& d) const;
  /// `step`: of the differences that the numeric side comes from.
  void look_for_kink(GradcheckElement& e, Line& line, const Direction& d, double step,
                     bool by_complex_step);
  Estimate numeric(Line& line, const Direction& d, double rounding);
  Estimate differences(Line& line, const Direction& d, bool every_step = false,
                       bool nearby = false);
  double slope_scale(const Line& line) const;
  ErrorBounds& bounds();
  double bound_along(std::size_t k, const Direction& d);
  void count(GradcheckElement e);
  void look_for_blame();
  bool all_elements() const;

  Replay& real_;
  Replay complex_;
  NodeId scalar_;
  std::vector<double> sizes_;  // of the scalar, and of those it is a derivative of
  std::vector<NodeId> held_;
  std::vector<NodeId> entry_ids_;
  std::vector<std::vector<double>> analytic_;
  std::vector<std::vector<double>> rounding_;  // of the analytic values
  double output_ = 0.0;                        // the scalar's value
  double noise_ = 0.0;                         // of it
  std::optional<ErrorBounds> bounds_;          // made when asked for
  bool ask_rules_ = false;                     // an entry was passed that the rules should confirm
  GradcheckOptions options_;
  GradcheckReport report_;
};

}  // namespace tapewise::checking
