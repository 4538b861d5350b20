#pragma once
#include <tapewise/ops/making/rule.hpp>

// The part of a record that a structured rule fills in.

namespace tapewise::making {

/// Whether a structured rule has a kernel for the number type T.
template <class R, class T>
inline constexpr bool kernel_readable = std::is_same_v<T, Complex>
                                            ? R::complex_step
                                            : R::dtypes.contains(dtype_of<T>);

template <class R>
Kernel structured_kernel(const KernelRequest& request) {
  Kernel kernel;
  if constexpr (!R::alias) {
    with_type(request.number(R::number_type(request)), [&](auto t) {
      using T = decltype(t);
      if constexpr (kernel_readable<R, T>) kernel.run = &R::template kernel<T>;
    });
    const auto params = R::plan(request);
    kernel.set_params(params);
    if constexpr (requires { R::rows_alone(params); }) {
      kernel.rows = R::rows_alone(params);
      with_type(request.number(R::number_type(request)), [&](auto t) {
        using T = decltype(t);
        if constexpr (kernel_readable<R, T>) {
          if (kernel.rows > 0) kernel.run_rows = &R::template rows_kernel<T>;
        }
      });
    }
    if constexpr (requires { R::flops(request); })
      kernel.flops = R::flops(request);
    else
      kernel.flops = 0;
  }
  return kernel;
}

/// The kernel that gives the rule's value and that of its `ByProduct`.
template <class R>
Kernel kernel_with_by_product(const KernelRequest& request) {
  Kernel kernel;
  with_type(request.number(R::number_type(request)), [&](auto t) {
    using T = decltype(t);
    if constexpr (kernel_readable<R, T>) kernel.run = &R::template kernel_with_by_product<T>;
  });
  kernel.set_params(R::plan_with_by_product(request));
  return kernel;
}

template <class R>
void fill_structured(OpRecord& op) {
  op.traits.alias = R::alias;
  op.traits.broadcast = R::broadcast;
  op.traits.may_throw = R::may_throw;
  op.traits.over_first = R::over_first;
  op.type = &R::type;
  op.kernel = structured_kernel<R>;
  if constexpr (requires { &R::vjp; }) op.vjp = &R::vjp;
  if constexpr (requires { &R::batch; }) op.batch = &R::batch;
  if constexpr (requires { &R::absorb; }) op.absorb = &R::absorb;
  if constexpr (requires { &R::examples; }) op.examples = &R::examples;
  if constexpr (requires { typename R::Accumulating; }) {
    op.accumulating = []() -> const OpRecord& { return record_of<typename R::Accumulating>(); };
  }
  if constexpr (requires { typename R::ByProduct; }) {
    op.by_product = &rule_key<typename R::ByProduct>;
    op.kernel_with_by_product = kernel_with_by_product<R>;
  }
  if constexpr (requires { &R::row_axes; }) {
    op.row_axes = &R::row_axes;
    op.traits.row_to_number = R::row_to_number;
    op.row_loop = [](DType number, SimdLevel simd) {
      return with_type(number, [&](auto t) -> RowLoop {
        using T = decltype(t);
        if constexpr (kernel_readable<R, T>)
          return R::template row_loop<T>(simd);
        else
          return nullptr;
      });
    };
  }
  if constexpr (requires { &R::folded_axes; }) {
    op.folded_axes = &R::folded_axes;
    op.traits.mean = R::divides;
    op.fold_loops = [](DType number, SimdLevel simd) {
      return with_type(number, [&](auto t) -> FoldLoops {
        using T = decltype(t);
        if constexpr (kernel_readable<R, T>)
          return R::template fold_loops<T>(simd);
        else
          return {};
      });
    };
  }
}

}  // namespace tapewise::making
