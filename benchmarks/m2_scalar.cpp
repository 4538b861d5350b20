// M2: scalar graphs of 1e6 ops over 100 inputs, replayed and recorded anew, beside the gradient
// written by hand. The limit of the 16 chains is their forward computation in plain C++.
#include "m2_scalar.hpp"

#include <algorithm>
#include <memory>
#include <tapewise/tapewise.hpp>

#include "harness.hpp"

namespace tw = tapewise;

namespace {

using bench::Contender;
using namespace bench::m2;

const Data data{bench::uniform(inputs, 2, 0.3, 0.7)};

std::vector<tw::Var> leaves(tw::Tape& tape) {
  std::vector<tw::Var> x;
  for (const double number : data.x) x.push_back(tape.input(number));
  return x;
}

/// Recorded and compiled once: value and gradient by replay.
struct Replay {
  tw::Tape tape;
  std::unique_ptr<tw::Program> program;
  std::vector<tw::Var> outputs;

  explicit Replay(int which) {
    const std::vector<tw::Var> x = leaves(tape);
    outputs.push_back(work(which, x));
    const tw::GradientTable table = tw::backward(outputs[0], x);
    for (const tw::Var& v : x) outputs.push_back(table[v]);
    program = std::make_unique<tw::Program>(tw::compile(outputs));
  }
  std::vector<double> result() const {
    std::vector<double> numbers;
    for (const tw::Var& v : outputs) numbers.push_back(program->item(v));
    return numbers;
  }
};

/// Recorded anew for each gradient, on a tape that keeps its memory.
struct Once {
  tw::Tape tape;
  std::vector<tw::Var> x = leaves(tape);
  tw::Mark start = tape.mark();
  int which;
  std::vector<double> numbers;

  explicit Once(int w) : which(w) {}
  void run() {
    tape.rewind(start);
    numbers = gradient_once(work(which, x));
  }
  /// Value and gradient of a graph that is used once.
  std::vector<double> gradient_once(const tw::Var& y) {
    sweep.run(y);
    std::vector<double> result{sweep.output_value()};
    for (const tw::Var& v : x) result.push_back(sweep[v]);
    return result;
  }
  tw::Sweep sweep;
};

/// The gradient written by hand: forward with what backward needs kept, and one loop back.
struct Hand {
  int which;
  std::vector<double> x = data.x, g = std::vector<double>(inputs), a, b, s;
  double tot = 0;

  explicit Hand(int w) : which(w), a(turns()), b(w == 0 ? turns() : 0), s(w == 0 ? turns() : 0) {}
  std::size_t turns() const { return ops / (which == 0 ? 5U : 4U); }

  void run() {
    if (which == 0)
      gradient<true>();
    else
      gradient<false>();
  }
  template <bool trans>
  void gradient() {
    const std::size_t n = turns();
    double last = x[0];
    tot = x[1];
    std::size_t i = 0, j = 37;
    for (std::size_t k = 0; k < n; ++k) {
      a[k] = last + x[i];
      const double product = a[k] * x[j];
      if constexpr (trans) {
        b[k] = product;
        last = s[k] = std::exp(std::sin(product));
      } else {
        last = product + x[j];
      }
      tot += last;
      i = i + 1 == inputs ? 0 : i + 1;
      j = j + 1 == inputs ? 0 : j + 1;
    }
    std::fill(g.begin(), g.end(), 0.0);
    double grad = 0;
    for (std::size_t k = n; k-- > 0;) {
      i = i == 0 ? inputs - 1 : i - 1;
      j = j == 0 ? inputs - 1 : j - 1;
      grad += 1;
      if constexpr (trans) {
        grad *= s[k] * std::cos(b[k]);
      } else {
        g[j] += grad;
      }
      g[j] += grad * a[k];
      grad *= x[j];
      g[i] += grad;
    }
    g[0] += grad;
    g[1] += 1;
  }
  std::vector<double> result() const {
    std::vector<double> numbers{tot};
    numbers.insert(numbers.end(), g.begin(), g.end());
    return numbers;
  }
};

Contender limit_of(int which) {
  if (which == 2) {
    return {"limit",
            [] {
              volatile double sink = sixteen_chains(data.x);
              (void)sink;
            },
            {}};
  }
  auto hand = std::make_shared<Hand>(which);
  return {"limit", [hand] { hand->run(); }, [hand] { return hand->result(); }};
}

template <class Ours>
void add(const std::string& id, int which) {
  bench::add({id, "ns/op", 1e9 / static_cast<double>(ops), 1e-9, [id, which] {
                auto ours = std::make_shared<Ours>(which);
                std::vector<Contender> contenders;
                if constexpr (std::is_same_v<Ours, Replay>) {
                  contenders.push_back({"ours", [ours] { ours->program->run(); },
                                        [ours] { return ours->result(); }});
                } else {
                  contenders.push_back(
                      {"ours", [ours] { ours->run(); }, [ours] { return ours->numbers; }});
                }
                contenders.push_back(limit_of(which));
                for (auto& peer : bench::Peers::of(id, &data)) contenders.push_back(peer);
                return contenders;
              }});
}

/// Recording alone.
void add_recording() {
  const std::string id = "record/ns_per_node";
  bench::add({id, "ns/op", 1e9 / static_cast<double>(ops), 1, [id] {
                auto once = std::make_shared<Once>(0);
                const auto run = [once] {
                  once->tape.rewind(once->start);
                  work(0, once->x);
                };
                std::vector<Contender> contenders = {{"ours", run, {}}};
                for (auto& peer : bench::Peers::of(id, &data)) contenders.push_back(peer);
                return contenders;
              }});
}

const bool registered = [] {
  add_recording();
  add<Replay>("M2/trans/replay", 0);
  add<Replay>("M2/cheap/replay", 1);
  add<Once>("M2/trans/record", 0);
  add<Once>("M2/cheap/record", 1);
  add<Replay>("M2/chains16/replay", 2);
  return true;
}();

}  // namespace
