#pragma once
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/classify.hpp>
#include <tapewise/ops/conv.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/cross_entropy.hpp>
#include <tapewise/ops/determinant.hpp>
#include <tapewise/ops/diagonal.hpp>
#include <tapewise/ops/einsum.hpp>
#include <tapewise/ops/factorization.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/label_loss.hpp>
#include <tapewise/ops/likelihood_loss.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/loss.hpp>
#include <tapewise/ops/margin_loss.hpp>
#include <tapewise/ops/net.hpp>
#include <tapewise/ops/norm.hpp>
#include <tapewise/ops/one_hot.hpp>
#include <tapewise/ops/order.hpp>
#include <tapewise/ops/over_gaps.hpp>
#include <tapewise/ops/pad.hpp>
#include <tapewise/ops/piecewise.hpp>
#include <tapewise/ops/pool.hpp>
#include <tapewise/ops/random.hpp>
#include <tapewise/ops/rearrange.hpp>
#include <tapewise/ops/rectifier.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/regression_loss.hpp>
#include <tapewise/ops/rounding.hpp>
#include <tapewise/ops/rrelu.hpp>
#include <tapewise/ops/scan.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>
#include <tapewise/ops/solve.hpp>
#include <tapewise/ops/special.hpp>
#include <tapewise/ops/statistics.hpp>
#include <tapewise/ops/trigonometric.hpp>

namespace tapewise {

/// Calls `f` with the list of each family: the only place where families are named.
template <class F>
constexpr auto with_all_families(F&& f) {
  return f(ArithmeticOps{}, ComparisonOps{}, ElementaryOps{}, ActivationOps{}, ConversionOps{},
           ShapeOps{}, IndexOps{}, MaskOps{}, ReduceOps{}, LinalgOps{}, SoftmaxOps{}, LossOps{},
           CrossEntropyOps{}, ClassifyOps{}, RoundingOps{}, PowerOps{}, TrigonometricOps{},
           SpecialOps{}, RectifierOps{}, PiecewiseOps{}, StatisticsOps{}, ScanOps{}, OrderOps{},
           RegressionLossOps{}, LabelLossOps{}, LikelihoodLossOps{}, MarginLossOps{}, ConvOps{},
           RandomRectifierOps{}, RearrangeOps{}, PadOps{}, DiagonalOps{}, PoolOps{}, NormOps{},
           RandomOps{}, NetOps{}, SolveOps{}, DeterminantOps{}, FactorizationOps{}, GapOps{},
           EinsumOps{});
}

}  // namespace tapewise
