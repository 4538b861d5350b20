#include <tapewise/ops/conv.hpp>

#include <limits>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace ops {

namespace {

constexpr int int_max = std::numeric_limits<int>::max();

Pair last_two(const Shape& s) { return {s[s.rank() - 2], s.back()}; }
std::int64_t channels_of(const Shape& s) { return s[s.rank() - 3]; }

/// The axes of images and the given last three.
Shape images_with(const Shape& s, std::int64_t channels, const Pair& size) {
  Shape shape(std::span(s.begin(), s.rank() - 3));
  shape.push_back(channels);
  shape.push_back(size.rows);
  shape.push_back(size.columns);
  return shape;
}

std::string both(const TypeArgs& args) {
  return to_string(args.parent(0).shape) + " and " + to_string(args.parent(1).shape);
}

void require_one_float(const TypeArgs& args) {
  const Type &a = args.parent(0), &b = args.parent(1);
  if (!is_float(a.dtype) || a.dtype != b.dtype) {
    throw args.type_error("wanted two arrays of one float dtype, given " + to_string(a) + " and " +
                          to_string(b) + ": cast one of them");
  }
}

void require_images(const TypeArgs& args, const Shape& s) {
  if (s.rank() < 3) {
    throw args.shape_error("images are (..., channels, rows, columns), given " + to_string(s));
  }
}

void require_weights(const TypeArgs& args, const Shape& w, std::int64_t groups) {
  if (w.rank() != 4) {
    throw args.shape_error("weights are (filters, channels/groups, rows, columns), given " +
                           to_string(w));
  }
  if (groups < 1 || w[0] % groups != 0) {
    throw args.shape_error(std::to_string(w[0]) + " filters cannot be dealt out in " +
                           std::to_string(groups) + " groups");
  }
}

/// The BLAS counts with ints.
void require_countable(const TypeArgs& args, const Shape& w, const Pair& out) {
  const std::int64_t taps = w[1] * w[2] * w[3], places = out.rows * out.columns;
  if (taps > int_max || places > int_max || w[0] > int_max) {
    throw args.shape_error("a size is beyond what the BLAS can count: " + both(args));
  }
}

/// The outputs' rows and columns. Throws unless a kernel fits into the images.
Pair outputs(const TypeArgs& args, const WindowRule& window, const Shape& image) {
  window.check(args, image);
  const Pair size = last_two(image);
  return {window.rows(size.rows).out, window.columns(size.columns).out};
}

}  // namespace

ConvRule::Params ConvRule::plan_for(const Shape& x, const Shape& w, const Attribute& a) {
  const WindowRule window = a.window(last_two(w));
  const Pair size = last_two(x);
  std::int64_t images = 1;
  for (std::size_t axis = 0; axis + 3 < x.rank(); ++axis) images *= x[axis];
  return {images,
          a.groups,
          w[1],
          w[0] / a.groups,
          window.rows(size.rows),
          window.columns(size.columns)};
}

double ConvRule::flops_for(const Params& p) {
  const std::int64_t taps = p.channels * p.rows.kernel * p.columns.kernel;
  const std::int64_t places = p.images * p.groups * p.rows.out * p.columns.out;
  return 2.0 * static_cast<double>(taps) * static_cast<double>(places) *
         static_cast<double>(p.filters);
}

std::string ConvRule::attribute_text(const void* attribute) {
  const auto* a = static_cast<const Attribute*>(attribute);
  std::string text = a->window(1).text();
  if (a->groups != 1) text += " groups=" + std::to_string(a->groups);
  return text;
}

Var ConvRule::batch(const Batched& b) {
  if (b.is_stacked(1)) return one_by_one(b);
  const auto attribute = b.attribute<Attribute>();
  return record_again(b, b.operands, &attribute);
}

// --- conv2d -------------------------------------------------------------------------------------

