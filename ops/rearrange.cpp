#include <tapewise/ops/rearrange.hpp>

#include <numeric>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/library_records.hpp>

namespace tapewise {

namespace {

/// The axes as bits. Throws ShapeError as a shape rule would.
template <class R>
std::uint32_t checked_bits(const Composing& op, const Axes& axes, const Shape& shape,
                           SourceLine where) {
  axes.check(shape, {record_of<R>(), {}, nullptr, where, op.tape().size(), op.tape().composer()});
  return axes.bits(shape.rank());
}

std::size_t checked_axis(const Composing& op, std::int64_t given, const Shape& shape) {
  const int axis = normal_axis(given, shape.rank());
  if (axis < 0) {
    throw op.shape_error("axis " + std::to_string(given) + " is out of range for " +
                         to_string(shape));
  }
  return static_cast<std::size_t>(axis);
}

Slices along(std::size_t axis, const Slice& slice) {
  std::array<Slice, Shape::max_rank> slices{};
  slices[axis] = slice;
  return Slices(std::span<const Slice>(slices.data(), axis + 1));
}

std::int64_t product(const Shape& shape, std::size_t begin, std::size_t end) {
  return std::accumulate(shape.begin() + begin, shape.begin() + end, std::int64_t{1},
                         std::multiplies<>());
}

/// x as `outer` blocks, each of them `times` times, in this shape.
Var blocks_repeated(const Var& x, std::int64_t outer, std::int64_t times, const Shape& shape) {
  const std::int64_t inner = outer == 0 ? 0 : x.type().size() / outer;
  return reshape(broadcast_to(reshape(x, {outer, 1, inner}), {outer, times, inner}), shape);
}

}  // namespace

// --- permute, squeeze, expand_dims, stack -------------------------------------------------------

Var permute(const Operand& x, const Axes& axes) {
  Composing op("permute", {x});
  return op.keep(transpose(op[0], axes));
}

Var squeeze(const Operand& x, const Axes& axes) {
  Composing op("squeeze", {x});
  const Shape& shape = op[0].shape();
  const std::uint32_t named = checked_bits<ops::Squeeze>(op, axes, shape, x.where());
  Shape kept;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    const bool goes = (named >> axis & 1U) != 0 && (shape[axis] == 1 || !axes.all());
    if (goes && shape[axis] != 1) {
      throw op.shape_error("axis " + std::to_string(axis) + " of " + to_string(shape) +
                           " has not size 1");
    }
    if (!goes) kept.push_back(shape[axis]);
  }
  return op.keep(reshape(op[0], kept));
}

Var expand_dims(const Operand& x, const Axes& axes) {
  Composing op("expand_dims", {x});
  const Shape& shape = op[0].shape();
  const std::size_t rank = shape.rank() + axes.count();
  if (axes.all()) throw op.shape_error("no axis is named: wanted the places of the new axes");
  if (rank > Shape::max_rank) {
    throw op.shape_error("the result would have more than " + std::to_string(Shape::max_rank) +
                         " axes: " + to_string(shape) + " and " + axes.text());
  }
  // The places are checked in an array that has as many axes as the result.
  const Shape places(std::vector<std::int64_t>(rank, 1));
  const std::uint32_t added = checked_bits<ops::ExpandDims>(op, axes, places, x.where());
  Shape expanded;
  std::size_t old = 0;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    expanded.push_back((added >> axis & 1U) != 0 ? 1 : shape[old++]);
  }
  return op.keep(reshape(op[0], expanded));
}

