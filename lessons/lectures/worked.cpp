// Section 2: the worked numbers.
#include <array>
#include <cmath>
#include <tapewise/lessons/lectures/lesson.hpp>
#include <tapewise/nn/random.hpp>

namespace tapewise::lessons {

namespace {

double element(const Var& v, std::int64_t i) { return number_at(v.dtype(), v.data(), i); }

/// The largest |a - b|.
double distance(const Var& a, const Var& b) { return amax(abs(a - b)).item(); }

const xt::xarray<double> xor_inputs = {{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}};
const xt::xarray<double> xor_targets = {0.0, 1.0, 1.0, 0.0};

// --- 2.1 ----------------------------------------------------------------------------------------

void diamond(Lecture& l) {
  l.say(
      "e = c·d with c = a + b and d = b + 1: b reaches e by two ways, and its derivative is the "
      "sum over both.");
  const Var a = l.input("a", 2), b = l.input("b", 1);
  const Var c = (a + b).named("c"), d = (b + 1.0).named("d"), e = (c * d).named("e");
  const GradientTable table = backward(e);
  l.printed("e", "6", e.item());
  l.printed("∂e/∂a", "2", table[a].item());
  l.printed("∂e/∂b = 2·1 + 3·1", "5", table[b].item());
  const auto terms = table.contributions(b);
  l.claim("∂e/∂b is a sum of two", terms.size() == 2);
  if (terms.size() == 2) {
    double through_c = 0, through_d = 0;
    for (const auto& term : terms) {
      (term.child.id() == c.id() ? through_c : through_d) = term.term.item();
    }
    l.exact("the term through c", 2, through_c);
    l.exact("the term through d", 3, through_d);
  }
  l.trace(table);
}

// --- 2.2 ----------------------------------------------------------------------------------------

/// u_in = w1·x1³ + w2·x2, u_out = σ(u_in), L = ½(y - u_out)².
struct Unit {
  Var w1, w2, x1, x2, y, u_in, u_out, loss;

