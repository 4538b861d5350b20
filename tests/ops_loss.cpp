// Losses: reductions, stability, labels.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/tapewise.hpp>

#include "relative.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::show;

namespace {
using Labels = xt::xarray<std::int64_t>;
}

TEST_CASE("mse states its reduction and factor") {
  tw::Tape tape;
  const tw::Var a = tape.input(xt::xarray<double>{1.0, 2.0, 4.0}),
                b = tape.input(xt::xarray<double>{0.0, 4.0, 4.0});
  CHECK(mse(a, b).item() == doctest::Approx(5.0 / 3).epsilon(1e-15));
  CHECK(mse(a, b, {tw::Reduction::sum, 0.5}).item() == 2.5);
  CHECK(mse(a, b, {tw::Reduction::sum, 0.25}).item() == 1.25);
  CHECK(show(mse(a, b, {tw::Reduction::none, 1.0})) == "(3,) 1 4 0");
  CHECK(show(tw::backward(mse(a, b, {tw::Reduction::sum, 0.5}))[a]) == "(3,) 1 -2 0");
  CHECK(show(tw::backward(mse(a, b, {tw::Reduction::sum, 0.5}))[b]) == "(3,) -1 2 0");
}

TEST_CASE("losses do not broadcast: that hides mistakes") {
  tw::Tape tape;
  const tw::Var a = tape.input(xt::xarray<double>{1.0, 2.0}), b = tape.input(1.0);
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)mse(a, b); }),
                 "[mse] wanted two arrays of one shape, given (2,) and ()"));
  CHECK_THROWS_AS((void)bce_with_logits(a, cast(a, tw::DType::float32)), tw::TypeError);
}

TEST_CASE("losses of nothing: the mean is NaN, the sum is 0") {
  tw::Tape tape;
  const tw::Var none = tape.input(xt::xarray<double>::from_shape({0}));
  CHECK(std::isnan(mse(none, none).item()));
  CHECK(mse(none, none, {tw::Reduction::sum, 1.0}).item() == 0.0);
}

TEST_CASE("bce_with_logits is the negative log-likelihood, with derivative sigmoid(z) - y") {
  tw::Tape tape;
  for (const double y : {0.0, 0.3, 1.0}) {
    for (const double z : {-2.0, 0.0, 1.5}) {
      const double p = 1 / (1 + std::exp(-z));
      const tw::Var logit = tape.input(z), target = tape.input(y);
      const tw::Var loss = bce_with_logits(logit, target);
      CHECK(loss.item() ==
            doctest::Approx(-y * std::log(p) - (1 - y) * std::log(1 - p)).epsilon(1e-14));
      CHECK(tw::backward(loss)[logit].item() == doctest::Approx(p - y).epsilon(1e-14));
    }
  }
}

TEST_CASE("the loss of a confident, right logit is small, not rounded to zero") {
  tw::Tape tape;  // ratios, because Approx is absolute for small numbers
  for (const float z : {5.0F, 10.0F, 16.0F, 20.0F}) {
    CAPTURE(z);
    const double exact = std::log1p(std::exp(-static_cast<double>(z)));
    const tw::Var logits = tape.input(xt::xarray<float>{z, -z}),
                  targets = tape.input(xt::xarray<float>{1.0F, 0.0F});
    const auto losses = bce_with_logits(logits, targets, {tw::Reduction::none, 1.0}).value<float>();
    CHECK(losses(0) / exact == doctest::Approx(1).epsilon(1e-6));
    CHECK(losses(1) / exact == doctest::Approx(1).epsilon(1e-6));
  }
  CHECK(bce_with_logits(tape.input(40.0), tape.input(1.0)).item() / std::exp(-40.0) ==
        doctest::Approx(1).epsilon(1e-14));
}

TEST_CASE("logits of a thousand have finite losses and gradients in float32") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<float>{1000.0F, -1000.0F, 1000.0F, -1000.0F});
  const tw::Var y = tape.input(xt::xarray<float>{1.0F, 1.0F, 0.0F, 0.0F});
  const tw::Var bce = bce_with_logits(z, y, {tw::Reduction::none, 1.0});
  CHECK(show(bce) == "float32 (4,) 0 1000 1000 0");
  CHECK(show(tw::backward(sum(bce))[z]) == "float32 (4,) 0 -1 1 0");
  const tw::Var logits = tape.input(xt::xarray<float>{{1000.0F, -1000.0F}, {-1000.0F, 1000.0F}});
  const tw::Var ce = cross_entropy(logits, tape.input(Labels{0, 0}), {tw::Reduction::sum, 1.0});
  CHECK(ce.item() == 2000.0);
  CHECK(show(tw::backward(ce)[logits]) == "float32 (2,2) 0 0 -1 1");
}

