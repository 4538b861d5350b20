#pragma once
#include <initializer_list>
#include <tapewise/ops/loss.hpp>

// Examples for losses that are written in other ops.

namespace tapewise::ops {

/// Operands drawn from the ranges, in several shapes, with every reduction. `loss` is a lambda
/// without captures: (inputs, options) to the loss.
template <auto loss>
std::vector<Example> loss_examples(std::initializer_list<Range> ranges) {
  std::vector<Example> examples;
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{0}}) {
    std::vector<ExampleInput> inputs;
    for (const Range& range : ranges) {
      inputs.push_back({range.dtype, shape, range.low, range.high});
    }
    if (shape.size() > 0) {
      examples.push_back({inputs, [](std::span<const Var> in) { return loss(in, {}); }});
    }
    examples.push_back({inputs, [](std::span<const Var> in) {
                          return loss(in, {Reduction::sum, 0.5});
                        }});
    examples.push_back({inputs, [](std::span<const Var> in) {
                          return loss(in, {Reduction::none, 2.0});
                        }});
  }
  return examples;
}

}  // namespace tapewise::ops