  explicit Unit(Lecture& l, double start = 0.02)
      : w1(l.input("w1", start)),
        w2(l.input("w2", 0.01)),
        x1(l.input("x1", 3)),
        x2(l.input("x2", 5)),
        y(l.input("y", 0)),
        u_in((w1 * pow(x1, 3) + w2 * x2).named("u_in")),
        u_out(sigmoid(u_in).named("u_out")),
        loss((0.5 * square(y - u_out)).named("L")) {}
};

void unit(Lecture& l) {
  l.say(
      "A unit with two inputs: u_in = w1·x1³ + w2·x2, u_out = σ(u_in), L = ½(y - u_out)², at "
      "y = 0, w = (.02, .01), x = (3, 5).");
  const Unit u(l);
  l.printed("u_in", ".59", u.u_in.item());
  l.printed("u_out", ".6434", u.u_out.item());
  l.printed("L", ".2070", u.loss.item());
  l.exact("u_in", 0.59, u.u_in.item());
  l.exact("u_out", 0.6433651456944018, u.u_out.item());
  l.exact("L", 0.2069593553471895, u.loss.item());
  const GradientTable table = backward(u.loss);
  l.printed("∂L/∂u_out = u_out - y", ".6434", table[u.u_out].item());
  const GradientTable of_unit = backward(u.u_out), of_sum = backward(u.u_in);
  l.printed("∂u_out/∂u_in = σ(1-σ)", ".2294", of_unit[u.u_in].item());
  l.exact("∂u_out/∂u_in", 0.22944643500002293, of_unit[u.u_in].item());
  l.printed("∂u_in/∂w1 = x1³", "27", of_sum[u.w1].item());
  l.exact("∂u_in/∂x1 = 3·w1·x1²", 0.54, of_sum[u.x1].item());
  l.exact("∂u_in/∂w2 = x2", 5, of_sum[u.w2].item());
  l.exact("∂u_in/∂x2 = w2", 0.01, of_sum[u.x2].item());
  l.say(
      "The slide multiplies rounded factors, .6434·.2294·27, and prints 3.9851; the exact value "
      "differs in the fourth digit.");
  l.printed(".6434·.2294·27", "3.9851", 0.6434 * 0.2294 * 27);
  l.exact("∂L/∂w1", 3.9856816552369736, table[u.w1].item());
  l.say("Left as an exercise on the slide:");
  l.exact("∂L/∂w2", 0.7380891954142543, table[u.w2].item());
  l.exact("∂L/∂x1", 0.07971363310473947, table[u.x1].item());
  l.exact("∂L/∂x2", 0.0014761783908285087, table[u.x2].item());
  const double slope = numeric(l.trace(table), u.u_out), slide = u.y.item() - u.u_out.item();
  l.slip("E2", "\"concrete example\": ∂L/∂u_out = y - u_out = .6434", "u_out - y = .6434",
         "∂L/∂u_out = " + digits(slope) + " without any rule; y - u_out is " + digits(slide),
         std::abs(slope + slide) < 1e-15 && std::abs(slope - slide) > 1);
}

void unit_step(Lecture& l) {
  l.say("One step of gradient descent on w1, with step size .01.");
  const double rate = l.number("rate", 0.01);
  const Unit u(l);
  const GradientTable table = backward(u.loss, {u.w1});
  const Var update = assign(u.w1, u.w1 - rate * table[u.w1]);
  const double slope = numeric(l.trace(table, std::array{update}), u.w1);
  Program step = compile({update});
  const double before = u.w1.item();
  step.run();
  l.exact("w1 after the step", -0.019856816552369736, u.w1.item());
  l.exact("u_in", -0.48613404691398293, u.u_in.item());
  l.exact("u_out", 0.3808047093410212, u.u_out.item());
  l.exact("L", 0.07250611332814981, u.loss.item());
  l.slip("E1", "w1 ← .02 - .01·3.9851 = -.0599, then L = .0148", "-.01985, L = .0725",
         "∂L/∂w1 = " + digits(slope) + " without any rule, and " + digits(before) + " - " +
             digits(rate) + "·" + digits(slope) + " = " + digits(before - rate * slope) +
             "; the slide's would need a rate of " + digits((before + 0.0599) / slope),
         std::abs(before - rate * slope - u.w1.item()) < 1e-15 &&
             std::abs(u.w1.item() + 0.0599) > 0.03 && std::abs(u.loss.item() - 0.0148) > 0.05);
  l.say("The slide went on from w1 = -.06; what it prints for that point is right:");
  u.w1.set(-0.06);
  l.printed("u_in", "-1.57", u.u_in.item());
  l.printed("u_out", ".1722", u.u_out.item());
  l.printed("L", ".0148", u.loss.item());
}

// --- 2.3 to 2.5: XOR ----------------------------------------------------------------------------

void xor_linear(Lecture& l) {
  l.say(
      "XOR with a linear model xᵀw + b and least squares: the best it can do is w = 0, b = ½, "
      "and to say ½ everywhere.");
  Tape& tape = l.tape();
  const Var X = tape.constant(xor_inputs), y = tape.constant(xor_targets);
  const Var w = l.array("w", {0.0, 0.0}), b = l.input("b", 0.5);
  const Var prediction = (matmul(X, w) + b).named("ŷ");
  const Var loss = mse(prediction, y, {Reduction::sum, 0.25}).named("J");
  const GradientTable table = backward(loss);
  l.exact("∂J/∂w1 at the minimum", 0, element(table[w], 0));
  l.exact("∂J/∂w2", 0, element(table[w], 1));
  l.exact("∂J/∂b", 0, table[b].item());
  for (std::int64_t i = 0; i < 4; ++i) l.exact("ŷ", 0.5, element(prediction, i));
  l.exact("¼ Σ (ŷ - y)²", 0.25, loss.item());
  l.exact("½ Σ (ŷ - y)²", 0.5, mse(prediction, y, {Reduction::sum, 0.5}).item());
  const Var normal = matmul(transpose(X), X);
  l.claim("it is the only minimum: XᵀX, centred, has full rank",
          element(det(normal - matmul(transpose(X), matmul(tape.constant(xt::xarray<double>(
                                                               xt::ones<double>({4, 4}) / 4.0)),
                                                           X))),
                  0) > 0.5);
  l.trace(table);
}

void xor_relu(Lecture& l) {
  l.say(
      "XOR with one hidden layer: ŷ = wᵀmax(0, Wᵀx + c) + b with W = [[1,1],[1,1]], c = (0,-1), "
      "w = (1,-2), b = 0.");
  Tape& tape = l.tape();
  const Var X = tape.constant(xor_inputs), y = tape.constant(xor_targets);
  const Var W = l.array("W", {{1.0, 1.0}, {1.0, 1.0}}), c = l.array("c", {0.0, -1.0});
  const Var w = l.array("w", {1.0, -2.0}), b = l.input("b", 0);
  const Var XW = matmul(X, W).named("XW"), U = (XW + c).named("XW+c"), h = relu(U).named("h");
  const Var prediction = (matmul(h, w) + b).named("ŷ");
  const auto same = [&](const char* what, const Var& v, const xt::xarray<double>& wanted) {
    l.exact(what, 0, distance(v, tape.constant(wanted)));
  };
  same("XW - [[0,0],[1,1],[1,1],[2,2]]", XW, {{0.0, 0.0}, {1.0, 1.0}, {1.0, 1.0}, {2.0, 2.0}});
  same("XW + c - [[0,-1],[1,0],[1,0],[2,1]]", U, {{0.0, -1.0}, {1.0, 0.0}, {1.0, 0.0}, {2.0, 1.0}});
  same("hidden - [[0,0],[1,0],[1,0],[2,1]]", h, {{0.0, 0.0}, {1.0, 0.0}, {1.0, 0.0}, {2.0, 1.0}});
  for (std::int64_t i = 0; i < 4; ++i) {
    l.exact("ŷ of point " + std::to_string(i + 1), xor_targets(static_cast<std::size_t>(i)),
            element(prediction, i));
  }
  const Var loss = mse(prediction, y, {Reduction::sum, 0.5}).named("L");
  const GradientTable table = backward(loss);
  l.exact("the loss, and with it every gradient: L", 0, loss.item());
  l.exact("∂L/∂W", 0, amax(abs(table[W])).item());
  l.say(
      "Two of the hidden values lie on relu's kink: at (0,1) and (1,0) the second unit's input is "
      "exactly 0. Its derivative there is 0 by convention, as in PyTorch.");
  l.trace(table);
}

/// Hidden points of XOR for W and b = (-1,-1): is there a line between the classes?
bool separable(const std::array<double, 4>& W) {
  std::array<std::array<double, 2>, 4> h{};
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      h[i][j] = std::max(0.0, W[2 * j] * xor_inputs(i, 0) + W[2 * j + 1] * xor_inputs(i, 1) - 1);
    }
  }
  // A grid of directions is enough for points with small whole coordinates.
  for (int step = 0; step < 3600; ++step) {
    const double t = 2 * M_PI * step / 3600, n0 = std::cos(t), n1 = std::sin(t);
    const auto side = [&](std::size_t i) { return h[i][0] * n0 + h[i][1] * n1; };
    if (std::max(side(0), side(3)) + 1e-6 < std::min(side(1), side(2))) return true;
  }
  return false;
}

