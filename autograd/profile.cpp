#include <tapewise/autograd/profile.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <numeric>
#include <ostream>
#include <tapewise/autograd/plan.hpp>
#include <tapewise/autograd/run_steps.hpp>
#include <tapewise/autograd/threads.hpp>

namespace tapewise {

namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_between(SteadyClock::time_point a, SteadyClock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

double median(std::vector<double> x) {
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return *middle;
}

/// What reading the clock itself takes.
double clock_seconds() {
  std::vector<double> pauses;
  for (int k = 0; k < 101; ++k) {
    const auto a = SteadyClock::now();
    pauses.push_back(seconds_between(a, SteadyClock::now()));
  }
  return median(pauses);
}

/// a <- b + c over arrays beyond the caches, all threads at it.
double measure_bandwidth() {
  constexpr long n = 2L << 20;
  std::vector<double> a(n), b(n, 1.0), c(n, 2.0);
  std::vector<double> times;
  for (int repeat = 0; repeat < 9; ++repeat) {
    const auto start = SteadyClock::now();
    const int parts = num_threads();
    threads::for_parts(parts, [&](int part) {
      const long end = threads::part_begin(n, 8, part + 1, parts);
      for (long i = threads::part_begin(n, 8, part, parts); i < end; ++i) {
        const auto at = static_cast<std::size_t>(i);
        a[at] = b[at] + c[at];
      }
    });
    times.push_back(seconds_between(start, SteadyClock::now()));
  }
  return 3.0 * sizeof(double) * static_cast<double>(n) / median(times);
}

}  // namespace

MachineRates measure_machine() {
  return {measure_gemm(false), measure_gemm(true), measure_bandwidth()};
}

Profile Program::profile(int runs) {
  if (runs < 1) throw Error("[profile] wanted at least 1 run, given " + std::to_string(runs));
  const std::size_t n = ready_.size();
  std::vector<std::vector<double>> times(n);
  std::vector<SteadyClock::time_point> at(n + 1);
  const double clock = clock_seconds();
  std::vector<double> totals;
  for (int r = 0; r < runs; ++r) {
    run_steps([&](std::size_t step) { at[step] = SteadyClock::now(); });
    for (std::size_t s = 0; s < n; ++s) {
      times[s].push_back(std::max(0.0, seconds_between(at[s], at[s + 1]) - clock));
    }
  }
  Profile profile;
  profile.runs = runs;
  profile.machine = measure_machine();
  for (std::size_t s = 0; s < n; ++s) {
    const Step& step = plan_->steps[s];
    StepProfile p;
    p.what = plan_->describe(step);
    p.name = plan_->name_of(step.origin);
    p.where = step.where;
    p.start = profile.seconds;
    p.seconds = median(times[s]);
    p.flops = step.flops;
    p.bytes = step.bytes;
    const bool is_double = plan_->types[step.type].dtype == DType::float64;
    const double rate = is_double ? profile.machine.gemm_double : profile.machine.gemm_float;
    p.floor = std::max(p.flops / rate, p.bytes / profile.machine.bandwidth);
    profile.seconds += p.seconds;
    profile.steps.push_back(std::move(p));
  }
  for (StepProfile& p : profile.steps) p.share = p.seconds / std::max(profile.seconds, 1e-12);
  return profile;
}

void Profile::write_chrome_trace(const std::string& path) const {
  nlohmann::json events = nlohmann::json::array();
  for (const StepProfile& p : steps) {
    events.push_back({{"name", p.what},
                      {"cat", "step"},
                      {"ph", "X"},
                      {"ts", p.start * 1e6},
                      {"dur", p.seconds * 1e6},
                      {"pid", 1},
                      {"tid", 1},
                      {"args",
                       {{"node", p.name},
                        {"line", to_string(p.where)},
                        {"flops", p.flops},
                        {"bytes", p.bytes},
                        {"floor_us", p.floor * 1e6},
                        {"share", p.share}}}});
  }
  std::ofstream file(path);
  file << nlohmann::json{{"traceEvents", events}, {"displayTimeUnit", "ns"}}.dump(1) << '\n';
  file.flush();
  if (!file) throw IoError("[profile] cannot write " + path);
}

std::ostream& operator<<(std::ostream& out, const Profile& profile) {
  std::vector<const StepProfile*> order;
  for (const StepProfile& p : profile.steps) order.push_back(&p);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->seconds > b->seconds; });
  const auto flags = out.flags();
  const auto precision = out.precision();
  out << std::fixed << std::setprecision(2) << "profile of " << profile.runs
      << " runs: " << profile.seconds * 1e6 << " us a run; products reach "
      << profile.machine.gemm_float / 1e9 << " GFLOP/s in float32 and "
      << profile.machine.gemm_double / 1e9 << " in float64 here, memory "
      << profile.machine.bandwidth / 1e9 << " GB/s\n"
      << "  share        us      flops      bytes  x floor  step\n";
  for (const StepProfile* p : order) {
    out << std::setw(6) << std::setprecision(1) << p->share * 100 << "%" << std::setw(10)
        << std::setprecision(2) << p->seconds * 1e6 << std::defaultfloat << std::setprecision(3)
        << std::setw(11) << p->flops << std::setw(11) << p->bytes << std::fixed
        << std::setprecision(1) << std::setw(9);
    if (p->floor > 0)
      out << p->seconds / p->floor;
    else
      out << "";
    out << "  " << p->what << "  " << p->name << "  " << to_string(p->where) << '\n';
  }
  out.flags(flags);
  out.precision(precision);
  return out;
}

}  // namespace tapewise
