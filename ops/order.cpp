#include <tapewise/ops/order.hpp>

#include <algorithm>
#include <numeric>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace ops {

// --- argmax, argmin -----------------------------------------------------------------------------

Type ArgExtremumRule::type(const TypeArgs& args) {
  const Type result = AxesRule::type(args);
  require_elements(args, result, args.op.name == Argmin::name ? "minimum" : "maximum");
  return {DType::int64, result.shape};
}

template <class T, bool largest>
void ArgExtremumRule::find(const KernelCall& call) {
  kernels::for_each_fold(call.params<Params>(), call.in<T>(0), call.out<std::int64_t>(),
                         [](const kernels::Folded<T>& elements) {
                           std::int64_t winner = 0, place = 0;
                           T best(0);
                           elements.each([&](T x) {
                             const bool wins = largest ? x > best : x < best;
                             const bool first_nan = x != x && best == best;
                             if (place == 0 || wins || first_nan) {
                               best = x;
                               winner = place;
                             }
                             ++place;
                           });
                           return winner;
                         });
}

std::vector<Example> Argmax::examples() {
  const auto of = [](const Shape& shape, Var (*apply)(std::span<const Var>)) {
    return Example{{{DType::float64, shape, -2, 2}}, apply};
  };
  return {of({5}, [](std::span<const Var> in) { return argmax(in[0]); }),
          of({2, 3, 2},
             [](std::span<const Var> in) {
               return argmax(in[0], {0, 2}, true);
             }),
          of({}, [](std::span<const Var> in) { return argmax(in[0]); }),
          of({0, 2}, [](std::span<const Var> in) { return argmax(in[0], 1); })};
}
std::vector<Example> Argmin::examples() {
  const auto of = [](const Shape& shape, Var (*apply)(std::span<const Var>)) {
    return Example{{{DType::float64, shape, -2, 2}}, apply};
  };
  return {of({5}, [](std::span<const Var> in) { return argmin(in[0]); }),
          of({2, 3, 2},
             [](std::span<const Var> in) {
               return argmin(in[0], {0, 2}, true);
             }),
          of({}, [](std::span<const Var> in) { return argmin(in[0]); }),
          of({0, 2}, [](std::span<const Var> in) { return argmin(in[0], 1); })};
}

// --- argsort ------------------------------------------------------------------------------------

Type Argsort::type(const TypeArgs& args) {
  const Type& x = args.parent(0);
  if (!numbers.contains(x.dtype)) {
    throw args.type_error("not defined for " + to_string(x) + ": write cast(x, dtype) first");
  }
  if (x.shape.is_scalar()) throw args.shape_error("() has no axis to sort along");
  Shape shape = x.shape;
  const std::int64_t count = args.attribute<Attribute>().count;
  if (count >= 0) shape.set(shape.rank() - 1, count);
  return {DType::int64, shape};
}

Argsort::Params Argsort::plan(const KernelRequest& request) {
  const Shape &x = request.in[0]->shape, &y = request.out.shape;
  const std::int64_t rows = x.back() == 0 ? 0 : x.size() / x.back();
  return {rows, x.back(), y.back(), request.attribute<Attribute>().descending != 0};
}

namespace {

/// The places of one row in order, the first `p.count` of them.
template <class T>
void sort_row(const Argsort::Params& p, const T* x, std::int64_t* out) {
  const auto comes_first = [&](std::int64_t i, std::int64_t j) {
    const T a = x[p.descending ? j : i], b = x[p.descending ? i : j];
    if (a < b || (a == a && b != b)) return true;
    const bool equal = a == b || (a != a && b != b);
    return equal && i < j;
  };
  // The first ones so far, as a heap whose top comes last: room for no more is needed.
  std::iota(out, out + p.count, std::int64_t{0});
  if (p.count < p.n) {
    std::make_heap(out, out + p.count, comes_first);
    for (std::int64_t i = p.count; i < p.n; ++i) {
      if (!comes_first(i, out[0])) continue;
      std::pop_heap(out, out + p.count, comes_first);
      out[p.count - 1] = i;
      std::push_heap(out, out + p.count, comes_first);
    }
  }
  std::sort(out, out + p.count, comes_first);
}

}  // namespace

template <class T>
void Argsort::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  if (p.count == 0) return;
  kernels::share_out(p.rows, 8 * p.rows * p.n, [&](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      sort_row(p, call.in<T>(0) + r * p.n, call.out<std::int64_t>() + r * p.count);
    }
  });
}