Var stack(std::span<const Operand> parts, std::int64_t axis) {
  if (parts.empty()) throw ShapeError("[stack] there is nothing to stack");
  const auto var = std::find_if(parts.begin(), parts.end(), [](auto& p) { return p.is_var(); });
  Composing op("stack", {var == parts.end() ? parts[0] : *var});
  const Type type = op[0].type();
  if (normal_axis(axis, type.shape.rank() + 1) < 0) {
    throw op.shape_error("axis " + std::to_string(axis) + " is out of range for a stack of " +
                         to_string(type.shape));
  }
  std::vector<Var> expanded;
  for (const Operand& operand : parts) {
    // Numbers and arrays become constants beside the Var.
    Composing one("stack", {operand, *var});
    const Var part = one.keep(one[0]);
    if (part.dtype() != type.dtype) {
      throw op.type_error("dtypes differ: " + std::string(name_of(type.dtype)) + " and " +
                          std::string(name_of(part.dtype())) +
                          ": write cast(x, dtype) on one of them");
    }
    if (!(part.shape() == type.shape)) {
      throw op.shape_error("wanted arrays of one shape, given " + to_string(type.shape) + " and " +
                           to_string(part.shape()));
    }
    expanded.push_back(expand_dims(part, axis));
  }
  return op.keep(concat(expanded, axis));
}

Var stack(std::span<const Var> parts, std::int64_t axis, SourceLine where) {
  std::vector<Operand> operands;
  for (const Var& part : parts) operands.emplace_back(part, where);
  return stack(operands, axis);
}

// --- split --------------------------------------------------------------------------------------

namespace {

/// Slices of x, which begins at `begin`, up to each of the ends. The cotangent of a slice is as
/// large as the array it is taken from; so many slices are taken from a few larger ones, and n of
/// them cost n log n, not n².
void cut(const Var& x, std::size_t axis, std::int64_t begin, std::span<const std::int64_t> ends,
         std::vector<Var>& parts) {
  constexpr std::size_t most = 8;
  const auto first = begin;
  const std::size_t pieces = std::min(ends.size(), most);
  for (std::size_t k = 0; k < pieces; ++k) {
    const auto some = ends.subspan(ends.size() * k / pieces,
                                   ends.size() * (k + 1) / pieces - ends.size() * k / pieces);
    const Var piece = slice(x, along(axis, {begin - first, some.back() - first}));
    if (some.size() == 1)
      parts.push_back(piece);
    else
      cut(piece, axis, begin, some, parts);
    begin = some.back();
  }
}

}  // namespace

std::vector<Var> split(const Operand& x, std::span<const std::int64_t> sizes, std::int64_t given) {
  Composing op("split", {x});
  const Shape shape = op[0].shape();
  const std::size_t axis = checked_axis(op, given, shape);
  std::vector<std::int64_t> ends;
  std::int64_t total = 0;
  bool fits = true;
  for (const std::int64_t size : sizes) {
    fits = fits && size >= 0 && size <= shape[axis] && (total += size) <= shape[axis];
    ends.push_back(total);
  }
  if (!fits || total != shape[axis]) {
    std::string text;
    for (const std::int64_t size : sizes) text += (text.empty() ? "" : ",") + std::to_string(size);
    throw op.shape_error("parts of sizes " + text + " are not the " + std::to_string(shape[axis]) +
                         " elements along axis " + std::to_string(given) + " of " +
                         to_string(shape));
  }
  std::vector<Var> parts;
  cut(op[0], axis, 0, ends, parts);
  op.keep(op[0]);
  return parts;
}

std::vector<Var> split(const Operand& x, std::int64_t parts, std::int64_t axis) {
  Composing op("split", {x});
  const std::int64_t n = op[0].shape()[checked_axis(op, axis, op[0].shape())];
  if (parts <= 0 || n % parts != 0) {
    throw op.shape_error(std::to_string(parts) + " equal parts are wanted of the " +
                         std::to_string(n) + " elements along axis " + std::to_string(axis) +
                         " of " + to_string(op[0].shape()) + ": name the sizes");
  }
  const std::vector<std::int64_t> sizes(static_cast<std::size_t>(parts), n / parts);
  const std::vector<Var> result = split(op[0], sizes, axis);
  op.keep(op[0]);
  return result;
}

