// M1: one training step of 784-256-128-10 (ReLU, cross-entropy from index labels, float32) with SGD
// or Adam. The limit is the eight bare sgemm calls in it; a step written by hand is compared with.
#include "m1_mlp.hpp"

#include <cblas.h>

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

/// The step by hand: plain loops around the same products.
struct Hand {
  Data data;
  std::vector<float> h[layers], g[layers], dw[layers];
  double loss = 0;

  explicit Hand(Data d) : data(std::move(d)) {
    for (std::size_t l = 0; l < layers; ++l) {
      const auto out = static_cast<std::size_t>(data.batch * sizes[l + 1]);
      h[l].resize(out);
      g[l].resize(out);
      dw[l].resize(data.w[l].size());
    }
  }
  static void product(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k,
                      const float* A, const float* B, float* C) {
    const auto i = [](std::int64_t v) { return static_cast<int>(v); };
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, i(m),
                i(n), i(k), 1.0F, A, i(ta ? m : k), B, i(tb ? k : n), 0.0F, C, i(n));
  }
  const float* input_of(std::size_t l) const { return l == 0 ? data.x.data() : h[l - 1].data(); }
  void forward_product(std::size_t l) {
    product(false, false, data.batch, sizes[l + 1], sizes[l], input_of(l), data.w[l].data(),
            h[l].data());
  }
  void backward_products(std::size_t l) {
    product(true, false, sizes[l], sizes[l + 1], data.batch, input_of(l), g[l].data(),
            dw[l].data());
    if (l > 0) {
      product(false, true, data.batch, sizes[l], sizes[l + 1], g[l].data(), data.w[l].data(),
              g[l - 1].data());
    }
  }
  /// The eight products of a step and nothing else.
  void products() {
    for (std::size_t l = 0; l < layers; ++l) forward_product(l);
    for (std::size_t l = layers; l-- > 0;) backward_products(l);
  }
  void step() {
    for (std::size_t l = 0; l < layers; ++l) {
      forward_product(l);
      const auto out = static_cast<std::size_t>(sizes[l + 1]);
      for (std::size_t i = 0; i < h[l].size(); ++i) {
        h[l][i] += data.b[l][i % out];
        if (l + 1 < layers) h[l][i] = std::max(h[l][i], 0.0F);
      }
    }
    cross_entropy();
    for (std::size_t l = layers; l-- > 0;) {
      backward_products(l);
      const auto out = static_cast<std::size_t>(sizes[l + 1]);
      const auto rate = static_cast<float>(learning_rate);
      for (std::size_t i = 0; l > 0 && i < g[l - 1].size(); ++i) {
        if (h[l - 1][i] <= 0) g[l - 1][i] = 0;
      }
      for (std::size_t i = 0; i < dw[l].size(); ++i) data.w[l][i] -= rate * dw[l][i];
      for (std::size_t i = 0; i < g[l].size(); ++i) data.b[l][i % out] -= rate * g[l][i];
    }
  }
  std::vector<double> result(const Data& start) const {
    Numbers numbers(start, loss, false);
    for (std::size_t l = 0; l < layers; ++l) numbers.add(data.w[l].data(), l);
    return numbers.list();
  }
  void cross_entropy() {
    loss = 0;
    const auto batch = static_cast<double>(data.batch);
    for (std::size_t r = 0; r < data.labels.size(); ++r) {
      const float* z = h[2].data() + r * 10;
      const auto label = static_cast<std::size_t>(data.labels[r]);
      double sum = 0;
      for (std::size_t c = 0; c < 10; ++c) sum += std::exp(static_cast<double>(z[c]));
      loss += (std::log(sum) - static_cast<double>(z[label])) / batch;
      for (std::size_t c = 0; c < 10; ++c) {
        const double p = std::exp(static_cast<double>(z[c])) / sum;
        g[2][r * 10 + c] = static_cast<float>((p - (c == label ? 1.0 : 0.0)) / batch);
      }
    }
  }
};

void add(const std::string& id, std::int64_t batch, bool with_adam) {
  bench::add({id, "us", 1e6, 1e-3, [=] {
                auto data = std::make_shared<Data>(make_data(batch));
                auto ours = std::make_shared<Ours>(*data, with_adam);
                auto hand = std::make_shared<Hand>(*data), limit = std::make_shared<Hand>(*data);
                std::vector<Contender> contenders = {
                    {"ours", [ours] { ours->program->run(); },
                     [=] { return ours->result(*data, with_adam); }},
                    {"limit", [limit] { limit->products(); }, {}}};
                if (!with_adam) {
                  contenders.push_back(
                      {"hand", [hand] { hand->step(); }, [=] { return hand->result(*data); }});
                }
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
