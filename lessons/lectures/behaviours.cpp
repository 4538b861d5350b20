// Section 5: behaviours, shown by running them.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <tapewise/lessons/lectures/lesson.hpp>
#include <tapewise/nn/random.hpp>

namespace tapewise::lessons {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

double element(const Var& v, std::int64_t i) { return number_at(v.dtype(), v.data(), i); }

const xt::xarray<double> xor_inputs = {{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}};
const xt::xarray<double> xor_targets = {0.0, 1.0, 1.0, 0.0};

void dying_relu(Lecture& l) {
  l.say(
      "A ReLU whose input is negative on every example has gradient zero, for ever: descent does "
      "not move it. With a leaky ReLU it goes on learning, and with maxout, too.");
  const double start = l.number("w", -1), bias = l.number("b", -0.5), rate = l.number("rate", 0.1);
  const auto descend = [&](Var (*unit)(const Var&), int steps) {
    Tape tape;
    const Var x = tape.constant(xt::xarray<double>{0.5, 1.0, 2.0});
    const Var y = tape.constant(xt::xarray<double>{1.0, 2.0, 4.0});
    const Var w = tape.parameter(start), b = tape.parameter(bias);
    const Var loss = mean(square(unit(w * x + b) - y));
    const GradientTable table = backward(loss);
    Program step = compile({assign(w, w - rate * table[w]), assign(b, b - rate * table[b]), loss});
    std::vector<double> losses;
    for (int k = 0; k < steps; ++k) {
      step.run();
      losses.push_back(step.item(loss));
    }
    return losses;
  };
  constexpr int steps = 400;
  const auto dead = descend([](const Var& z) { return relu(z); }, steps);
  const auto leaky = descend([](const Var& z) { return leaky_relu(z, 0.1); }, steps);
  const auto maxout_losses = descend(
      [](const Var& z) {
        return reshape(maxout(stack({z * -0.5, z}, 1), 2), {3});
      },
      steps);
  l.exact("relu: change of the loss in 400 steps", 0, dead.back() - dead.front());
  l.claim("leaky relu learns", leaky.back() < 0.05 * leaky.front(),
          digits(leaky.front()) + " to " + digits(leaky.back()));
  l.claim("maxout of z and -z/2 learns", maxout_losses.back() < 0.5 * maxout_losses.front(),
          digits(maxout_losses.front()) + " to " + digits(maxout_losses.back()));
  std::vector<double> step;
  for (int k = 0; k < steps; ++k) step.push_back(k);
  l.chart({"loss over steps: relu (first), leaky relu (second)",
           step,
           {{"relu", dead}, {"leaky relu", leaky}}});
  const Var w = l.input("w", -1), b = l.input("b", -0.5);
  const Var x = l.tape().constant(xt::xarray<double>{0.5, 1.0, 2.0});
  const Var loss = mean(square(relu(w * x + b) - 1.0)).named("L");
  const GradientTable table = backward(loss);
  l.exact("∂L/∂w of the dead unit", 0, table[w].item());
  l.trace(table);
}

void zig_zag(Lecture& l) {
  l.say(
      "When all inputs of a unit are positive, the entries of its weights' gradient have one "
      "sign, that of the cotangent: w can only move up or down in all coordinates at once, and "
      "zig-zags towards a solution in another quadrant.");
  nn::Random random(3);
  bool one_sign = true, both_signs = false;
  for (int draw = 0; draw < 200; ++draw) {
    for (const bool positive_inputs : {true, false}) {
      Tape tape;
      std::vector<double> x(5), w(5);
      for (double& v : x) v = positive_inputs ? random.uniform(0.1, 1) : random.uniform(-1, 1);
      for (double& v : w) v = random.uniform(-1, 1);
      const Var X = tape.constant(ArrayView(x.data(), {DType::float64, {5}}));
      const Var W = tape.input(ArrayView(w.data(), {DType::float64, {5}}));
      const Var g = backward(0.5 * square(sigmoid(sum(W * X)) - random.uniform()))[W];
      const double low = amin(g).item(), high = amax(g).item();
      const bool same = low >= 0 || high <= 0;
      if (positive_inputs)
        one_sign = one_sign && same;
      else
        both_signs = both_signs || !same;
    }
  }
  l.claim("positive inputs: one sign in 200 of 200 draws", one_sign);
  l.claim("centred inputs: both signs occur", both_signs);
  // Descent in two dimensions from (0, 0) to (1, -1), with positive inputs.
  Tape& tape = l.tape();
  const double rate = l.number("rate", 0.7);
  const Var w = l.array("w", {0.0, 0.0}), x = tape.input(xt::xarray<double>{1.0, 0.3}, "x");
  const Var target = tape.input(0.7, "y");
  const Var loss = (0.5 * square(sum(w * x) - target)).named("L");
  const GradientTable table = backward(loss, {w});
  const Var update = assign(w, w - rate * table[w]);
  l.trace(table, std::array{update});
  Program step = compile({update});
  std::vector<double> k, first, second;
  for (int i = 0; i < 60; ++i) {
    k.push_back(i);
    first.push_back(element(w, 0));
    second.push_back(element(w, 1));
    const double a = i % 2 == 0 ? 1.0 : 0.3, b = i % 2 == 0 ? 0.3 : 1.0;
    x.set(xt::xarray<double>{a, b});
    target.set(a - b);  // what w = (1, -1) gives
    step.run();
  }
  l.claim("it arrives at (1, -1) all the same",
          std::abs(element(w, 0) - 1) < 0.05 && std::abs(element(w, 1) + 1) < 0.05,
          digits(element(w, 0)) + ", " + digits(element(w, 1)));
  l.chart({"w1 (first) and w2 (second) over steps: they move together, then apart",
           k,
           {{"w1", first}, {"w2", second}}});
}

void vanishing(Lecture& l) {
  l.say(
      "tanh's gradient shrinks as |x| grows; ReLU's does not. Through a chain of ten units the "
      "gradient shrinks ten times.");
  const auto slope = [](Var (*f)(const Var&), double at, int depth) {
    Tape tape;
    const Var x = tape.input(at);
    Var h = x;
    for (int k = 0; k < depth; ++k) h = f(h);
    return backward(h)[x].item();
  };
  constexpr auto of_tanh = [](const Var& v) { return tanh(v); };
  constexpr auto of_relu = [](const Var& v) { return relu(v); };
  for (const double x : {1.0, 3.0, 10.0}) {
    const double c = std::cosh(x);
    l.exact("tanh'(" + digits(x) + ") = 1/cosh²", 1 / (c * c), slope(of_tanh, x, 1));
    l.exact("relu'(" + digits(x) + ")", 1, slope(of_relu, x, 1));
  }
  const Var start = l.input("x", 3);
  const double at = start.item();
  l.claim("ten tanh units at x = 3", slope(of_tanh, at, 10) < 1e-3, digits(slope(of_tanh, at, 10)));
  l.exact("ten relu units at x = 3", 1, slope(of_relu, at, 10));
  Var h = start;
  for (int k = 1; k <= 10; ++k) h = tanh(h).named("h" + std::to_string(k));
  l.trace(backward(h));
  std::vector<double> x, t, r;
  for (int i = 0; i <= 100; ++i) {
    x.push_back(i * 0.05 + 0.01);
    t.push_back(slope(of_tanh, x.back(), 1));
    r.push_back(slope(of_relu, x.back(), 1));
  }
  l.chart({"derivative of tanh (first) and relu (second)", x, {{"tanh", t}, {"relu", r}}});
}

/// One hidden layer of `hidden` ReLUs on XOR; returns the loss after so many steps.
struct XorNet {
  Tape tape;
  Var W, c, w, b, h, loss;
  std::optional<GradientTable> table;
  Program step;

