// The worked numbers of the lectures: to the printed digits, and exactly.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/tapewise.hpp>

#include "relative.hpp"

namespace tw = tapewise;

namespace {
bool close(double a, double b) { return std::abs(a - b) <= 1e-15 * (1 + std::abs(b)); }
}  // namespace

TEST_CASE("lecture R, 2.2: forward, table, and the exercise left to the reader") {
  tw::Tape tape;
  const tw::Var w1 = tape.input(0.02), w2 = tape.input(0.01), x1 = tape.input(3.0),
                x2 = tape.input(5.0);
  const tw::Var u_in = w1 * pow(x1, 3) + w2 * x2;
  const tw::Var u_out = sigmoid(u_in);
  const tw::Var L = 0.5 * square(0.0 - u_out);
  const tw::GradientTable table = tw::backward(L);
  CHECK(close(u_in.item(), 0.59));
  CHECK(close(u_out.item(), 0.6433651456944018));
  CHECK(close(L.item(), 0.2069593553471895));
  CHECK(close(table[u_out].item(), 0.6433651456944018));
  CHECK(close(tw::backward(u_out)[u_in].item(), 0.22944643500002293));
  CHECK(close(table[w1].item(), 3.9856816552369736));
  CHECK(close(table[w2].item(), 0.7380891954142543));
  CHECK(close(table[x1].item(), 0.07971363310473947));
  CHECK(close(table[x2].item(), 0.0014761783908285087));
  const tw::GradientTable inner = tw::backward(u_in);
  CHECK(close(inner[w1].item(), 27.0));
  CHECK(close(inner[x1].item(), 0.54));
  CHECK(close(inner[w2].item(), 5.0));
  CHECK(close(inner[x2].item(), 0.01));
}

TEST_CASE("lecture R, 2.2: the step of gradient descent, without the slide's slip") {
  tw::Tape tape;
  const tw::Var w1 = tape.parameter(0.02), w2 = tape.input(0.01), x1 = tape.input(3.0),
                x2 = tape.input(5.0);
  const tw::Var u_in = w1 * pow(x1, 3) + w2 * x2, u_out = sigmoid(u_in), L = 0.5 * square(u_out);
  tw::Program step = tw::compile({tw::assign(w1, w1 - 0.01 * tw::backward(L)[w1])});
  step.run();
  CHECK(close(w1.item(), -0.019856816552369736));
  CHECK(close(u_in.item(), -0.48613404691398293));
  CHECK(close(u_out.item(), 0.3808047093410212));
  CHECK(close(L.item(), 0.07250611332814981));
}

TEST_CASE("lectures R and K, 2.3: least squares cannot learn XOR with a linear model") {
  const xt::xarray<double> X = {{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}};
  const xt::xarray<double> y = {0.0, 1.0, 1.0, 0.0};
  tw::Tape tape;
  const tw::Var w = tape.parameter(xt::xarray<double>{0.0, 0.0}), b = tape.parameter(0.5);
  const tw::Var prediction = matmul(tape.constant(X), w) + b;
  const tw::Var quarter = mse(prediction, tape.constant(y), {tw::Reduction::sum, 0.25});
  const tw::Var half = mse(prediction, tape.constant(y), {tw::Reduction::sum, 0.5});
  CHECK(quarter.item() == 0.25);
  CHECK(half.item() == 0.5);
  const tw::GradientTable table = tw::backward(half);  // the minimum: the gradient is zero
  CHECK(sum(abs(table[w])).item() == 0.0);
  CHECK(table[b].item() == 0.0);
}

TEST_CASE("lectures R, K and U, 2.4: one hidden layer of ReLUs computes XOR") {
  const xt::xarray<double> X = {{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}};
  tw::Tape tape;
  const tw::Var W = tape.input(xt::xarray<double>{{1.0, 1.0}, {1.0, 1.0}});
  const tw::Var c = tape.input(xt::xarray<double>{0.0, -1.0}),
                w = tape.input(xt::xarray<double>{1.0, -2.0});
  const tw::Var XW = matmul(tape.constant(X), W), shifted = XW + c, hidden = relu(shifted);
  const xt::xarray<double> products = {{0.0, 0.0}, {1.0, 1.0}, {1.0, 1.0}, {2.0, 2.0}};
  const xt::xarray<double> sums = {{0.0, -1.0}, {1.0, 0.0}, {1.0, 0.0}, {2.0, 1.0}};
  const xt::xarray<double> units = {{0.0, 0.0}, {1.0, 0.0}, {1.0, 0.0}, {2.0, 1.0}};
  const xt::xarray<double> outputs = {0.0, 1.0, 1.0, 0.0};
  CHECK(XW.value<double>() == products);
  CHECK(shifted.value<double>() == sums);
  CHECK(hidden.value<double>() == units);
  CHECK(matmul(hidden, w).value<double>() == outputs);
}

