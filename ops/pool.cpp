#include <tapewise/ops/pool.hpp>

#include <algorithm>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/conv.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/kernels/share_out.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/pad.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace {

/// s with its last axes, `drop` of them, replaced by others.
Shape with_end(const Shape& s, std::size_t drop, std::initializer_list<std::int64_t> end) {
  Shape shape(std::span(s.begin(), s.rank() - drop));
  for (const std::int64_t size : end) shape.push_back(size);
  return shape;
}

void require_axes(const Composing& op, std::size_t rank, const char* wanted) {
  if (op[0].shape().rank() < rank) {
    throw op.shape_error(std::string("wanted ") + wanted + ", given " + to_string(op[0].shape()));
  }
}

Pair or_kernel(const Pair& stride, const Pair& kernel) {
  return {stride.rows == 0 ? kernel.rows : stride.rows,
          stride.columns == 0 ? kernel.columns : stride.columns};
}

/// How many taps of window `o` lie in the image.
std::int64_t taps_inside(const kernels::WindowAxis& axis, std::int64_t o) {
  std::int64_t count = 0;
  for (std::int64_t k = 0; k < axis.kernel; ++k) {
    count += axis.at(o, k) >= 0 && axis.at(o, k) < axis.in ? 1 : 0;
  }
  return count;
}

/// How many elements window `o` has, with or without those of the padding.
std::int64_t elements(const kernels::WindowAxis& axis, std::int64_t o, bool count_padding) {
  if (!count_padding) return taps_inside(axis, o);
  return std::min(axis.kernel, axis.in + axis.padding - axis.at(o, 0));
}

/// How far the last window hangs over the padding at the end.
std::int64_t overhang(const kernels::WindowAxis& axis) {
  const std::int64_t end = axis.at(axis.out - 1, 0) + axis.kernel;
  return axis.out == 0 ? 0 : std::max<std::int64_t>(end - (axis.in + axis.padding), 0);
}

}  // namespace

namespace ops {

// --- max_pool2d_places --------------------------------------------------------------------------

Type MaxPlaces::type(const TypeArgs& args) {
  const Type& x = args.parent(0);
  if (!is_float(x.dtype)) {
    throw args.type_error("not defined for " + to_string(x) + ": cast it to a float dtype");
  }
  if (x.shape.rank() < 2) {
    throw args.shape_error("images are (..., rows, columns), given " + to_string(x.shape));
  }
  const auto window = args.attribute<WindowRule>();
  window.check(args, x.shape);
  const auto rows = window.rows(x.shape[x.shape.rank() - 2]);
  const auto columns = window.columns(x.shape.back());
  for (const auto& axis : {rows, columns}) {
    for (std::int64_t o = 0; o < axis.out; ++o) {
      if (taps_inside(axis, o) == 0) {
        throw args.shape_error(
            "window " + std::to_string(o) + " of kernel " + to_string(window.kernel) + ", " +
            window.text() + ", has no element of the image " + to_string(x.shape) + ": pad less");
      }
    }
  }
  return {DType::int64, with_end(x.shape, 2, {rows.out, columns.out})};
}

MaxPlaces::Params MaxPlaces::plan(const KernelRequest& request) {
  const Shape& x = request.in[0]->shape;
  const auto window = request.attribute<WindowRule>();
  const Shape images(std::span(x.begin(), x.rank() - 2));
  return {images.size(), window.rows(x[x.rank() - 2]), window.columns(x.back())};
}

double MaxPlaces::flops(const KernelRequest& request) {
  const auto kernel = request.attribute<WindowRule>().kernel;
  return static_cast<double>(request.out.size() * kernel.rows * kernel.columns);
}

namespace {

/// The place of the largest element of each window of one image.
template <class T>
void places_of_image(const MaxPlaces::Params& p, const T* x, std::int64_t* out) {
  for (std::int64_t r = 0; r < p.rows.out; ++r) {
    for (std::int64_t c = 0; c < p.columns.out; ++c) {
      std::int64_t best = -1;
      for (std::int64_t i = 0; i < p.rows.kernel; ++i) {
        const std::int64_t row = p.rows.at(r, i);
        if (row < 0 || row >= p.rows.in) continue;
        for (std::int64_t j = 0; j < p.columns.kernel; ++j) {
          const std::int64_t column = p.columns.at(c, j);
          if (column < 0 || column >= p.columns.in) continue;
          const std::int64_t place = row * p.columns.in + column;
          // A NaN is taken, and stays.
          if (best < 0 || (x[best] == x[best] && !(x[place] <= x[best]))) best = place;
        }
      }
      *out++ = best;
    }
  }
}

}  // namespace

template <class T>
void MaxPlaces::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  const std::int64_t in = p.rows.in * p.columns.in, out = p.rows.out * p.columns.out;
  const std::int64_t work = p.images * out * p.rows.kernel * p.columns.kernel;
  kernels::share_out(p.images, work, [&](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) {
      places_of_image(p, call.in<T>(0) + k * in, call.out<std::int64_t>() + k * out);
    }
  });
}

