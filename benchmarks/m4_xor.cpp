// M4: one SGD step of the XOR net 2-2-1 (tanh, sigmoid, mean squared error, rate .5), batch 4.
#include <cmath>
#include <memory>
#include <tapewise/tapewise.hpp>

#include "harness.hpp"
#include "m4_xor.hpp"

namespace tw = tapewise;

namespace {

using bench::m4::Weights;

struct Ours {
  tw::Tape tape;
  tw::Var w1, b1, w2, b2, loss;
  std::unique_ptr<tw::Program> program;

  Ours() {
    const Weights start;
    const auto leaf = [&](const double* x, tw::Shape shape) {
      return tape.parameter(tw::ArrayView(x, {tw::DType::float64, shape}));
    };
    const tw::Var x =
        tape.constant(tw::ArrayView(bench::m4::x, {tw::DType::float64, tw::Shape{4, 2}}));
    const tw::Var y =
        tape.constant(tw::ArrayView(bench::m4::y, {tw::DType::float64, tw::Shape{4, 1}}));
    w1 = leaf(start.w1, {2, 2});
    b1 = leaf(start.b1, {2});
    w2 = leaf(start.w2, {2, 1});
    b2 = leaf(start.b2, {1});
    const tw::Var h = tanh(tw::matmul(x, w1) + b1);
    loss = tw::mse(sigmoid(tw::matmul(h, w2) + b2), y);
    const std::vector<tw::Var> weights = {w1, b1, w2, b2};
    const tw::GradientTable table = tw::backward(loss, weights);
    std::vector<tw::Var> outputs = {loss};
    for (const tw::Var& w : weights) {
      outputs.push_back(tw::assign(w, w - bench::m4::rate * table[w]));
    }
    program = std::make_unique<tw::Program>(tw::compile(outputs));
  }
  std::vector<double> result() const {
    std::vector<double> numbers = {program->item(loss)};
    for (const tw::Var& w : {w1, b1, w2, b2}) {
      const auto* x = static_cast<const double*>(w.data());
      numbers.insert(numbers.end(), x, x + w.type().size());
    }
    return numbers;
  }
};

/// The step written out.
struct Hand {
  Weights w;
  double loss = 0;

  void run() {
    double g1[4] = {}, gb1[2] = {}, g2[2] = {}, gb2 = 0;
    loss = 0;
    for (int i = 0; i < 4; ++i) {
      const double a = bench::m4::x[2 * i], b = bench::m4::x[2 * i + 1];
      const double h0 = std::tanh(a * w.w1[0] + b * w.w1[2] + w.b1[0]);
      const double h1 = std::tanh(a * w.w1[1] + b * w.w1[3] + w.b1[1]);
      const double p = 1.0 / (1.0 + std::exp(-(h0 * w.w2[0] + h1 * w.w2[1] + w.b2[0])));
      const double e = p - bench::m4::y[i];
      loss += e * e / 4;
      const double g = e / 2 * p * (1 - p);
      gb2 += g;
      g2[0] += g * h0;
      g2[1] += g * h1;
      const double d0 = g * w.w2[0] * (1 - h0 * h0), d1 = g * w.w2[1] * (1 - h1 * h1);
      gb1[0] += d0;
      gb1[1] += d1;
      g1[0] += d0 * a;
      g1[1] += d1 * a;
      g1[2] += d0 * b;
      g1[3] += d1 * b;
    }
    for (int k = 0; k < 4; ++k) w.w1[k] -= bench::m4::rate * g1[k];
    for (int k = 0; k < 2; ++k) w.b1[k] -= bench::m4::rate * gb1[k];
    for (int k = 0; k < 2; ++k) w.w2[k] -= bench::m4::rate * g2[k];
    w.b2[0] -= bench::m4::rate * gb2;
  }
  std::vector<double> result() const {
    std::vector<double> numbers = {loss};
    for (const auto& [part, n] : {std::pair{w.w1, 4}, {w.b1, 2}, {w.w2, 2}, {w.b2, 1}}) {
      numbers.insert(numbers.end(), part, part + n);
    }
    return numbers;
  }
};

const bool registered = [] {
  bench::add({"M4", "us", 1e6, 1e-9, [] {
                auto ours = std::make_shared<Ours>();
                auto hand = std::make_shared<Hand>();
                std::vector<bench::Contender> contenders = {
                    {"ours", [ours] { ours->program->run(); }, [ours] { return ours->result(); }},
                    {"limit", [hand] { hand->run(); }, [hand] { return hand->result(); }}};
                for (auto& peer : bench::Peers::of("M4", nullptr)) contenders.push_back(peer);
                return contenders;
              }});
  return true;
}();

}  // namespace