Type Conv2d::type(const TypeArgs& args) {
  const Shape &x = args.parent(0).shape, &w = args.parent(1).shape;
  const auto a = args.attribute<Attribute>();
  require_one_float(args);
  require_images(args, x);
  require_weights(args, w, a.groups);
  if (channels_of(x) != w[1] * a.groups) {
    throw args.shape_error("images " + to_string(x) + " have " + std::to_string(channels_of(x)) +
                           " channels, weights " + to_string(w) + " in " +
                           std::to_string(a.groups) + " groups want " +
                           std::to_string(w[1] * a.groups));
  }
  const Pair out = outputs(args, a.window(last_two(w)), x);
  require_countable(args, w, out);
  return {args.parent(0).dtype, images_with(x, w[0], out)};
}

ConvRule::Params Conv2d::plan(const KernelRequest& request) {
  return plan_for(request.in[0]->shape, request.in[1]->shape, request.attribute<Attribute>());
}

template <class T>
void Conv2d::kernel(const KernelCall& call) {
  kernels::convolve(call.params<Params>(), call.in<T>(0), call.in<T>(1), call.out<T>());
}

Var Conv2d::vjp(const Vjp& v) {
  Attribute a = v.attribute<Attribute>();
  if (v.use == 0) {
    a.size = last_two(v.parent(0).shape());
    return record<ConvTranspose2d>({v.g, v.parent(1)}, a);
  }
  a.size = last_two(v.parent(1).shape());
  return record<Conv2dWeight>({v.parent(0), v.g}, a);
}

// --- conv_transpose2d ---------------------------------------------------------------------------

Type ConvTranspose2d::type(const TypeArgs& args) {
  const Shape &y = args.parent(0).shape, &w = args.parent(1).shape;
  const auto a = args.attribute<Attribute>();
  require_one_float(args);
  require_images(args, y);
  require_weights(args, w, a.groups);
  if (channels_of(y) != w[0]) {
    throw args.shape_error("outputs " + to_string(y) + " have " + std::to_string(channels_of(y)) +
                           " filters, weights " + to_string(w) + " have " + std::to_string(w[0]));
  }
  if (a.size.rows < 0 || a.size.columns < 0) {
    throw args.shape_error("nothing is left of outputs " + to_string(y) + " with " +
                           attribute_text(&a));
  }
  const Shape x = images_with(y, w[1] * a.groups, a.size);
  const Pair out = outputs(args, a.window(last_two(w)), x);
  if (!(out == last_two(y))) {
    throw args.shape_error("images " + to_string(x) + " have outputs " + to_string(out) +
                           ", not those of " + to_string(y) +
                           ": the output_padding is less than the stride");
  }
  require_countable(args, w, out);
  return {args.parent(0).dtype, x};
}

ConvRule::Params ConvTranspose2d::plan(const KernelRequest& request) {
  return plan_for(request.out.shape, request.in[1]->shape, request.attribute<Attribute>());
}

template <class T>
void ConvTranspose2d::kernel(const KernelCall& call) {
  kernels::convolve_transposed(call.params<Params>(), call.in<T>(0), call.in<T>(1), call.out<T>());
}

Var ConvTranspose2d::vjp(const Vjp& v) {
  Attribute a = v.attribute<Attribute>();
  if (v.use == 0) {
    a.size = {};
    return record<Conv2d>({v.g, v.parent(1)}, a);
  }
  a.size = last_two(v.parent(1).shape());
  return record<Conv2dWeight>({v.g, v.parent(0)}, a);
}

// --- conv2d_weight ------------------------------------------------------------------------------

Type Conv2dWeight::type(const TypeArgs& args) {
  const Shape &x = args.parent(0).shape, &y = args.parent(1).shape;
  const auto a = args.attribute<Attribute>();
  require_one_float(args);
  require_images(args, x);
  require_images(args, y);
  if (a.groups < 1 || channels_of(x) % a.groups != 0) {
    throw args.shape_error(std::to_string(channels_of(x)) + " channels cannot be dealt out in " +
                           std::to_string(a.groups) + " groups");
  }
  const Pair out = outputs(args, a.window(a.size), x);
  if (!(images_with(x, channels_of(y), out) == y)) {
    throw args.shape_error("images " + to_string(x) + " with a kernel " + to_string(a.size) +
                           " want outputs " + to_string(images_with(x, channels_of(y), out)) +
                           ", given " + to_string(y));
  }
  const Shape w = {channels_of(y), channels_of(x) / a.groups, a.size.rows, a.size.columns};
  require_weights(args, w, a.groups);
  require_countable(args, w, out);
  return {args.parent(0).dtype, w};
}

