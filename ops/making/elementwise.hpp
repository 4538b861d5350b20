#pragma once
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/making/graph.hpp>
#include <tapewise/ops/making/numbers.hpp>
#include <tapewise/ops/making/texts.hpp>

// The part of a record that an elementwise rule fills in.

namespace tapewise::making {

template <class R>
typename R::Attribute example_attribute() {
  if constexpr (requires { R::example; })
    return R::example;
  else
    return {};
}

/// Shapes that every elementwise op is shown with: 0-d, one and two axes, broadcast, empty.
template <class R>
std::vector<Example> elementwise_examples() {
  constexpr auto apply = [](std::span<const Var> in) {
    std::vector<Operand> operands(in.begin(), in.end());
    return record<R>(operands, example_attribute<R>());
  };
  static const Shape patterns[][3] = {
      {{}, {}, {}},          {{5}, {5}, {5}},   {{2, 3}, {2, 3}, {2, 3}},    {{2, 3}, {3}, {2, 1}},
      {{3, 1}, {1, 4}, {}},  {{4}, {}, {4}},    {{2, 1, 3}, {4, 1}, {4, 3}}, {{0}, {0}, {1}},
      {{2, 0}, {1}, {2, 1}}, {{35}, {35}, {35}}};
  std::vector<Example> examples;
  for (const auto& pattern : patterns) {
    Example example{{}, apply};
    for (std::size_t k = 0; k < R::arity; ++k) {
      const Range& range = R::ranges[k];
      example.inputs.push_back({range.dtype, pattern[k], range.low, range.high});
    }
    examples.push_back(std::move(example));
  }
  return examples;
}

template <class R, class Loops>
void fill_elementwise(OpRecord& op) {
  op.traits.elementwise = true;
  op.traits.arithmetic = R::arithmetic;
  op.traits.same_type = [&]<int... k>(std::integer_sequence<int, k...>) {
    return std::is_same_v<typename R::template Out<float>, float> &&
           (std::is_same_v<InTypeOf<R, float, k>, float> && ...);
  }
  (std::make_integer_sequence<int, R::arity>{});
  op.type = elementwise_type<R>;
  op.batch = elementwise_batch;
  fill_scalar_readers<R>(op);
  op.element_loop = &Loops::template loop<R>;
  if constexpr (requires { &Loops::template opcode<R>; }) {
    op.scalar_opcode = &Loops::template opcode<R>;
  }
  op.kernel = [](const KernelRequest& request) {
    return kernels::elementwise_kernel(request, &Loops::template loop<R>,
                                       has_attribute<R> ? sizeof(typename R::Attribute) : 0);
  };
  static_assert(sizeof(typename R::Attribute) <= elementwise_attribute_bytes);
  op.value_text = elementwise_value_text<R>;
  op.examples = elementwise_examples<R>;
  if constexpr (!R::stops_gradient) {
    op.vjp = elementwise_vjp<R>;
    op.partial = elementwise_partial<R>;
    op.partial_text = elementwise_partial_text<R>;
    op.reads = elementwise_reads<R>;
  }
}

}  // namespace tapewise::making
