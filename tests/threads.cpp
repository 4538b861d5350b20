#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iostream>
#include <tapewise/tapewise.hpp>
#include <thread>

namespace tw = tapewise;

namespace {

/// Sets the number of threads for a test, and back.
class Threads {
 public:
  explicit Threads(int n) { tw::set_num_threads(n); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { tw::set_num_threads(before_); }

 private:
  int before_ = tw::num_threads();
};

template <class T>
xt::xarray<T> numbers(const std::vector<std::size_t>& shape, double shift) {
  xt::xarray<T> x = xt::zeros<T>(shape);
  double at = shift;
  for (T& v : x) v = static_cast<T>(std::sin(at += 0.37));
  return x;
}

using Bits = std::vector<std::vector<std::byte>>;

/// The outputs of a program's run, as bytes.
Bits run(tw::Program& program, std::size_t outputs) {
  program.run();
  Bits bits;
  for (std::size_t k = 0; k < outputs; ++k) {
    const auto* from = static_cast<const std::byte*>(program.data(k));
    bits.emplace_back(from, from + program.type(k).bytes());
  }
  return bits;
}

/// Records outputs on a tape of inputs that are large enough to be split.
using Graph = std::function<std::vector<tw::Var>(tw::Tape&)>;

Graph flat = [](tw::Tape& tape) {
  const tw::Var x = tape.input(numbers<float>({70001}, 0.1)),
                y = tape.input(numbers<float>({70001}, 2));
  return std::vector<tw::Var>{tanh(x * y) + exp(x), x * x - y};
};
Graph row_blocks = [](tw::Tape& tape) {
  const tw::Var x = tape.input(numbers<double>({700, 300}, 0.1)),
                b = tape.input(numbers<double>({300}, 2));
  return std::vector<tw::Var>{softmax(x + b), logsumexp(x * b, {1})};
};
Graph columns_summed = [](tw::Tape& tape) {
  const tw::Var x = tape.input(numbers<float>({600, 1000}, 0.1)),
                b = tape.input(numbers<float>({1000}, 2));
  const tw::Var y = tanh(x + b);
  return std::vector<tw::Var>{sum(y * x, {0}), mean(y, {0})};
};
/// Matrices of a batch, rows to sort, windows and folds: each is the work of one thread.
Graph one_by_one = [](tw::Tape& tape) {
  const tw::Var x = tape.input(numbers<double>({300, 9, 9}, 0.1)),
                b = tape.input(numbers<double>({300, 9, 2}, 2)),
                y = tape.input(numbers<float>({400, 30, 20}, 1));
  const tw::Var a = x + 5.0 * tape.constant(xt::xarray<double>(xt::eye(9)));
  return std::vector<tw::Var>{inverse(a),
                              solve(a, b),
                              logdet(a),
                              eigh(a).values,
                              svd(a).s,
                              qr(a).r,
                              cholesky(a),
                              pinv(a),
                              lstsq(a, b),
                              cofactors(a),
                              det(a),
                              argsort(y),
                              max_pool2d(y, 3),
                              var(y, {0}),
                              prod(y, {2}),
                              argmax(y, {1}),
                              stddev(y, {1, 2}),
                              norm(y, tw::Norm::two, {0, 2})};
};
/// Sums over all elements, or over the rows of a narrow array: the parts' sums are added up.
Graph totals = [](tw::Tape& tape) {
  const tw::Var x = tape.input(numbers<float>({300000}, 0.1)),
                n = tape.input(numbers<double>({5000, 100}, 1));
  return std::vector<tw::Var>{sum(tanh(x) * x), mean(exp(x)), sum(n * n, {0})};
};
Graph products = [](tw::Tape& tape) {
  const tw::Var a = tape.input(numbers<float>({200, 150}, 0.1)),
                b = tape.input(numbers<float>({150, 333}, 2));
  const tw::Var c = tape.input(numbers<float>({333, 150}, 3)),
                d = tape.input(numbers<float>({150, 200}, 3));
  return std::vector<tw::Var>{matmul(a, b), matmul(a, transpose(c)), matmul(transpose(d), b),
                              matmul(transpose(b), d)};
};

}  // namespace

TEST_CASE("every part is carried out once, by as many threads as there are, and nested parts too") {
  for (const int threads : {1, 2, 5}) {
    const Threads set(threads);
    CHECK(tw::num_threads() == threads);
    std::array<std::atomic<int>, tw::threads::max_parts> count{};
    for (int repeat = 0; repeat < 100; ++repeat) {
      tw::threads::for_parts(7, [&](int part) {
        ++count[static_cast<std::size_t>(part)];
        tw::threads::for_parts(3,
                               [&](int inner) { ++count[static_cast<std::size_t>(10 + inner)]; });
      });
    }
    for (std::size_t part = 0; part < 7; ++part) CHECK(count[part] == 100);
    for (std::size_t inner = 10; inner < 13; ++inner) CHECK(count[inner] == 700);
  }
}

TEST_CASE("says the number of threads at the start" * doctest::skip()) {
  // For the test below: the environment is read once in a process.
  tw::Tape tape;
  try {
    (void)tw::compile({exp(tape.input(1.0))});
    std::cout << "threads: " << tw::num_threads() << std::endl;
  } catch (const tw::Error& error) {
    std::cout << error.what() << std::endl;
    CHECK_THROWS_AS((void)tw::num_threads(), tw::Error);
    CHECK_THROWS_AS(tw::set_num_threads(2), tw::Error);
  }
}

TEST_CASE("the environment sets the number of threads or is refused by name and value") {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const auto said_under = [&](const std::string& environment) {
    const std::string line =
        "env -u TAPEWISE_NUM_THREADS -u OPENBLAS_NUM_THREADS -u OMP_NUM_THREADS " + environment +
        " '" + self + "' --no-skip '-tc=says the number of threads at the start'";
    std::FILE* pipe = popen(line.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string text;
    char buffer[4096];
    for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
    CHECK(pclose(pipe) == 0);
    return text;
  };
  const auto says = [&](const std::string& environment, const std::string& text) {
    const std::string said = said_under(environment);
    CHECK_MESSAGE(said.find(text + "\n") != std::string::npos, environment << ": " << said);
  };
  says("TAPEWISE_NUM_THREADS=3 OPENBLAS_NUM_THREADS=5", "threads: 3");
  says("TAPEWISE_NUM_THREADS=64", "threads: 64");
  says("TAPEWISE_NUM_THREADS=65", "threads: 64");
  says("TAPEWISE_NUM_THREADS=99999999999999999999", "threads: 64");
  says("TAPEWISE_NUM_THREADS= OPENBLAS_NUM_THREADS=5 OMP_NUM_THREADS=7", "threads: 5");
  says("OPENBLAS_NUM_THREADS=many OMP_NUM_THREADS=7,2", "threads: 7");
  for (const char* wrong : {"garbage", "0", "-1", "2x", "1.5", " 2", "-99999999999999999999"}) {
    says("TAPEWISE_NUM_THREADS='" + std::string(wrong) + "' OMP_NUM_THREADS=2",
         "[threads] TAPEWISE_NUM_THREADS=" + std::string(wrong) +
             " is no number of threads: wanted 1 or more, or nothing");
  }
}

TEST_CASE("parts cover everything once, in whole units") {
  for (const long n : {1L, 16L, 17L, 100L, 1000L}) {
    for (const int parts : {1, 2, 3, 7}) {
      CHECK(tw::threads::part_begin(n, 16, 0, parts) == 0);
      CHECK(tw::threads::part_begin(n, 16, parts, parts) == n);
      for (int part = 0; part < parts; ++part) {
        const long begin = tw::threads::part_begin(n, 16, part, parts);
        CHECK(begin <= tw::threads::part_begin(n, 16, part + 1, parts));
        CHECK((begin % 16 == 0 || begin == n));
      }
    }
  }
}

TEST_CASE("of the faults in several parts of a batch the first is named") {
  tw::Tape tape;
  xt::xarray<double> many = numbers<double>({400, 6, 6}, 0.1);
  for (std::size_t k = 0; k < 400; ++k) {
    for (std::size_t i = 0; i < 6; ++i) many(k, i, i) += 5.0;
  }
  for (const std::size_t bad : {70U, 200U, 390U}) {
    for (std::size_t i = 0; i < 36; ++i) many(bad, i / 6, i % 6) = 0.0;
  }
  const Threads set(3);
  try {
    (void)inverse(tape.input(many)).data();
    FAIL("no error");
  } catch (const tw::DomainError& error) {
    CHECK(std::string(error.what()).find("matrix (70,) of the batch (400,)") != std::string::npos);
  }
}

TEST_CASE("less than one thread is refused") {
  CHECK_THROWS_WITH_AS(tw::set_num_threads(0),
                       "[set_num_threads] wanted at least 1 thread, given 0", tw::Error);
}

TEST_CASE(
    "elementwise groups, rows and column sums have the same bits for every number of threads") {
  for (const Graph& graph : {flat, row_blocks, columns_summed, one_by_one}) {
    tw::Tape tape;
    const std::vector<tw::Var> outputs = graph(tape);
    tw::Program program = tw::compile(outputs);
    const Threads one(1);
    const Bits expected = run(program, outputs.size());
    for (const int threads : {2, 3, 8}) {
      const Threads set(threads);
      CHECK(run(program, outputs.size()) == expected);
    }
  }
}

TEST_CASE("sums and products are the same bits from run to run, and near those of one thread") {
  for (const Graph& graph : {totals, products}) {
    tw::Tape tape;
    const std::vector<tw::Var> outputs = graph(tape);
    tw::Program program = tw::compile(outputs), alone = tw::compile(outputs);
    {
      const Threads one(1);
      alone.run();
    }
    for (const int threads : {2, 3, 8}) {
      const Threads set(threads);
      const Bits first = run(program, outputs.size());
      for (int repeat = 0; repeat < 5; ++repeat) CHECK(run(program, outputs.size()) == first);
      for (std::size_t k = 0; k < outputs.size(); ++k) {
        const tw::Type& type = program.type(k);
        double scale = 0, off = 0;
        for (std::int64_t i = 0; i < type.size(); ++i) {
          const double x = tw::number_at(type.dtype, alone.data(k), i);
          scale = std::max(scale, std::abs(x));
          off = std::max(off, std::abs(x - tw::number_at(type.dtype, program.data(k), i)));
        }
        CHECK(off <= 333 * 6e-8 * std::max(1.0, scale));  // the longest sum, in float32
      }
    }
  }
}

TEST_CASE("programs in several threads share the pool without waiting for it") {
  const Threads set(3);
  tw::Tape tape;
  const std::vector<tw::Var> outputs = totals(tape);
  tw::Program program = tw::compile(outputs);
  const Bits expected = run(program, outputs.size());
  std::array<bool, 4> same{};
  std::vector<std::thread> users;
  for (std::size_t user = 0; user < same.size(); ++user) {
    users.emplace_back([&, user, own = program]() mutable {
      same[user] = true;
      for (int repeat = 0; repeat < 20; ++repeat) {
        same[user] = same[user] && run(own, outputs.size()) == expected;
      }
    });
  }
  for (std::thread& user : users) user.join();
  for (const bool equal : same) CHECK(equal);
}