Var MaxPlaces::batch(const Batched& b) {
  const auto attribute = b.attribute<Attribute>();
  return record_again(b, b.operands, &attribute);
}

std::string MaxPlaces::attribute_text(const void* attribute) {
  const auto* window = static_cast<const WindowRule*>(attribute);
  return "kernel=" + to_string(window->kernel) + " " + window->text();
}

}  // namespace ops

// --- what users call ----------------------------------------------------------------------------

Var max_pool2d_places(const Operand& x, Pair kernel, const MaxPoolOptions& options) {
  return record<ops::MaxPlaces>({x}, {kernel, or_kernel(options.stride, kernel), options.padding,
                                      options.dilation, options.ceil_mode ? 1 : 0});
}

Var max_pool2d(const Operand& x, Pair kernel, const MaxPoolOptions& options) {
  Composing op("max_pool2d", {x});
  const Var places = max_pool2d_places(op[0], kernel, options);
  const Shape &from = op[0].shape(), &to = places.shape();
  const std::int64_t in = from[from.rank() - 2] * from.back(), out = to[to.rank() - 2] * to.back();
  const Var y =
      gather(reshape(op[0], with_end(from, 2, {in})), reshape(places, with_end(to, 2, {out})), -1);
  return op.keep(reshape(y, to));
}

Var avg_pool2d(const Operand& x, Pair kernel, const AvgPoolOptions& options) {
  Composing op("avg_pool2d", {x});
  op.require_float(0);
  require_axes(op, 2, "(..., rows, columns)");
  const Type& type = op[0].type();
  const std::int64_t height = type.shape[type.shape.rank() - 2], width = type.shape.back();
  if (kernel.rows < 1 || kernel.columns < 1) {
    throw op.shape_error("the kernel is at least 1, given " + to_string(kernel));
  }
  if (options.divisor_override < 0) {
    throw op.domain_error("a divisor is positive, given " +
                          std::to_string(options.divisor_override));
  }
  const ConvOptions walk{or_kernel(options.stride, kernel), options.padding};
  const ops::WindowRule window{kernel, walk.stride, walk.padding, 1, options.ceil_mode ? 1 : 0};
  const Shape images(std::span(type.shape.begin(), type.shape.rank() - 2));
  Var planes = reshape(op[0], {images.size(), 1, height, width});
  if (options.ceil_mode && walk.stride.rows > 0 && walk.stride.columns > 0) {
    const Pair over = {overhang(window.rows(height)), overhang(window.columns(width))};
    if (!(over == Pair(0)))
      planes = pad(planes, {{0, 0}, {0, 0}, {0, over.rows}, {0, over.columns}});
  }
  const Var ones = filled(op.tape(), {type.dtype, {1, 1, kernel.rows, kernel.columns}}, 1.0);
  const Var sums = conv2d(planes, ones, walk);

  Var means;
  if (options.divisor_override > 0) {
    means = sums / static_cast<double>(options.divisor_override);
  } else if ((options.count_padding || options.padding == Pair(0)) && !options.ceil_mode) {
    means = sums / static_cast<double>(kernel.rows * kernel.columns);
  } else {
    const auto rows = window.rows(height), columns = window.columns(width);
    Array counts({DType::float64, {rows.out, columns.out}});
    double* count = counts.as<double>();
    for (std::int64_t r = 0; r < rows.out; ++r) {
      for (std::int64_t col = 0; col < columns.out; ++col) {
        *count = static_cast<double>(elements(rows, r, options.count_padding) *
                                     elements(columns, col, options.count_padding));
        if (*count++ == 0.0) {
          throw op.shape_error("a window has no element of the image " + to_string(type.shape) +
                               ": pad less");
        }
      }
    }
    means = sums / cast(op.tape().constant(counts), type.dtype);
  }
  return op.keep(reshape(means, with_end(type.shape, 2, {sums.shape()[2], sums.shape()[3]})));
}