void xor_puzzle(Lecture& l) {
  l.say(
      "XOR with hidden ReLUs, b = (-1,-1), and W only 1s and 2s: which W makes the four hidden "
      "points separable? The lecture leaves it open. All sixteen are tried.");
  std::string found;
  int count = 0;
  for (int code = 0; code < 16; ++code) {
    std::array<double, 4> W{};
    for (int k = 0; k < 4; ++k) W[static_cast<std::size_t>(k)] = 1 + (code >> k & 1);
    if (!separable(W)) continue;
    ++count;
    found += (found.empty() ? "" : " and ") + std::string("[[") + digits(W[0]) + "," +
             digits(W[1]) + "],[" + digits(W[2]) + "," + digits(W[3]) + "]]";
  }
  l.claim("two of them do: [[1,1],[2,2]] and, with the rows swapped, [[2,2],[1,1]]",
          count == 2 && separable({1, 1, 2, 2}) && separable({2, 2, 1, 1}), found);
  Tape& tape = l.tape();
  const Var X = tape.constant(xor_inputs);
  const Var W = l.array("W", {{1.0, 1.0}, {2.0, 2.0}}), first = l.array("b", {-1.0, -1.0});
  const Var h = relu(matmul(X, transpose(W)) + first).named("h");  // unit j reads row j of W
  l.exact("hidden points - (0,0),(0,1),(0,1),(1,3)", 0,
          distance(h, tape.constant(
                          xt::xarray<double>{{0.0, 0.0}, {0.0, 1.0}, {0.0, 1.0}, {1.0, 3.0}})));
  const Var prediction = matmul(h, l.array("w", {-3.0, 1.0})).named("ŷ");
  const Var targets = tape.constant(xor_targets);
  l.exact("with output weights (-3, 1) and bias 0, ŷ - (0,1,1,0)", 0,
          distance(prediction, targets));
  l.trace(backward(mse(prediction, targets, {Reduction::sum, 0.5}).named("L")));
}

// --- 2.6 ----------------------------------------------------------------------------------------

