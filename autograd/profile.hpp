#pragma once
#include <iosfwd>
#include <span>
#include <string>
#include <tapewise/autograd/source_line.hpp>
#include <vector>

namespace tapewise {

/// What this machine reaches with the present number of threads, measured when asked.
struct MachineRates {
  double gemm_float = 0;   ///< flops a second of large float32 products
  double gemm_double = 0;  ///< the same in float64
  double bandwidth = 0;    ///< bytes a second, read and written, of arrays beyond the caches
};
/// Takes about a fifth of a second and 64 MB.
MachineRates measure_machine();

/// What a step of a program cost: the median of several runs.
struct StepProfile {
  std::string what;  ///< the op, or the ops of a group
  std::string name;  ///< the label or "%id" of its last node
  SourceLine where;  ///< the line that recorded that node
  double start = 0;  ///< seconds from the start of the run
  double seconds = 0;
  double flops = 0;
  double bytes = 0;  ///< operands and results in memory, each once
  double floor = 0;  ///< seconds that the flops at gemm's rate, or the bytes at the bandwidth, take
  double share = 0;  ///< of the run's time
};

/// Where the time of a run goes: see Program::profile.
struct Profile {
  std::vector<StepProfile> steps;  ///< in the order in which they run
  double seconds = 0;              ///< of a run
  int runs = 0;
  MachineRates machine;

  /// The steps as a Chrome trace: a JSON file for chrome://tracing or ui.perfetto.dev, times in µs.
  /// Throws IoError when the file cannot be written.
  void write_chrome_trace(const std::string& path) const;
};

/// A table, the most expensive step first.
std::ostream& operator<<(std::ostream& out, const Profile& profile);

/// Flops a second of a product of large matrices: defined where the BLAS is.
double measure_gemm(bool double_precision);

}  // namespace tapewise
