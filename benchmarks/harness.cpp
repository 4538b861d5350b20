#include "harness.hpp"

#include <benchmark/benchmark.h>
#include <cblas.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <random>
#include <stdexcept>
#include <tapewise/tapewise.hpp>
#include <thread>

namespace bench {

namespace {

/// At one thread the time that the process has had a processor, so that a busy machine disturbs
/// little; at more the time that passes.
double now() {
  timespec time{};
  clock_gettime(threads() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::map<std::string, std::vector<PeerFactory>>& peer_list() {
  static std::map<std::string, std::vector<PeerFactory>> list;
  return list;
}

double seconds(const std::function<void()>& run, int repeats) {
  const double start = now();
  for (int r = 0; r < repeats; ++r) run();
  return (now() - start) / repeats;
}

double median(std::vector<double>& v) {
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

/// Throws when a contender computes something else than ours.
void compare(const Measurement& m, const std::vector<Contender>& contenders) {
  std::vector<double> first;
  for (const Contender& c : contenders) {
    if (!c.result) continue;
    c.run();
    const std::vector<double> result = c.result();
    if (first.empty()) {
      first = result;
      continue;
    }
    if (result.size() != first.size()) throw std::runtime_error(m.id + ": sizes differ, " + c.name);
    double scale = 0;
    for (const double x : first) scale = std::max(scale, std::abs(x));
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (std::abs(result[i] - first[i]) <= m.tolerance * scale) continue;
      throw std::runtime_error(m.id + ": result " + std::to_string(i) + " is " +
                               std::to_string(first[i]) + " for ours and " +
                               std::to_string(result[i]) + " for " + c.name);
    }
  }
}

/// After a rest the system may wake a contender's threads on one processor: runs it until it is
/// about as fast as it has been (`best`, seconds; 0 before the first turn), or the system has had
/// time to move them apart.
void spread_threads(const Contender& c, double& best) {
  constexpr double patience = 0.3, like_best = 1.1;
  const double start = now();
  while (now() - start < patience) {
    const double run = seconds(c.run, 1);
    if (run < like_best * best) return;
    best = best == 0 ? run : std::min(best, run);
  }
}

/// A turn: the contender's threads are set, memory and caches are warmed by runs that do not count,
/// and then the run is repeated.
double turn(const Contender& c, int repeats, bool warm, double& best) {
  if (threads() > 1) {  // the last contender's pool waits busily for the next job
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    openblas_set_num_threads(c.name == "ours" ? 1 : threads());  // ours splits products itself
  }
  // Of arrays as large as the last cache it takes some runs until it holds what it will.
  constexpr double warm_seconds = 1e-2;
  for (const double start = now(); warm && now() - start < warm_seconds;) c.run();
  if (threads() > 1) spread_threads(c, best);
  return seconds(c.run, repeats);
}

void measure(benchmark::State& state, const Measurement& m) {
  constexpr double warm_below = 0.05, least_seconds = 1.5;
  const double turn_seconds = threads() == 1 ? 2e-3 : 2e-2;
  const std::vector<Contender> contenders = m.make();
  compare(m, contenders);
  std::vector<double> once, best(contenders.size(), 0);
  std::vector<int> repeats;
  double round = 0;
  for (std::size_t k = 0; k < contenders.size(); ++k) {
    once.push_back(turn(contenders[k], 1, true, best[k]));
    repeats.push_back(std::max(1, static_cast<int>(turn_seconds / std::max(once.back(), 1e-8))));
    round += std::max(once.back(), turn_seconds);
  }
  const std::size_t least_rounds = round < 0.5 ? 15 : round < 2 ? 7 : 3;
  std::vector<std::vector<double>> times(contenders.size());
  for (auto _ : state) {
    double sum = 0;
    while (sum < least_seconds || times[0].size() < least_rounds) {
      for (std::size_t k = 0; k < contenders.size(); ++k) {
        times[k].push_back(turn(contenders[k], repeats[k], once[k] < warm_below, best[k]));
        sum += times[k].back() * repeats[k];
      }
    }
    state.SetIterationTime(sum);
  }
  for (std::size_t k = 0; k < contenders.size(); ++k) {
    state.counters[contenders[k].name] = median(times[k]) * m.units_per_second;
  }
  if (m.beside_limit) {
    state.counters["ours"] = state.counters["ours"].value - state.counters["limit"].value;
    state.counters.erase("limit");
  }
  state.SetLabel(m.unit);
}

/// One pass of a benchmark that does its own repeating.
void register_once(const std::string& id, std::function<void(benchmark::State&)> body) {
  benchmark::RegisterBenchmark(id.c_str(),
                               [body = std::move(body)](benchmark::State& state) {
                                 try {
                                   body(state);
                                 } catch (const std::exception& error) {
                                   state.SkipWithError(error.what());
                                 }
                               })
      ->UseManualTime()
      ->Iterations(1);
}

}  // namespace

void add(Measurement m) {
  const std::string id = m.id;
  register_once(id, [m = std::move(m)](benchmark::State& state) { measure(state, m); });
}

void add(Quantity q) {
  const std::string id = q.id;
  register_once(id, [q = std::move(q)](benchmark::State& state) {
    for (auto _ : state) {
      for (const auto& [name, number] : q.numbers()) state.counters[name] = number;
      state.SetIterationTime(1);
    }
    state.SetLabel(q.unit);
  });
}

void Peers::add(const std::string& id, PeerFactory make) {
  peer_list()[id].push_back(std::move(make));
}

std::vector<Contender> Peers::of(const std::string& id, const void* data) {
  std::vector<Contender> contenders;

  for (const PeerFactory& make : peer_list()[id]) contenders.push_back(make(data));
  return contenders;
}

int threads() {
  const char* text = std::getenv("BENCH_THREADS");
  return text == nullptr ? 1 : std::max(1, std::atoi(text));
}

std::vector<double> uniform(std::size_t n, std::uint64_t seed, double low, double high) {
  std::mt19937_64 random(seed);
  std::vector<double> x(n);
  for (double& v : x) v = low + (high - low) * static_cast<double>(random() >> 11U) * 0x1.0p-53;
  return x;
}

std::vector<double> normal(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> draw;
  std::vector<double> x(n);
  for (double& v : x) v = draw(random);
  return x;
}

}  // namespace bench

int main(int argc, char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") == nullptr && bench::threads() > 1) {
    // libtorch's OpenMP threads would wait busily where OpenBLAS's want to work, and make it 30
    // times slower; OpenBLAS's own wait for a tenth of a second, and would make everybody else
    // slow. Both libraries read their variables when they are loaded, so start again.
    setenv("GOMP_SPINCOUNT", "0", 1);
    setenv("OPENBLAS_THREAD_TIMEOUT", "22", 1);  // 2^22 cycles
    execv("/proc/self/exe", argv);
  }
  openblas_set_num_threads(bench::threads());
  tapewise::set_num_threads(bench::threads());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