TEST_CASE("lecture W, 2.5: a hidden layer of ones and twos separates XOR") {
  const xt::xarray<double> X = {{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}};
  tw::Tape tape;
  // The lecture's W acts on columns: hidden = relu(W x + b), here for rows.
  const tw::Var W = tape.input(xt::xarray<double>{{1.0, 1.0}, {2.0, 2.0}});
  const tw::Var b = tape.input(xt::xarray<double>{-1.0, -1.0});
  const tw::Var hidden = relu(matmul(tape.constant(X), transpose(W)) + b);
  const xt::xarray<double> points = {{0.0, 0.0}, {0.0, 1.0}, {0.0, 1.0}, {1.0, 3.0}};
  const xt::xarray<double> outputs = {0.0, 1.0, 1.0, 0.0};
  CHECK(hidden.value<double>() == points);
  CHECK(matmul(hidden, tape.input(xt::xarray<double>{-3.0, 1.0})).value<double>() == outputs);
}

TEST_CASE("lecture W, 2.6: all nine partials of the two-unit network") {
  tw::Tape tape;
  const double x1 = 0.7, x2 = -0.4;
  const tw::Var w1 = tape.input(0.5), w2 = tape.input(0.2), w3 = tape.input(-0.9),
                w4 = tape.input(0.3), w5 = tape.input(1.5), w6 = tape.input(-2.0),
                b1 = tape.input(0.1), b2 = tape.input(0.05), b3 = tape.input(0.4);
  const tw::Var h1 = relu(w1 * x1 + w2 * x2 + b1), h2 = relu(w3 * x1 + w4 * x2 + b2);
  const tw::GradientTable t = tw::backward(w5 * h1 + w6 * h2 + b3);
  const double on = 0.5 * x1 + 0.2 * x2 + 0.1;  // active; the second unit is not
  CHECK(close(t[w1].item(), 1.5 * x1));
  CHECK(close(t[w2].item(), 1.5 * x2));
  CHECK(close(t[b1].item(), 1.5));
  CHECK(close(t[w5].item(), on));
  for (const tw::Var& off : {w3, w4, b2, w6}) CHECK(t[off].item() == 0.0);
  CHECK(t[b3].item() == 1.0);
}

TEST_CASE("lectures K and W, 2.7: a stack of linear layers is one linear layer") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.3, -0.8});
  tw::Var deep = x, W, b;
  for (int layer = 0; layer < 4; ++layer) {
    const double k = 0.3 * layer;
    const tw::Var Wl = tape.constant(xt::xarray<double>{{1.0 + k, -0.5}, {0.25 * k, 0.75}});
    const tw::Var bl = tape.constant(xt::xarray<double>{k, 1.0 - k});
    deep = matmul(Wl, deep) + bl;
    W = layer == 0 ? Wl : matmul(Wl, W);
    b = layer == 0 ? bl : matmul(Wl, b) + bl;
  }
  const tw::Var flat = matmul(W, x) + b;
  CHECK(sum(abs(deep - flat)).item() <= 1e-15);
}

TEST_CASE("weight decay: w has two children") {
  tw::Tape tape;
  const tw::Var w = tape.parameter(xt::xarray<double>{1.0, -2.0}, "w");
  const tw::Var x = tape.input(xt::xarray<double>{0.5, 0.25}, "x");
  const tw::Var J = matmul(x, w) + 0.1 * sum(square(w));
  const tw::GradientTable table = tw::backward(J);
  CHECK(table.contributions(w).size() == 2);
  const xt::xarray<double> expected = {0.5 + 0.2 * 1.0, 0.25 + 0.2 * -2.0};
  CHECK(sum(abs(table[w] - expected)).item() <= 1e-16);
}

TEST_CASE(
    "saturation: squared error through a sigmoid loses its gradient, cross-entropy does not") {
  tw::Tape tape;
  const tw::Var z = tape.input(-10.0), one = tape.constant(1.0);
  const tw::Var squared = 0.5 * square(1.0 - sigmoid(z)), ce = bce_with_logits(z, one);
  const tw::Var slope = tw::backward(squared)[z], ce_slope = tw::backward(ce)[z];
  CHECK(slope.item() == tests::relative(-4.54e-5, 1e-3));
  CHECK(ce_slope.item() == doctest::Approx(-0.99995).epsilon(1e-5));
  z.set(-3.0);
  CHECK(slope.item() == tests::relative(-0.04303, 1e-3));
}

TEST_CASE("units are what the lectures say: tanh is a shifted sigmoid, softplus' slope a sigmoid") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{-2.0, -0.5, 0.0, 0.5, 2.0});
  CHECK(sum(abs(tanh(x) - (2.0 * sigmoid(2.0 * x) - 1.0))).item() <= 1e-15);
  CHECK(sum(abs(tw::backward(sum(softplus(x)))[x] - sigmoid(x))).item() <= 1e-15);
}
