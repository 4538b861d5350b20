// M1: one training step of 784-256-128-10 (ReLU, cross-entropy from index labels, SGD, float32),
// beside the eight bare sgemm calls in it. Run with OPENBLAS_NUM_THREADS=1 for one thread.
#include <benchmark/benchmark.h>
#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <tapewise/nn/module.hpp>
#include <tapewise/nn/optimizer.hpp>
#include <tapewise/tapewise.hpp>

namespace tw = tapewise;
namespace nn = tapewise::nn;

namespace {

constexpr std::int64_t sizes[] = {784, 256, 128, 10};
constexpr double learning_rate = 0.01;

/// The step by hand: plain loops around the same products.
struct HandStep {
  std::int64_t batch;
  std::vector<float> x;
  std::vector<std::int64_t> labels;
  std::vector<float> w[3], b[3], h[3], g[3], dw[3];

  void product(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const float* A,
               const float* B, float* C) const {
    const auto i = [](std::int64_t v) { return static_cast<int>(v); };
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, i(m),
                i(n), i(k), 1.0F, A, i(ta ? m : k), B, i(tb ? k : n), 0.0F, C, i(n));
  }
  /// The eight products of a step and nothing else: three forward, three for the weights, two for
  /// the hidden layers.
  void products() {
    for (int l = 0; l < 3; ++l) {
      product(false, false, batch, sizes[l + 1], sizes[l], l == 0 ? x.data() : h[l - 1].data(),
              w[l].data(), h[l].data());
    }
    for (int l = 2; l >= 0; --l) {
      product(true, false, sizes[l], sizes[l + 1], batch, l == 0 ? x.data() : h[l - 1].data(),
              g[l].data(), dw[l].data());
      if (l > 0) {
        product(false, true, batch, sizes[l], sizes[l + 1], g[l].data(), w[l].data(),
                g[l - 1].data());
      }
    }
  }
  /// One whole step in double-checked loops; returns the loss before it.
  double step() {
    for (std::size_t l = 0; l < 3; ++l) {
      const std::int64_t in = sizes[l], out = sizes[l + 1];
      product(false, false, batch, out, in, l == 0 ? x.data() : h[l - 1].data(), w[l].data(),
              h[l].data());
      for (std::int64_t i = 0; i < batch * out; ++i) {
        float& v = h[l][static_cast<std::size_t>(i)];
        v += b[l][static_cast<std::size_t>(i % out)];
        if (l < 2 && v < 0) v = 0;
      }
    }
    double loss = 0;
    for (std::int64_t r = 0; r < batch; ++r) {
      const float* z = h[2].data() + r * 10;
      const float top = *std::max_element(z, z + 10);
      double sum = 0;
      for (int c = 0; c < 10; ++c) sum += std::exp(static_cast<double>(z[c] - top));
      const auto label = labels[static_cast<std::size_t>(r)];
      loss += std::log(sum) - static_cast<double>(z[label] - top);
      for (int c = 0; c < 10; ++c) {
        const double p = std::exp(static_cast<double>(z[c] - top)) / sum;
        g[2][static_cast<std::size_t>(r * 10 + c)] =
            static_cast<float>((p - (c == label ? 1.0 : 0.0)) / static_cast<double>(batch));
      }
    }
    for (std::size_t l = 3; l-- > 0;) {
      const std::int64_t in = sizes[l], out = sizes[l + 1];
      product(true, false, in, out, batch, l == 0 ? x.data() : h[l - 1].data(), g[l].data(),
              dw[l].data());
      if (l > 0) {
        product(false, true, batch, in, out, g[l].data(), w[l].data(), g[l - 1].data());
        for (std::size_t i = 0; i < g[l - 1].size(); ++i) {
          if (h[l - 1][i] <= 0) g[l - 1][i] = 0;
        }
      }
      const auto rate = static_cast<float>(learning_rate);
      for (std::size_t i = 0; i < w[l].size(); ++i) w[l][i] -= rate * dw[l][i];
      for (std::int64_t c = 0; c < out; ++c) {
        float sum = 0;
        for (std::int64_t r = 0; r < batch; ++r) sum += g[l][static_cast<std::size_t>(r * out + c)];
        b[l][static_cast<std::size_t>(c)] -= rate * sum;
      }
    }
    return loss / static_cast<double>(batch);
  }
};