void nine_partials(Lecture& l) {
  l.say(
      "g = w5·σ(w1·x1 + w2·x2 + b1) + w6·σ(w3·x1 + w4·x2 + b2) + b3 with σ = relu and "
      "f = ½ Σ (ŷ - y)². The lecture derives ∂ŷ/∂w1; here are all nine.");
  const Var x1 = l.input("x1", 2), x2 = l.input("x2", -1), y = l.input("y", 1);
  const double start[] = {0.5, 0.25, -1, 0.5, 1.5, -2, 0.1, 0.2, 0.3};
  const char* names[] = {"w1", "w2", "w3", "w4", "w5", "w6", "b1", "b2", "b3"};
  std::vector<Var> p;
  for (std::size_t k = 0; k < 9; ++k) p.push_back(l.input(names[k], start[k]));
  const Var z1 = (p[0] * x1 + p[1] * x2 + p[6]).named("z1"),
            z2 = (p[2] * x1 + p[3] * x2 + p[7]).named("z2");
  const Var h1 = relu(z1).named("h1"), h2 = relu(z2).named("h2");
  const Var g = (p[4] * h1 + p[5] * h2 + p[8]).named("ŷ");
  const GradientTable of_g = backward(g);
  const bool on1 = z1.item() > 0, on2 = z2.item() > 0;
  const double a = x1.item(), b = x2.item(), w5 = p[4].item(), w6 = p[5].item();
  const double wanted[] = {on1 ? w5 * a : 0, on1 ? w5 * b : 0, on2 ? w6 * a : 0,
                           on2 ? w6 * b : 0, h1.item(),        h2.item(),
                           on1 ? w5 : 0,     on2 ? w6 : 0,     1};
  const char* rules[] = {"w5·x1 if z1 > 0",
                         "w5·x2 if z1 > 0",
                         "w6·x1 if z2 > 0",
                         "w6·x2 if z2 > 0",
                         "h1",
                         "h2",
                         "w5 if z1 > 0",
                         "w6 if z2 > 0",
                         "1"};
  for (std::size_t k = 0; k < 9; ++k) {
    l.claim(std::string("∂ŷ/∂") + names[k] + " = " + rules[k],
            std::abs(of_g[p[k]].item() - wanted[k]) < 1e-15, digits(of_g[p[k]].item()));
  }
  const Var f = (0.5 * square(g - y)).named("f");
  const GradientTable table = backward(f);
  const double slope = numeric(l.trace(table), p[0]);
  const double right = (g.item() - y.item()) * wanted[0], slide = 0.5 * right;
  l.slip("E7", "chain rule for f_MSE: ½ Σ ∂f/∂ŷ·∂ŷ/∂p with ∂f/∂ŷ = ŷ - y",
         "Σ (ŷ - y)·∂ŷ/∂p: the ½ is used up",
         "∂f/∂w1 = " + digits(slope) + " without any rule; with the ½ it is " + digits(slide) +
             ", without " + digits(right),
         std::abs(slope - right) < 1e-14 && std::abs(slope - slide) > 1e-3);
}

// --- 2.7 ----------------------------------------------------------------------------------------

void linear_stack(Lecture& l) {
  l.say(
      "A stack of linear layers is one linear layer: W = W_N···W_1 and "
      "b = b_N + W_N·b_{N-1} + ... + W_N···W_2·b_1. Without nonlinearity nothing is gained.");
  Tape& tape = l.tape();
  nn::Random random(7);
  const auto draw = [&](const Shape& shape) {
    std::vector<double> x(static_cast<std::size_t>(shape.size()));
    for (double& v : x) v = random.uniform(-0.5, 0.5);
    return tape.input(ArrayView(x.data(), {DType::float64, shape}));
  };
  const Var x = l.array("x", {0.3, -0.1, 0.4, 0.2});
  Var h = x, W, b;
  for (int layer = 1; layer <= 8; ++layer) {
    const std::string of = std::to_string(layer);
    const Var Wn = draw({4, 4}).named("W" + of), bn = draw({4}).named("b" + of);
    h = (matmul(Wn, h) + bn).named("h" + of);
    W = layer == 1 ? Wn : matmul(Wn, W);
    b = layer == 1 ? bn : matmul(Wn, b) + bn;
    if (layer == 1 || layer == 2 || layer == 8) {
      l.exact("N = " + std::to_string(layer) + ": largest difference of the stack and W·x + b", 0,
              distance(h, matmul(W, x) + b));
    }
  }
  l.exact("and of their Jacobians", 0, distance(jacobian(h, x), W));
  l.trace(backward(sum(h).named("Σ h8")));
}

constexpr std::string_view section = "2 Worked numbers";
constexpr Lesson lessons[] = {
    {"diamond", "2.1 e = (a + b)(b + 1)", "R", section, diamond},
    {"unit", "2.2 A unit with a squared error", "R", section, unit, "E2"},
    {"unit-step", "2.2 A step of gradient descent", "R", section, unit_step, "E1"},
    {"xor-linear", "2.3 XOR: a linear model cannot", "R, K", section, xor_linear},
    {"xor-relu", "2.4 XOR: one hidden layer can", "R, K, U", section, xor_relu},
    {"xor-puzzle", "2.5 XOR: which W of 1s and 2s?", "W", section, xor_puzzle},
    {"nine-partials", "2.6 All nine partial derivatives", "W", section, nine_partials, "E7"},
    {"linear-stack", "2.7 A stack of linear layers is one", "K, W", section, linear_stack},
};

}  // namespace

std::span<const Lesson> worked_lessons() { return lessons; }

}  // namespace tapewise::lessons
