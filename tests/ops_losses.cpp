// Losses written in other ops: values from loops over the definitions, edges, refusals.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using doctest::Approx;
using tests::contains, tests::message_of, tests::show;

namespace {

using Labels = xt::xarray<std::int64_t>;
using Numbers = std::vector<double>;

const Numbers a_numbers = {0.3, -1.2, 2.5, 0.9, -0.1, 1.7},
              b_numbers = {0.1, 0.4, 0.6, 0.8, 0.5, 0.2};

xt::xarray<double> array_of(const Numbers& x) { return xt::adapt(x, {x.size()}); }

/// Values and gradients of an elementwise loss against its definition, with every reduction; the
/// gradient by a difference of the definition, which is smooth at these places.
void check_definition(const std::function<tw::Var(tw::Var, tw::Var, const tw::LossOptions&)>& loss,
                      double (*definition)(double, double), const Numbers& a = a_numbers,
                      const Numbers& b = b_numbers) {
  tw::Tape tape;
  const tw::Var x = tape.input(array_of(a)), y = tape.input(array_of(b));
  const auto each = loss(x, y, {tw::Reduction::none, 1.0}).value<double>();
  const tw::Var total = loss(x, y, {tw::Reduction::sum, 0.5});
  const auto slopes = tw::backward(total)[x].value<double>();
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(i);
    CHECK(each(i) == Approx(definition(a[i], b[i])).epsilon(1e-13));
    sum += definition(a[i], b[i]);
    const double h = 1e-5;
    const double slope = (definition(a[i] + h, b[i]) - definition(a[i] - h, b[i])) / (2 * h);
    CHECK(slopes(i) == Approx(0.5 * slope).epsilon(1e-7));
  }
  CHECK(total.item() == Approx(0.5 * sum).epsilon(1e-13));
  CHECK(loss(x, y, {}).item() == Approx(sum / static_cast<double>(a.size())).epsilon(1e-13));
  CHECK(loss(x, y, {tw::Reduction::mean, 100.0}).item() ==
        Approx(100 * sum / static_cast<double>(a.size())).epsilon(1e-13));
}

}  // namespace

TEST_CASE("losses of real numbers are their definitions") {
  using Options = tw::LossOptions;
  check_definition([](tw::Var x, tw::Var y, const Options& o) { return mae(x, y, o); },
                   [](double x, double y) { return std::abs(x - y); });
  check_definition([](tw::Var x, tw::Var y, const Options& o) { return mape(x, y, o); },
                   [](double x, double y) { return std::abs((x - y) / y); });
  check_definition([](tw::Var x, tw::Var y, const Options& o) { return msle(x, y, o); },
                   [](double x, double y) { return std::pow(std::log((1 + x) / (1 + y)), 2); },
                   {0.3, 1.2, 2.5}, {0.1, 0.4, 5.6});
  check_definition([](tw::Var x, tw::Var y, const Options& o) { return huber(x, y, 0.7, o); },
                   [](double x, double y) {
                     const double r = std::abs(x - y);
                     return r <= 0.7 ? 0.5 * r * r : 0.7 * (r - 0.35);
                   });
  check_definition([](tw::Var x, tw::Var y, const Options& o) { return smooth_l1(x, y, 0.5, o); },
                   [](double x, double y) {
                     const double r = std::abs(x - y);
                     return r < 0.5 ? r * r : r - 0.25;
                   });
  check_definition([](tw::Var x, tw::Var y, const Options& o) { return smooth_l1(x, y, 0.0, o); },
                   [](double x, double y) { return std::abs(x - y); });
  check_definition([](tw::Var x, tw::Var y, const Options& o) { return log_cosh(x, y, o); },
                   [](double x, double y) { return std::log(std::cosh(x - y)); });
}

