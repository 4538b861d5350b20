// M5: mean((tanh(a*x + b)*c + d)^2) of five float32 vectors of 1e6, value and all five gradients.
// The limit is one loop with xsimd (m5_hand.cpp), split over the threads.
#include "m5_chain.hpp"

#include <memory>
#include <tapewise/tapewise.hpp>

#include "harness.hpp"

namespace tw = tapewise;

namespace {

using bench::m5::Data;

struct Ours {
  tw::Tape tape;
  std::vector<tw::Var> outputs;
  std::unique_ptr<tw::Program> program;

  explicit Ours(const Data& data) {
    std::vector<tw::Var> v;
    for (const auto& x : data.in) {
      v.push_back(tape.input(
          tw::ArrayView(x.data(), {tw::DType::float32, {static_cast<std::int64_t>(x.size())}})));
    }
    const tw::Var y = tw::mean(square(tanh(v[0] * v[1] + v[2]) * v[3] + v[4]));
    const tw::GradientTable table = tw::backward(y, v);
    outputs = {y};
    for (const tw::Var& x : v) outputs.push_back(table[x]);
    program = std::make_unique<tw::Program>(tw::compile(outputs));
  }
  std::vector<double> result() const {
    std::vector<double> numbers = {program->item(0)};
    for (std::size_t k = 1; k < outputs.size(); ++k) {
      const auto part = bench::doubles(static_cast<const float*>(program->data(k)), 5000);
      for (const double g : part) numbers.push_back(g * static_cast<double>(bench::m5::n));
    }
    return numbers;
  }
};

const bool registered = [] {
  bench::add({"M5", "ms", 1e3, 1e-4, [] {
                auto data = std::make_shared<Data>();
                for (std::size_t k = 0; k < 5; ++k) {
                  data->in[k] = bench::as<float>(bench::normal(bench::m5::n, 50 + k));
                }
                auto ours = std::make_shared<Ours>(*data);
                auto hand = std::make_shared<bench::m5::Hand>(*data);
                std::vector<bench::Contender> contenders = {
                    {"ours", [ours] { ours->program->run(); }, [ours] { return ours->result(); }},
                    {"limit", [hand, data] { hand->run(bench::threads()); },
                     [hand] { return hand->result(); }}};
                for (auto& peer : bench::Peers::of("M5", data.get())) contenders.push_back(peer);
                return contenders;
              }});
  return true;
}();

}  // namespace