// --- flip, roll ---------------------------------------------------------------------------------

Var flip(const Operand& x, const Axes& axes) {
  Composing op("flip", {x});
  const std::size_t rank = op[0].shape().rank();
  const std::uint32_t named = checked_bits<ops::Flip>(op, axes, op[0].shape(), x.where());
  std::array<Slice, Shape::max_rank> slices{};
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if ((named >> axis & 1U) != 0) slices[axis].step = -1;
  }
  return op.keep(slice(op[0], Slices(std::span<const Slice>(slices.data(), rank))));
}

Var roll(const Operand& x, std::int64_t shift, std::int64_t given) {
  Composing op("roll", {x});
  const std::size_t axis = checked_axis(op, given, op[0].shape());
  const std::int64_t n = op[0].shape()[axis];
  const std::int64_t steps = n == 0 ? 0 : (shift % n + n) % n;
  if (steps == 0) return op.keep(op[0]);
  const Var parts[] = {slice(op[0], along(axis, {n - steps, n})),
                       slice(op[0], along(axis, {0, n - steps}))};
  return op.keep(concat(parts, static_cast<std::int64_t>(axis)));
}

Var roll(const Operand& x, std::int64_t shift) {
  Composing op("roll", {x});
  const Shape shape = op[0].shape();
  return op.keep(reshape(roll(reshape(op[0], {shape.size()}), shift, 0), shape));
}

// --- tile, repeat -------------------------------------------------------------------------------

Var tile(const Operand& x, std::span<const std::int64_t> times) {
  Composing op("tile", {x});
  const std::size_t rank = std::max(op[0].shape().rank(), times.size());
  if (rank > Shape::max_rank) {
    throw op.shape_error("an array has at most " + std::to_string(Shape::max_rank) + " axes, " +
                         std::to_string(rank) + " are wanted");
  }
  Shape shape;
  for (std::size_t k = op[0].shape().rank(); k < rank; ++k) shape.push_back(1);
  for (const std::int64_t size : op[0].shape()) shape.push_back(size);
  Var y = shape == op[0].shape() ? op[0] : reshape(op[0], shape);
  for (std::size_t k = 0; k < times.size(); ++k) {
    const std::size_t axis = rank - times.size() + k;
    if (times[k] < 0) {
      throw op.shape_error("a number of copies is negative: " + std::to_string(times[k]));
    }
    if (times[k] == 1) continue;
    shape.set(axis, shape[axis] * times[k]);
    y = blocks_repeated(y, product(y.shape(), 0, axis), times[k], shape);
  }
  return op.keep(y);
}

Var repeat(const Operand& x, std::int64_t times, std::int64_t given) {
  Composing op("repeat", {x});
  Shape shape = op[0].shape();
  const std::size_t axis = checked_axis(op, given, shape);
  if (times < 0) {
    throw op.shape_error("a number of copies is negative: " + std::to_string(times));
  }
  shape.set(axis, shape[axis] * times);
  return op.keep(blocks_repeated(op[0], product(op[0].shape(), 0, axis + 1), times, shape));
}

// --- examples -----------------------------------------------------------------------------------

