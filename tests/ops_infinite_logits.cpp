// Logits of -infinity, as masks make them, and of ±1000: values and gradients stay numbers.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using tests::show;
using tw::Reduction, tw::Var;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
using Labels = xt::xarray<std::int64_t>;

bool all_finite(const Var& v) {
  return tw::sum(cast(logical_not(isfinite(v)), tw::DType::int64)).item() == 0;
}

}  // namespace

TEST_CASE("logsumexp of -infinity only is -infinity, with gradients of 0 of both orders") {
  for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
    tw::Tape tape;
    const Var x = cast(tape.input(xt::xarray<double>{{-inf, -inf}, {-inf, 0.0}}), dtype);
    const Var y = logsumexp(x, 1);
    const auto values = cast(y, tw::DType::float64).value<double>();
    CHECK(values(0) == -inf);
    CHECK(values(1) == 0.0);
    const Var slope = tw::backward(sum(y))[x];
    CHECK(show(cast(slope, tw::DType::float64)) == "(2,2) 0 0 0 1");
    CHECK(all_finite(tw::backward(sum(square(slope)))[x]));
    tw::Program program = tw::compile({slope});
    program.run();
    for (std::int64_t i = 0; i < 4; ++i) {
      CHECK(tw::number_at(dtype, program.data(0), i) == (i == 3 ? 1.0 : 0.0));
    }
  }
  tw::Tape tape;
  const Var lone = tape.input(-inf);
  CHECK(tw::backward(logsumexp(lone))[lone].item() == 0.0);
}

