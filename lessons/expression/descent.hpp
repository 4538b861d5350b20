#pragma once
#include <string>
#include <tapewise/autograd/gradient_table.hpp>
#include <tapewise/autograd/trace/trace.hpp>
#include <vector>

namespace tapewise::lessons {

/// Gradient descent on some inputs of a recorded expression.
struct Descent {
  struct Row {
    double output = 0;
    std::vector<TraceValue> values;  ///< of the learned inputs
  };
  double rate = 0;
  std::vector<Var> learned;
  std::vector<Row> rows;  ///< before each update, and after the last
};

/// The inputs named in `names`; when that is empty, those whose name begins with w, b, W or B
/// (weights and biases), or all if none does. Throws Error for a name that is no float input.
std::vector<Var> learned_inputs(const std::vector<Var>& inputs,
                                const std::vector<std::string>& names);

/// Follows θ ← θ - rate·∂output/∂θ for `steps` steps, as one compiled program of the output and its
/// recorded `updates`. The leaves have the last values afterwards.
Descent descend(const Var& output, const std::vector<Var>& learned, const std::vector<Var>& updates,
                double rate, int steps);

}  // namespace tapewise::lessons
