#include <tapewise/ops/net.hpp>

#include <cmath>
#include <limits>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/comparison.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>

namespace tapewise {

namespace {

std::size_t require_axis(const Composing& op, std::int64_t given) {
  const int axis = normal_axis(given, op[0].shape().rank());
  if (axis < 0) {
    throw op.shape_error("axis " + std::to_string(given) + " is out of range for " +
                         to_string(op[0].shape()));
  }
  return static_cast<std::size_t>(axis);
}

/// true at (i, j) for j ≤ i.
Var not_later(Tape& tape, std::int64_t queries, std::int64_t keys) {
  Array mask({DType::boolean, {queries, keys}});
  for (std::int64_t i = 0; i < queries; ++i) {
    for (std::int64_t j = 0; j < keys; ++j) mask.as<bool>()[i * keys + j] = j <= i;
  }
  return tape.constant(mask);
}

Var both(const Var& a, const Var& b) { return logical_not(logical_not(a) | logical_not(b)); }

}  // namespace

Var embedding(const Operand& indices, const Operand& table) {
  Composing op("embedding", {indices, table});
  if (op[1].shape().rank() != 2) {
    throw op.shape_error("the table is (rows, width), given " + to_string(op[1].shape()));
  }
  if (op[0].dtype() != DType::int64) {
    throw op.type_error("indices are int64, given " + to_string(op[0].type()));
  }
  return op.keep(take(op[1], op[0], 0));
}

Var scaled_dot_product_attention(const Operand& queries, const Operand& keys, const Operand& values,
                                 const AttentionOptions& options) {
  Composing op("scaled_dot_product_attention", {queries, keys, values});
  op.require_same_float(0, 1);
  op.require_same_float(0, 2);
  const Shape q = op[0].shape(), k = op[1].shape(), v = op[2].shape();
  const std::string given = to_string(q) + ", " + to_string(k) + ", " + to_string(v);
  if (std::min({q.rank(), k.rank(), v.rank()}) < 2) {
    throw op.shape_error("wanted (..., L, d), (..., S, d), (..., S, e), given " + given);
  }
  if (q.back() != k.back() || k[k.rank() - 2] != v[v.rank() - 2]) {
    throw op.shape_error(
        "queries and keys have one width, keys and values one number of rows: given " + given);
  }
  if (q.back() == 0) throw op.shape_error("queries have no width: " + to_string(q));
  const double scale =
      options.scale != 0.0 ? options.scale : 1.0 / std::sqrt(static_cast<double>(q.back()));
  Var scores = matmul(op[0] * scale, swap_last(op[1]));

  Var allowed;  // where a query may look
  if (options.causal) allowed = not_later(op.tape(), q[q.rank() - 2], k[k.rank() - 2]);
  if (options.mask.has_tape()) {
    Var seen = options.mask;
    if (seen.dtype() != DType::boolean) {  // what is added may be -∞ all along a row
      scores = scores + options.mask;
      seen = options.mask > -std::numeric_limits<double>::infinity();
    }
    allowed = allowed.has_tape() ? both(allowed, seen) : seen;
  }
  if (!allowed.has_tape()) return op.keep(matmul(softmax(scores), op[2]));
  const Shape before = scores.shape();
  scores = where(allowed, scores, -std::numeric_limits<double>::infinity());
  if (!(scores.shape() == before)) {
    throw op.shape_error("the mask " + to_string(options.mask.shape()) +
                         " does not broadcast to the scores " + to_string(before));
  }
  // The softmax of a row that is masked altogether is NaN: selected away, and so is its gradient.
  return op.keep(matmul(select(allowed, softmax(scores)), op[2]));
}

Var maxout(const Operand& z, std::int64_t pieces, std::int64_t axis, Ties ties) {
  Composing op("maxout", {z});
  op.require_float(0);
  const Shape& from = op[0].shape();
  const std::size_t at = require_axis(op, axis);
  if (pieces < 1 || from[at] % pieces != 0) {
    throw op.shape_error(std::to_string(from[at]) + " along axis " + std::to_string(axis) +
                         " cannot be dealt out in groups of " + std::to_string(pieces));
  }
  Shape grouped;
  for (std::size_t a = 0; a < from.rank(); ++a) {
    grouped.push_back(a == at ? from[a] / pieces : from[a]);
    if (a == at) grouped.push_back(pieces);
  }
  return op.keep(amax(reshape(op[0], grouped), static_cast<std::int64_t>(at) + 1, false, ties));
}

Var glu(const Operand& x, std::int64_t axis) {
  Composing op("glu", {x});
  op.require_float(0);
  const std::size_t at = require_axis(op, axis);
  const std::int64_t size = op[0].shape()[at];
  if (size % 2 != 0) {
    throw op.shape_error("axis " + std::to_string(axis) + " of " + to_string(op[0].shape()) +
                         " has no halves");
  }
  std::array<Slice, Shape::max_rank> first{}, second{};
  first[at].stop = size / 2;
  second[at].start = size / 2;
  const Var a = slice(op[0], Slices(std::span<const Slice>(first.data(), at + 1)));
  const Var b = slice(op[0], Slices(std::span<const Slice>(second.data(), at + 1)));
  return op.keep(a * sigmoid(b));
}

// --- examples -----------------------------------------------------------------------------------

namespace ops {

namespace {
ExampleInput any(const Shape& shape) { return {DType::float64, shape, -2, 2}; }
}  // namespace

std::vector<Example> Embedding::examples() {
  constexpr auto apply = [](std::span<const Var> in) { return embedding(in[0], in[1]); };
  return {{{{DType::int64, {5}, 0, 4}, any({4, 3})}, apply},
          {{{DType::int64, {2, 2}, -4, 4}, any({4, 2})}, apply},
          {{{DType::int64, {}, 0, 4}, any({4, 2})}, apply},
          {{{DType::int64, {0}, 0, 4}, any({4, 2})}, apply}};
}

std::vector<Example> Attention::examples() {
  constexpr auto plain = [](std::span<const Var> in) {
    return scaled_dot_product_attention(in[0], in[1], in[2]);
  };
  constexpr auto causal = [](std::span<const Var> in) {
    return scaled_dot_product_attention(in[0], in[1], in[2], {.causal = true});
  };
  constexpr auto masked = [](std::span<const Var> in) {
    return scaled_dot_product_attention(in[0], in[1], in[2], {.mask = in[3], .scale = 0.7});
  };
  return {{{any({3, 2}), any({4, 2}), any({4, 3})}, plain},
          {{any({2, 3, 2}), any({2, 3, 2}), any({2, 3, 2})}, causal},
          {{any({3, 2}), any({4, 2}), any({4, 1}), {DType::boolean, {3, 4}, 0, 1}}, masked},
          {{any({2, 2, 2}), any({3, 2}), any({3, 2}), any({2, 3})}, masked}};
}

std::vector<Example> Maxout::examples() {
  constexpr auto last = [](std::span<const Var> in) { return maxout(in[0], 2); };
  constexpr auto first = [](std::span<const Var> in) { return maxout(in[0], 3, 0); };
  return {{{any({6})}, last}, {{any({2, 4})}, last}, {{any({6, 2})}, first}, {{any({0, 4})}, last}};
}

std::vector<Example> Glu::examples() {
  constexpr auto last = [](std::span<const Var> in) { return glu(in[0]); };
  constexpr auto middle = [](std::span<const Var> in) { return glu(in[0], 1); };
  return {
      {{any({6})}, last}, {{any({2, 4})}, last}, {{any({2, 4, 3})}, middle}, {{any({0, 4})}, last}};
}

}  // namespace ops

std::span<const OpRecord> records_of(NetOps list) { return making::library_records(list, "net"); }

}  // namespace tapewise
