// M6: softmax cross-entropy of 512 x 1000 logits with index labels, float32, value and gradient.
#include "m6_cross_entropy.hpp"

#include <memory>
#include <tapewise/tapewise.hpp>

#include "harness.hpp"

namespace tw = tapewise;

namespace {

using namespace bench::m6;

struct Ours {
  tw::Tape tape;
  std::vector<tw::Var> outputs;
  std::unique_ptr<tw::Program> program;

  explicit Ours(const Data& data) {
    const tw::Var z =
        tape.input(tw::ArrayView(data.z.data(), {tw::DType::float32, {rows, classes}}));
    const tw::Var labels =
        tape.input(tw::ArrayView(data.labels.data(), {tw::DType::int64, {rows}}));
    const tw::Var loss = tw::cross_entropy(z, labels);
    outputs = {loss, tw::backward(loss, {z})[z]};
    program = std::make_unique<tw::Program>(tw::compile(outputs));
  }
  std::vector<double> result() const {
    std::vector<double> numbers =
        bench::doubles(static_cast<const float*>(program->data(1)), rows * classes);
    for (double& g : numbers) g *= static_cast<double>(rows);
    numbers.push_back(program->item(0));
    return numbers;
  }
};

const bool registered = [] {
  bench::add({"M6", "us", 1e6, 1e-4, [] {
                auto data = std::make_shared<Data>();
                data->z = bench::as<float>(bench::normal(rows * classes, 60));
                for (const double u : bench::uniform(rows, 61, 0, classes)) {
                  data->labels.push_back(static_cast<std::int64_t>(u));
                }
                auto ours = std::make_shared<Ours>(*data);
                auto hand = std::make_shared<Hand>(*data);
                std::vector<bench::Contender> contenders = {
                    {"ours", [ours] { ours->program->run(); }, [ours] { return ours->result(); }},
                    {"limit", [hand, data] { hand->run(bench::threads()); },
                     [hand] { return hand->result(); }}};
                for (auto& peer : bench::Peers::of("M6", data.get())) contenders.push_back(peer);
                return contenders;
              }});
  return true;
}();

}  // namespace