namespace ops {

namespace {

Example of(const Shape& shape, Var (*apply)(std::span<const Var>)) {
  return {{{DType::float64, shape, -2, 2}}, apply};
}
Example of_integers(const Shape& shape, Var (*apply)(std::span<const Var>)) {
  return {{{DType::int64, shape, -9, 9}}, apply};
}

}  // namespace

std::vector<Example> Permute::examples() {
  return {of({2, 3, 4},
             [](std::span<const Var> in) {
               return permute(in[0], {2, 0, 1});
             }),
          of({2, 0},
             [](std::span<const Var> in) {
               return permute(in[0], {-1, 0});
             }),
          of_integers({2, 3}, [](std::span<const Var> in) {
            return permute(in[0], {1, 0});
          })};
}
std::vector<Example> Squeeze::examples() {
  return {of({1, 3, 1}, [](std::span<const Var> in) { return squeeze(in[0]); }),
          of({1, 3, 1}, [](std::span<const Var> in) { return squeeze(in[0], -1); }),
          of({}, [](std::span<const Var> in) { return squeeze(in[0]); }),
          of({0, 1}, [](std::span<const Var> in) { return squeeze(in[0], 1); })};
}
std::vector<Example> ExpandDims::examples() {
  return {of({2, 3},
             [](std::span<const Var> in) {
               return expand_dims(in[0], {0, -1});
             }),
          of({}, [](std::span<const Var> in) { return expand_dims(in[0], 0); }),
          of({0}, [](std::span<const Var> in) { return expand_dims(in[0], 1); })};
}
std::vector<Example> Stack::examples() {
  const ExampleInput a{DType::float64, {2, 3}};
  return {{{a, a}, [](std::span<const Var> in) { return stack(in, -1); }},
          {{a, a, a}, [](std::span<const Var> in) { return stack(in, 1); }},
          of({},
             [](std::span<const Var> in) {
               return stack({in[0], in[0], 2.0});
             }),
          of({0}, [](std::span<const Var> in) { return stack(in); })};
}
std::vector<Example> Split::examples() {
  return {of({6, 2},
             [](std::span<const Var> in) {
               const auto parts = split(in[0], 3);
               return parts[0] * parts[2] + parts[1];
             }),
          of({2, 5},
             [](std::span<const Var> in) {
               const auto parts = split(in[0], {2, 0, 3}, -1);
               return concat({parts[2], parts[1], parts[0]}, 1);
             }),
          of({0, 2}, [](std::span<const Var> in) { return split(in[0], 2)[1]; })};
}
std::vector<Example> Flip::examples() {
  return {of({2, 3}, [](std::span<const Var> in) { return flip(in[0]); }),
          of({2, 3, 2}, [](std::span<const Var> in) { return flip(in[0], {-2}); }),
          of({}, [](std::span<const Var> in) { return flip(in[0]); }),
          of({0, 2}, [](std::span<const Var> in) { return flip(in[0]); })};
}
std::vector<Example> Roll::examples() {
  return {of({5}, [](std::span<const Var> in) { return roll(in[0], 2, 0); }),
          of({2, 3}, [](std::span<const Var> in) { return roll(in[0], -4, 1); }),
          of({2, 3}, [](std::span<const Var> in) { return roll(in[0], 1); }),
          of({}, [](std::span<const Var> in) { return roll(in[0], 1); }),
          of({0, 2}, [](std::span<const Var> in) { return roll(in[0], 1, 0); })};
}
std::vector<Example> Tile::examples() {
  return {of({2, 3},
             [](std::span<const Var> in) {
               return tile(in[0], {2, 1});
             }),
          of({3},
             [](std::span<const Var> in) {
               return tile(in[0], {2, 2});
             }),
          of({}, [](std::span<const Var> in) { return tile(in[0], {3}); }),
          of({2, 2}, [](std::span<const Var> in) { return tile(in[0], {0}); }),
          of({0, 2}, [](std::span<const Var> in) {
            return tile(in[0], {2, 2});
          })};
}
std::vector<Example> Repeat::examples() {
  return {of({2, 3}, [](std::span<const Var> in) { return repeat(in[0], 2, 0); }),
          of({2, 3}, [](std::span<const Var> in) { return repeat(in[0], 3, -1); }),
          of({2}, [](std::span<const Var> in) { return repeat(in[0], 0, 0); }),
          of({0, 2}, [](std::span<const Var> in) { return repeat(in[0], 2, 1); })};
}

}  // namespace ops

std::span<const OpRecord> records_of(RearrangeOps list) {
  return making::library_records(list, "rearrange");
}

}  // namespace tapewise
