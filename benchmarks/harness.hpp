#pragma once
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

// What the workloads share. A measurement times its contenders (ours, the hand-written limit, the
// peers) in turn within one run, after it has compared what they compute.

namespace bench {

/// One of those that do the same work. `run` does it once; `result` gives numbers to compare.
struct Contender {
  std::string name;
  std::function<void()> run;
  std::function<std::vector<double>()> result;
};

struct Measurement {
  std::string id;
  std::string unit;         ///< of the times in the table: "us", "ns/op", "ms"
  double units_per_second;  ///< what one run's seconds are multiplied with
  double tolerance = 1e-9;  ///< allowed relative difference of the results
  /// Makes the contenders, the first being ours and the second the limit.
  std::function<std::vector<Contender>()> make;
  bool beside_limit = false;  ///< what is told is how much more than the limit ours costs
};

/// Registers a measurement with Google Benchmark.
void add(Measurement measurement);

/// Something that is counted and not timed, such as bytes.
struct Quantity {
  std::string id;
  std::string unit;
  std::function<std::map<std::string, double>()> numbers;  ///< "ours", "limit", a peer's name
};
void add(Quantity quantity);

/// Peers of a measurement register themselves where they are compiled: a factory for each id, given
/// the workload's data, whatever type that has.
using PeerFactory = std::function<Contender(const void* data)>;
struct Peers {
  static void add(const std::string& id, PeerFactory make);
  /// The peers' contenders for an id, built from the same data.
  static std::vector<Contender> of(const std::string& id, const void* data);
};
/// `static const bench::Peer torch("M5", [](const void* data) {...});`
struct Peer {
  Peer(const std::string& id, PeerFactory make) { Peers::add(id, std::move(make)); }
};

/// How many threads this run measures: the variable BENCH_THREADS, 1 unless set.
int threads();

/// Reproducible numbers: uniform in [low, high), and normal.
std::vector<double> uniform(std::size_t n, std::uint64_t seed, double low, double high);
std::vector<double> normal(std::size_t n, std::uint64_t seed);
template <class T>
std::vector<T> as(std::span<const double> x) {
  std::vector<T> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = static_cast<T>(x[i]);
  return y;
}
template <class T>
std::vector<double> doubles(const T* x, std::size_t n) {
  return {x, x + n};
}

}  // namespace bench
