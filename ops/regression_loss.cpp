#include <tapewise/ops/regression_loss.hpp>

#include <numbers>
#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/loss_examples.hpp>
#include <tapewise/ops/reduce.hpp>

namespace tapewise {

Var mae(const Operand& prediction, const Operand& target, const LossOptions& options,
        Subgradient subgradient) {
  Composing op("mae", {prediction, target});
  op.require_same(0, 1);
  require_one_kink(op, subgradient);
  return op.keep(reduced(abs(op[0] - op[1], subgradient), options));
}

Var mape(const Operand& prediction, const Operand& target, const LossOptions& options,
         double epsilon, Subgradient subgradient) {
  Composing op("mape", {prediction, target});
  op.require_same(0, 1);
  require_one_kink(op, subgradient);
  if (!(epsilon > 0)) throw op.domain_error("ε must be positive, given " + to_text(epsilon));
  return op.keep(reduced(abs(op[0] - op[1], subgradient) / max(abs(op[1]), epsilon), options));
}

Var msle(const Operand& prediction, const Operand& target, const LossOptions& options) {
  Composing op("msle", {prediction, target});
  op.require_same(0, 1);
  return op.keep(reduced(square(log1p(op[0]) - log1p(op[1])), options));
}

Var huber(const Operand& prediction, const Operand& target, double delta,
          const LossOptions& options) {
  Composing op("huber", {prediction, target});
  op.require_same(0, 1);
  if (!(delta > 0)) throw op.domain_error("δ must be positive, given " + to_text(delta));
  const Var r = op[0] - op[1], size = abs(r);
  return op.keep(
      reduced(where(size <= delta, 0.5 * square(r), delta * (size - 0.5 * delta)), options));
}

Var smooth_l1(const Operand& prediction, const Operand& target, double beta,
              const LossOptions& options) {
  Composing op("smooth_l1", {prediction, target});
  op.require_same(0, 1);
  if (!(beta >= 0)) throw op.domain_error("β must not be negative, given " + to_text(beta));
  const Var r = op[0] - op[1], size = abs(r);
  if (beta == 0) return op.keep(reduced(size, options));
  return op.keep(reduced(where(size < beta, (0.5 / beta) * square(r), size - 0.5 * beta), options));
}

Var log_cosh(const Operand& prediction, const Operand& target, const LossOptions& options) {
  Composing op("log_cosh", {prediction, target});
  op.require_same(0, 1);
  const Var r = op[0] - op[1];
  // Near 0, cosh r = 1 + 2 sinh²(r/2), where 2 sinh(r/2) is a difference of two expm1. The other
  // branch, log(1 + e^2r) - r - log 2, would lose all digits there.
  const Var near = abs(r) < 1.0;
  const Var half = 0.5 * where(near, r, 0.0);
  const Var inner = log1p(0.5 * square(expm1(half) - expm1(-half)));
  return op.keep(reduced(where(near, inner, softplus(2.0 * r) - r - std::numbers::ln2), options));
}

namespace ops {

namespace {
constexpr Range any{-2, 2}, positive{0.2, 3};
}

std::vector<Example> Mae::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return mae(in[0], in[1], options);
  }>({any, any});
}
std::vector<Example> Mape::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return mape(in[0], in[1], options);
  }>({any, positive});
}
std::vector<Example> Msle::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return msle(in[0], in[1], options);
  }>({positive, positive});
}
std::vector<Example> Huber::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return huber(in[0], in[1], 0.7, options);
  }>({any, any});
}
std::vector<Example> SmoothL1::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return smooth_l1(in[0], in[1], 0.7, options);
  }>({any, any});
}
std::vector<Example> LogCosh::examples() {
  return loss_examples<[](std::span<const Var> in, const LossOptions& options) {
    return log_cosh(in[0], in[1], options);
  }>({any, any});
}

}  // namespace ops

std::span<const OpRecord> records_of(RegressionLossOps list) {
  return making::library_records(list, "loss");
}

}  // namespace tapewise