TEST_CASE("losses of probabilities, counts and scores are their definitions") {
  using Options = tw::LossOptions;
  const Numbers p = {0.2, 0.9, 0.4, 0.6}, y = {0.0, 1.0, 0.3, 1.0};
  check_definition([](tw::Var x, tw::Var t, const Options& o) { return bce(x, t, o); },
                   [](double x, double t) { return -t * std::log(x) - (1 - t) * std::log(1 - x); },
                   p, y);
  check_definition([](tw::Var x, tw::Var t, const Options& o) { return focal(x, t, {}, o); },
                   [](double x, double t) {
                     const double s = 1 / (1 + std::exp(-x)), right = s * t + (1 - s) * (1 - t);
                     const double ce = -t * std::log(s) - (1 - t) * std::log(1 - s);
                     return (0.25 * t + 0.75 * (1 - t)) * std::pow(1 - right, 2) * ce;
                   },
                   {0.2, -1.9, 1.4, 3.0}, y);
  check_definition([](tw::Var x, tw::Var t, const Options& o) { return poisson_nll(x, t, {}, o); },
                   [](double x, double t) { return std::exp(x) - t * x; });
  check_definition(
      [](tw::Var x, tw::Var t, const Options& o) {
        return poisson_nll(x, t, {false, false, 0.0}, o);
      },
      [](double x, double t) { return x - t * std::log(x); }, {0.2, 1.9, 1.4, 3.0}, y);
  check_definition([](tw::Var x, tw::Var t, const Options& o) { return kl_div(x, t, o); },
                   [](double x, double t) { return t == 0 ? 0 : t * (std::log(t) - x); },
                   {-0.2, -1.9, -1.4, -3.0}, y);
  const Numbers signs = {1, -1, 1, -1, -1, 1};
  check_definition([](tw::Var x, tw::Var t, const Options& o) { return hinge(x, t, o); },
                   [](double x, double t) { return std::max(0.0, 1 - x * t); }, a_numbers, signs);
  check_definition([](tw::Var x, tw::Var t, const Options& o) { return squared_hinge(x, t, o); },
                   [](double x, double t) { return std::pow(std::max(0.0, 1 - x * t), 2); },
                   a_numbers, signs);
}

TEST_CASE("losses of nothing: the mean is NaN, the sum is 0") {
  tw::Tape tape;
  const tw::Var none = tape.input(xt::xarray<double>::from_shape({0}));
  CHECK(std::isnan(mae(none, none).item()));
  CHECK(log_cosh(none, none, {tw::Reduction::sum, 1.0}).item() == 0.0);
  CHECK(kl_div(none, none, {tw::Reduction::none, 1.0}).shape() == tw::Shape{0});
}

TEST_CASE("log_cosh keeps its digits near zero and does not overflow far away") {
  tw::Tape tape;
  for (const double r : {1e-9, -1e-6, 1e-3}) {
    const tw::Var x = tape.input(r);
    const tw::Var loss = log_cosh(x, 0.0);
    CHECK(loss.item() / (0.5 * r * r * (1 - r * r / 6)) == Approx(1).epsilon(1e-12));
    CHECK(tw::backward(loss)[x].item() / std::tanh(r) == Approx(1).epsilon(1e-14));
  }
  const tw::Var zero = tape.input(0.0);
  const tw::Var slope = tw::backward(log_cosh(zero, 0.0))[zero];
  CHECK(slope.item() == 0.0);
  CHECK(tw::backward(slope)[zero].item() == 1.0);  // 1 - tanh² 0
  const tw::Var far = tape.input(xt::xarray<float>{1000.0F, -1000.0F});
  const tw::Var total = log_cosh(far, xt::xarray<float>{0.0F, 0.0F}, {tw::Reduction::sum, 1.0});
  CHECK(total.item() == Approx(2000 - 2 * std::numbers::ln2));
  CHECK(show(tw::backward(total)[far]) == "float32 (2,) 1 -1");
}

