#pragma once
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/classify.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/loss.hpp>
#include <tapewise/ops/piecewise.hpp>
#include <tapewise/ops/rectifier.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/rounding.hpp>
#include <tapewise/ops/rrelu.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>
#include <tapewise/ops/special.hpp>
#include <tapewise/ops/trigonometric.hpp>

namespace tapewise {

/// Calls `f` with the list of each family: the only place where families are named.
template <class F>
constexpr auto with_all_families(F&& f) {
  return f(ArithmeticOps{}, ComparisonOps{}, ClassifyOps{}, RoundingOps{}, ElementaryOps{},
           PowerOps{}, TrigonometricOps{}, SpecialOps{}, ActivationOps{}, RectifierOps{},
           RandomRectifierOps{}, PiecewiseOps{}, ConversionOps{}, ShapeOps{}, IndexOps{},
           ReduceOps{}, LinalgOps{}, SoftmaxOps{}, LossOps{});
}

}  // namespace tapewise
