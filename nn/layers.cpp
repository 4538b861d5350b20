#include <tapewise/nn/layers.hpp>

#include <tapewise/autograd/error.hpp>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/net.hpp>
#include <tapewise/ops/norm.hpp>
#include <tapewise/ops/random.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise::nn {

namespace {

/// Throws ShapeError unless the number is positive.
void require_positive(const char* layer, std::int64_t number, const char* of) {
  if (number >= 1) return;
  throw ShapeError(std::string("[") + layer + "] " + std::to_string(number) + " " + of +
                   ": there must be at least one");
}

/// A parameter full of one number.
CellPtr filled_with(double number, const Type& type) {
  Random unused(0);
  return make_parameter(type, {}, init::constant(number), unused);
}

}  // namespace

// --- conv2d -------------------------------------------------------------------------------------

Conv2d::Conv2d(std::int64_t in, std::int64_t out, Pair kernel, Random& random,
               const Conv2dOptions& options)
    : walk_(options.walk) {
  require_positive("conv2d", in, "input channels");
  require_positive("conv2d", out, "output channels");
  require_positive("conv2d", kernel.rows, "rows of the kernel");
  require_positive("conv2d", kernel.columns, "columns of the kernel");
  const std::int64_t groups = walk_.groups;
  if (groups < 1 || in % groups != 0 || out % groups != 0) {
    throw ShapeError("[conv2d] " + std::to_string(in) + " channels to " + std::to_string(out) +
                     " cannot be dealt out in " + std::to_string(groups) + " groups");
  }
  const std::int64_t taps = kernel.rows * kernel.columns;
  const Fans fans{in / groups * taps, out / groups * taps};
  weight_ = make_parameter({options.dtype, {out, in / groups, kernel.rows, kernel.columns}}, fans,
                           options.weight, random);
  if (options.with_bias) bias_ = make_parameter({options.dtype, {out}}, fans, options.bias, random);
}

std::vector<Parameter> Conv2d::parameters() const {
  std::vector<Parameter> all = {{"weight", weight_}};
  if (bias_ != nullptr) all.push_back({"bias", bias_});
  return all;
}

Var Conv2d::forward(const Var& x, SourceLine where) const {
  Tape& tape = x.tape();
  const Var y = conv2d({x, where}, tape.parameter(weight_, "weight", where), walk_);
  if (bias_ == nullptr) return y;
  const Var b = reshape({tape.parameter(bias_, "bias", where), where}, {-1, 1, 1});
  return Operand(y, where) + Operand(b, where);
}

// --- pooling, flatten ---------------------------------------------------------------------------

MaxPool2d::MaxPool2d(Pair kernel, const MaxPoolOptions& options)
    : Function([=](const Operand& x) { return max_pool2d(x, kernel, options); }) {}

AvgPool2d::AvgPool2d(Pair kernel, const AvgPoolOptions& options)
    : Function([=](const Operand& x) { return avg_pool2d(x, kernel, options); }) {}

Flatten::Flatten()
    : Function([](const Operand& x) {
        const Shape shape = x.var().shape();
        if (shape.is_scalar()) throw ShapeError("[flatten] wanted (examples, ...), given ()");
        const std::int64_t rest = Shape(std::span(shape.begin() + 1, shape.rank() - 1)).size();
        return reshape(x, {shape[0], rest});
      }) {}

// --- normalisation ------------------------------------------------------------------------------

BatchNorm::BatchNorm(std::int64_t channels, Mode mode, double momentum, double epsilon, DType dtype)
    : mode_(std::move(mode)), momentum_(momentum), epsilon_(epsilon) {
  require_positive("batch_norm", channels, "channels");
  const Type type{dtype, {channels}};
  weight_ = filled_with(1.0, type);
  bias_ = filled_with(0.0, type);
  mean_ = filled_with(0.0, type);
  variance_ = filled_with(1.0, type);
}

std::vector<Parameter> BatchNorm::parameters() const {
  return {{"weight", weight_}, {"bias", bias_}};
}

std::vector<Parameter> BatchNorm::buffers() const {
  return {{"running_mean", mean_}, {"running_variance", variance_}};
}

Var BatchNorm::forward(const Var& x, SourceLine where) const {
  Tape& tape = x.tape();
  const Tape::LineScope line(tape, where);
  const NormOptions options{tape.parameter(weight_), tape.parameter(bias_), epsilon_};
  const Var mean = tape.input(mean_), variance = tape.input(variance_);
  if (!mode_.training()) return batch_norm_inference({x, where}, mean, variance, options);

  const BatchStatistics batch = batch_statistics({x, where});
  const Var y = batch_norm_inference({x, where}, batch.mean, batch.variance, options);
  const std::int64_t channels = x.shape()[1];
  const auto n = static_cast<double>(channels == 0 ? 0 : x.shape().size() / channels);
  const double unbiased = n > 1 ? n / (n - 1) : 1.0;
  assign(mean, (1 - momentum_) * mean + momentum_ * batch.mean);
  assign(variance, (1 - momentum_) * variance + (momentum_ * unbiased) * batch.variance);
  return y;
}

LayerNorm::LayerNorm(std::int64_t size, double epsilon, DType dtype) : epsilon_(epsilon) {
  require_positive("layer_norm", size, "elements");
  weight_ = filled_with(1.0, {dtype, {size}});
  bias_ = filled_with(0.0, {dtype, {size}});
}

std::vector<Parameter> LayerNorm::parameters() const {
  return {{"weight", weight_}, {"bias", bias_}};
}

Var LayerNorm::forward(const Var& x, SourceLine where) const {
  Tape& tape = x.tape();
  return layer_norm({x, where}, -1, {tape.parameter(weight_), tape.parameter(bias_), epsilon_});
}

// --- dropout, embedding -------------------------------------------------------------------------

Dropout::Dropout(double rate, Mode mode, Random& random)
    : rate_(rate), mode_(std::move(mode)), seed_(random.bits()) {
  if (!(rate >= 0 && rate <= 1)) {
    throw DomainError("[dropout] the rate is a probability, given " + to_text(rate));
  }
  step_ = make_zeros({DType::int64, {}});
}

Var Dropout::forward(const Var& x, SourceLine where) const {
  if (!mode_.training() || rate_ == 0) return x;
  Tape& tape = x.tape();
  const Tape::LineScope line(tape, where);
  const Var step = tape.input(step_);
  const Var y = dropout({x, where}, rate_, seed_, step);
  assign(step, step + 1);
  return y;
}

Embedding::Embedding(std::int64_t count, std::int64_t width, Random& random, DType dtype,
                     const Initializer& weight) {
  require_positive("embedding", count, "rows");
  require_positive("embedding", width, "columns");
  weight_ = make_parameter({dtype, {count, width}}, {count, width}, weight, random);
}

Var Embedding::forward(const Var& x, SourceLine where) const {
  return embedding({x, where}, x.tape().parameter(weight_, "weight", where));
}

}  // namespace tapewise::nn