TEST_CASE("cross_entropy takes indices, one-hot labels and probabilities") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<double>{{0.2, -1.0, 0.5}, {1.0, 0.0, -0.3}});
  const tw::Var index = tape.input(Labels{2, 0});
  const tw::Var hot = one_hot(index, 3);
  double by_hand = 0;
  const double rows[2][3] = {{0.2, -1.0, 0.5}, {1.0, 0.0, -0.3}};
  const int labels[] = {2, 0};
  for (int r = 0; r < 2; ++r) {
    const double* x = rows[r];
    by_hand += std::log(std::exp(x[0]) + std::exp(x[1]) + std::exp(x[2])) - x[labels[r]];
  }
  CHECK(cross_entropy(z, index).item() == doctest::Approx(by_hand / 2).epsilon(1e-14));
  CHECK(cross_entropy(z, index, {tw::Reduction::sum, 1.0}).item() ==
        doctest::Approx(by_hand).epsilon(1e-14));
  CHECK(cross_entropy(z, hot).item() == doctest::Approx(by_hand / 2).epsilon(1e-14));
  const tw::Var gradient = tw::backward(cross_entropy(z, index))[z];
  CHECK(amax(abs(gradient - (softmax(z) - hot) / 2.0)).item() <= 1e-16);
  CHECK(amax(abs(gradient - tw::backward(cross_entropy(z, hot))[z])).item() <= 1e-16);
  const tw::Var soft = tape.input(xt::xarray<double>{{0.2, 0.3, 0.5}, {0.1, 0.1, 0.8}});
  CHECK(cross_entropy(z, soft).item() ==
        doctest::Approx(-0.5 * sum(soft * log_softmax(z)).item()).epsilon(1e-14));
  CHECK(cross_entropy(reshape(z, {1, 2, 3}), reshape(index, {1, 2})).item() ==
        doctest::Approx(by_hand / 2).epsilon(1e-14));
}

TEST_CASE("a label out of range is named, on demand and in a program, which then runs again") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<double>{{0.2, -1.0, 0.5}, {1.0, 0.0, -0.3}}, "logits");
  const tw::Var labels = tape.input(Labels{2, 3}, "labels");
  const tw::Var loss = cross_entropy(z, labels).named("loss");
  const std::string line = "ops_loss.cpp:" + std::to_string(__LINE__ - 1);
  tw::Program program = tw::compile({loss});
  for (const std::string& text : {message_of<tw::DomainError>([&] { (void)loss.item(); }),
                                  message_of<tw::DomainError>([&] { program.run(); })}) {
    CHECK(contains(text, "[cross_entropy] label 3 at position 1 is out of range for 3 classes"));
    CHECK(contains(text, line));
    CHECK(contains(text, "\"loss\""));
  }
  labels.set(Labels{2, 1});
  program.run();
  CHECK(program.item(loss) == loss.item());
}

TEST_CASE("labels of another shape or kind are refused where they are recorded") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<double>{{0.2, -1.0, 0.5}, {1.0, 0.0, -0.3}});
  CHECK(contains(message_of<tw::ShapeError>([&] {
                   (void)cross_entropy(z, tape.input(Labels{1, 2, 0}));
                 }),
                 "want index labels of shape (2,), given (3,)"));
  CHECK_THROWS_AS((void)cross_entropy(z, tape.input(xt::xarray<double>{1.0, 2.0})), tw::ShapeError);
  CHECK_THROWS_AS((void)cross_entropy(z, tape.input(xt::xarray<float>{1.0F, 2.0F})), tw::TypeError);
  CHECK_THROWS_AS((void)cross_entropy(tape.input(1.0), tape.input(std::int64_t{0})),
                  tw::ShapeError);
}

TEST_CASE("the gradient of a confident prediction keeps its digits: p - 1 is minus the others") {
  for (const double far : {5.0, 20.0, 40.0, 80.0}) {
    tw::Tape tape;
    const tw::Var label = tape.constant(std::int64_t{1});
    const tw::Var z = tape.input(xt::xarray<double>{0.0, far, 1.0});
    const tw::Var single = tape.input(xt::xarray<float>{0.0F, static_cast<float>(far), 1.0F});
    const double others = 1.0 + std::exp(1.0), p = others / (std::exp(far) + others);
    const tw::Var slope = tw::backward(cross_entropy(z, label))[z];
    const tw::Var single_slope = tw::backward(cross_entropy(single, label))[single];
    CHECK(slope.value<double>()(1) == tests::relative(-p, 1e-14));
    CHECK(static_cast<double>(single_slope.value<float>()(1)) == tests::relative(-p, 1e-5));
    const tw::Var one_hot = tape.constant(xt::xarray<double>{0.0, 1.0, 0.0});
    const tw::Var dense_slope = tw::backward(cross_entropy(z, one_hot))[z];
    CHECK(dense_slope.value<double>()(1) == tests::relative(-p, 1e-14));
  }
}
