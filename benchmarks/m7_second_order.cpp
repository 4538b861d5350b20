// M7: Hessian-vector products of the Rosenbrock chain of 100 variables (in vector form) and of a
// logistic regression of 1000 x 100, and the regression's dense Hessian.
#include <cblas.h>

#include <cmath>
#include <memory>
#include <tapewise/tapewise.hpp>

#include "harness.hpp"
#include "m7_second_order.hpp"

namespace tw = tapewise;

namespace {

using bench::Contender;
using namespace bench::m7;

tw::Var leaf(tw::Tape& tape, const std::vector<double>& x) {
  return tape.input(
      tw::ArrayView(x.data(), {tw::DType::float64, {static_cast<std::int64_t>(x.size())}}));
}

/// The gradient, and its vector-Jacobian product with v: as the Hessian is symmetric, H·v.
struct Ours {
  tw::Tape tape;
  std::unique_ptr<tw::Program> program;

  std::vector<double> result() const {
    return bench::doubles(static_cast<const double*>(program->data(0)),
                          static_cast<std::size_t>(program->type(0).size()));
  }
};

struct Rosenbrock : Ours {
  Rosenbrock(const std::vector<double>& at, const std::vector<double>& v) {
    const tw::Var x = leaf(tape, at), direction = leaf(tape, v);
    const auto n = static_cast<std::int64_t>(at.size());
    const tw::Var head = tw::slice(x, {tw::Slice{0, n - 1}}),
                  next = tw::slice(x, {tw::Slice{1, n}});
    const tw::Var y = tw::sum(100.0 * square(next - square(head)) + square(1.0 - head));
    const tw::Var g = tw::backward(y, {x})[x];
    const tw::Var hv = tw::backward(tw::sum(g * direction), {x})[x];
    program = std::make_unique<tw::Program>(tw::compile({hv}));
  }
};

tw::Var regression_loss(tw::Tape& tape, const Regression& data, const tw::Var& x) {
  const tw::Var A =
      tape.constant(tw::ArrayView(data.a.data(), {tw::DType::float64, {samples, features}}));
  const tw::Var y = tape.constant(tw::ArrayView(data.y.data(), {tw::DType::float64, {samples}}));
  return tw::sum(softplus(-y * tw::matmul(A, x)));
}

struct RegressionHvp : Ours {
  explicit RegressionHvp(const Regression& data) {
    const tw::Var x = leaf(tape, data.x), v = leaf(tape, data.v);
    const tw::Var g = tw::backward(regression_loss(tape, data, x), {x})[x];
    const tw::Var hv = tw::backward(tw::sum(g * v), {x})[x];
    program = std::make_unique<tw::Program>(tw::compile({hv}));
  }
};

/// All rows of the Hessian at once: a batch of points that are equal, one unit cotangent for each.
struct RegressionHessian : Ours {
  explicit RegressionHessian(const Regression& data) {
    const tw::Var x = leaf(tape, data.x);
    const tw::Var H = hessian_of(regression_loss(tape, data, x), x);
    program = std::make_unique<tw::Program>(tw::compile({H}));
  }
  static tw::Var hessian_of(const tw::Var& y, const tw::Var& x) { return tw::hessian(y, x); }
};

struct Hand {
  const Regression& data;
  std::vector<double> z = std::vector<double>(samples), w = z, t = z, hv, scaled, H;

  explicit Hand(const Regression& d)
      : data(d), hv(features), scaled(samples * features), H(features * features) {}

  /// σ(z)(1 - σ(z)) at each sample.
  void weights() {
    cblas_dgemv(CblasRowMajor, CblasNoTrans, samples, features, 1.0, data.a.data(), features,
                data.x.data(), 1, 0.0, z.data(), 1);
    curvature(z.data(), w.data(), samples);
  }
  void product() {
    weights();
    cblas_dgemv(CblasRowMajor, CblasNoTrans, samples, features, 1.0, data.a.data(), features,
                data.v.data(), 1, 0.0, t.data(), 1);
    for (std::size_t i = 0; i < samples; ++i) t[i] *= w[i];
    cblas_dgemv(CblasRowMajor, CblasTrans, samples, features, 1.0, data.a.data(), features,
                t.data(), 1, 0.0, hv.data(), 1);
  }
  void hessian() {
    weights();
    for (std::size_t i = 0; i < samples; ++i) {
      for (std::size_t j = 0; j < features; ++j) {
        scaled[i * features + j] = data.a[i * features + j] * w[i];
      }
    }
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, features, features, samples, 1.0,
                data.a.data(), features, scaled.data(), features, 0.0, H.data(), features);
  }
};

std::vector<Contender> with_peers(const std::string& id, const void* data,
                                  std::vector<Contender> contenders) {
  for (auto& peer : bench::Peers::of(id, data)) contenders.push_back(peer);
  return contenders;
}

template <class O>
Contender ours_of(std::shared_ptr<O> ours) {
  return {"ours", [ours] { ours->program->run(); }, [ours] { return ours->result(); }};
}

const bool registered = [] {
  bench::add({"M7/hvp_rosenbrock", "us", 1e6, 1e-9, [] {
                auto data = std::make_shared<Chain>();
                return with_peers(
                    "M7/hvp_rosenbrock", data.get(),
                    {ours_of(std::make_shared<Rosenbrock>(data->x, data->v)),
                     {"limit", [data] { data->product(); }, [data] { return data->hv; }}});
              }});
  bench::add({"M7/hvp_logreg", "us", 1e6, 1e-9, [] {
                auto data = std::make_shared<Regression>();
                auto hand = std::make_shared<Hand>(*data);
                return with_peers(
                    "M7/hvp_logreg", data.get(),
                    {ours_of(std::make_shared<RegressionHvp>(*data)),
                     {"limit", [hand, data] { hand->product(); }, [hand] { return hand->hv; }}});
              }});
  bench::add({"M7/hessian_logreg", "us", 1e6, 1e-9, [] {
                auto data = std::make_shared<Regression>();
                auto hand = std::make_shared<Hand>(*data);
                return with_peers(
                    "M7/hessian_logreg", data.get(),
                    {ours_of(std::make_shared<RegressionHessian>(*data)),
                     {"limit", [hand, data] { hand->hessian(); }, [hand] { return hand->H; }}});
              }});
  return true;
}();

}  // namespace
