// Programs: replay, passes, assigns, errors, copies.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <tapewise/tapewise.hpp>
#include <thread>

#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of;

TEST_CASE("a replay reads the leaves as they are and gives what the tape gives") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.5, -1.0, 2.0}, "x"), w = tape.input(3.0, "w");
  const tw::Var y = sum(sigmoid(x * w) * x);
  const tw::GradientTable table = tw::backward(y);
  tw::Program program = tw::compile({y, table[x], table[w]});
  for (const double value : {3.0, -2.0, 0.0}) {
    w.set(value);
    program.run();
    CHECK(program.item(y) == y.item());
    CHECK(program.value<double>(table[x]) == table[x].value<double>());
    CHECK(program.item(table[w]) == table[w].item());
  }
}

TEST_CASE("values of the last run stay as they are when leaves change") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0), y = x * x;
  tw::Program program = tw::compile({y, x});
  program.run();
  x.set(10.0);
  CHECK(program.item(y) == 4.0);
  CHECK(program.item(x) == 2.0);
  program.run();
  CHECK(program.item(x) == 10.0);
}

TEST_CASE("reading before a run, or what was not compiled, is an error") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0), y = x * x;
  tw::Program program = tw::compile({y});
  CHECK(contains(message_of<tw::HandleError>([&] { (void)program.item(y); }), "run()"));
  program.run();
  CHECK_THROWS_AS((void)program.item(x), tw::HandleError);
  CHECK_THROWS_AS((void)program.item(7), tw::HandleError);
  CHECK_THROWS_AS((void)program.value<float>(y), tw::TypeError);
  CHECK_THROWS_AS((void)tw::compile(std::span<const tw::Var>{}), tw::HandleError);
}

TEST_CASE("what only constants feed is computed while planning") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0), two = tape.constant(2.0);
  const tw::Var y = x * exp(two + 1.0);
  CHECK(tw::compile({y}).steps() == 1);
  CHECK(tw::compile({y}, {.fold = false}).ops() == 3);
}

TEST_CASE("equal nodes are computed once, unequal attributes are not equal") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Var same = exp(x) + exp(x), different = pow(x, 2.5) + pow(x, 3.5);
  CHECK(tw::compile({same}).ops() == 2);
  CHECK(tw::compile({same}, {.share = false}).ops() == 3);
  CHECK(tw::compile({different}).ops() == 3);
}

TEST_CASE("what the outputs do not need costs nothing") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Var y = exp(x);
  for (int i = 0; i < 100; ++i) (void)sin(x);
  CHECK(tw::compile({y}).steps() == 1);
}

TEST_CASE("sixty doublings need one step each and a small arena") {
  tw::Tape tape;
  const tw::Var x = tape.input(1.0);
  tw::Var y = x;
  for (int i = 0; i < 60; ++i) y = y + y;
  tw::Program program = tw::compile({y});
  program.run();
  CHECK(program.item(y) == 0x1.0p60);
  CHECK(program.ops() == 60);
  CHECK(program.arena_bytes() <= 64);
  CHECK(tw::compile({y}, {.reuse = false}).arena_bytes() == 60 * 16);
}

TEST_CASE("every pass keeps every bit") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}}, "x");
  const tw::Var w = tape.parameter(xt::xarray<double>{{1.0, -2.0}, {0.5, 0.25}, {3.0, -1.0}}, "w");
  const tw::Var b = tape.parameter(xt::xarray<double>{0.1, -0.1}, "b");
  const tw::Var loss = mean(square(tanh(matmul(x, w) + b) - 0.5)) + 2.0 * sum(square(w));
  const tw::GradientTable table = tw::backward(loss);
  const auto run = [&](const tw::CompileOptions& options) {
    tw::Program program = tw::compile({loss, table[w], table[b]}, options);
    program.run();
    return program.value<double>(table[w]);
  };
  const xt::xarray<double> expected = table[w].value<double>();
  CHECK(run({}) == expected);
  CHECK(run({.fold = false}) == expected);
  CHECK(run({.share = false}) == expected);
  CHECK(run({.absorb = false}) == expected);
  CHECK(run({.reuse = false}) == expected);
  CHECK(run({.update_in_place = false}) == expected);
}

TEST_CASE("assigns are carried out together, after everything that reads the old values") {
  for (const bool in_place : {true, false}) {
    CAPTURE(in_place);
    tw::Tape tape;
    const tw::Var a = tape.parameter(1.0, "a"), b = tape.parameter(2.0, "b");
    const tw::Var total = a + b;
    tw::Program program =
        tw::compile({tw::assign(a, b), tw::assign(b, a), total}, {.update_in_place = in_place});
    program.run();
    CHECK(a.item() == 2.0);
    CHECK(b.item() == 1.0);
    program.run();
    CHECK(a.item() == 1.0);
    CHECK(program.item(total) == 3.0);
  }
}

