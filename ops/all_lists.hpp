#pragma once
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/cross_entropy.hpp>
#include <tapewise/ops/diagonal.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/loss.hpp>
#include <tapewise/ops/order.hpp>
#include <tapewise/ops/pad.hpp>
#include <tapewise/ops/rearrange.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/scan.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>
#include <tapewise/ops/statistics.hpp>

namespace tapewise {

/// Calls `f` with the list of each family: the only place where families are named.
template <class F>
constexpr auto with_all_families(F&& f) {
  return f(ArithmeticOps{}, ComparisonOps{}, ElementaryOps{}, ActivationOps{}, ConversionOps{},
           ShapeOps{}, IndexOps{}, ReduceOps{}, StatisticsOps{}, ScanOps{}, OrderOps{},
           RearrangeOps{}, PadOps{}, DiagonalOps{}, LinalgOps{}, SoftmaxOps{}, LossOps{},
           CrossEntropyOps{});
}

}  // namespace tapewise