  XorNet(std::uint64_t seed, std::int64_t hidden, double bias, double scale = 1.0,
         double rate = 0.1)
      : step(make(seed, hidden, bias, scale, rate)) {}

  double run(int steps) {
    for (int k = 0; k < steps; ++k) step.run();
    return step.item(loss);
  }

 private:
  Program make(std::uint64_t seed, std::int64_t hidden, double bias, double scale, double rate) {
    nn::Random random(seed);
    const auto draw = [&](const Shape& shape, double at, double spread) {
      std::vector<double> x(static_cast<std::size_t>(shape.size()));
      for (double& v : x) v = at + spread * random.normal();
      return tape.parameter(ArrayView(x.data(), {DType::float64, shape}));
    };
    W = draw({2, hidden}, 0, scale).named("W");
    c = draw({hidden}, bias, 0).named("c");
    w = draw({hidden}, 0, scale).named("w");
    b = draw({}, 0, 0).named("b");
    h = relu(matmul(tape.constant(xor_inputs), W) + c).named("h");
    const Var prediction = (matmul(h, w) + b).named("ŷ");
    loss = mean(square(prediction - tape.constant(xor_targets))).named("L");
    table = backward(loss);
    std::vector<Var> outputs = {loss};
    for (const Var& p : {W, c, w, b}) outputs.push_back(assign(p, p - rate * (*table)[p]));
    return compile(outputs);
  }
};

void initial_values(Lecture& l) {
  l.say(
      "Initial values matter: with all weights equal every unit stays the copy of every other; "
      "with zero weights nothing moves at all; small random weights with biases of .1 start with "
      "every ReLU active.");
  XorNet zero(1, 4, 0.0, 0.0);
  const double before = zero.run(1), after = zero.run(500);
  l.claim("zero weights: stuck at ŷ = ½", std::abs(after - 0.25) < 1e-3,
          digits(before) + " to " + digits(after));
  Tape& tape = l.tape();
  const Var x = tape.constant(xor_inputs);
  const Var W = l.array("W", {{0.3, 0.3}, {0.3, 0.3}});
  const double bias = l.number("bias", 0.1);
  const Var loss = mean(square(sum(relu(matmul(x, W)), 1) - tape.constant(xor_targets))).named("L");
  const GradientTable table = backward(loss);
  l.exact("equal weights: difference of the two units' gradients", 0,
          element(table[W], 0) - element(table[W], 1));
  int with_bias = 0, without = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    XorNet biased(seed, 4, bias, 0.3), plain(seed, 4, 0.0, 0.3);
    const auto active = [](XorNet& net) {
      return sum(cast(net.h > 0.0, DType::float64)).item() / 16;
    };
    with_bias += active(biased) > active(plain) ? 1 : 0;
    without += active(biased) < active(plain) ? 1 : 0;
  }
  l.claim("biases of .1 make more units active at the start, in most of 200 draws",
          with_bias > 100 && without == 0, std::to_string(with_bias) + " of 200");
  l.trace(table);
}