/// Ours: the network of nn/, one program of loss and updates, and the hand step beside it with the
/// same numbers.
struct Mlp {
  nn::Random random{1};
  nn::Sequential net{nn::Linear(784, 256, random), nn::Relu(), nn::Linear(256, 128, random),
                     nn::Relu(), nn::Linear(128, 10, random)};
  nn::Sgd sgd{learning_rate};
  tw::Tape tape;
  tw::Var x, labels, loss;
  HandStep hand;
  tw::Program program;

  explicit Mlp(std::int64_t batch) : hand(make_hand(batch)), program(record(batch)) {}

  HandStep make_hand(std::int64_t batch) {
    HandStep h;
    h.batch = batch;
    const auto n = static_cast<std::size_t>(batch);
    h.x.resize(n * 784);
    std::uint32_t state = 12345;
    const auto next = [&] { return state = state * 1664525U + 1013904223U; };
    for (float& v : h.x) v = static_cast<float>(next() >> 8U) * 0x1.0p-24F;
    for (std::size_t i = 0; i < n; ++i) h.labels.push_back(next() >> 16U & 7U);
    const auto parameters = net.parameters();
    for (std::size_t l = 0; l < 3; ++l) {
      const auto in = static_cast<std::size_t>(sizes[l]),
                 out = static_cast<std::size_t>(sizes[l + 1]);
      const auto* w = static_cast<const float*>(parameters[2 * l].cell->data());
      const auto* b = static_cast<const float*>(parameters[2 * l + 1].cell->data());
      h.w[l].assign(w, w + in * out);
      h.b[l].assign(b, b + out);
      h.h[l].resize(n * out);
      h.g[l].resize(n * out);
      h.dw[l].resize(in * out);
    }
    return h;
  }

  tw::Program record(std::int64_t batch) {
    x = tape.input(tw::ArrayView(hand.x.data(), {tw::DType::float32, {batch, 784}}), "x");
    labels = tape.input(tw::ArrayView(hand.labels.data(), {tw::DType::int64, {batch}}), "labels");
    loss = tw::cross_entropy(net(x), labels).named("loss");
    const auto parameters = net.parameters(tape);
    std::vector<tw::Var> outputs = sgd.update(tw::backward(loss, parameters), parameters);
    outputs.push_back(loss);
    return tw::compile(outputs);
  }

  /// Three steps on both sides must agree before anything is timed.
  void check() {
    for (int s = 0; s < 3; ++s) {
      const double by_hand = hand.step();
      program.run();
      const double ours = program.item(loss);
      if (!(std::abs(ours - by_hand) <= 1e-5 * std::abs(by_hand))) {
        std::fprintf(stderr, "M1: the losses differ: %.9g by hand, %.9g ours\n", by_hand, ours);
        std::exit(1);
      }
    }
    const auto parameters = net.parameters();
    for (std::size_t l = 0; l < 3; ++l) {
      const auto* w = static_cast<const float*>(parameters[2 * l].cell->data());
      for (std::size_t i = 0; i < hand.w[l].size(); ++i) {
        if (std::abs(w[i] - hand.w[l][i]) > 1e-5F) {
          std::fprintf(stderr, "M1: weight %zu of layer %zu differs\n", i, l);
          std::exit(1);
        }
      }
    }
  }
};

/// Ours and the limit in turn, so that both meet the same machine; prints the ratio of medians.
void training_step(benchmark::State& state) {
  Mlp mlp(state.range(0));
  mlp.check();
  std::vector<double> ours, limit;
  const auto seconds = [](auto&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  for (auto _ : state) {
    ours.push_back(seconds([&] { mlp.program.run(); }));
    limit.push_back(seconds([&] { mlp.hand.products(); }));
    state.SetIterationTime(ours.back());
  }
  const auto median = [](std::vector<double>& v) {
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
  };
  state.counters["ours_us"] = median(ours) * 1e6;
  state.counters["limit_us"] = median(limit) * 1e6;
  state.counters["ratio"] = median(ours) / median(limit);
}

}  // namespace

BENCHMARK(training_step)->Arg(64)->Arg(128)->Arg(512)->UseManualTime()->MinTime(2.0);
BENCHMARK_MAIN();
