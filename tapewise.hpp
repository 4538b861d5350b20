#pragma once

/// tapewise: reverse-mode automatic differentiation on an explicit computation graph.
/// This header is all that a program needs.

#include <tapewise/autograd/backward.hpp>
#include <tapewise/autograd/checkpoint.hpp>
#include <tapewise/autograd/functional.hpp>
#include <tapewise/autograd/gradcheck.hpp>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/program.hpp>
#include <tapewise/autograd/sweep.hpp>
#include <tapewise/autograd/tape.hpp>
#include <tapewise/autograd/threads.hpp>
#include <tapewise/autograd/xtensor_bridge.hpp>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/cross_entropy.hpp>
#include <tapewise/ops/determinant.hpp>
#include <tapewise/ops/einsum.hpp>
#include <tapewise/ops/factorization.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/jacobian.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/loss.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>
#include <tapewise/ops/solve.hpp>