ConvRule::Params Conv2dWeight::plan(const KernelRequest& request) {
  return plan_for(request.in[0]->shape, request.out.shape, request.attribute<Attribute>());
}

template <class T>
void Conv2dWeight::kernel(const KernelCall& call) {
  kernels::convolve_weight(call.params<Params>(), call.in<T>(0), call.in<T>(1), call.out<T>());
}

Var Conv2dWeight::vjp(const Vjp& v) {
  Attribute a = v.attribute<Attribute>();
  if (v.use == 0) {
    a.size = last_two(v.parent(0).shape());
    return record<ConvTranspose2d>({v.parent(1), v.g}, a);
  }
  a.size = {};
  return record<Conv2d>({v.parent(0), v.g}, a);
}

// --- examples -----------------------------------------------------------------------------------

namespace {

Example example(const Shape& a, const Shape& b, Var (*apply)(std::span<const Var>)) {
  return {{{DType::float64, a, -1, 1}, {DType::float64, b, -1, 1}}, apply};
}

constexpr ConvOptions sparse{{2, 1}, {1, 2}, {1, 2}, 1}, grouped{1, 1, 1, 2};

}  // namespace

std::vector<Example> Conv2d::examples() {
  constexpr auto plain = [](std::span<const Var> in) { return conv2d(in[0], in[1]); };
  constexpr auto sparsely = [](std::span<const Var> in) { return conv2d(in[0], in[1], sparse); };
  constexpr auto in_groups = [](std::span<const Var> in) { return conv2d(in[0], in[1], grouped); };
  return {
      example({2, 2, 4, 5}, {3, 2, 3, 2}, plain),    example({1, 3, 3}, {2, 1, 3, 3}, plain),
      example({2, 2, 4, 3}, {2, 2, 2, 3}, sparsely), example({2, 4, 3, 3}, {2, 2, 2, 2}, in_groups),
      example({2, 1, 2, 3, 3}, {1, 2, 1, 1}, plain), example({0, 2, 3, 3}, {1, 2, 2, 2}, plain),
      example({2, 0, 3, 3}, {1, 0, 2, 2}, plain)};
}

std::vector<Example> ConvTranspose2d::examples() {
  constexpr auto plain = [](std::span<const Var> in) { return conv_transpose2d(in[0], in[1]); };
  constexpr auto sparsely = [](std::span<const Var> in) {
    return conv_transpose2d(in[0], in[1], sparse, {1, 0});
  };
  constexpr auto in_groups = [](std::span<const Var> in) {
    return conv_transpose2d(in[0], in[1], grouped);
  };
  return {example({2, 3, 2, 3}, {3, 2, 2, 2}, plain), example({2, 2, 2}, {2, 1, 3, 3}, plain),
          example({2, 2, 3, 4}, {2, 1, 2, 3}, sparsely),
          example({1, 4, 3, 3}, {4, 2, 2, 2}, in_groups),
          example({0, 2, 3, 3}, {2, 1, 2, 2}, plain)};
}

std::vector<Example> Conv2dWeight::examples() {
  constexpr auto plain = [](std::span<const Var> in) {
    return conv2d_weight(in[0], in[1], {2, 3});
  };
  constexpr auto sparsely = [](std::span<const Var> in) {
    return conv2d_weight(in[0], in[1], {2, 3}, sparse);
  };
  constexpr auto in_groups = [](std::span<const Var> in) {
    return conv2d_weight(in[0], in[1], 2, grouped);
  };
  return {example({2, 2, 3, 4}, {2, 3, 2, 2}, plain), example({1, 3, 3}, {2, 2, 1}, plain),
          example({2, 2, 4, 3}, {2, 1, 3, 3}, sparsely),
          example({1, 2, 2, 2}, {1, 4, 3, 3}, in_groups),
          example({0, 2, 3, 4}, {0, 3, 2, 2}, plain)};
}

