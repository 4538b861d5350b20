#pragma once
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/cross_entropy.hpp>
#include <tapewise/ops/determinant.hpp>
#include <tapewise/ops/einsum.hpp>
#include <tapewise/ops/factorization.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/loss.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>
#include <tapewise/ops/solve.hpp>

namespace tapewise {

/// Calls `f` with the list of each family: the only place where families are named.
template <class F>
constexpr auto with_all_families(F&& f) {
  return f(ArithmeticOps{}, ComparisonOps{}, ElementaryOps{}, ActivationOps{}, ConversionOps{},
           ShapeOps{}, IndexOps{}, ReduceOps{}, LinalgOps{}, SolveOps{}, DeterminantOps{},
           FactorizationOps{}, EinsumOps{}, SoftmaxOps{}, LossOps{}, CrossEntropyOps{});
}

}  // namespace tapewise