TEST_CASE("masked rows have the softmax of what is left, and finite gradients") {
  tw::Tape tape;
  const Var x = tape.input(xt::xarray<double>{{1.0, -inf, 2.0}, {-inf, -inf, 5.0}});
  const Var weights = tape.input(xt::xarray<double>{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  const double e = 1 / (1 + std::exp(1.0));
  const Var p = softmax(x);
  const auto values = p.value<double>();
  CHECK(values(0, 0) == doctest::Approx(e).epsilon(1e-15));
  CHECK(values(0, 1) == 0.0);
  CHECK(values(1, 2) == 1.0);
  const auto slope = tw::backward(sum(weights * p))[x].value<double>();
  CHECK(slope(0, 0) == doctest::Approx(e * (1 - e) * (1 - 3)).epsilon(1e-14));
  CHECK(slope(0, 1) == 0.0);
  CHECK(slope(0, 2) == doctest::Approx(e * (1 - e) * (3 - 1)).epsilon(1e-14));
  for (int j = 0; j < 3; ++j) CHECK(slope(1, j) == 0.0);
  // Twice: the gradient is differentiated again.
  CHECK(all_finite(tw::backward(sum(square(tw::backward(sum(weights * p))[x])))[x]));

  const Var log_p = log_softmax(x);
  const Var chosen = gather(log_p, reshape(tape.input(Labels{2, 2}), {2, 1}), -1);
  const auto through = tw::backward(sum(chosen))[x].value<double>();
  CHECK(through(0, 0) == doctest::Approx(-e).epsilon(1e-14));
  CHECK(through(0, 1) == 0.0);
  CHECK(through(1, 2) == 0.0);
  const Var labels = tape.input(Labels{2, 2});
  for (const Var& loss : {cross_entropy(x, labels), nll(log_p, labels),
                          cross_entropy(x, labels, tw::LabelOptions{.ignore_index = 0})}) {
    CHECK(std::isfinite(loss.item()));
    CHECK(all_finite(tw::backward(loss)[x]));
  }
}

TEST_CASE("a long masked row is the softmax of its other elements, whatever the vector width") {
  for (const tw::DType dtype : {tw::DType::float64, tw::DType::float32}) {
    for (const int n : {7, 16, 37}) {
      CAPTURE(n);
      tw::Tape tape;
      std::vector<double> all, left;
      for (int k = 0; k < n; ++k) {
        all.push_back(k % 3 == 1 ? -inf : std::sin(k) * 5);
        if (k % 3 != 1) left.push_back(all.back());
      }
      const auto row = [&](const std::vector<double>& x) {
        return cast(tape.input(xt::xarray<double>(xt::adapt(x))), dtype);
      };
      const Var x = row(all), y = row(left), p = softmax(x), q = softmax(y);
      const Var slope = tw::backward(sum(p * p))[x], other = tw::backward(sum(q * q))[y];
      const double eps = dtype == tw::DType::float32 ? 1e-6 : 1e-14;
      std::int64_t j = 0;
      for (std::int64_t k = 0; k < n; ++k) {
        const bool masked = k % 3 == 1;
        const auto at = [&](const Var& v, std::int64_t i) {
          return tw::number_at(dtype, v.data(), i);
        };
        CHECK(std::abs(at(p, k) - (masked ? 0.0 : at(q, j))) <= eps);
        CHECK(std::abs(at(slope, k) - (masked ? 0.0 : at(other, j))) <= eps);
        j += masked ? 0 : 1;
      }
      CHECK(std::abs(logsumexp(x).item() - logsumexp(y).item()) <= 10 * eps);
    }
  }
}

TEST_CASE("attention under a mask has finite gradients, also where a query sees nothing") {
  tw::Tape tape;
  const Var q = tape.input(xt::xarray<double>{{1.0, 0.5}, {-0.3, 2.0}}),
            k = tape.input(xt::xarray<double>{{0.2, 0.1}, {1.0, -1.0}}),
            v = tape.input(xt::xarray<double>{{3.0, 1.0}, {0.0, 2.0}});
  const Var mask = tape.input(xt::xarray<bool>{{true, false}, {false, false}});
  const Var added = tape.input(xt::xarray<double>{{0.0, -inf}, {-inf, -inf}});
  for (const Var& m : {mask, added}) {
    const Var y = scaled_dot_product_attention(q, k, v, {.mask = m});
    CHECK(show(y) == "(2,2) 3 1 0 0");
    const tw::GradientTable table = tw::backward(sum(square(y)));
    for (const Var& x : {q, k, v}) CHECK(all_finite(table[x]));
  }
}

TEST_CASE("every loss on logits is finite at ±1000 in float32, with finite gradients") {
  tw::Tape tape;
  constexpr float far = 1000.0F;
  const Var z =
      tape.input(xt::xarray<float>{{far, -far, 0.0F}, {-far, far, far}, {-far, -far, far}});
  const Var hot =
      tape.input(xt::xarray<float>{{0.0F, 1.0F, 0.0F}, {0.0F, 0.0F, 1.0F}, {1.0F, 0.0F, 0.0F}});
  const Var soft =
      tape.input(xt::xarray<float>{{0.2F, 0.5F, 0.3F}, {0.9F, 0.0F, 0.1F}, {0.0F, 0.4F, 0.6F}});
  const Var labels = tape.input(Labels{1, 0, 2});
  const Var weights = tape.input(xt::xarray<float>{0.5F, 2.0F, 1.0F});
  const Var signs = tape.input(
      xt::xarray<float>{{1.0F, 1.0F, -1.0F}, {-1.0F, 1.0F, -1.0F}, {1.0F, -1.0F, -1.0F}});
  const Var rows = tape.input(xt::xarray<float>{1.0F, -1.0F, far});
  const Var narrow = positive(z);
  struct Loss {
    const char* name;
    Var value;
  };
  std::vector<Loss> losses;
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
    const tw::LossOptions how{reduction, 1.0};
    for (const Var& y : {hot, soft}) {
      losses.push_back({"bce_with_logits", bce_with_logits(z, y, how)});
      losses.push_back(
          {"bce_with_logits, pos_weight", bce_with_logits(z, y, tw::BceOptions{weights}, how)});
      losses.push_back({"focal", focal(z, y, {}, how)});
      losses.push_back({"focal, γ = 1", focal(z, y, {1.0, 0.5}, how)});
      losses.push_back({"cross_entropy of probabilities", cross_entropy(z, y, how)});
      losses.push_back({"cross_entropy, smoothed",
                        cross_entropy(z, y, tw::LabelOptions{.label_smoothing = 0.1F}, how)});
      losses.push_back({"kl_div", kl_div(log_softmax(z), y, how)});
      losses.push_back(
          {"kl_div of logarithms", kl_div(log_softmax(z), log_softmax(-z), how, true)});
    }
    losses.push_back({"cross_entropy", cross_entropy(z, labels, how)});
    losses.push_back(
        {"cross_entropy, all options", cross_entropy(z, labels, {0.1, weights, 0}, how)});
    losses.push_back({"nll", nll(log_softmax(z), labels, how)});
    losses.push_back({"nll, all options", nll(log_softmax(z), labels, {0.1, weights, 0}, how)});
    losses.push_back({"hinge", hinge(z, signs, how)});
    losses.push_back({"squared_hinge", squared_hinge(z, signs, how)});
    losses.push_back({"multi_hinge", multi_hinge(z, labels, {}, how)});
    losses.push_back({"multi_hinge, squared", multi_hinge(z, labels, {1.0, 2}, how)});
    losses.push_back({"gaussian_nll", gaussian_nll(z, hot, narrow, how)});
    losses.push_back({"mixture_nll", mixture_nll(z, z, narrow, rows, how)});
  }
  for (const Loss& loss : losses) {
    CAPTURE(loss.name);
    CHECK(all_finite(loss.value));
    CHECK(all_finite(tw::backward(sum(loss.value))[z]));
  }
}

TEST_CASE("the weight of positives is a factor of their term; the loss of sure logits is kept") {
  tw::Tape tape;
  const Var z = tape.input(xt::xarray<double>{{0.3, -1.2}, {2.0, 0.7}}),
            y = tape.input(xt::xarray<double>{{1.0, 0.0}, {0.25, 1.0}}),
            w = tape.input(xt::xarray<double>{3.0, 0.5});
  const auto each =
      bce_with_logits(z, y, tw::BceOptions{w}, {Reduction::none, 1.0}).value<double>();
  const double numbers[2][2] = {{0.3, -1.2}, {2.0, 0.7}}, targets[2][2] = {{1, 0}, {0.25, 1}},
               weights[2] = {3.0, 0.5};
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      const double p = 1 / (1 + std::exp(-numbers[i][j])), t = targets[i][j];
      CHECK(each(i, j) == doctest::Approx(-weights[j] * t * std::log(p) - (1 - t) * std::log(1 - p))
                              .epsilon(1e-14));
    }
  }
  const Var one = tape.input(1.0), sure = tape.input(-40.0), no = tape.input(0.0);
  CHECK(bce_with_logits(sure, no, tw::BceOptions{one}).item() / std::exp(-40.0) ==
        doctest::Approx(1).epsilon(1e-14));
  CHECK(bce_with_logits(z, y, tw::BceOptions{}).item() == bce_with_logits(z, y).item());
  CHECK(tests::contains(
      tests::message_of<tw::ShapeError>([&] { (void)bce_with_logits(one, no, tw::BceOptions{w}); }),
      "[bce_with_logits] a pos_weight (2,) does not broadcast"));
}