Var max_pool1d(const Operand& x, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
               std::int64_t dilation, bool ceil_mode) {
  Composing op("max_pool1d", {x});
  require_axes(op, 1, "(..., n)");
  const Shape from = op[0].shape();
  const Var y = max_pool2d(reshape(op[0], with_end(from, 1, {1, from.back()})), {1, kernel},
                           {{1, stride}, {0, padding}, {1, dilation}, ceil_mode});
  return op.keep(reshape(y, with_end(from, 1, {y.shape().back()})));
}

Var avg_pool1d(const Operand& x, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
               bool count_padding, bool ceil_mode, std::int64_t divisor_override) {
  Composing op("avg_pool1d", {x});
  require_axes(op, 1, "(..., n)");
  const Shape from = op[0].shape();
  const Var y = avg_pool2d(reshape(op[0], with_end(from, 1, {1, from.back()})), {1, kernel},
                           {{1, stride}, {0, padding}, count_padding, ceil_mode, divisor_override});
  return op.keep(reshape(y, with_end(from, 1, {y.shape().back()})));
}

// --- examples -----------------------------------------------------------------------------------

namespace ops {

namespace {

/// In one of four ways, by the shape: kernel 2; 3x2 with steps and padding; dilated; hanging over.
template <auto pool>
std::vector<Example> image_examples() {
  std::vector<Example> examples;
  for (const Shape& shape : {Shape{2, 2, 4, 6}, Shape{4, 5}, Shape{0, 4, 4}}) {
    examples.push_back(
        {{{DType::float64, shape, -2, 2}}, [](std::span<const Var> in) { return pool(in[0], 0); }});
  }
  examples.push_back({{{DType::float64, {3, 5, 4}, -2, 2}},
                      [](std::span<const Var> in) { return pool(in[0], 1); }});
  examples.push_back({{{DType::float64, {1, 5, 5}, -2, 2}},
                      [](std::span<const Var> in) { return pool(in[0], 2); }});
  examples.push_back({{{DType::float64, {2, 6, 6}, -2, 2}},
                      [](std::span<const Var> in) { return pool(in[0], 3); }});
  return examples;
}

constexpr MaxPoolOptions max_ways[] = {
    {}, {{2, 1}, {1, 0}, 1}, {1, 0, 2}, {.stride = 3, .padding = {1, 0}, .ceil_mode = true}};
constexpr AvgPoolOptions avg_ways[] = {{},
                                       {{2, 1}, {1, 0}, true},
                                       {.stride = 1, .padding = 1, .count_padding = false},
                                       {.stride = 3, .padding = {1, 0}, .ceil_mode = true}};
constexpr Pair kernels_of[] = {2, {3, 2}, 2, {3, 2}};

}  // namespace

std::vector<Example> MaxPlaces::examples() {
  return image_examples<[](const Var& x, int way) {
    return max_pool2d_places(x, kernels_of[way], max_ways[way]);
  }>();
}

std::vector<Example> MaxPool2d::examples() {
  return image_examples<[](const Var& x, int way) {
    return max_pool2d(x, kernels_of[way], max_ways[way]);
  }>();
}

std::vector<Example> AvgPool2d::examples() {
  return image_examples<[](const Var& x, int way) {
    return avg_pool2d(x, kernels_of[way], avg_ways[way]);
  }>();
}

std::vector<Example> MaxPool1d::examples() {
  return image_examples<[](const Var& x, int way) {
    return way == 0 ? max_pool1d(x, 2) : max_pool1d(x, 3, way, 1, 1, way == 3);
  }>();
}

std::vector<Example> AvgPool1d::examples() {
  return image_examples<[](const Var& x, int way) {
    return way == 0 ? avg_pool1d(x, 2)
                    : avg_pool1d(x, 3, way, 1, way == 1, way == 3, way == 2 ? 4 : 0);
  }>();
}

}  // namespace ops

std::span<const OpRecord> records_of(PoolOps list) { return making::library_records(list, "pool"); }

}  // namespace tapewise
