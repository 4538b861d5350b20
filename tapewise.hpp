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
#include <tapewise/autograd/trace/step_through.hpp>
#include <tapewise/autograd/xtensor_bridge.hpp>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/classify.hpp>
#include <tapewise/ops/conv.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/cross_entropy.hpp>
#include <tapewise/ops/diagonal.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/jacobian.hpp>
#include <tapewise/ops/likelihood_loss.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/loss.hpp>
#include <tapewise/ops/margin_loss.hpp>
#include <tapewise/ops/order.hpp>
#include <tapewise/ops/pad.hpp>
#include <tapewise/ops/rearrange.hpp>
#include <tapewise/ops/net.hpp>
#include <tapewise/ops/norm.hpp>
#include <tapewise/ops/pool.hpp>
#include <tapewise/ops/random.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/regression_loss.hpp>
#include <tapewise/ops/rounding.hpp>
#include <tapewise/ops/scan.hpp>
#include <tapewise/ops/rrelu.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>
#include <tapewise/ops/special.hpp>
#include <tapewise/ops/statistics.hpp>
#include <tapewise/ops/trigonometric.hpp>