TEST_CASE("losses on logits of a thousand are finite in float32, gradients too") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<float>{1000.0F, -1000.0F, 1000.0F, -1000.0F});
  const tw::Var y = tape.input(xt::xarray<float>{1.0F, 1.0F, 0.0F, 0.0F});
  for (const double gamma : {0.0, 1.0, 1.5, 2.0, 5.0}) {
    CAPTURE(gamma);
    const tw::Var loss = focal(z, y, {gamma, -1.0}, {tw::Reduction::none, 1.0});
    CHECK(show(loss) == "float32 (4,) 0 1000 1000 0");
    CHECK(show(tw::backward(sum(loss))[z]) == "float32 (4,) 0 -1 1 0");
  }
  const tw::Var logits = tape.input(xt::xarray<float>{{1000.0F, -1000.0F}, {-1000.0F, 1000.0F}});
  const tw::Var label = tape.input(Labels{0, 0});
  const tw::Var ce =
      cross_entropy(logits, label, {.label_smoothing = 0.5}, {tw::Reduction::none, 1.0});
  CHECK(show(ce) == "float32 (2,) 500 1500");
  CHECK(show(tw::backward(sum(ce))[logits]) == "float32 (2,2) 0.25 -0.25 -0.75 0.75");
  const tw::Var hinge_loss = multi_hinge(logits, label, {}, {tw::Reduction::none, 1.0});
  CHECK(show(hinge_loss) == "float32 (2,) 0 2001");
}

TEST_CASE("bce of certain probabilities is cut off at 100, with a finite gradient") {
  tw::Tape tape;
  const tw::Var p = tape.input(xt::xarray<double>{0.0, 1.0, 0.0, 1.0});
  const tw::Var y = tape.input(xt::xarray<double>{0.0, 1.0, 1.0, 0.0});
  const tw::Var loss = bce(p, y, {tw::Reduction::none, 1.0});
  CHECK(show(loss) == "(4,) 0 0 100 100");
  const auto slope = tw::backward(sum(loss))[p].value<double>();
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::isfinite(slope(i)));
}

TEST_CASE("cross_entropy smooths labels, weighs classes and ignores labels, as defined") {
  const double z[3][3] = {{0.2, -1.0, 0.5}, {1.0, 0.0, -0.3}, {-0.7, 0.1, 0.4}};
  const double weights[] = {0.5, 2.0, 1.5};
  const int labels[] = {2, 0, 1};
  tw::Tape tape;
  const tw::Var logits =
      tape.input(xt::xarray<double>{{0.2, -1.0, 0.5}, {1.0, 0.0, -0.3}, {-0.7, 0.1, 0.4}});
  const tw::Var index = tape.input(Labels{2, 0, 1});
  const tw::Var w = tape.constant(xt::xarray<double>{0.5, 2.0, 1.5});
  for (const double s : {0.0, 0.1, 1.0}) {
    for (const bool weighted : {false, true}) {
      for (const int ignored : {-1, 0}) {
        CAPTURE(s);
        CAPTURE(weighted);
        CAPTURE(ignored);
        double total = 0, total_weight = 0;
        for (int r = 0; r < 3; ++r) {
          if (labels[r] == ignored) continue;
          const double all = std::log(std::exp(z[r][0]) + std::exp(z[r][1]) + std::exp(z[r][2]));
          for (int c = 0; c < 3; ++c) {
            const double t = (1 - s) * (c == labels[r] ? 1 : 0) + s / 3;
            total += (weighted ? weights[c] : 1.0) * t * (all - z[r][c]);
          }
          total_weight += weighted ? weights[labels[r]] : 1.0;
        }
        tw::LabelOptions options{.label_smoothing = s};
        if (weighted) options.class_weights = w;
        if (ignored >= 0) options.ignore_index = ignored;
        CHECK(cross_entropy(logits, index, options).item() ==
              Approx(total / total_weight).epsilon(1e-13));
        CHECK(cross_entropy(logits, index, options, {tw::Reduction::sum, 0.5}).item() ==
              Approx(0.5 * total).epsilon(1e-13));
        if (ignored < 0) {  // one-hot labels give the same sum
          CHECK(
              cross_entropy(logits, one_hot(index, 3), options, {tw::Reduction::sum, 0.5}).item() ==
              Approx(0.5 * total).epsilon(1e-13));
        }
      }
    }
  }
  const tw::Var all_ignored = tape.input(Labels{7, 7, 7});
  CHECK(std::isnan(cross_entropy(logits, all_ignored, {.ignore_index = 7}).item()));
  CHECK(nll(log_softmax(logits), index).item() ==
        Approx(cross_entropy(logits, index).item()).epsilon(1e-15));
}