TEST_CASE("a new value that reads other updated leaves sees their old values") {
  for (const bool in_place : {true, false}) {
    CAPTURE(in_place);
    tw::Tape tape;
    const tw::Var a = tape.parameter(xt::xarray<double>{1.0, 2.0}), b = tape.parameter(10.0);
    const tw::Var new_a = a * 2.0, new_b = b + sum(a);
    tw::Program program =
        tw::compile({tw::assign(a, new_a), tw::assign(b, new_b)}, {.update_in_place = in_place});
    program.run();
    program.run();
    CHECK(b.item() == 10.0 + 3.0 + 6.0);
    CHECK(sum(a).item() == 12.0);
  }
}

TEST_CASE("values computed on the tape are stale after a program has assigned") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(1.0);
  const tw::Var y = w * 2.0;
  tw::Program program = tw::compile({tw::assign(w, w + 1.0)});
  CHECK(y.item() == 2.0);
  program.run();
  CHECK(y.item() == 4.0);
}

TEST_CASE("an assign does nothing when only its value is asked for") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(1.0);
  const tw::Var update = tw::assign(w, w + 1.0);
  CHECK(update.item() == 2.0);
  CHECK(w.item() == 1.0);
}

TEST_CASE("assign refuses what is not a leaf, and other shapes and dtypes") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(xt::xarray<double>{1.0, 2.0}, "w");
  CHECK_THROWS_AS((void)tw::assign(w + 1.0, w), tw::TypeError);
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)tw::assign(w, sum(w)); }),
                 "[assign] the leaf is float64 (2,)"));
  CHECK_THROWS_AS((void)tw::assign(w, cast(w, tw::DType::float32)), tw::TypeError);
}

TEST_CASE("a leaf is assigned once in a program") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(1.0, "w");
  const tw::Var one = tw::assign(w, w + 1.0), two = tw::assign(w, w + 2.0);
  CHECK(contains(message_of<tw::HandleError>([&] {
                   (void)tw::compile({one, two});
                 }),
                 "[assign] w is assigned twice"));
  CHECK_NOTHROW((void)tw::compile({one, one}));
}

TEST_CASE("a run that throws leaves parameters as they were and its outputs unreadable") {
  tw::Tape tape;
  const tw::Var table = tape.parameter(xt::xarray<double>{1.0, 2.0, 3.0}, "table");
  const tw::Var w = tape.parameter(1.0, "w");
  const tw::Var index = tape.input(xt::xarray<std::int64_t>{0, 1}, "index");
  const tw::Var update = tw::assign(w, w * 2.0);
  const tw::Var picked = take(table, index, 0).named("picked");
  const int line = __LINE__ - 1;
  const tw::Var total = sum(picked);
  tw::Program program = tw::compile({update, total});
  program.run();
  CHECK(w.item() == 2.0);
  index.set(xt::xarray<std::int64_t>{0, 5});
  const std::string text = message_of<tw::DomainError>([&] { program.run(); });
  CHECK(contains(text, "[take]"));
  CHECK(contains(text, "5"));
  CHECK(contains(text, "recorded at program.cpp:" + std::to_string(line)));
  CHECK(contains(text, "\"picked\""));
  CHECK(w.item() == 2.0);
  CHECK_THROWS_AS((void)program.item(total), tw::HandleError);
  index.set(xt::xarray<std::int64_t>{1, 2});
  program.run();
  CHECK(program.item(total) == 5.0);
  CHECK(w.item() == 4.0);
}

TEST_CASE("programs survive rewind and the end of their tape") {
  std::optional<tw::Program> program;
  const auto cell = std::make_shared<tw::Cell>(3.0);
  {
    tw::Tape tape;
    const tw::Var w = tape.parameter(cell, "w");
    program = tw::compile({(w * w + 1.0).named("total")});
    tape.clear();
  }
  program->run();
  CHECK(program->item() == 10.0);
  cell->set(4.0);
  program->run();
  CHECK(program->item() == 17.0);
  CHECK(program->item(program->index_of("total")) == 17.0);
  CHECK_THROWS_AS((void)program->index_of("nothing"), tw::HandleError);
}

