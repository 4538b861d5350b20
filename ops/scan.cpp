#include <tapewise/ops/scan.hpp>

#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/kernels/folds.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace ops {

Type ScanRule::type(const TypeArgs& args) {
  const Type& x = args.parent(0);
  if (!args.op.dtypes.contains(x.dtype)) {
    throw args.type_error("not defined for " + to_string(x) + ": write cast(x, dtype) first");
  }
  const std::int64_t axis = args.attribute<Attribute>().axis;
  if (normal_axis(axis, x.shape.rank()) < 0) {
    throw args.shape_error("axis " + std::to_string(axis) + " is out of range for " +
                           to_string(x.shape));
  }
  return x;
}

ScanRule::Params ScanRule::plan(const KernelRequest& request) {
  const auto a = request.attribute<Attribute>();
  const Shape& x = request.out.shape;
  const std::size_t axis = accepted_axis(a.axis, x.rank());
  Params p{1, x[axis], 1, a.exclusive != 0, a.reverse != 0};
  for (std::size_t k = 0; k < axis; ++k) p.outer *= x[k];
  for (std::size_t k = axis + 1; k < x.rank(); ++k) p.inner *= x[k];
  return p;
}

Var ScanRule::batch(const Batched& b) {
  auto attribute = b.attribute<Attribute>();
  const std::size_t axis = accepted_axis(attribute.axis, b.y.shape().rank());
  attribute.axis = static_cast<std::int64_t>(axis) + 1;
  return record_again(b, b.operands, &attribute);
}

std::string ScanRule::attribute_text(const void* attribute) {
  const auto* a = static_cast<const Attribute*>(attribute);
  return "axis=" + std::to_string(a->axis) + (a->exclusive != 0 ? " exclusive" : "") +
         (a->reverse != 0 ? " reverse" : "");
}

namespace {

/// Runs along the axis. `step(state, at)` brings the state of a column on by the element at this
/// place; the state before or after it is the result.
template <class T, class Step>
void scan(const ScanRule::Params& p, T* out, double start, Step&& step) {
  using W = kernels::Wide<T>;
  const auto place = [&](std::int64_t o, std::int64_t k) {
    return (o * p.n + (p.reverse ? p.n - 1 - k : k)) * p.inner;
  };
  if (p.inner == 1) {
    for (std::int64_t o = 0; o < p.outer; ++o) {
      W state = static_cast<W>(start);
      for (std::int64_t k = 0; k < p.n; ++k) {
        const std::int64_t at = place(o, k);
        const W after = step(state, at);
        out[at] = static_cast<T>(p.exclusive ? state : after);
        state = after;
      }
    }
    return;
  }
  // Neighbouring columns side by side, as many as stay in registers or near them.
  constexpr std::int64_t most = 64;
  W state[most];
  for (std::int64_t o = 0; o < p.outer; ++o) {
    for (std::int64_t c = 0; c < p.inner; c += most) {
      const std::int64_t width = std::min(most, p.inner - c);
      std::fill_n(state, width, static_cast<W>(start));
      for (std::int64_t k = 0; k < p.n; ++k) {
        const std::int64_t at = place(o, k) + c;
        for (std::int64_t j = 0; j < width; ++j) {
          const W before = state[j];
          state[j] = step(before, at + j);
          out[at + j] = static_cast<T>(p.exclusive ? before : state[j]);
        }
      }
    }
  }
}

/// Element k - 1 in the place of k, and 0 where there is none; `forward` for k - 1, else k + 1.
Var shifted(const Var& x, std::size_t axis, bool forward) {
  const std::int64_t n = x.shape()[axis];
  if (n == 0) return x;
  std::array<Slice, Shape::max_rank> from{}, to{};
  from[axis] = forward ? Slice{0, n - 1} : Slice{1, n};
  to[axis] = forward ? Slice{1, n} : Slice{0, n - 1};
  const auto slices = [&](const auto& of) {
    return Slices(std::span<const Slice>(of.data(), axis + 1));
  };
  return slice_into(slice(x, slices(from)), x.shape(), slices(to));
}

}  // namespace

template <class T>
void Cumsum::kernel(const KernelCall& call) {
  using W = kernels::Wide<T>;
  const T* x = call.in<T>(0);
  scan(call.params<Params>(), call.out<T>(), 0.0,
       [x](W sum, std::int64_t at) { return sum + W(x[at]); });
}

Var Cumsum::vjp(const Vjp& v) {
  auto attribute = v.attribute<Attribute>();
  attribute.reverse = attribute.reverse == 0 ? 1 : 0;
  return record<Cumsum>({Operand(v.g)}, attribute);
}

template <class T>
void Cumprod::kernel(const KernelCall& call) {
  using W = kernels::Wide<T>;
  const T* x = call.in<T>(0);
  scan(call.params<Params>(), call.out<T>(), 1.0,
       [x](W product, std::int64_t at) { return product * W(x[at]); });
}