TEST_CASE("nll takes the same options, on log-probabilities") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<double>{{0.2, -1.0, 0.5}, {1.0, 0.0, -0.3}}),
                w = tape.input(xt::xarray<double>{0.5, 2.0, 3.0}), log_p = log_softmax(z);
  const tw::Var labels = tape.input(Labels{2, 0});
  const auto p = log_p.value<double>();
  CHECK(nll(log_p, labels, {0.0, w, {}}).item() ==
        Approx(-(3.0 * p(0, 2) + 0.5 * p(1, 0)) / 3.5).epsilon(1e-14));
  CHECK(nll(log_p, labels, {0.0, {}, 2}).item() == Approx(-p(1, 0)).epsilon(1e-14));
  const auto rows = sum(log_p, -1).value<double>();
  CHECK(nll(log_p, labels, {0.3, {}, {}}, {tw::Reduction::sum, 1.0}).item() ==
        Approx(-0.7 * (p(0, 2) + p(1, 0)) - 0.1 * (rows(0) + rows(1))).epsilon(1e-14));
  for (const tw::LabelOptions& how :
       {tw::LabelOptions{0.2, w, 0}, tw::LabelOptions{0.0, w, {}}, tw::LabelOptions{}}) {
    CHECK(nll(log_p, labels, how).item() ==
          Approx(cross_entropy(z, labels, how).item()).epsilon(1e-15));
  }
  CHECK_THROWS_AS((void)nll(log_p, labels, {1.5, {}, {}}), tw::DomainError);
  CHECK_THROWS_AS((void)nll(log_p, one_hot(labels, 3), tw::LabelOptions{}), tw::TypeError);
}

TEST_CASE("kl_div of log p is that of p, with 0 where p is 0") {
  tw::Tape tape;
  const double inf = std::numeric_limits<double>::infinity();
  const tw::Var log_q = tape.input(xt::xarray<double>{-0.5, -1.2, -3.0}),
                p = tape.input(xt::xarray<double>{0.7, 0.0, 0.3}),
                log_p = tape.input(xt::xarray<double>{std::log(0.7), -inf, std::log(0.3)});
  const tw::LossOptions all{tw::Reduction::sum, 1.0};
  const tw::Var of_p = kl_div(log_q, p, all), of_log = kl_div(log_q, log_p, all, true);
  CHECK(of_log.item() == Approx(of_p.item()).epsilon(1e-15));
  CHECK(of_p.item() ==
        Approx(0.7 * (std::log(0.7) + 0.5) + 0.3 * (std::log(0.3) + 3)).epsilon(1e-14));
  const tw::GradientTable table = tw::backward(of_log);
  CHECK(show(table[log_q]) == "(3,) -0.7 0 -0.3");
  const auto slope = table[log_p].value<double>();
  CHECK(slope(1) == 0.0);
  CHECK(slope(0) == Approx(0.7 * (std::log(0.7) + 0.5 + 1)).epsilon(1e-14));
}

TEST_CASE("labels that are out of range or negative are refused when computed") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<double>{{0.2, -1.0, 0.5}});
  for (const std::int64_t label : {3, -1, -4}) {
    CAPTURE(label);
    const tw::Var index = tape.input(Labels{label});
    CHECK_THROWS_AS((void)nll(z, index).item(), tw::DomainError);
    CHECK_THROWS_AS((void)cross_entropy(z, index, {.label_smoothing = 0.1}).item(),
                    tw::DomainError);
    CHECK_THROWS_AS((void)multi_hinge(z, index).item(), tw::DomainError);
  }
  const tw::Var late = tape.input(Labels{3});
  const std::string line = "ops_losses.cpp:" + std::to_string(__LINE__ + 1);
  const std::string text = message_of<tw::DomainError>([&] { (void)nll(z, late).item(); });
  CAPTURE(text);
  CHECK(contains(text, line));
}