void step_size(Lecture& l) {
  l.say(
      "Gradient descent on ½·c·w² converges for step sizes below 2/c, fastest at 1/c: after T "
      "steps w is (1 - ηc)^T of where it began.");
  const double c = l.number("c", 4), rate = l.number("rate", 0.45);
  const auto after = [c](double eta, int steps) {
    Tape tape;
    const Var w = tape.parameter(1.0);
    Program step = compile({assign(w, w - eta * backward(0.5 * c * square(w))[w])});
    for (int k = 0; k < steps; ++k) step.run();
    return w.item();
  };
  for (const double eta : {0.01, 0.1, 0.25, 0.4}) {
    l.exact("η = " + digits(eta) + ", T = 20", std::pow(1 - eta * c, 20), after(eta, 20), 1e-12);
  }
  l.claim("η = .6 > 2/c diverges", std::abs(after(0.6, 20)) > 100, digits(after(0.6, 20)));
  std::vector<double> steps, slow, fast;
  for (int T = 0; T <= 40; ++T) {
    steps.push_back(T);
    slow.push_back(after(0.02, T));
    fast.push_back(after(rate, T));
  }
  l.chart(
      {"w after T steps, c = " + digits(c) + ": η = .02 (first), η = " + digits(rate) + " (second)",
       steps,
       {{"η = .02", slow}, {"η = " + digits(rate), fast}}});
  const Var w = l.input("w", 1);
  const Var loss = (0.5 * c * square(w)).named("L");
  const GradientTable table = backward(loss);
  l.trace(table);
}

void approximation(Lecture& l) {
  l.say(
      "One hidden layer fits any continuous function on a bounded set (shown, not proved): sin(3x) "
      "on [-1, 1], by 2, 8 and 32 tanh units and 3000 steps of gradient descent with momentum.");
  std::vector<double> x, target;
  for (int i = 0; i <= 64; ++i) {
    x.push_back(-1 + i / 32.0);
    target.push_back(std::sin(3 * x.back()));
  }
  std::vector<double> fitted;
  const double rate = l.number("rate", 0.02);
  const auto fit = [&](std::int64_t hidden) {
    nn::Random random(5);
    Tape tape;
    const auto draw = [&](const Shape& shape, double spread) {
      std::vector<double> numbers(static_cast<std::size_t>(shape.size()));
      for (double& v : numbers) v = spread * random.normal();
      return tape.parameter(ArrayView(numbers.data(), {DType::float64, shape}));
    };
    const Var X = tape.constant(ArrayView(x.data(), {DType::float64, {65, 1}}));
    const Var y = tape.constant(ArrayView(target.data(), {DType::float64, {65}}));
    const Var W = draw({1, hidden}, 3).named("W"), b = draw({hidden}, 1).named("b"),
              v = draw({hidden}, 0.1).named("v");
    const Var h = tanh(matmul(X, W) + b).named("h"), prediction = matmul(h, v).named("ŷ");
    const Var loss = mean(square(prediction - y)).named("L");
    const GradientTable table = backward(loss);
    std::vector<Var> outputs = {loss, prediction};
    for (const Var& p : {W, b, v}) {
      const std::vector<double> zeros(static_cast<std::size_t>(p.type().size()));
      const Var m = tape.parameter(ArrayView(zeros.data(), p.type()));
      const Var next = 0.9 * m + table[p];
      outputs.push_back(assign(m, next));
      outputs.push_back(assign(p, p - rate * next));
    }
    Program step = compile(outputs);
    for (int k = 0; k < 3000; ++k) step.run();
    if (hidden == 2) l.trace(table);
    const auto* numbers = static_cast<const double*>(step.data(1));
    fitted.assign(numbers, numbers + 65);
    return step.item(loss);
  };
  const double two = fit(2), eight = fit(8), many = fit(32);
  l.claim("more units fit better", many < two && eight < two,
          digits(two) + ", " + digits(eight) + ", " + digits(many));
  l.claim("32 units: mean squared error below 1e-3", many < 1e-3, digits(many));
  l.chart({"sin(3x) (first) and the fit of 32 units (second)",
           x,
           {{"sin(3x)", target}, {"fit", fitted}}});
}