/// With P_k the product before k and h_k = c_k + x_k·h_{k+1}: x̄_k = P_k·(ḡ_k + h_{k+1}) for
/// c = ḡ·x, and without ḡ_k for c = ḡ when element k is not in its own product.
Var Cumprod::vjp(const Vjp& v) {
  const auto a = v.attribute<Attribute>();
  const Var x = v.parent(0);
  const std::size_t axis = accepted_axis(a.axis, x.shape().rank());
  const bool reverse = a.reverse != 0;
  const Var before = a.exclusive != 0 ? v.y : cumprod(x, a.axis, {true, reverse});
  const Var later = linear_recurrence(x, a.exclusive != 0 ? v.g : v.g * x, a.axis, !reverse);
  const Var next = shifted(later, axis, reverse);
  return before * (a.exclusive != 0 ? next : v.g + next);
}

Type LinearRecurrence::type(const TypeArgs& args) {
  const Type &a = args.parent(0), &b = args.parent(1);
  if (a.dtype != b.dtype) {
    throw args.type_error("dtypes differ: " + std::string(name_of(a.dtype)) + " and " +
                          std::string(name_of(b.dtype)) + ": write cast(x, dtype) on one of them");
  }
  if (a.shape != b.shape) {
    throw args.shape_error("wanted two arrays of one shape, given " + to_string(a.shape) + " and " +
                           to_string(b.shape) + ": broadcast_to one of them");
  }
  return ScanRule::type(args);
}

template <class T>
void LinearRecurrence::kernel(const KernelCall& call) {
  using W = kernels::Wide<T>;
  const T *a = call.in<T>(0), *b = call.in<T>(1);
  scan(call.params<Params>(), call.out<T>(), 0.0,
       [a, b](W y, std::int64_t at) { return W(a[at]) * y + W(b[at]); });
}

Var LinearRecurrence::batch(const Batched& b) {
  std::vector<Var> operands;
  Shape shape = {b.n};
  for (const std::int64_t size : b.y.shape()) shape.push_back(size);
  for (const Var& operand : b.operands) operands.push_back(broadcast_to(operand, shape));
  return ScanRule::batch({b.y, operands, b.stacked, b.n});
}

Var LinearRecurrence::vjp(const Vjp& v) {
  const auto a = v.attribute<Attribute>();
  const bool reverse = a.reverse != 0;
  const std::size_t axis = accepted_axis(a.axis, v.y.shape().rank());
  const Var of_b = linear_recurrence(shifted(v.parent(0), axis, reverse), v.g, a.axis, !reverse);
  return v.use == 1 ? of_b : of_b * shifted(v.y, axis, !reverse);
}

// --- examples -----------------------------------------------------------------------------------

namespace {

template <auto scan_of>
std::vector<Example> scan_examples() {
  const auto of = [](const Shape& shape, Var (*apply)(std::span<const Var>)) {
    return Example{{{DType::float64, shape, -2, 2}}, apply};
  };
  return {
      of({5}, [](std::span<const Var> in) { return scan_of(in[0], 0, {}); }),
      of({3, 4}, [](std::span<const Var> in) { return scan_of(in[0], -1, {.reverse = true}); }),
      of({3, 4}, [](std::span<const Var> in) { return scan_of(in[0], 0, {.exclusive = true}); }),
      of({2, 3, 2},
         [](std::span<const Var> in) {
           return scan_of(in[0], 1, {true, true});
         }),
      of({1}, [](std::span<const Var> in) { return scan_of(in[0], 0, {}); }),
      of({2, 0}, [](std::span<const Var> in) { return scan_of(in[0], 1, {}); }),
      of({0, 2}, [](std::span<const Var> in) { return scan_of(in[0], -1, {}); })};
}

}  // namespace

std::vector<Example> Cumsum::examples() { return scan_examples<tapewise::cumsum>(); }
std::vector<Example> Cumprod::examples() { return scan_examples<tapewise::cumprod>(); }
std::vector<Example> LinearRecurrence::examples() {
  const auto of = [](const Shape& shape, Var (*apply)(std::span<const Var>)) {
    return Example{{{DType::float64, shape, -1, 1}, {DType::float64, shape, -2, 2}}, apply};
  };
  return {of({5}, [](std::span<const Var> in) { return linear_recurrence(in[0], in[1], 0); }),
          of({2, 3, 2},
             [](std::span<const Var> in) { return linear_recurrence(in[0], in[1], -2, true); }),
          of({2, 0}, [](std::span<const Var> in) { return linear_recurrence(in[0], in[1], 1); })};
}

}  // namespace ops

std::span<const OpRecord> records_of(ScanOps list) { return making::library_records(list, "scan"); }

}  // namespace tapewise
