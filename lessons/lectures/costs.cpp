// Section 4: the costs.
#include <algorithm>
#include <cmath>
#include <tapewise/lessons/lectures/lesson.hpp>

namespace tapewise::lessons {

namespace {

double element(const Var& v, std::int64_t i) { return number_at(v.dtype(), v.data(), i); }
double s(double x) { return 1 / (1 + std::exp(-x)); }

/// The x at which Σ loss(x, y_i) is least, by descent on the tape.
double minimiser(Var (*loss)(const Var&, const Var&), const xt::xarray<double>& data, double start,
                 double rate, int steps) {
  Tape tape;
  const Var x = tape.parameter(start), y = tape.constant(data);
  const Var total = mean(loss(x, y)), step_size = tape.input(rate);
  Program step = compile({assign(x, x - step_size * backward(total)[x])});
  for (int k = 0; k < steps; ++k) {
    step_size.set(rate / (1 + 0.01 * k));
    step.run();
  }
  return x.item();
}

void squared_error(Lecture& l) {
  l.say(
      "The mean squared error has another factor in each lecture: ½Σ, ¼Σ over the four XOR "
      "points, the mean. Its gradient is the factor times 2(ŷ - y). Reduction and factor are "
      "arguments.");
  Tape& tape = l.tape();
  const Var p = l.array("p", {0.5, 0.5, 0.5, 0.5}, "ŷ");
  const Var y = tape.constant(xt::xarray<double>{0.0, 1.0, 1.0, 0.0});
  l.exact("½ Σ", 0.5, mse(p, y, {Reduction::sum, 0.5}).item());
  l.exact("¼ Σ", 0.25, mse(p, y, {Reduction::sum, 0.25}).item());
  l.exact("mean", 0.25, mse(p, y).item());
  const Var loss = mse(p, y, {Reduction::sum, 0.5}).named("½ Σ (ŷ - y)²");
  const GradientTable table = backward(loss);
  l.exact("∂(½ Σ)/∂ŷ1 = ŷ1 - y1", 0.5, element(table[p], 0));
  l.trace(table);
}

void mean_and_median(Lecture& l) {
  l.say(
      "What minimises a sum over data: the squared error's minimiser is the conditional mean, "
      "the absolute error's the conditional median. The data are 1, 2, 3, 4, 100.");
  const xt::xarray<double> data = {1.0, 2.0, 3.0, 4.0, 100.0};
  const double mean_of =
      minimiser([](const Var& x, const Var& y) { return square(x - y); }, data, 0, 0.2, 400);
  const double median_of =
      minimiser([](const Var& x, const Var& y) { return abs(x - y); }, data, 0, 0.5, 4000);
  l.exact("minimiser of Σ (x - y)²: the mean", 22, mean_of, 1e-9);
  l.claim("minimiser of Σ |x - y|: the median, 3", std::abs(median_of - 3) < 0.02,
          digits(median_of));
  std::vector<double> x, squared, absolute;
  for (int i = 0; i <= 120; ++i) {
    x.push_back(i * 0.25);
    double sum2 = 0, sum1 = 0;
    for (const double y : data) {
      sum2 += (x.back() - y) * (x.back() - y);
      sum1 += std::abs(x.back() - y);
    }
    squared.push_back(sum2 / 80);
    absolute.push_back(sum1);
  }
  l.chart({"Σ (x - y)²/80 (first) and Σ |x - y| (second) over x",
           x,
           {{"squared", squared}, {"absolute", absolute}}});
  Tape& tape = l.tape();
  const Var at = l.input("x", 2.5), y = tape.constant(data);
  const Var loss = sum(abs(at - y)).named("Σ|x-y|");
  const GradientTable table = backward(loss);
  l.exact("∂/∂x Σ|x - y| at 2.5: data below minus data above", -1, table[at].item());
  l.trace(table);
}

void bernoulli(Lecture& l) {
  l.say(
      "Bernoulli negative log-likelihood from the logit: -[y log σ(z) + (1-y) log(1-σ(z))] "
      "= ζ((1-2y)z), derivative σ(z) - y. Finite for z = ±1000.");
  Tape& tape = l.tape();
  const Var z = l.input("z", 0.8), y = tape.constant(1.0);
  const Var loss = bce_with_logits(z, y).named("NLL");
  l.exact("NLL at z = .8, y = 1", std::log1p(std::exp(-0.8)), loss.item());
  const GradientTable table = backward(loss);
  l.exact("derivative σ(z) - 1", s(0.8) - 1, table[z].item());
  for (const double target : {0.0, 1.0}) {
    for (const double far : {-1000.0, 1000.0}) {
      Tape other;
      const Var u = other.input(far);
      const Var nll = bce_with_logits(u, other.constant(target));
      const double wanted = (target == 1) == (far > 0) ? 0.0 : 1000.0;
      l.exact("z = " + digits(far) + ", y = " + digits(target), wanted, nll.item());
      l.exact("  its derivative", (far > 0 ? 1.0 : 0.0) - target, backward(nll)[u].item());
    }
  }
  const Var zeta = softplus((1.0 - 2.0 * y) * z);
  l.exact("ζ((1-2y)z) - NLL", 0, (zeta - loss).item());
  l.trace(table);
}

void categorical(Lecture& l) {
  l.say(
      "Categorical negative log-likelihood from logits, -log softmax(z)_y, labels as class index "
      "or one-hot; derivative p - onehot.");
  Tape& tape = l.tape();
  const Var z = expand_dims(l.array("z", {1.0, 2.0, 3.0}), 0).named("logits");
  const Var index = tape.constant(xt::xarray<std::int64_t>{1});
  const Var hot = tape.constant(xt::xarray<double>{{0.0, 1.0, 0.0}});
  const Var loss = cross_entropy(z, index).named("NLL");
  const double total = std::exp(1) + std::exp(2) + std::exp(3);
  l.exact("NLL at z = (1,2,3), y = 2", std::log(total) - 2, loss.item());
  l.exact("one-hot label gives the same", loss.item(), cross_entropy(z, hot).item());
  const GradientTable table = backward(loss);
  for (std::int64_t i = 0; i < 3; ++i) {
    l.exact("∂NLL/∂z" + std::to_string(i + 1) + " = p - onehot",
            std::exp(static_cast<double>(i + 1)) / total - (i == 1 ? 1 : 0), element(table[z], i));
  }
  const Var far = tape.input(xt::xarray<double>{{1000.0, -1000.0, 0.0}});
  l.exact("at z = (1000,-1000,0), y = 2", 2000, cross_entropy(far, index).item());
  l.trace(table);
}

void gaussian(Lecture& l) {
  l.say(
      "Gaussian negative log-likelihood with a learned variance: ½(log σ² + (y-μ)²/σ²). The "
      "variance stays positive because it is softplus, or exp, of a free parameter. With σ fixed "
      "it is the squared error and a constant.");
  Tape& tape = l.tape();
  const Var mu = l.input("mu", 0.5), free = l.input("a", -0.3);
  const Var variance = positive(free, Positive::exp, 0.0).named("σ²"), y = tape.constant(2.0);
  const Var loss = gaussian_nll(mu, y, variance).named("NLL");
  const double v = std::exp(-0.3), e = 1.5;
  l.exact("NLL", 0.5 * (std::log(v) + e * e / v), loss.item());
  const GradientTable table = backward(loss);
  l.exact("∂/∂μ = -(y-μ)/σ²", -e / v, table[mu].item());
  l.exact("∂/∂a = ½(1 - (y-μ)²/σ²), as σ² = e^a", 0.5 * (1 - e * e / v), table[free].item());
  bool always_positive = true;
  for (const double a : {-700.0, -10.0, 0.0, 10.0}) {
    Tape other;
    always_positive = always_positive && positive(other.input(a)).item() > 0 &&
                      positive(other.input(a), Positive::exp, 0.0).item() > 0;
  }
  l.claim("the variance is positive for free parameters from -700 to 10", always_positive);
  const Var fixed = gaussian_nll(mu, y, tape.constant(1.0));
  l.exact("σ = 1: NLL - ½(y-μ)²", 0, (fixed - 0.5 * square(y - mu)).item());
  l.trace(table);
}

void mixture(Lecture& l) {
  l.say(
      "Mixture density: -log Σ_k π_k N(y; μ_k, σ_k²), through logsumexp. The gradient of the "
      "logits is π - γ, γ being the components' posterior.");
  Tape& tape = l.tape();
  const Var z = l.array("z", {0.2, -0.1}), mu = l.array("mu", {-1.0, 1.5}, "μ");
  const Var sigma = l.array("sigma", {0.5, 0.8}, "σ");
  const Var loss = mixture_nll(z, mu, sigma, tape.constant(1.0)).named("NLL");
  const double w = std::exp(0.2) + std::exp(-0.1), pi[] = {std::exp(0.2) / w, std::exp(-0.1) / w};
  const double at[] = {-1.0, 1.5}, width[] = {0.5, 0.8};
  double density[2], total = 0;
  for (int k = 0; k < 2; ++k) {
    const double r = (1.0 - at[k]) / width[k];
    density[k] = pi[k] * std::exp(-0.5 * r * r) / (width[k] * std::sqrt(2 * M_PI));
    total += density[k];
  }
  l.exact("NLL", -std::log(total), loss.item());
  const GradientTable table = backward(loss);
  for (std::int64_t k = 0; k < 2; ++k) {
    const double posterior = density[k] / total;
    l.exact("∂NLL/∂z" + std::to_string(k + 1) + " = π - γ", pi[k] - posterior,
            element(table[z], k));
    l.exact("∂NLL/∂μ" + std::to_string(k + 1) + " = γ(μ-y)/σ²",
            posterior * (at[k] - 1.0) / (width[k] * width[k]), element(table[mu], k));
  }
  l.trace(table);
}

/// KL(p‖q) and CE(p,q) of a coin that shows heads with probability p, over q.
Chart over_a_coin(double p) {
  Chart chart{"a coin: KL(p‖q) (first) and CE(p,q) (second) over q", {}, {{"KL", {}}, {"CE", {}}}};
  Tape tape;
  const Var q = tape.input(0.5);
  const Var logs = stack({log(q), log1p(-q)}, 0),
            coin = tape.constant(xt::xarray<double>{p, 1 - p});
  const Var kl = kl_div(logs, coin, {Reduction::sum, 1.0}), ce = -sum(coin * logs);
  for (int i = 1; i < 100; ++i) {
    q.set(0.01 * i);
    chart.x.push_back(q.item());
    chart.curves[0].y.push_back(kl.item());
    chart.curves[1].y.push_back(ce.item());
  }
  return chart;
}

void divergence(Lecture& l) {
  l.say(
      "KL(p‖q) = E_p[log p - log q] = CE(p,q) - H(p): H(p) does not depend on q, so minimising "
      "the divergence over q is maximum likelihood, and the gradients in q's parameters are "
      "equal.");
  Tape& tape = l.tape();
  const Var z = expand_dims(l.array("z", {0.3, -0.2, 0.9}), 0).named("logits");
  const Var p = tape.constant(xt::xarray<double>{{0.2, 0.5, 0.3}});
  const Var kl = kl_div(log_softmax(z), p, {Reduction::sum, 1.0}).named("KL");
  const Var ce = cross_entropy(z, p, {Reduction::sum, 1.0}).named("CE");
  const double entropy = -(0.2 * std::log(0.2) + 0.5 * std::log(0.5) + 0.3 * std::log(0.3));
  l.exact("CE - KL = H(p)", entropy, ce.item() - kl.item());
  const GradientTable of_kl = backward(kl), of_ce = backward(ce);
  l.exact("largest difference of the two gradients", 0, amax(abs(of_kl[z] - of_ce[z])).item());
  const Var zero = tape.constant(xt::xarray<double>{{0.0, 0.5, 0.5}});
  l.claim("0·log 0 counts as 0", std::isfinite(kl_div(log_softmax(z), zero).item()));
  const Chart both = over_a_coin(l.number("p", 0.3));
  const auto least = [&](std::size_t k) {
    const auto& y = both.curves[k].y;
    return std::min_element(y.begin(), y.end()) - y.begin();
  };
  l.claim(
      "of a coin with p = .3 both are least at q = p",
      least(0) == least(1) && std::abs(both.x[static_cast<std::size_t>(least(0))] - 0.3) < 1e-9);
  l.chart(both);
  l.trace(of_kl);
}

void likelihood(Lecture& l) {
  l.say(
      "Σ log P(x_i) against Π P(x_i): of a thousand observations with P = .3 each, the product "
      "underflows, and its gradient with it; the sum does not.");
  const Var p = l.input("P", 0.3);
  const Var all = broadcast_to(p, {1000});
  const Var product = prod(all), log_sum = sum(log(all)).named("Σ log P");
  l.exact("the product of a thousand", 0, product.item());
  l.exact("its gradient", 0, backward(product)[p].item());
  l.exact("the sum of logarithms", 1000 * std::log(0.3), log_sum.item(), 1e-13);
  const GradientTable table = backward(log_sum);
  l.exact("its gradient, 1000/P", 1000 / 0.3, table[p].item(), 1e-13);
  l.trace(table);
}

void hinge_loss(Lecture& l) {
  l.say(
      "Hinge: binary max(0, 1 - y·s) with y = ±1, multi-class Σ_{j≠y} max(0, z_j - z_y + 1). "
      "What is right by a margin costs nothing.");
  Tape& tape = l.tape();
  const Var score = l.array("s", {0.3, 2.0, -0.5});
  const Var y = tape.constant(xt::xarray<double>{1.0, 1.0, 1.0});
  const Var loss = hinge(score, y, {Reduction::sum, 1.0}).named("L");
  l.exact("L = .7 + 0 + 1.5", 2.2, loss.item());
  const GradientTable table = backward(loss);
  const double wanted[] = {-1, 0, -1};
  for (std::int64_t i = 0; i < 3; ++i) {
    l.exact("∂L/∂s" + std::to_string(i + 1), wanted[i], element(table[score], i));
  }
  l.trace(table);
}

void saturation(Lecture& l) {
  l.say(
      "Saturation, on one example with y = 1: the gradient of ½(y-σ(z))² is -(1-σ)·σ(1-σ) and "
      "goes to 0 on both sides; that of the cross-entropy, σ(z) - 1, does not on the side where "
      "the answer is wrong.");
  const auto slope_of_square = [](double at) {
    Tape tape;
    const Var z = tape.input(at);
    return backward(0.5 * square(1.0 - sigmoid(z)))[z].item();
  };
  const auto slope_of_entropy = [](double at) {
    Tape tape;
    const Var z = tape.input(at);
    return backward(bce_with_logits(z, tape.constant(1.0)))[z].item();
  };
  l.printed("squared error at z = -10", "-.0000454", slope_of_square(-10));
  l.printed("squared error at z = -3", "-.04303", slope_of_square(-3));
  l.printed("cross-entropy at z = -10", "-.99995", slope_of_entropy(-10));
  std::vector<double> z, square_slope, entropy_slope;
  for (int i = 0; i <= 160; ++i) {
    z.push_back(-10 + i * 0.125);
    square_slope.push_back(slope_of_square(z.back()));
    entropy_slope.push_back(slope_of_entropy(z.back()));
  }
  l.chart({"d/dz of ½(1-σ)² (first) and of the cross-entropy (second)",
           z,
           {{"squared error", square_slope}, {"cross-entropy", entropy_slope}}});
  const Var v = l.input("z", -3);
  const double slope = numeric(l.trace(backward((0.5 * square(1.0 - sigmoid(v))).named("L"))), v);
  const double sigma = s(v.item()), right = -(1 - sigma) * sigma * (1 - sigma);
  l.slip("E3", "-2(y-σ)σ(1-σ) for the cost with a ½", "without the 2",
         "at z = " + digits(v.item()) + " the slope is " + digits(slope) +
             " without any rule; with the 2 it is " + digits(2 * right) + ", without " +
             digits(right),
         std::abs(slope - right) < 1e-15 && std::abs(slope - 2 * right) > 0.04);
}

void encodings(Lecture& l) {
  l.say(
      "Labels can be encoded one-hot, as class index, in Gray code, or in binary. For three "
      "bits: neighbouring classes differ in one bit of Gray code, in up to three of binary.");
  int gray_most = 0, binary_most = 0;
  for (unsigned k = 0; k + 1 < 8; ++k) {
    const auto gray = [](unsigned n) { return n ^ (n >> 1U); };
    gray_most = std::max(gray_most, __builtin_popcount(gray(k) ^ gray(k + 1)));
    binary_most = std::max(binary_most, __builtin_popcount(k ^ (k + 1)));
  }
  l.exact("bits that change between neighbours, Gray", 1, gray_most);
  l.exact("and binary, at most", 3, binary_most);
  Tape& tape = l.tape();
  const Var z = expand_dims(l.array("z", {0.1, 0.7, -0.3, 0.2}), 0).named("logits");
  const Var index = tape.constant(xt::xarray<std::int64_t>{2});
  l.exact("the loss of the index is that of the one-hot label", cross_entropy(z, index).item(),
          cross_entropy(z, one_hot(index, 4)).item());
  l.trace(backward(cross_entropy(z, index).named("NLL")));
}

constexpr std::string_view section = "4 Costs";
constexpr Lesson lessons[] = {
    {"squared-error", "Mean squared error and its factors", "R, K, W", section, squared_error},
    {"mean-median", "Squared error: the mean; absolute error: the median", "R", section,
     mean_and_median},
    {"bernoulli", "Bernoulli likelihood from the logit", "R, K", section, bernoulli},
    {"categorical", "Categorical likelihood from logits", "R, K", section, categorical},
    {"gaussian", "Gaussian likelihood with a learned variance", "R", section, gaussian},
    {"mixture", "Mixture density", "R", section, mixture},
    {"kl", "KL divergence is maximum likelihood", "R", section, divergence},
    {"likelihood", "Sum of logarithms against product", "R, K", section, likelihood},
    {"hinge", "Hinge", "K", section, hinge_loss},
    {"saturation", "Saturation: squared error against cross-entropy", "K", section, saturation,
     "E3"},
    {"labels", "Encodings of labels", "R", section, encodings},
};

}  // namespace

std::span<const Lesson> cost_lessons() { return lessons; }

}  // namespace tapewise::lessons
