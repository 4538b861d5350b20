#include <tapewise/ops/kernels/elementwise_loop.hpp>

namespace tapewise::kernels {

void run_flat(const KernelCall& call) {
  const auto& p = call.params<ElementwiseParams>();
  p.inner(call.out_data, call.in_data, p.n, p.attribute);
}

void run_strided(const KernelCall& call) {
  const auto& p = call.params<ElementwiseParams>();
  std::array<std::int64_t, Shape::max_rank> index{};
  std::array<const void*, ElementwiseParams::max_arity> in{};
  for (std::size_t k = 0; k < in.size(); ++k) {
    if (p.operands > k) in[k] = call.in_data[k];
  }
  auto* out = static_cast<std::byte*>(call.out_data);
  while (true) {
    p.inner(out, in.data(), p.n, p.attribute);
    out += p.inner_out_bytes;
    // The next index of the outer axes, like an odometer.
    std::size_t axis = p.outer_rank;
    while (true) {
      if (axis-- == 0) return;
      for (std::size_t k = 0; k < p.operands; ++k) {
        in[k] = static_cast<const std::byte*>(in[k]) + p.outer_bytes[k][axis];
      }
      if (++index[axis] < p.outer_sizes[axis]) break;
      for (std::size_t k = 0; k < p.operands; ++k) {
        in[k] = static_cast<const std::byte*>(in[k]) - p.outer_bytes[k][axis] * p.outer_sizes[axis];
      }
      index[axis] = 0;
    }
  }
}

namespace {

/// Merges axes that all operands walk through alike. Returns the bits of the operands that repeat
/// along the inner axis.
unsigned plan_axes(const KernelRequest& request, ElementwiseParams& params) {
  const auto in = request.in;
  const Type& out = request.out;
  const std::size_t operands = in.size();
  params.operands = operands;
  params.n = 1;
  params.outer_rank = 0;
  std::array<Strides, ElementwiseParams::max_arity> strides{};
  for (std::size_t k = 0; k < operands; ++k)
    strides[k] = broadcast_strides(in[k]->shape, out.shape);

  if (out.size() == 0) {
    params.n = 0;
    return 0;
  }
  // From the outermost axis on: an axis joins the one before it when every operand walks through
  // both with one stride.
  std::array<std::int64_t, Shape::max_rank> sizes{};
  std::array<std::array<std::int64_t, Shape::max_rank>, ElementwiseParams::max_arity> walk{};
  std::size_t rank = 0;
  for (std::size_t axis = 0; axis < out.shape.rank(); ++axis) {
    const std::int64_t size = out.shape[axis];
    if (size == 1) continue;
    bool joins = rank > 0;
    for (std::size_t k = 0; k < operands; ++k) {
      joins = joins && walk[k][rank - 1] == strides[k][axis] * size;
    }
    if (joins) {
      sizes[rank - 1] *= size;
    } else {
      sizes[rank++] = size;
    }
    for (std::size_t k = 0; k < operands; ++k) walk[k][rank - 1] = strides[k][axis];
  }
  unsigned repeated = 0;
  if (rank > 0) {
    params.outer_rank = rank - 1;
    params.n = static_cast<std::size_t>(sizes[rank - 1]);
    for (std::size_t k = 0; k < operands; ++k) {
      if (walk[k][rank - 1] == 0) repeated |= 1U << k;
    }
  }
  for (std::size_t axis = 0; axis < params.outer_rank; ++axis) {
    params.outer_sizes[axis] = sizes[axis];
    for (std::size_t k = 0; k < operands; ++k) {
      params.outer_bytes[k][axis] =
          walk[k][axis] * static_cast<std::int64_t>(size_of(request.number(*in[k])));
    }
  }
  params.inner_out_bytes = params.n * size_of(request.number(out));
  return repeated;
}

}  // namespace

Kernel elementwise_kernel(const KernelRequest& request,
                          ElementLoop (*loop)(DType, unsigned, bool, SimdLevel),
                          std::size_t attribute_bytes) {
  Kernel kernel;
  ElementwiseParams params{};
  const unsigned repeated = plan_axes(request, params);
  params.inner = loop(number_of(request), repeated, request.out.size() == 1, request.simd);
  if (params.inner == nullptr) return kernel;
  if (attribute_bytes > 0) std::memcpy(params.attribute, request.attribute_data, attribute_bytes);
  kernel.run = params.outer_rank == 0 ? &run_flat : &run_strided;
  kernel.set_params(params);
  if (params.outer_rank == 0) kernel.params_bytes = offsetof(ElementwiseParams, inner_out_bytes);
  kernel.flops = static_cast<double>(request.out.size());
  return kernel;
}

}  // namespace tapewise::kernels