std::string Argsort::attribute_text(const void* attribute) {
  const auto* a = static_cast<const Attribute*>(attribute);
  std::string text = a->descending != 0 ? "descending" : "";
  if (a->count >= 0) text += (text.empty() ? "first=" : " first=") + std::to_string(a->count);
  return text;
}

std::vector<Example> Argsort::examples() {
  const auto of = [](const Shape& shape, Var (*apply)(std::span<const Var>)) {
    return Example{{{DType::float64, shape, -2, 2}}, apply};
  };
  return {of({6}, [](std::span<const Var> in) { return argsort(in[0]); }),
          of({4, 3}, [](std::span<const Var> in) { return argsort(in[0], 0, true); }),
          of({2, 0}, [](std::span<const Var> in) { return argsort(in[0]); }),
          {{{DType::int64, {9}, 0, 3}}, [](std::span<const Var> in) { return argsort(in[0]); }}};
}

// --- sort, topk ---------------------------------------------------------------------------------

std::vector<Example> Sort::examples() {
  const auto of = [](const Shape& shape, Var (*apply)(std::span<const Var>)) {
    return Example{{{DType::float64, shape, -2, 2}}, apply};
  };
  return {of({6}, [](std::span<const Var> in) { return sort(in[0]).values; }),
          of({4, 3}, [](std::span<const Var> in) { return sort(in[0], 0, true).values; }),
          of({2, 3, 2}, [](std::span<const Var> in) { return sort(in[0], -2).values; }),
          of({2, 0}, [](std::span<const Var> in) { return sort(in[0]).values; })};
}

std::vector<Example> Topk::examples() {
  const auto of = [](const Shape& shape, Var (*apply)(std::span<const Var>)) {
    return Example{{{DType::float64, shape, -2, 2}}, apply};
  };
  return {of({6}, [](std::span<const Var> in) { return topk(in[0], 2).values; }),
          of({5, 3}, [](std::span<const Var> in) { return topk(in[0], 3, 0, false).values; }),
          of({2, 3}, [](std::span<const Var> in) { return topk(in[0], 0).values; }),
          of({0, 3}, [](std::span<const Var> in) { return topk(in[0], 2).values; })};
}

namespace {

/// The order of the elements along an axis, which is brought to the end for it.
Var order_of(const Composing& op, std::int64_t given, std::int64_t count, bool descending) {
  const Var& x = op[0];
  const std::size_t rank = x.shape().rank();
  const int axis = normal_axis(given, rank);
  if (axis < 0) {
    throw op.shape_error("axis " + std::to_string(given) + " is out of range for " +
                         to_string(x.shape()));
  }
  if (!numbers.contains(x.dtype())) {
    throw op.type_error("not defined for " + to_string(x.type()) + ": write cast(x, dtype) first");
  }
  const std::int64_t n = x.shape()[static_cast<std::size_t>(axis)];
  if (count > n) {
    throw op.shape_error(std::to_string(count) + " elements are wanted of the " +
                         std::to_string(n) + " along axis " + std::to_string(given) + " of " +
                         to_string(x.shape()));
  }
  const Argsort::Attribute attribute{count, descending ? 1 : 0};
  if (static_cast<std::size_t>(axis) + 1 == rank) return record<Argsort>({x}, attribute);
  std::vector<std::int64_t> swapped(rank);
  std::iota(swapped.begin(), swapped.end(), std::int64_t{0});
  std::swap(swapped[static_cast<std::size_t>(axis)], swapped.back());
  return transpose(record<Argsort>({transpose(x, Axes(swapped))}, attribute), Axes(swapped));
}

Sorted sorted(Composing& op, std::int64_t axis, std::int64_t count, bool descending) {
  const Var indices = order_of(op, axis, count, descending);
  return {op.keep(gather(op[0], indices, axis)), indices};
}

}  // namespace

}  // namespace ops

Var argsort(const Operand& x, std::int64_t axis, bool descending) {
  Composing op("argsort", {x});
  return op.keep(ops::order_of(op, axis, -1, descending));
}

Sorted sort(const Operand& x, std::int64_t axis, bool descending) {
  Composing op("sort", {x});
  return ops::sorted(op, axis, -1, descending);
}

Sorted topk(const Operand& x, std::int64_t k, std::int64_t axis, bool largest) {
  Composing op("topk", {x});
  if (k < 0) throw op.shape_error("k is negative: " + std::to_string(k));
  return ops::sorted(op, axis, k, largest);
}

std::span<const OpRecord> records_of(OrderOps list) {
  return making::library_records(list, "order");
}

}  // namespace tapewise
