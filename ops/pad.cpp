#include <tapewise/ops/pad.hpp>

#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/library_records.hpp>

namespace tapewise {

std::string Paddings::text() const {
  std::string text = "(";
  for (std::size_t axis = 0; axis < std::min<std::size_t>(count_, Shape::max_rank); ++axis) {
    text += (axis > 0 ? ",(" : "(") + std::to_string(axes_[axis].before) + "," +
            std::to_string(axes_[axis].after) + ")";
  }
  return text + ")";
}

namespace {

/// What is wrong with the widths; empty when nothing is.
std::string unfit(const Paddings& widths, const Shape& x) {
  if (widths.count() != x.rank()) {
    return "wanted a pair of widths for each axis of " + to_string(x) + ", given " + widths.text();
  }
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    const auto [before, after] = widths[axis];
    std::int64_t size = 0;
    if (before < 0 || after < 0) {
      return "a width is negative: " + widths.text() + ", use slice to cut";
    }
    if (__builtin_add_overflow(before, after, &size) ||
        __builtin_add_overflow(size, x[axis], &size)) {
      return "the widths are larger than memory can be: " + widths.text();
    }
  }
  return {};
}

}  // namespace

namespace ops {

Type Pad::type(const TypeArgs& args) {
  const Type& x = args.parent(0);
  const auto widths = args.attribute<Attribute>().widths;
  if (const std::string what = unfit(widths, x.shape); !what.empty()) throw args.shape_error(what);
  Shape shape;
  for (std::size_t axis = 0; axis < x.shape.rank(); ++axis) {
    shape.push_back(widths[axis].before + x.shape[axis] + widths[axis].after);
  }
  return {x.dtype, shape};
}

Pad::Params Pad::plan(const KernelRequest& request) {
  const auto a = request.attribute<Attribute>();
  const Shape &x = request.in[0]->shape, &y = request.out.shape;
  const Strides strides = row_major_strides(y);
  std::int64_t begin = 0;
  for (std::size_t axis = 0; axis < x.rank(); ++axis)
    begin += a.widths[axis].before * strides[axis];
  return {kernels::plan_copy(x, row_major_strides(x), strides, 0, begin), y.size(), a.value};
}

template <class T>
void Pad::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  std::fill_n(call.out<T>(), p.size, static_cast<T>(p.value));
  kernels::strided_copy<sizeof(T)>(call);
}

Var Pad::batch(const Batched& b) {
  auto attribute = b.attribute<Attribute>();
  std::vector<Padding> widths(1);
  for (std::size_t axis = 0; axis < attribute.widths.count(); ++axis) {
    widths.push_back(attribute.widths[axis]);
  }
  attribute.widths = Paddings(widths);
  return record_again(b, b.operands, &attribute);
}

std::string Pad::attribute_text(const void* attribute) {
  const auto* a = static_cast<const Attribute*>(attribute);
  return a->widths.text() + (a->value == 0.0 ? "" : " value=" + to_text(a->value));
}

Var Pad::vjp(const Vjp& v) {
  const Shape x = v.parent(0).shape();
  const auto widths = v.attribute<Attribute>().widths;
  std::array<Slice, Shape::max_rank> inside{};
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    inside[axis] = {widths[axis].before, widths[axis].before + x[axis]};
  }
  return slice(v.g, Slices(std::span<const Slice>(inside.data(), x.rank())));
}

namespace {

Example of(const Shape& shape, Var (*apply)(std::span<const Var>)) {
  return {{{DType::float64, shape, -2, 2}}, apply};
}

}  // namespace

std::vector<Example> Pad::examples() {
  return {of({2, 3},
             [](std::span<const Var> in) {
               return pad(in[0], {{1, 2}, {0, 1}});
             }),
          of({4},
             [](std::span<const Var> in) {
               return pad(in[0], {{2, 0}}, -1.5);
             }),
          of({}, [](std::span<const Var> in) { return pad(in[0], {}); }),
          of({0, 2},
             [](std::span<const Var> in) {
               return pad(in[0], {{1, 1}, {0, 1}}, 3);
             }),
          {{{DType::int64, {3}, -9, 9}},
           [](std::span<const Var> in) {
             return pad(in[0], {{1, 1}}, 7);
           }},
          {{{DType::boolean, {3}, 0, 1}}, [](std::span<const Var> in) {
             return pad(in[0], {{1, 1}}, 1);
           }}};
}

std::vector<Example> PadWithOwn::examples() {
  return {of({3, 2},
             [](std::span<const Var> in) {
               return pad(in[0], {{1, 2}, {2, 0}}, PadMode::edge);
             }),
          of({4, 3},
             [](std::span<const Var> in) {
               return pad(in[0], {{3, 1}, {0, 2}}, PadMode::reflect);
             }),
          of({3},
             [](std::span<const Var> in) {
               return pad(in[0], {{4, 2}}, PadMode::wrap);
             }),
          of({0, 2}, [](std::span<const Var> in) {
            return pad(in[0], {{0, 0}, {1, 1}}, PadMode::wrap);
          })};
}

}  // namespace ops

Var pad(const Operand& x, const Paddings& widths, double value) {
  if (x.is_var()) {
    const DType dtype = x.var().dtype();
    if (dtype == DType::boolean && value != 0.0 && value != 1.0) {
      throw TypeError("[pad] a mask is padded with 0 or 1, given " + to_text(value) + "\n  at " +
                      to_string(x.where()));
    }
    if (dtype != DType::boolean) (void)number_as(ArrayView(value), dtype, "pad");
  }
  return record<ops::Pad>({x}, {widths, value});
}

Var pad(const Operand& x, const Paddings& widths, PadMode mode) {
  Composing op("pad", {x});
  const Shape shape = op[0].shape();
  if (const std::string what = unfit(widths, shape); !what.empty()) throw op.shape_error(what);
  Var y = op[0];
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    const auto [before, after] = widths[axis];
    const std::int64_t n = shape[axis], widest = std::max(before, after);
    if (widest == 0) continue;
    if (n == 0 || (mode == PadMode::reflect && widest >= n)) {
      throw op.shape_error("the " + std::to_string(n) + " elements along axis " +
                           std::to_string(axis) + " of " + to_string(shape) +
                           " do not make a border of " + std::to_string(widest));
    }
    Array places({DType::int64, {before + n + after}});
    for (std::int64_t k = -before; k < n + after; ++k) {
      std::int64_t place = std::clamp(k, std::int64_t{0}, n - 1);
      if (mode == PadMode::wrap) place = (k % n + n) % n;
      if (mode == PadMode::reflect) place = k < 0 ? -k : k < n ? k : 2 * (n - 1) - k;
      places.as<std::int64_t>()[k + before] = place;
    }
    y = take(y, op.tape().constant(places), static_cast<std::int64_t>(axis));
  }
  return op.keep(y);
}

std::span<const OpRecord> records_of(PadOps list) { return making::library_records(list, "pad"); }

}  // namespace tapewise
