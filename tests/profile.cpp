// What a program's steps cost, as a table and as a Chrome trace.
#include <fstream>
#include <nlohmann/json.hpp>

#include "programs.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::wavy;

namespace {

struct Layer {
  tw::Tape tape;
  tw::Program program;
  Layer() : program(make(tape)) {}
  static tw::Program make(tw::Tape& tape) {
    const tw::Var x = wavy(tape, {64, 80}, 1, "x"), w = wavy(tape, {80, 50}, 2, "w");
    return tw::compile({tw::sum(tanh(matmul(x, w)))});
  }
};

}  // namespace

TEST_CASE("a profile counts the flops and bytes of each step") {
  Layer layer;
  const tw::Profile profile = layer.program.profile(3);
  REQUIRE(profile.steps.size() == layer.program.steps());
  CHECK(profile.runs == 3);
  const tw::StepProfile& product = profile.steps[0];
  CHECK(product.what == "matmul");
  CHECK(product.flops == 2.0 * 64 * 80 * 50);
  CHECK(product.bytes == 8.0 * (64 * 80 + 80 * 50 + 64 * 50));
  const tw::StepProfile& group = profile.steps[1];
  CHECK(contains(group.what, "tanh sum"));
  CHECK(group.flops == 2.0 * 64 * 50);
  CHECK(contains(tw::to_string(group.where), "profile.cpp"));
}

TEST_CASE("times add up to the run's, and floors come from the machine's rates") {
  Layer layer;
  const tw::Profile profile = layer.program.profile(5);
  double shares = 0, last = 0;
  for (const tw::StepProfile& step : profile.steps) {
    shares += step.share;
    CHECK(step.seconds >= 0);
    CHECK(step.start >= last);
    last = step.start;
    CHECK(step.floor == doctest::Approx(std::max(step.flops / profile.machine.gemm_double,
                                                 step.bytes / profile.machine.bandwidth)));
  }
  CHECK(shares == doctest::Approx(1.0));
  CHECK(profile.machine.gemm_float > 1e8);
  CHECK(profile.machine.gemm_double > 1e8);
  CHECK(profile.machine.bandwidth > 1e8);
}

TEST_CASE("the table names every step, the most expensive first") {
  Layer layer;
  std::ostringstream out;
  out << layer.program.profile(3);
  CHECK(contains(out.str(), "matmul"));
  CHECK(contains(out.str(), "tanh sum"));
  CHECK(contains(out.str(), "GFLOP/s"));
}

TEST_CASE("a Chrome trace has one complete event for each step") {
  Layer layer;
  const tw::Profile profile = layer.program.profile(3);
  const std::string path = "profile_test_trace.json";
  profile.write_chrome_trace(path);
  std::ifstream file(path);
  const auto trace = nlohmann::json::parse(file);
  const auto& events = trace.at("traceEvents");
  REQUIRE(events.size() == profile.steps.size());
  for (std::size_t s = 0; s < events.size(); ++s) {
    CHECK(events[s].at("ph") == "X");
    CHECK(events[s].at("dur").get<double>() ==
          doctest::Approx(profile.steps[s].seconds * 1e6).epsilon(1e-3));
  }
  std::remove(path.c_str());
  CHECK_THROWS_AS(profile.write_chrome_trace("/no/such/folder/trace.json"), tw::IoError);
}

TEST_CASE("a profile runs the program: parameters are updated each time") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(1.0, "w");
  tw::Program program = tw::compile({tw::assign(w, w * 2.0)});
  (void)program.profile(3);
  CHECK(w.item() >= 8.0);
}
