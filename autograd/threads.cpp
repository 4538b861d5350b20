#include <tapewise/autograd/threads.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <tapewise/autograd/error.hpp>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace tapewise {

namespace {

/// Busy waiting: a turn takes some 15 ns. The processor is offered to others now and then, for the
/// thread that is waited for may be one that wants this very processor.
void wait_a_turn(int turn) {
  if (turn % 64 == 63) {
    std::this_thread::yield();
  } else {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }
}

/// The processor that the calling thread is on; -1 where that cannot be known.
int this_processor() {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

/// Moves the calling thread to another processor, if it may run on one; the system may move it
/// again.
void leave_processor([[maybe_unused]] int processor) {
#if defined(__linux__)
  cpu_set_t allowed, others;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  others = allowed;
  CPU_CLR(static_cast<std::size_t>(processor), &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) != 0) return;
  sched_setaffinity(0, sizeof allowed, &allowed);
#endif
}

/// Workers that wait for the next job: awake for a while, since steps follow each other within
/// microseconds, then asleep.
class Pool {
 public:
  explicit Pool(int threads) {
    workers_.reserve(static_cast<std::size_t>(threads - 1));
    for (int w = 1; w < threads; ++w) workers_.emplace_back([this, w] { serve(w); });
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    stop_.store(true, std::memory_order_relaxed);
    begin();
    for (std::thread& worker : workers_) worker.join();
  }

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  void run(int parts, void (*work)(void*, int), void* context) {
    work_ = work;
    context_ = context;
    parts_ = parts;
    processor_ = this_processor();
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    begin();
    for (int part = 0; part < parts; part += threads()) work(context, part);
    for (int turn = 0; busy_.load(std::memory_order_acquire) != 0; turn = (turn + 1) % 64) {
      wait_a_turn(turn);
    }
  }

 private:
  static constexpr int awake = 4000;  // turns of waiting, some 50 µs

  void begin() {
    job_.fetch_add(1, std::memory_order_release);
    job_.notify_all();
  }

  void serve(int worker) {
    std::uint32_t seen = 0;
    while (true) {
      for (int turn = 0; turn < awake; ++turn) {
        if (job_.load(std::memory_order_acquire) != seen) break;
        wait_a_turn(turn);
      }
      job_.wait(seen, std::memory_order_acquire);
      seen = job_.load(std::memory_order_acquire);
      if (stop_.load(std::memory_order_relaxed)) return;
      // The system wakes a worker where its caller runs, and may leave both there for long.
      if (processor_ >= 0 && this_processor() == processor_) leave_processor(processor_);
      for (int part = worker; part < parts_; part += threads()) work_(context_, part);
      busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  std::vector<std::thread> workers_;
  std::atomic<std::uint32_t> job_ = 0;
  std::atomic<int> busy_ = 0;
  std::atomic<bool> stop_ = false;
  void (*work_)(void*, int) = nullptr;
  void* context_ = nullptr;
  int parts_ = 0;
  int processor_ = -1;  // of the caller
};

/// How many processors this process may run on.
int own_processors() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

/// The number in our own variable, 0 when it is not set or empty.
int threads_asked_for() {
  const char* text = std::getenv("TAPEWISE_NUM_THREADS");
  if (text == nullptr || *text == '\0') return 0;
  const char* const end = text + std::strlen(text);
  long n = 0;
  const auto [stop, error] = std::from_chars(text, end, n);
  const bool too_large = error == std::errc::result_out_of_range && *text != '-';
  if (stop != end || (!too_large && n < 1)) {
    throw Error("[threads] TAPEWISE_NUM_THREADS=" + std::string(text) +
                " is no number of threads: wanted 1 or more, or nothing");
  }
  return too_large || n > threads::max_parts ? threads::max_parts : static_cast<int>(n);
}

/// What our own variable says, else the first of the others that begins with a number (their
/// libraries allow more, as "4,2"), else the number of processors.
int threads_at_start() {
  if (const int n = threads_asked_for(); n > 0) return n;
  for (const char* name : {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}) {
    const char* text = std::getenv(name);
    const int n = text == nullptr ? 0 : std::atoi(text);
    if (n >= 1) return std::min(n, threads::max_parts);
  }
  const int processors = own_processors();
  return std::clamp(processors, 1, threads::max_parts);
}

/// The process's pool, made when it is first needed.
struct SharedPool {
  std::atomic<int> wanted = threads_at_start();
  std::atomic<bool> taken = false;  ///< by a run, or by a change of `wanted`
  std::unique_ptr<Pool> pool;
};

/// Whoever holds it, if `owned`, has the pool for himself.
class Hold {
 public:
  explicit Hold(SharedPool& s) : s_(s), owned(!s.taken.exchange(true, std::memory_order_acquire)) {}
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() {
    if (owned) s_.taken.store(false, std::memory_order_release);
  }

 private:
  SharedPool& s_;

 public:
  const bool owned;
};

SharedPool& shared() {
  static SharedPool pool;
  return pool;
}

}  // namespace

int num_threads() { return shared().wanted.load(std::memory_order_relaxed); }

void set_num_threads(int n) {
  if (n < 1) {
    throw Error("[set_num_threads] wanted at least 1 thread, given " + std::to_string(n));
  }
  SharedPool& s = shared();
  while (true) {
    const Hold hold(s);
    if (hold.owned) {
      s.wanted.store(std::min(n, threads::max_parts), std::memory_order_relaxed);
      s.pool.reset();
      return;
    }
    std::this_thread::yield();
  }
}

namespace threads {

void for_parts(int parts, void (*work)(void* context, int part), void* context) {
  SharedPool& s = shared();
  if (parts > 1 && num_threads() > 1) {
    const Hold hold(s);
    if (hold.owned) {
      if (s.pool == nullptr) s.pool = std::make_unique<Pool>(num_threads());
      return s.pool->run(parts, work, context);
    }
  }
  for (int part = 0; part < parts; ++part) work(context, part);
}

}  // namespace threads

}  // namespace tapewise
