#pragma once
#include <string>
#include <tapewise/autograd/op.hpp>
#include <vector>

namespace tapewise::lessons {

/// What the gradient check says of one op over all of its examples.
struct OpVerdict {
  const OpRecord* op = nullptr;
  std::size_t checked = 0, wrong = 0, undecidable = 0;  ///< elements, in both orders
  bool differentiable = false;
  std::string report;  ///< of the first example that is wrong
};

/// Checks every op at its own examples, in float64 and float32, in first and second order.
std::vector<OpVerdict> check_ops();

}  // namespace tapewise::lessons
