// What the engine itself costs: per step of a replay, and per node of a growing scalar graph.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <tapewise/tapewise.hpp>

#include "harness.hpp"
#include "m2_scalar.hpp"

namespace tw = tapewise;

namespace {

/// A thousand steps that cannot be fused: additions of two numbers each, with fusion switched off.
constexpr int steps = 1000;

struct Steps {
  tw::Tape tape;
  std::unique_ptr<tw::Program> program;
  Steps() {
    const std::vector<double> start = {0.5, 0.25};
    const tw::Var x = tape.input(tw::ArrayView(start.data(), {tw::DType::float64, {2}}));
    tw::Var y = x;
    for (int s = 0; s < steps; ++s) y = y + x;
    program = std::make_unique<tw::Program>(tw::compile({y}, {.fuse = false, .scalars = false}));
  }
};

/// Their arithmetic alone.
void additions(const double* x, double* y) {
  for (int s = 0; s < steps; ++s) {
    y[0] += x[0];
    y[1] += x[1];
    asm volatile("" : : "r"(y) : "memory");
  }
}

/// A scalar graph of `ops` ops: recorded, differentiated, compiled and run; all of it once.
struct Grown {
  tw::Tape tape;
  std::unique_ptr<tw::Program> program;

  explicit Grown(std::size_t ops) {
    std::vector<tw::Var> x;
    for (const double number : bench::uniform(bench::m2::inputs, 2, 0.3, 0.7)) {
      x.push_back(tape.input(number));
    }
    const tw::Var y = bench::m2::trans(x, ops);
    const tw::GradientTable table = tw::backward(y, x);
    std::vector<tw::Var> outputs = {y};
    for (const tw::Var& v : x) outputs.push_back(table[v]);
    program = std::make_unique<tw::Program>(tw::compile(outputs));
    program->run();
  }
};

/// Memory that the process has touched and not given back.
double resident_bytes() {
  malloc_trim(0);
  std::ifstream pages("/proc/self/statm");
  double all = 0, resident = 0;
  pages >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// What a graph with its program holds, per op: of so many at once that whole pages do not count.
double held_bytes(std::size_t ops) {
  constexpr std::size_t ops_at_least = 300000;
  Grown{ops};  // what the library and the allocator make once is there from then on
  const double before = resident_bytes();
  std::vector<std::unique_ptr<Grown>> graphs(std::max<std::size_t>(1, ops_at_least / ops));
  for (auto& graph : graphs) graph = std::make_unique<Grown>(ops);
  return (resident_bytes() - before) / static_cast<double>(ops * graphs.size());
}

const bool registered = [] {
  bench::add({"replay/step_overhead_ns", "ns/step", 1e9 / steps, 1,
              [] {
                auto ours = std::make_shared<Steps>();
                auto y = std::make_shared<std::vector<double>>(4, 0.5);
                return std::vector<bench::Contender>{
                    {"ours", [ours] { ours->program->run(); }, {}},
                    {"limit", [y] { additions(y->data(), y->data() + 2); }, {}}};
              },
              true});
  for (const std::size_t ops : {100U, 1000U, 10000U, 100000U, 1000000U, 10000000U}) {
    const auto count = static_cast<double>(ops);
    const std::string size = ops == 10000000U ? "" : "/" + std::to_string(ops);
    bench::add({"growth/ns_per_node" + size, "ns/op", 1e9 / count, 1, [ops] {
                  return std::vector<bench::Contender>{{"ours", [ops] { Grown{ops}; }, {}}};
                }});
    bench::add({"growth/bytes_per_node" + size, "bytes/op", [ops] {
                  return std::map<std::string, double>{{"ours", held_bytes(ops)}};
                }});
  }
  return true;
}();

}  // namespace
