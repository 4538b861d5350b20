#pragma once
#include <tapewise/ops/kink.hpp>
#include <tapewise/ops/loss.hpp>

// Losses of real numbers ŷ against real targets y, element by element. Each is
// factor · mean (or sum) of the losses of the elements, see LossOptions. Both operands are floats
// of one type: broadcasting here hides mistakes (ShapeError, TypeError).

namespace tapewise {

namespace ops {

struct Mae : Composite {
  static constexpr Text name = "mae", formula = "factor · mean |ŷ - y|",
                        signature = "mae(ŷ, y, options={mean, factor=1}, subgradient=middle)",
                        derivative = "sign(ŷ - y)",
                        peers = "torch.nn.functional.l1_loss, keras mean_absolute_error",
                        source = "K, lecture 7-2; Laplace: the minimiser is the median";
  static constexpr Text kinks = "ŷ = y";
  static std::vector<Example> examples();
};
struct Mape : Composite {
  static constexpr Text name = "mape", formula = "factor · mean |ŷ - y| / max(|y|, ε)",
                        signature =
                            "mape(ŷ, y, options={mean, factor=1}, ε=1e-7, subgradient=middle)",
                        domain = "y further from 0 than ε",
                        derivative = "sign(ŷ - y) / max(|y|, ε) in ŷ",
                        peers = "keras mean_absolute_percentage_error (factor 100)",
                        source = "Hyndman & Koehler 2006";
  static constexpr Text kinks = "ŷ = y";
  static std::vector<Example> examples();
};
struct Msle : Composite {
  static constexpr Text name = "msle", formula = "factor · mean (log(1 + ŷ) - log(1 + y))^2",
                        signature = "msle(ŷ, y, options={mean, factor=1})",
                        domain = "ŷ > -1, y > -1",
                        derivative = "2 (log(1 + ŷ) - log(1 + y)) / (1 + ŷ)",
                        peers = "keras mean_squared_logarithmic_error",
                        source = "the squared error of log(1 + y)";
  static std::vector<Example> examples();
};
struct Huber : Composite {
  static constexpr Text name = "huber",
                        formula = "factor · mean (r^2/2 if |r| ≤ δ else δ(|r| - δ/2))",
                        signature = "huber(ŷ, y, δ=1, options={mean, factor=1})",
                        derivative = "clamp(ŷ - y, -δ, δ)",
                        peers =
                            "torch.nn.functional.huber_loss, optax.huber_loss, "
                            "keras Huber",
                        source = "Huber 1964";
  static std::vector<Example> examples();
};
struct SmoothL1 : Composite {
  static constexpr Text name = "smooth_l1",
                        formula = "factor · mean (r^2/(2β) if |r| < β else |r| - β/2)",
                        signature = "smooth_l1(ŷ, y, β=1, options={mean, factor=1})",
                        derivative = "clamp((ŷ - y)/β, -1, 1)",
                        peers = "torch.nn.functional.smooth_l1_loss",
                        source = "Girshick 2015, eq. 3";
  static std::vector<Example> examples();
};
struct LogCosh : Composite {
  static constexpr Text name = "log_cosh", formula = "factor · mean log cosh(ŷ - y)",
                        signature = "log_cosh(ŷ, y, options={mean, factor=1})",
                        derivative = "tanh(ŷ - y)", peers = "optax.log_cosh, keras log_cosh",
                        source = "cosh r = 1 + 2 sinh²(r/2)";
  static std::vector<Example> examples();
};

}  // namespace ops

/// Mean absolute error: factor · mean (or sum) of |ŷ - y|. Minimised by the conditional median.
/// The subgradient is that of |ŷ - y| at 0, here and in `mape`: 0 by default, as PyTorch has it.
Var mae(const Operand& prediction, const Operand& target, const LossOptions& options = {},
        Subgradient subgradient = Subgradient::middle);

/// Mean absolute relative error: |ŷ - y| / max(|y|, ε); `{Reduction::mean, 100}` gives percent.
/// ε is Keras's. Throws DomainError unless ε > 0.
Var mape(const Operand& prediction, const Operand& target, const LossOptions& options = {},
         double epsilon = 1e-7, Subgradient subgradient = Subgradient::middle);

/// Mean squared error of log(1 + ·). NaN for numbers below -1.
Var msle(const Operand& prediction, const Operand& target, const LossOptions& options = {});

/// ½r² for |r| = |ŷ - y| ≤ δ, then the tangent δ(|r| - ½δ). Throws DomainError unless δ > 0.
Var huber(const Operand& prediction, const Operand& target, double delta = 1.0,
          const LossOptions& options = {});

/// huber(δ = β) / β: slope 1 far from the target; β = 0 is `mae`. Throws DomainError for β < 0.
Var smooth_l1(const Operand& prediction, const Operand& target, double beta = 1.0,
              const LossOptions& options = {});

/// log cosh(ŷ - y): about ½r² near the target, |r| - log 2 far away. No overflow, and exact for
/// small r.
Var log_cosh(const Operand& prediction, const Operand& target, const LossOptions& options = {});

using RegressionLossOps =
    OpList<ops::Mae, ops::Mape, ops::Msle, ops::Huber, ops::SmoothL1, ops::LogCosh>;
std::span<const OpRecord> records_of(RegressionLossOps);

}  // namespace tapewise
