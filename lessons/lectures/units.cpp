// Section 3: the units, each with its derivative, at points of its own and as a picture.
#include <cmath>
#include <limits>
#include <tapewise/lessons/lectures/lesson.hpp>

namespace tapewise::lessons {

namespace {

using Function = double (*)(double);

/// y = f(x) and dy/dx on a grid.
Chart picture(const std::string& title, Var (*f)(const Var&), double from = -4, double to = 4) {
  Tape tape;
  std::vector<double> x;
  for (int i = 0; i <= 200; ++i) x.push_back(from + (to - from) * i / 200);
  const Var v = tape.input(ArrayView(x.data(), {DType::float64, {201}}));
  const Var y = f(v), slope = backward(sum(y), {v})[v];
  const auto numbers = [](const Var& a) {
    const auto* p = static_cast<const double*>(a.data());
    return std::vector<double>(p, p + a.type().size());
  };
  return {title, x, {{"y", numbers(y)}, {"dy/dx", numbers(slope)}}};
}

/// Value and derivative of a unit against formulas in plain C++, at the reader's x and at others.
void show_unit(Lecture& l, const std::string& title, Var (*f)(const Var&), Function value,
               Function slope) {
  const Var x = l.input("x", 0.7);
  const Var y = f(x).named("y");
  const GradientTable table = backward(y);
  l.exact("y", value(0.7), y.item());
  l.exact("dy/dx", slope(0.7), table[x].item());
  double worst_value = 0, worst_slope = 0;
  for (const double at : {-30.0, -3.0, -1.0, -0.2, 0.1, 0.5, 2.0, 5.0, 30.0}) {
    Tape tape;
    const Var v = tape.input(at);
    const Var u = f(v);
    worst_value = std::max(worst_value, std::abs(u.item() - value(at)) / (1 + std::abs(value(at))));
    worst_slope = std::max(worst_slope, std::abs(backward(u)[v].item() - slope(at)));
  }
  l.claim("values at nine points from -30 to 30 agree with the formula", worst_value < 1e-14,
          "largest relative difference " + digits(worst_value));
  l.claim("and so do the derivatives", worst_slope < 1e-14,
          "largest difference " + digits(worst_slope));
  l.trace(table);
  l.chart(picture(title, f));
}

double s(double x) { return 1 / (1 + std::exp(-x)); }

void sigmoid_unit(Lecture& l) {
  l.say("σ(x) = 1/(1 + e^-x), derivative σ(1-σ): at most ¼, and nearly 0 on both sides.");
  show_unit(
      l, "sigmoid", [](const Var& x) { return sigmoid(x); }, s,
      [](double x) { return s(x) * s(-x); });
  Tape tape;
  const Var zero = tape.input(0.0);
  l.exact("σ(0)", 0.5, sigmoid(zero).item());
  l.exact("σ'(0)", 0.25, backward(sigmoid(zero))[zero].item());
}

void tanh_unit(Lecture& l) {
  l.say("tanh x, derivative 1 - tanh². It is a sigmoid, stretched: tanh x = 2σ(2x) - 1.");
  show_unit(
      l, "tanh", [](const Var& x) { return tanh(x); }, [](double x) { return std::tanh(x); },
      [](double x) { return 1 / std::pow(std::cosh(x), 2); });
  Tape tape;
  const Var x = tape.input(xt::xarray<double>{-2.0, -0.5, 0.3, 1.0});
  const double right = amax(abs(tanh(x) - (2.0 * sigmoid(2.0 * x) - 1.0))).item();
  const double slide = amax(abs(tanh(x) - (2.0 * sigmoid(x) - 1.0))).item();
  l.slip("E4", "tanh(x) = 2σ(x) - 1", "2σ(2x) - 1; 2σ(x) - 1 is the bipolar sigmoid",
         "of four points the largest difference from tanh is " + digits(slide) +
             " with the slide's, " + digits(right) + " with the right one",
         right < 1e-15 && slide > 0.1);
}

void lecun_unit(Lecture& l) {
  l.say("LeCun's tanh, 1.7159·tanh(2x/3): f(±1) is ±1, so targets of ±1 lie where it still moves.");
  show_unit(
      l, "LeCun tanh", [](const Var& x) { return lecun_tanh(x); },
      [](double x) { return 1.7159 * std::tanh(2 * x / 3); },
      [](double x) { return 1.7159 * 2 / 3 / std::pow(std::cosh(2 * x / 3), 2); });
  Tape tape;
  const double at_one = lecun_tanh(tape.input(1.0)).item();
  l.claim("f(1) = 1 to 3e-6", std::abs(at_one - 1) < 3e-6, digits(at_one));
}

void bipolar_unit(Lecture& l) {
  l.say("The bipolar sigmoid (1 - e^-x)/(1 + e^-x) = 2σ(x) - 1 = tanh(x/2), derivative ½(1 - f²).");
  show_unit(
      l, "bipolar sigmoid", [](const Var& x) { return bipolar_sigmoid(x); },
      [](double x) { return std::tanh(x / 2); },
      [](double x) { return 0.5 / std::pow(std::cosh(x / 2), 2); });
}

void relu_unit(Lecture& l) {
  l.say(
      "max(0, x): derivative 1 for x > 0, 0 for x < 0. At 0 any number in [0,1] is a "
      "subgradient: the left derivative, 0, is the default, the right one and the middle are "
      "options.");
  show_unit(
      l, "relu", [](const Var& x) { return relu(x); }, [](double x) { return std::max(0.0, x); },
      [](double x) { return x > 0 ? 1.0 : 0.0; });
  Tape tape;
  const Var zero = tape.input(0.0);
  l.exact("at 0, by default", 0, backward(relu(zero))[zero].item());
  l.exact("at 0, right", 1, backward(relu(zero, Subgradient::right))[zero].item());
  l.exact("at 0, middle", 0.5, backward(relu(zero, Subgradient::middle))[zero].item());
}

void leaky_unit(Lecture& l) {
  l.say("Leaky ReLU: x for x > 0, αx otherwise, α = .01: no unit is ever quite dead.");
  show_unit(
      l, "leaky relu", [](const Var& x) { return leaky_relu(x); },
      [](double x) { return x > 0 ? x : 0.01 * x; }, [](double x) { return x > 0 ? 1.0 : 0.01; });
  Tape tape;
  const Var x = tape.input(1.0);
  const double with_max = max(2.0 * x, x).item(), unit = leaky_relu(x, 2.0).item();
  l.slip("E8", "max(αx, x)", "for α ≤ 1 only",
         "at x = 1 and α = 2 it gives " + digits(with_max) + ", the unit " + digits(unit),
         with_max == 2.0 && unit == 1.0);
}

void prelu_unit(Lecture& l) {
  l.say("PReLU: max(0,x) + α_i·min(0,x), with one α for each unit, learned: ∂/∂α_i = min(0, x).");
  const Var x = l.array("x", {{1.0, -2.0, -0.5}, {-1.0, 3.0, 0.25}});
  const Var alpha = l.array("a", {0.1, 0.25, -0.5}, "α");
  const Var y = prelu(x, alpha).named("y"), z = sum(y).named("z");
  const GradientTable table = backward(z);
  const double wanted[] = {-1.0, -2.0, -0.5};  // Σ over the rows of min(0, x)
  for (std::int64_t i = 0; i < 3; ++i) {
    l.exact("∂z/∂α" + std::to_string(i + 1), wanted[i],
            number_at(DType::float64, table[alpha].data(), i));
  }
  l.trace(table);
}

void absolute_unit(Lecture& l) {
  l.say("The absolute value rectifier |x| is PReLU with α = -1.");
  show_unit(
      l, "absolute value rectifier", [](const Var& x) { return abs_rectifier(x); },
      [](double x) { return std::abs(x); }, [](double x) { return x > 0 ? 1.0 : -1.0; });
  Tape tape;
  const Var x = tape.input(-2.0);
  const double right = prelu(x, tape.input(-1.0)).item(), slide = prelu(x, tape.input(1.0)).item();
  l.slip("E6", "α = 1", "α = -1",
         "at x = -2 PReLU with α = -1 gives " + digits(right) + ", with α = 1 " + digits(slide),
         right == 2.0 && slide == -2.0);
}

void elu_unit(Lecture& l) {
  l.say("ELU: x for x > 0, α(e^x - 1) otherwise; derivative 1, or f + α.");
  show_unit(
      l, "elu", [](const Var& x) { return elu(x); },
      [](double x) { return x > 0 ? x : std::expm1(x); },
      [](double x) { return x > 0 ? 1.0 : std::exp(x); });
  Tape tape;
  const Var x = tape.input(1.0);
  const double slide = max(expm1(x), x).item(), right = elu(x).item();
  l.slip("E5", "max(α(e^x - 1), x)", "piecewise",
         "at x = 1 and α = 1 the maximum is " + digits(slide) + ", ELU is " + digits(right),
         slide > 1.7 && right == 1.0);
}

void softplus_unit(Lecture& l) {
  l.say("Softplus ζ(x) = log(1 + e^x), a smooth ReLU; its derivative is σ(x).");
  show_unit(
      l, "softplus", [](const Var& x) { return softplus(x); },
      [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }, s);
}

void maxout_unit(Lecture& l) {
  l.say(
      "Maxout: the largest of a group of linear units, max_j (w_jᵀx + b_j). The gradient goes to "
      "the winner. With w_1 = 0 and b_1 = 0 in a group of two it is ReLU.");
  const Var z = l.array("z", {0.5, 2.0, -1.0, -3.0});
  const Var y = maxout(z, 2).named("y"), total = sum(y).named("total");
  const GradientTable table = backward(total);
  const double wanted[] = {0, 1, 1, 0};
  for (std::int64_t i = 0; i < 4; ++i) {
    l.exact("∂/∂z" + std::to_string(i + 1), wanted[i],
            number_at(DType::float64, table[z].data(), i));
  }
  Tape second;
  const Var x = second.input(xt::xarray<double>{-2.0, -0.5, 0.3, 4.0});
  const Var pairs = stack({x * 0.0, x}, 1);
  const Var as_relu = reshape(maxout(reshape(pairs, {4, 2}), 2), {4});
  l.exact("largest difference of maxout with a zero piece and relu", 0,
          amax(abs(as_relu - relu(x))).item());
  l.trace(table);
}

void clamp_unit(Lecture& l) {
  l.say(
      "Why max(0, min(1, z)) is no good Bernoulli output: outside of [0,1] its gradient is 0, and "
      "nothing is learned there.");
  show_unit(
      l, "clamp to [0,1]", [](const Var& x) { return clamp(x, 0.0, 1.0); },
      [](double x) { return std::min(1.0, std::max(0.0, x)); },
      [](double x) { return x > 0 && x < 1 ? 1.0 : 0.0; });
  Tape tape;
  const Var z = tape.input(-1.0);
  const Var clamped = bce(clamp(z, 1e-6, 1.0), tape.input(1.0));
  l.exact("∂NLL/∂z at z = -1, y = 1, through the clamp", 0, backward(clamped)[z].item());
  const double through = backward(bce_with_logits(z, tape.input(1.0)))[z].item();
  l.claim("through a sigmoid it is σ(-1) - 1", std::abs(through - (s(-1) - 1)) < 1e-15,
          digits(through));
}

void linear_output(Lecture& l) {
  l.say(
      "Linear output: ŷ = Wᵀh + b is the mean of a Gaussian N(y; ŷ, I). Its negative "
      "log-likelihood is half the squared error and a constant, so the gradient in ŷ is ŷ - y.");
  Tape& tape = l.tape();
  const Var h = l.array("h", {1.0, 2.0});
  const Var W = l.array("W", {{0.5, -1.0, 0.2}, {0.25, 0.5, -0.1}});
  const Var b = l.array("b", {0.1, 0.0, -0.2});
  const Var y = tape.constant(xt::xarray<double>{1.0, -1.0, 0.5});
  const Var prediction = (matmul(h, W) + b).named("ŷ");
  const Var nll = gaussian_nll(prediction, y, tape.constant(xt::xarray<double>{1.0, 1.0, 1.0}),
                               {Reduction::sum, 1.0})
                      .named("NLL");
  const GradientTable table = backward(nll);
  l.exact("largest difference of ∂NLL/∂ŷ and ŷ - y", 0,
          amax(abs(table[prediction] - (prediction - y))).item());
  l.exact("NLL - ½ Σ (ŷ - y)²", 0, (nll - mse(prediction, y, {Reduction::sum, 0.5})).item());
  l.trace(table);
}

void softmax_unit(Lecture& l) {
  l.say(
      "Softmax e^z_i/Σ e^z_j, computed as softmax(z - max z): unchanged by adding a constant, so "
      "it does not overflow. Its Jacobian is diag(p) - p·pᵀ.");
  const Var z = l.array("z", {1.0, 2.0, 3.0});
  const Var p = softmax(z).named("p");
  const double total = std::exp(1) + std::exp(2) + std::exp(3);
  for (std::int64_t i = 0; i < 3; ++i) {
    l.exact("p" + std::to_string(i + 1), std::exp(static_cast<double>(i + 1)) / total,
            number_at(DType::float64, p.data(), i));
  }
  const Var column = reshape(p, {3, 1});
  const Var by_hand = diag(p) - matmul(column, transpose(column));
  l.exact("largest difference of the Jacobian and diag(p) - p·pᵀ", 0,
          amax(abs(jacobian(p, z) - by_hand)).item());
  l.exact("largest change when 1000 is added to z", 0, amax(abs(softmax(z + 1000.0) - p)).item(),
          1e-13);
  const Var y = sum(p * p).named("y");
  l.trace(backward(y));
}

void log_softmax_unit(Lecture& l) {
  l.say(
      "log softmax, z_i - log Σ e^z_j: its Jacobian is I - 1·pᵀ, and it never forms a vanishing "
      "probability.");
  Tape& tape = l.tape();
  const Var z = l.array("z", {1.0, 2.0, 3.0});
  const Var y = log_softmax(z).named("y"), p = softmax(z);
  const Var identity = tape.constant(xt::xarray<double>{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}});
  l.exact("largest difference of the Jacobian and I - 1·pᵀ", 0,
          amax(abs(jacobian(y, z) - (identity - p))).item());
  const Var far = tape.input(xt::xarray<double>{0.0, 1000.0});
  l.exact("log softmax of (0, 1000), first element", -1000,
          number_at(DType::float64, log_softmax(far).data(), 0));
  l.claim("log(softmax(z)) is -∞ there",
          std::isinf(number_at(DType::float64, log(softmax(far)).data(), 0)));
  l.trace(backward(sum(y * y).named("Σ y²")));
}

void svm_output(Lecture& l) {
  l.say("SVM output: the multi-class hinge on the scores, Σ_{j≠y} max(0, z_j - z_y + 1).");
  Tape& tape = l.tape();
  const Var z = expand_dims(l.array("z", {2.0, 1.5, -1.0}), 0).named("scores");
  const Var loss = multi_hinge(z, tape.constant(xt::xarray<std::int64_t>{0})).named("L");
  l.exact("L at z = (2, 1.5, -1), y = 1: max(0, .5) + max(0, -2)", 0.5, loss.item());
  const GradientTable table = backward(loss);
  const double wanted[] = {-1, 1, 0};
  for (std::int64_t i = 0; i < 3; ++i) {
    l.exact("∂L/∂z" + std::to_string(i + 1), wanted[i],
            number_at(DType::float64, table[z].data(), i));
  }
  l.trace(table);
}

constexpr std::string_view section = "3 Units";
constexpr Lesson lessons[] = {
    {"sigmoid", "Sigmoid", "R, K, U", section, sigmoid_unit},
    {"tanh", "tanh", "R, K, U", section, tanh_unit, "E4"},
    {"lecun-tanh", "LeCun's tanh", "U", section, lecun_unit},
    {"bipolar-sigmoid", "Bipolar sigmoid", "U", section, bipolar_unit},
    {"relu", "ReLU and its subgradients", "R, K, W, U", section, relu_unit},
    {"leaky-relu", "Leaky ReLU", "K, U", section, leaky_unit, "E8"},
    {"prelu", "PReLU", "R, K", section, prelu_unit},
    {"absolute-value", "Absolute value rectifier", "R, K", section, absolute_unit, "E6"},
    {"elu", "ELU", "K", section, elu_unit, "E5"},
    {"softplus", "Softplus", "R, K, U", section, softplus_unit},
    {"maxout", "Maxout", "R, K", section, maxout_unit},
    {"clamp", "Why not a clamp?", "R, K", section, clamp_unit},
    {"linear-output", "Linear output", "R, K", section, linear_output},
    {"softmax", "Softmax", "R, K", section, softmax_unit},
    {"log-softmax", "Log-softmax", "R", section, log_softmax_unit},
    {"svm-output", "SVM output", "K", section, svm_output},
};

}  // namespace

std::span<const Lesson> unit_lessons() { return lessons; }

}  // namespace tapewise::lessons
