// M8: 1000 layers h <- tanh(h W_i) of 256 x 256, batch 64, float32; sum of squares of the last h
// and the gradient in all W_i. Plain, and with 14 MB for what is kept. The limit is the gemm calls.
// "update" is a training step: gradients are no outputs, so activations cannot be kept in their
// memory, and the budget makes the plan compute values again.
#include <cblas.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <tapewise/tapewise.hpp>

#include "harness.hpp"
#include "m8_deep.hpp"

namespace tw = tapewise;

namespace {

using namespace bench::m8;

constexpr double rate = 1e-6;

struct Ours {
  tw::Tape tape;
  std::vector<tw::Var> outputs;
  std::unique_ptr<tw::Program> program;

  Ours(const Data& data, std::size_t budget, bool update) {
    tw::Var h = tape.input(tw::ArrayView(data.h.data(), {tw::DType::float32, {batch, width}}));
    std::vector<tw::Var> weights;
    for (int i = 0; i < layers; ++i) {
      weights.push_back(tape.input(tw::ArrayView(data.w.data() + std::size_t(i) * width * width,
                                                 {tw::DType::float32, {width, width}})));
      h = tanh(tw::matmul(h, weights.back()));
    }
    const tw::Var y = tw::sum(square(h));
    const tw::GradientTable table = tw::backward(y, weights);
    outputs = {y};
    for (const tw::Var& w : weights) {
      outputs.push_back(update ? tw::assign(w, w - rate * table[w]) : table[w]);
    }
    tw::CompileOptions options;
    if (budget > 0) options.memory_budget = budget;
    program = std::make_unique<tw::Program>(tw::compile(outputs, options));
  }
  /// The value, and some elements of the first and last gradients.
  std::vector<double> result() const {
    std::vector<double> numbers = {program->item(0)};
    for (const std::size_t k : {std::size_t{1}, std::size_t{layers}}) {
      const auto part = bench::doubles(static_cast<const float*>(program->data(k)), 1000);
      numbers.insert(numbers.end(), part.begin(), part.end());
    }
    return numbers;
  }
};

/// The 3000 products of a step, and nothing else: one forward and two backward in each layer.
struct Products {
  const Data& data;
  std::vector<float> h, g, dw;
  explicit Products(const Data& d)
      : data(d), h(d.h.size() * 2), g(d.h.size() * 2), dw(d.w.size()) {}

  void run() {
    const std::size_t n = data.h.size();
    for (int i = 0; i < layers; ++i) {
      const float* w = data.w.data() + std::size_t(i) * width * width;
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch, width, width, 1.0F,
                  i % 2 == 0 ? h.data() : h.data() + n, width, w, width, 0.0F,
                  i % 2 == 0 ? h.data() + n : h.data(), width);
    }
    for (int i = layers; i-- > 0;) {
      const float* w = data.w.data() + std::size_t(i) * width * width;
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, width, width, batch, 1.0F, h.data(),
                  width, g.data(), width, 0.0F, dw.data() + std::size_t(i) * width * width, width);
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch, width, width, 1.0F,
                  i % 2 == 0 ? g.data() : g.data() + n, width, w, width, 0.0F,
                  i % 2 == 0 ? g.data() + n : g.data(), width);
    }
  }
};

/// A budget changes no number.
void require_equal_to_plain(const Data& data, Ours& ours) {
  Ours plain(data, 0, true);
  for (int step = 0; step < 2; ++step) {
    plain.program->run();
    ours.program->run();
  }
  if (plain.result() != ours.result()) throw std::runtime_error("M8: the budget changes numbers");
}

void add(const std::string& id, std::size_t budget, bool update) {
  bench::add({id, "ms", 1e3, 1e-3, [=] {
                auto data = std::make_shared<Data>();
                auto ours = std::make_shared<Ours>(*data, budget, update);
                if (update && budget > 0) require_equal_to_plain(*data, *ours);
                auto products = std::make_shared<Products>(*data);
                std::vector<bench::Contender> contenders = {
                    {"ours", [ours] { ours->program->run(); }, [ours] { return ours->result(); }},
                    {"limit", [products, data] { products->run(); }, {}}};
                for (auto& peer : bench::Peers::of(id, data.get())) contenders.push_back(peer);
                return contenders;
              }});
}

/// What a run needs beside the weights and their gradients; the limit is all kept activations.
void add_memory(const std::string& id, std::size_t budget, bool update) {
  bench::add({id, "MiB", [=] {
                constexpr double MiB = 1U << 20U;
                const Data data;
                const auto bytes = Ours(data, budget, update).program->working_bytes();
                return std::map<std::string, double>{{"ours", static_cast<double>(bytes) / MiB},
                                                     {"limit", 4.0 * layers * batch * width / MiB}};
              }});
}

const bool registered = [] {
  constexpr std::size_t budget = 14U << 20U;
  for (const bool update : {false, true}) {
    const std::string group = update ? "M8/update/" : "M8/";
    add(group + "plain", 0, update);
    add(group + "14MB", budget, update);
    add_memory("memory/" + group + "plain", 0, update);
    add_memory("memory/" + group + "14MB", budget, update);
  }
  return true;
}();

}  // namespace
