// M1: one training step of 784-256-128-10 (ReLU, cross-entropy from index labels, float32) with SGD
// or Adam. The limit is the eight bare sgemm calls in it; a step written by hand is compared with.
#include "m1_mlp.hpp"

#include <cmath>
#include <memory>
#include <tapewise/nn/module.hpp>
#include <tapewise/nn/optimizer.hpp>
#include <tapewise/tapewise.hpp>

#include "harness.hpp"

namespace tw = tapewise;
namespace nn = tapewise::nn;

namespace bench::m1 {

Data make_data(std::int64_t batch) {
  Data data;
  data.batch = batch;
  const auto n = static_cast<std::size_t>(batch);
  data.x = as<float>(uniform(n * 784, 10, 0, 1));
  for (const double u : uniform(n, 11, 0, 8)) data.labels.push_back(static_cast<std::int64_t>(u));
  for (std::size_t l = 0; l < layers; ++l) {
    const auto in = static_cast<std::size_t>(sizes[l]),
               out = static_cast<std::size_t>(sizes[l + 1]);
    const double bound = 1.0 / std::sqrt(static_cast<double>(in));
    data.w[l] = as<float>(uniform(in * out, 20 + l, -bound, bound));
    data.b[l] = as<float>(uniform(out, 30 + l, -bound, bound));
  }
  return data;
}

namespace {

struct Ours {
  nn::Random random{1};
  nn::Sequential net{nn::Linear(784, 256, random), nn::Relu(), nn::Linear(256, 128, random),
                     nn::Relu(), nn::Linear(128, 10, random)};
  nn::Sgd sgd{learning_rate};
  nn::Adam adam{adam_rate};
  tw::Tape tape;
  tw::Var loss;
  std::unique_ptr<tw::Program> program;

  Ours(const Data& data, bool with_adam) {
    const auto parameters = net.parameters();
    for (std::size_t l = 0; l < layers; ++l) {
      std::copy(data.w[l].begin(), data.w[l].end(),
                static_cast<float*>(parameters[2 * l].cell->mutable_data()));
      std::copy(data.b[l].begin(), data.b[l].end(),
                static_cast<float*>(parameters[2 * l + 1].cell->mutable_data()));
    }
    const tw::Var x =
        tape.input(tw::ArrayView(data.x.data(), {tw::DType::float32, {data.batch, 784}}), "x");
    const tw::Var labels =
        tape.input(tw::ArrayView(data.labels.data(), {tw::DType::int64, {data.batch}}), "labels");
    loss = tw::cross_entropy(net(x), labels).named("loss");
    const auto on_tape = net.parameters(tape);
    const tw::GradientTable table = tw::backward(loss, on_tape);
    std::vector<tw::Var> outputs =
        with_adam ? adam.update(table, on_tape) : sgd.update(table, on_tape);
    outputs.push_back(loss);
    program = std::make_unique<tw::Program>(tw::compile(outputs));
  }
  std::vector<double> result(const Data& start, bool with_adam) const {
    Numbers numbers(start, program->item(loss), with_adam);
    const auto parameters = net.parameters();
    for (std::size_t l = 0; l < layers; ++l) {
      numbers.add(static_cast<const float*>(parameters[2 * l].cell->data()), l);
    }
    return numbers.list();
  }
};

void add(const std::string& id, std::int64_t batch, bool with_adam) {
  bench::add({id, "us", 1e6, 1e-3, [=] {
                auto data = std::make_shared<Data>(make_data(batch));
                auto ours = std::make_shared<Ours>(*data, with_adam);
                auto hand = std::make_shared<Hand>(*data, with_adam),
                     limit = std::make_shared<Hand>(*data, with_adam);
                std::vector<Contender> contenders = {
                    {"ours", [ours] { ours->program->run(); },
                     [=] { return ours->result(*data, with_adam); }},
                    {"limit", [limit] { limit->products(); }, {}},
                    {"hand", [hand] { hand->step(); }, [=] { return hand->result(*data); }}};
                for (auto& peer : Peers::of(id, data.get())) contenders.push_back(peer);
                return contenders;
              }});
}

const bool registered = [] {
  add("M1/b64", 64, false);
  add("M1/b128", 128, false);
  add("M1/b512", 512, false);
  add("M1/b64/adam", 64, true);
  return true;
}();

}  // namespace

}  // namespace bench::m1