std::vector<Example> Conv1d::examples() {
  constexpr auto plain = [](std::span<const Var> in) { return conv1d(in[0], in[1]); };
  constexpr auto sparsely = [](std::span<const Var> in) {
    return conv1d(in[0], in[1], {2, 1, 2, 2});
  };
  return {example({2, 2, 5}, {3, 2, 3}, plain), example({1, 4}, {2, 1, 2}, plain),
          example({2, 2, 6}, {4, 1, 2}, sparsely), example({0, 2, 4}, {1, 2, 2}, plain)};
}

std::vector<Example> ConvTranspose1d::examples() {
  constexpr auto plain = [](std::span<const Var> in) { return conv_transpose1d(in[0], in[1]); };
  constexpr auto sparsely = [](std::span<const Var> in) {
    return conv_transpose1d(in[0], in[1], {2, 1, 2, 2}, 1);
  };
  return {example({2, 2, 3}, {2, 3, 2}, plain), example({2, 4}, {2, 1, 3}, plain),
          example({2, 4, 3}, {4, 1, 2}, sparsely)};
}

}  // namespace ops

// --- what users call ----------------------------------------------------------------------------

namespace {

ops::ConvRule::Attribute attribute_of(const ConvOptions& o, const Pair& size = {}) {
  return {o.stride, o.padding, o.dilation, size, o.groups};
}

ConvOptions one_row(const Conv1dOptions& o) {
  return {{1, o.stride}, {0, o.padding}, {1, o.dilation}, o.groups};
}

/// (..., channels, n) as (..., channels, 1, n), and back.
Var with_row(const Composing& op, std::size_t k) {
  const Shape& s = op[k].shape();
  if (s.rank() < 2) throw op.shape_error("wanted (..., channels, n), given " + to_string(s));
  Shape shape(std::span(s.begin(), s.rank() - 1));
  shape.push_back(1);
  shape.push_back(s.back());
  return reshape(op[k], shape);
}
Var without_row(const Var& y) {
  const Shape& s = y.shape();
  Shape shape(std::span(s.begin(), s.rank() - 2));
  shape.push_back(s.back());
  return reshape(y, shape);
}

}  // namespace

Var conv2d(const Operand& x, const Operand& w, const ConvOptions& options) {
  return record<ops::Conv2d>({x, w}, attribute_of(options));
}

Var conv_transpose2d(const Operand& y, const Operand& w, const ConvOptions& options,
                     Pair output_padding) {
  Composing op("conv_transpose2d", {y, w});
  const Shape &from = op[0].shape(), &kernel = op[1].shape();
  Pair size = -1;  // without enough axes: the shape rule says so
  if (from.rank() >= 3 && kernel.rank() == 4) {
    const auto in = [](std::int64_t out, std::int64_t taps, std::int64_t stride,
                       std::int64_t padding, std::int64_t dilation) {
      return (out - 1) * stride - 2 * padding + dilation * (taps - 1) + 1;
    };
    size.rows = in(from[from.rank() - 2], kernel[2], options.stride.rows, options.padding.rows,
                   options.dilation.rows) +
                output_padding.rows;
    size.columns = in(from.back(), kernel[3], options.stride.columns, options.padding.columns,
                      options.dilation.columns) +
                   output_padding.columns;
  }
  return op.keep(record<ops::ConvTranspose2d>({op[0], op[1]}, attribute_of(options, size)));
}

Var conv2d_weight(const Operand& x, const Operand& y, Pair kernel, const ConvOptions& options) {
  return record<ops::Conv2dWeight>({x, y}, attribute_of(options, kernel));
}

Var conv1d(const Operand& x, const Operand& w, const Conv1dOptions& options) {
  Composing op("conv1d", {x, w});
  return op.keep(without_row(conv2d(with_row(op, 0), with_row(op, 1), one_row(options))));
}

Var conv_transpose1d(const Operand& y, const Operand& w, const Conv1dOptions& options,
                     std::int64_t output_padding) {
  Composing op("conv_transpose1d", {y, w});
  return op.keep(without_row(
      conv_transpose2d(with_row(op, 0), with_row(op, 1), one_row(options), {0, output_padding})));
}

std::span<const OpRecord> records_of(ConvOps list) { return making::library_records(list, "conv"); }

}  // namespace tapewise