TEST_CASE("what a rewind has removed names no output and no leaf of a program any more") {
  tw::Tape tape;
  const tw::Var w = tape.input(3.0, "w");
  const tw::Mark mark = tape.mark();
  const tw::Var x = tape.input(2.0, "x");
  const tw::Var y = (w * x).named("y"), z = x + w;
  tw::Program program = tw::compile({y, z});
  program.run();
  CHECK(program.item(y) == 6.0);
  tape.rewind(mark);
  CHECK(program.item(0) == 6.0);
  CHECK(program.item(program.index_of("y")) == 6.0);
  const auto refuses = [&](const auto& use, const std::string& name) {
    CHECK(contains(message_of<tw::HandleError>(use), name + " is no longer on its tape"));
  };
  const auto refuses_all = [&] {
    refuses([&] { (void)program.item(y); }, "] y");
    refuses([&] { (void)program.value<double>(z); }, "%" + std::to_string(z.id()));
    refuses([&] { (void)program.view<double>(y); }, "] y");
    refuses([&] { (void)program.index_of(y); }, "] y");
    refuses([&] { (void)program.reads(x); }, "] x");
    refuses([&] { program.bind(x, 5.0); }, "[bind] x");
  };
  refuses_all();
  const tw::Var other_x = tape.input(7.0), other_y = w * other_x;  // where x and y have been
  CHECK(other_y.id() == y.id());
  refuses_all();
  CHECK_THROWS_AS((void)program.item(other_y), tw::HandleError);

  w.set(4.0);  // what is still there can be used, and the program runs on
  CHECK(program.reads(w));
  program.bind(w, 5.0);
  program.run();
  CHECK(program.item(0) == 10.0);
  CHECK(program.item(1) == 7.0);
}

TEST_CASE("a Var whose tape has gone names no output of a program either") {
  auto tape = std::make_unique<tw::Tape>();
  const tw::Var y = square(tape->input(3.0, "x")).named("y");
  tw::Program program = tw::compile({y});
  tape.reset();
  program.run();
  CHECK(program.item() == 9.0);
  CHECK_THROWS_AS((void)program.item(y), tw::HandleError);
}

TEST_CASE("bound inputs are private to a program, and copies carry them") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x"), y = x * x;
  tw::Program program = tw::compile({y});
  program.bind(x, 5.0);
  tw::Program copy = program;
  program.bind(x, 6.0);
  x.set(100.0);
  program.run();
  copy.run();
  CHECK(program.item(y) == 36.0);
  CHECK(copy.item(y) == 25.0);
  CHECK_THROWS_AS(program.bind(y, 1.0), tw::HandleError);
  CHECK_THROWS_AS(program.bind(x, xt::xarray<double>{1.0, 2.0}), tw::ShapeError);
}

TEST_CASE("copies run side by side in threads and agree with one") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}}, "w");
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 1.0}, "x");
  const tw::Var y = sum(tanh(matmul(w, x)));
  const tw::Var g = tw::backward(y)[w];
  const tw::Program program = tw::compile({y, g});
  constexpr int threads = 4;
  std::vector<double> results(threads), alone(threads);
  const auto work = [&](int k, std::vector<double>& into) {
    tw::Program own = program;
    for (int r = 0; r < 200; ++r) {
      own.bind(x, xt::xarray<double>{0.1 * k, 0.2 * k});
      own.run();
    }
    into[static_cast<std::size_t>(k)] = own.item(0) + own.view<double>(g)(1, 1);
  };
  for (int k = 0; k < threads; ++k) work(k, alone);
  std::vector<std::thread> pool;
  pool.reserve(threads);
  for (int k = 0; k < threads; ++k) pool.emplace_back(work, k, std::ref(results));
  for (std::thread& thread : pool) thread.join();
  CHECK(results == alone);
}

TEST_CASE("a program says what it is") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<float>::from_shape({4, 8}), "x");
  const tw::Var w = tape.parameter(xt::xarray<float>::from_shape({8, 2}), "w");
  const tw::Var y = matmul(x, w).named("y");
  const tw::Program program = tw::compile({relu(y), tw::assign(w, w * 0.5)});
  CHECK(program.steps() == 3);
  CHECK(program.flops() == 2 * 4 * 8 * 2 + 4 * 2 + 8 * 2);
  CHECK(program.arena_bytes() >= program.peak_bytes());
  CHECK(program.peak_bytes() == 32);  // relu(y) is written over y, the update over w
  std::ostringstream out;
  out << program;
  CHECK(contains(out.str(), "leaf w  float32 (8,2)  (assigned)"));
  CHECK(contains(out.str(), "matmul(x, w)  y  float32 (4,2)  program.cpp:"));
}

TEST_CASE("values read while recording are listed, because no guard protects them") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x");
  const tw::Var y = x.item() > 1.0 ? x * x : x;
  std::ostringstream out;
  out << tw::compile({y});
  CHECK(contains(out.str(), "read while recording, without a guard: x"));
}

TEST_CASE("two outputs that are one computation can both be asked for") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0});
  const tw::Var a = exp(x), b = exp(x).named("b");
  tw::Program program = tw::compile({a, b});
  program.run();
  CHECK(program.value<double>(b) == program.value<double>(a));
  CHECK(program.index_of("b") == 1);
}
