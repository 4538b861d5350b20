// M4: one SGD step of the XOR net 2-2-1 (tanh, sigmoid, mean squared error, rate .5), batch 4.
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

const bool registered = [] {
  bench::add({"M4", "us", 1e6, 1e-9, [] {
                auto ours = std::make_shared<Ours>();
                auto hand = std::make_shared<bench::m4::Hand>();
                std::vector<bench::Contender> contenders = {
                    {"ours", [ours] { ours->program->run(); }, [ours] { return ours->result(); }},
                    {"limit", [hand] { hand->run(); }, [hand] { return hand->result(); }}};
                for (auto& peer : bench::Peers::of("M4", nullptr)) contenders.push_back(peer);
                return contenders;
              }});
  return true;
}();

}  // namespace
