#include <tapewise/ops/norm.hpp>

#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/elementary.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace {

struct Moments {
  Var mean, variance;
};

/// Along the axes, which stay with size 1.
Moments moments(const Var& x, const Axes& axes) {
  const Var m = mean(x, axes, true);
  return {m, mean(square(x - m), axes, true)};
}

/// Operand 0 is (examples, channels, ...).
void require_channels(const Composing& op) {
  op.require_float(0);
  if (op[0].shape().rank() < 2) {
    throw op.shape_error("wanted (examples, channels, ...), given " + to_string(op[0].shape()));
  }
}

/// All axes but that of the channels.
Axes around_channels(const Shape& x) {
  std::array<std::int64_t, Shape::max_rank> axes{};
  std::size_t count = 0;
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    if (axis != 1) axes[count++] = static_cast<std::int64_t>(axis);
  }
  return Axes(std::span<const std::int64_t>(axes.data(), count));
}

/// A number for each channel, so that it broadcasts to x (examples, channels, ...).
Var per_channel(const Composing& op, const Var& v, const char* what) {
  const Shape& x = op[0].shape();
  if (!(v.shape() == Shape{x[1]})) {
    throw op.shape_error(std::string("the ") + what + " is one number for each channel, " +
                         to_string(Shape{x[1]}) + ", given " + to_string(v.shape()));
  }
  Shape shape = {x[1]};
  for (std::size_t axis = 2; axis < x.rank(); ++axis) shape.push_back(1);
  return x.rank() == 2 ? v : reshape(v, shape);
}

/// A weight or bias that broadcasts to x.
Var as_wide(const Composing& op, const Var& v, const char* what) {
  Shape both;
  if (!broadcast(op[0].shape(), v.shape(), both) || !(both == op[0].shape())) {
    throw op.shape_error(std::string("the ") + what + " " + to_string(v.shape()) +
                         " does not broadcast to " + to_string(op[0].shape()));
  }
  return v;
}

using Placed = Var (*)(const Composing&, const Var&, const char*);

void require_epsilon(const Composing& op, double epsilon) {
  if (!(epsilon >= 0)) throw op.domain_error("ε is not negative, given " + to_text(epsilon));
}

Var scaled_and_shifted(const Composing& op, const Var& x, const NormOptions& o, Placed placed) {
  Var y = x;
  if (o.weight.has_tape()) y = y * placed(op, o.weight, "weight");
  if (o.bias.has_tape()) y = y + placed(op, o.bias, "bias");
  return y;
}

}  // namespace

BatchStatistics batch_statistics(const Operand& x) {
  Composing op("batch_statistics", {x});
  require_channels(op);
  const Moments m = moments(op[0], around_channels(op[0].shape()));
  const Shape channels = {op[0].shape()[1]};
  return {reshape(m.mean, channels), op.keep(reshape(m.variance, channels))};
}

Var batch_norm(const Operand& x, const NormOptions& options) {
  Composing op("batch_norm", {x});
  require_channels(op);
  require_epsilon(op, options.epsilon);
  const Moments m = moments(op[0], around_channels(op[0].shape()));
  const Var normal = (op[0] - m.mean) / sqrt(m.variance + options.epsilon);
  return op.keep(scaled_and_shifted(op, normal, options, per_channel));
}

Var batch_norm_inference(const Operand& x, const Operand& mean, const Operand& variance,
                         const NormOptions& options) {
  Composing op("batch_norm_inference", {x, mean, variance});
  require_channels(op);
  require_epsilon(op, options.epsilon);
  const Var m = per_channel(op, op[1], "mean"), v = per_channel(op, op[2], "variance");
  const Var normal = (op[0] - m) / sqrt(v + options.epsilon);
  return op.keep(scaled_and_shifted(op, normal, options, per_channel));
}

Var layer_norm(const Operand& x, const Axes& axes, const NormOptions& options) {
  Composing op("layer_norm", {x});
  op.require_float(0);
  require_epsilon(op, options.epsilon);
  const Moments m = moments(op[0], axes);
  const Var normal = (op[0] - m.mean) / sqrt(m.variance + options.epsilon);
  return op.keep(scaled_and_shifted(op, normal, options, as_wide));
}