void xor_descent(Lecture& l) {
  l.say(
      "Gradient descent solves XOR with one hidden ReLU layer, and can get stuck. How often, over "
      "200 seeds and 3000 steps, with 2, 4 and 8 hidden units?");
  const double bias = l.number("bias", 0.1), rate = l.number("rate", 0.1);
  int solved[3] = {};
  std::vector<double> losses[3];
  const std::int64_t hidden[] = {2, 4, 8};
  for (int k = 0; k < 3; ++k) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      XorNet net(seed, hidden[k], bias, 1.0, rate);
      losses[k].push_back(net.run(3000));
      solved[k] += losses[k].back() < 0.01 ? 1 : 0;
    }
    std::sort(losses[k].begin(), losses[k].end());
  }
  l.claim("with 2 units it often gets stuck", solved[0] > 0 && solved[0] < 160,
          std::to_string(solved[0]) + " of 200 solved");
  l.claim("with 4 units it is solved more often", solved[1] > solved[0],
          std::to_string(solved[1]) + " of 200");
  l.claim("with 8 units almost always", solved[2] > solved[1] && solved[2] >= 180,
          std::to_string(solved[2]) + " of 200");
  std::vector<double> rank;
  for (int k = 1; k <= 200; ++k) rank.push_back(k);
  l.chart(
      {"loss after 3000 steps, the seeds by their loss: 2 units (first), 8 units (second); the "
       "steps are the places where descent gets stuck",
       rank,
       {{"2 units", losses[0]}, {"8 units", losses[2]}}});
  l.say("The first step of seed 0 with two units:");
  XorNet first(0, 2, bias, 1.0, rate);
  l.trace(*first.table);
}

void feature_space(Lecture& l) {
  l.say(
      "The learned feature space: in the plane of two hidden ReLUs the XOR points become linearly "
      "separable. The net is trained from the first seed that succeeds.");
  const double bias = l.number("bias", 0.1), rate = l.number("rate", 0.1);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    XorNet net(seed, 2, bias, 1.0, rate);
    if (!(net.run(4000) <= 1e-4)) continue;  // also when it is no number
    const double w0 = element(net.w, 0), w1 = element(net.w, 1), b = net.b.item();
    bool separated = true;
    std::vector<std::pair<double, std::pair<double, bool>>> points;
    for (std::int64_t i = 0; i < 4; ++i) {
      const double h0 = element(net.h, 2 * i), h1 = element(net.h, 2 * i + 1);
      const bool is_one = xor_targets(static_cast<std::size_t>(i)) > 0.5;
      separated = separated && ((w0 * h0 + w1 * h1 + b > 0.5) == is_one);
      points.push_back({h0, {h1, is_one}});
    }
    l.claim("seed " + std::to_string(seed) + " solves it", net.step.item(net.loss) <= 1e-4,
            digits(net.step.item(net.loss)));
    l.claim("the line w·h + b = ½ separates the hidden points", separated);
    std::sort(points.begin(), points.end());
    Chart chart{"hidden points: class 0 (first), class 1 (second)", {}, {{"0", {}}, {"1", {}}}};
    for (const auto& [h0, rest] : points) {
      chart.x.push_back(h0);
      chart.curves[0].y.push_back(rest.second ? none : rest.first);
      chart.curves[1].y.push_back(rest.second ? rest.first : none);
    }
    l.chart(chart);
    l.trace(*net.table);
    return;
  }
  l.claim("some seed of 100 solves XOR with two hidden units", false);
}

constexpr std::string_view section = "5 Behaviours";
constexpr Lesson lessons[] = {
    {"dying-relu", "Dying ReLUs", "K", section, dying_relu},
    {"zig-zag", "Zig-zag: positive inputs", "K", section, zig_zag},
    {"vanishing", "Gradients that shrink", "K, U", section, vanishing},
    {"initial-values", "Initial values", "R, K", section, initial_values},
    {"step-size", "Step size and stopping", "K, W", section, step_size},
    {"approximation", "Universal approximation", "R, K", section, approximation},
    {"xor-descent", "Descent on XOR, from many seeds", "R, W", section, xor_descent},
    {"feature-space", "The learned feature space", "R, K", section, feature_space},
};

}  // namespace

std::span<const Lesson> behaviour_lessons() { return lessons; }

}  // namespace tapewise::lessons