TEST_CASE("gaussian_nll: mse and a constant for a fixed variance, minimal at the true one") {
  tw::Tape tape;
  const tw::Var mu = tape.input(xt::xarray<double>{1.0, 2.0}),
                y = tape.input(xt::xarray<double>{0.5, 4.0});
  const tw::Var one = tape.input(1.0);
  CHECK(gaussian_nll(mu, y, one, {tw::Reduction::sum, 1.0}).item() ==
        mse(mu, y, {tw::Reduction::sum, 0.5}).item());
  const tw::Var variance = tape.input(xt::xarray<double>{0.25, 4.0});
  const tw::Var loss = gaussian_nll(mu, y, variance, {tw::Reduction::none, 1.0}, true);
  const double constant = 0.5 * std::log(2 * std::numbers::pi);
  const auto each = loss.value<double>();
  CHECK(each(0) == Approx(0.5 * (std::log(0.25) + 1) + constant).epsilon(1e-14));
  CHECK(each(1) == Approx(0.5 * (std::log(4.0) + 1) + constant).epsilon(1e-14));
  CHECK(show(tw::backward(sum(loss))[variance]) == "(2,) 0 0");  // σ² is the squared error
  CHECK_THROWS_AS((void)gaussian_nll(mu, y, tape.input(xt::xarray<double>{1.0, 2.0, 3.0})),
                  tw::ShapeError);
  CHECK_THROWS_AS((void)gaussian_nll(one, one, variance), tw::ShapeError);
}

TEST_CASE("a learned variance stays positive whatever the free parameter is") {
  tw::Tape tape;
  const tw::Var free = tape.input(xt::xarray<float>{-1000.0F, -20.0F, 0.0F, 1000.0F});
  const auto soft = positive(free).value<float>();
  const auto grown = positive(free, tw::Positive::exp).value<float>();
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(soft(i) > 0);
    CHECK(grown(i) > 0);
  }
  CHECK(soft(2) == Approx(std::numbers::ln2));
  CHECK(soft(3) == 1000.0F);
  const tw::Var x = tape.input(xt::xarray<float>{0.0F, 0.0F, 0.0F, 0.0F});
  const tw::Var loss = gaussian_nll(x, x, positive(free));
  CHECK(std::isfinite(loss.item()));
}

TEST_CASE("poisson_nll with its constant is close to the exact one") {
  tw::Tape tape;
  const tw::Var rate = tape.input(5.5);
  for (const double y : {2.0, 5.0, 30.0}) {
    const double exact = 5.5 - y * std::log(5.5) + std::lgamma(y + 1);
    const double stirling = poisson_nll(rate, y, {false, true, 0.0}).item();
    CHECK(std::abs(stirling - exact) < 1 / (12 * y));  // the next term of Stirling's series
    CHECK(stirling < exact);
  }
  CHECK(poisson_nll(rate, 1.0, {false, true, 0.0}).item() ==
        poisson_nll(rate, 1.0, {false, false, 0.0}).item());
  CHECK_THROWS_AS((void)poisson_nll(rate, 1.0, {.epsilon = -1.0}), tw::DomainError);
}

TEST_CASE("KL is cross-entropy less entropy, with the gradient of the cross-entropy in q") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<double>{0.2, -1.0, 0.5}),
                p = tape.input(xt::xarray<double>{0.7, 0.0, 0.3});
  const tw::LossOptions all{tw::Reduction::sum, 1.0};
  const tw::Var kl = kl_div(log_softmax(z), p, all), ce = cross_entropy(z, p, all);
  const double entropy = -0.7 * std::log(0.7) - 0.3 * std::log(0.3);
  CHECK(kl.item() == Approx(ce.item() - entropy).epsilon(1e-14));
  CHECK(amax(abs(tw::backward(kl)[z] - tw::backward(ce)[z])).item() < 1e-15);
  CHECK(tw::backward(kl)[p].value<double>()(1) == 0.0);
}