Var rms_norm(const Operand& x, const Axes& axes, const NormOptions& options) {
  Composing op("rms_norm", {x});
  op.require_float(0);
  require_epsilon(op, options.epsilon);
  const Var normal = op[0] / sqrt(mean(square(op[0]), axes, true) + options.epsilon);
  return op.keep(scaled_and_shifted(op, normal, options, as_wide));
}

Var group_norm(const Operand& x, std::int64_t groups, const NormOptions& options) {
  Composing op("group_norm", {x});
  require_channels(op);
  require_epsilon(op, options.epsilon);
  const Shape& shape = op[0].shape();
  if (groups < 1 || shape[1] % groups != 0) {
    throw op.shape_error(std::to_string(shape[1]) + " channels cannot be dealt out in " +
                         std::to_string(groups) + " groups");
  }
  const std::int64_t members = shape[0] * groups;
  const Var rows = reshape(op[0], {members, members == 0 ? 0 : shape.size() / members});
  const Moments m = moments(rows, -1);
  const Var normal = (rows - m.mean) / sqrt(m.variance + options.epsilon);
  return op.keep(scaled_and_shifted(op, reshape(normal, shape), options, per_channel));
}

// --- examples -----------------------------------------------------------------------------------

namespace ops {

namespace {
ExampleInput any(const Shape& shape) { return {DType::float64, shape, -2, 2}; }
ExampleInput above(const Shape& shape) { return {DType::float64, shape, 0.5, 2}; }
}  // namespace

std::vector<Example> BatchNorm::examples() {
  constexpr auto plain = [](std::span<const Var> in) { return batch_norm(in[0]); };
  constexpr auto full = [](std::span<const Var> in) {
    return batch_norm(in[0], {in[1], in[2], 0.1});
  };
  return {{{any({4, 3})}, plain},
          {{any({3, 2, 2, 2}), above({2}), any({2})}, full},
          {{any({5, 1, 2}), above({1}), any({1})}, full}};
}

std::vector<Example> BatchNormInference::examples() {
  constexpr auto plain = [](std::span<const Var> in) {
    return batch_norm_inference(in[0], in[1], in[2]);
  };
  constexpr auto full = [](std::span<const Var> in) {
    return batch_norm_inference(in[0], in[1], in[2], {in[3], in[4], 0.1});
  };
  return {{{any({4, 3}), any({3}), above({3})}, plain},
          {{any({2, 2, 3}), any({2}), above({2}), above({2}), any({2})}, full},
          {{any({0, 2}), any({2}), above({2})}, plain}};
}

std::vector<Example> LayerNorm::examples() {
  constexpr auto plain = [](std::span<const Var> in) { return layer_norm(in[0]); };
  constexpr auto wide = [](std::span<const Var> in) {
    return layer_norm(in[0], {-2, -1}, {in[1], in[2], 0.1});
  };
  return {{{any({3, 4})}, plain},
          {{any({5})}, plain},
          {{any({2, 2, 3}), above({2, 3}), any({3})}, wide},
          {{any({0, 4})}, plain}};
}

std::vector<Example> RmsNorm::examples() {
  constexpr auto plain = [](std::span<const Var> in) { return rms_norm(in[0]); };
  constexpr auto scaled = [](std::span<const Var> in) {
    return rms_norm(in[0], 0, {.weight = in[1], .epsilon = 0.1});
  };
  return {{{any({3, 4})}, plain},
          {{any({5})}, plain},
          {{any({3, 2}), above({2})}, scaled},
          {{any({0, 4})}, plain}};
}

std::vector<Example> GroupNorm::examples() {
  constexpr auto pairs = [](std::span<const Var> in) { return group_norm(in[0], 2); };
  constexpr auto full = [](std::span<const Var> in) {
    return group_norm(in[0], 3, {in[1], in[2], 0.1});
  };
  return {{{any({2, 4, 2})}, pairs},
          {{any({2, 3, 2, 2}), above({3}), any({3})}, full},
          {{any({3, 4})}, pairs}};
}

}  // namespace ops

std::span<const OpRecord> records_of(NormOps list) { return making::library_records(list, "norm"); }

}  // namespace tapewise