TEST_CASE("mixture_nll is the mixture's density, and a Gaussian for one component") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<double>{0.3, -0.4}),
                mu = tape.input(xt::xarray<double>{{1.0, 0.0}, {-1.0, 0.5}}),
                sigma = tape.input(xt::xarray<double>{{0.5, 1.0}, {2.0, 1.5}}),
                y = tape.input(xt::xarray<double>{0.2, 0.9});
  const auto density = [](double x, double m, double s) {
    return std::exp(-0.5 * (x - m) * (x - m) / (s * s)) / (s * std::sqrt(2 * std::numbers::pi));
  };
  const double first = 1 / (1 + std::exp(-0.7));
  const double by_hand = first * density(0.2, 1.0, 0.5) * density(0.9, 0.0, 1.0) +
                         (1 - first) * density(0.2, -1.0, 2.0) * density(0.9, 0.5, 1.5);
  CHECK(mixture_nll(z, mu, sigma, y).item() == Approx(-std::log(by_hand)).epsilon(1e-14));

  const tw::Var m = tape.input(xt::xarray<double>{0.1, 0.2}),
                s = tape.input(xt::xarray<double>{2.0, 0.5});
  const tw::Var one = tw::reshape(m, {2, 1});
  CHECK(mixture_nll(one, one, tw::reshape(s, {2, 1}), y).item() ==
        Approx(gaussian_nll(m, y, square(s), {}, true).item()).epsilon(1e-14));

  // Far from every component the density underflows, its logarithm does not.
  const tw::Var far = tape.input(1e5);
  const tw::Var loss = mixture_nll(z, tape.input(xt::xarray<double>{0.0, 1.0}),
                                   tape.input(xt::xarray<double>{1.0, 1.0}), far);
  CHECK(loss.item() / 5e9 == Approx(1).epsilon(1e-4));
  CHECK(std::isfinite(tw::backward(loss)[far].item()));
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)mixture_nll(z, one, one, y); }),
                 "[mixture_nll] weight logits (2,) want means and deviations (2,1)"));
}

TEST_CASE("a loss that is refused names itself and the line, and leaves the tape as it was") {
  tw::Tape tape;
  const tw::Var a = tape.input(xt::xarray<double>{1.0, 2.0}), b = tape.input(1.0);
  const tw::NodeId size = tape.size();
  const std::string line = "ops_losses.cpp:" + std::to_string(__LINE__ + 1);
  const std::string text = message_of<tw::ShapeError>([&] { (void)huber(a, b); });
  CHECK(contains(text, "[huber] wanted two arrays of one shape, given (2,) and ()"));
  CHECK(contains(text, line));
  CHECK_THROWS_AS((void)huber(a, a, -1.0), tw::DomainError);
  CHECK_THROWS_AS((void)smooth_l1(a, a, -1.0), tw::DomainError);
  CHECK_THROWS_AS((void)mape(a, a, {}, 0.0), tw::DomainError);
  CHECK_THROWS_AS((void)focal(a, a, {0.5, 0.25}), tw::DomainError);
  CHECK_THROWS_AS((void)positive(a, tw::Positive::exp, -1.0), tw::DomainError);
  CHECK_THROWS_AS((void)mae(a, cast(a, tw::DType::float32)), tw::TypeError);
  tape.rewind(tape.mark());
  CHECK_THROWS_AS((void)nll(a, a), tw::TypeError);
  CHECK_THROWS_AS((void)triplet(b, b, b), tw::ShapeError);
  CHECK_THROWS_AS((void)triplet(a, a, a, {.power = 0.5}), tw::DomainError);
  CHECK_THROWS_AS((void)cosine_embedding(a, a, a), tw::ShapeError);
  CHECK_THROWS_AS((void)tw::mae(1.0, 2.0), tw::TypeError);
  CHECK(tape.size() == size + 1);  // the cast
  CHECK(tape.where(mae(a, a).id()).line == __LINE__);
}
