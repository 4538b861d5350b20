// Losses with a margin, losses of embeddings, overlap and weight decay: values by hand, kinks.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using doctest::Approx;
using tests::show;

namespace {
using Labels = xt::xarray<std::int64_t>;
}

TEST_CASE("multi_hinge is the sum over the other classes; PyTorch's is a factor away") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<double>{{0.5, 2.0, -1.0}, {1.0, 0.2, 0.4}});
  const tw::Var label = tape.input(Labels{0, 0});
  // row 0: (2 - .5 + 1) + 0; row 1: (.2 - 1 + 1) + (.4 - 1 + 1)
  const auto each = multi_hinge(z, label, {}, {tw::Reduction::none, 1.0}).value<double>();
  CHECK(each(0) == Approx(2.5).epsilon(1e-15));
  CHECK(each(1) == Approx(0.6).epsilon(1e-15));
  CHECK(multi_hinge(z, label, {1.0, 2}).item() == Approx((6.25 + .04 + .16) / 2).epsilon(1e-14));
  CHECK(show(tw::backward(multi_hinge(z, label, {}, {tw::Reduction::sum, 1.0}))[z]) ==
        "(2,3) -1 1 0 -2 1 1");
  CHECK_THROWS_AS((void)multi_hinge(z, label, {1.0, 3}), tw::DomainError);
}

TEST_CASE("ranking, triplet and cosine losses, by hand") {
  tw::Tape tape;
  const tw::Var a = tape.input(xt::xarray<double>{1.0, 2.0}),
                b = tape.input(xt::xarray<double>{0.4, 2.1}),
                y = tape.input(xt::xarray<double>{1.0, 1.0});
  const auto ranks = margin_ranking(a, b, y, 0.5, {tw::Reduction::none, 1.0}).value<double>();
  CHECK(ranks(0) == 0.0);
  CHECK(ranks(1) == Approx(0.6).epsilon(1e-14));

  const tw::Var anchor = tape.input(xt::xarray<double>{{0.0, 0.0}}),
                near = tape.input(xt::xarray<double>{{3.0, 4.0}}),
                far = tape.input(xt::xarray<double>{{0.0, 5.5}});
  CHECK(triplet(anchor, near, far, {.epsilon = 0.0}).item() == Approx(0.5).epsilon(1e-14));
  CHECK(triplet(anchor, near, far, {.power = 1.0, .epsilon = 0.0}).item() ==
        Approx(7 - 5.5 + 1).epsilon(1e-14));
  CHECK(triplet(anchor, near, far, {.epsilon = 0.0, .swap = true}).item() ==
        Approx(5 - std::sqrt(9 + 2.25) + 1).epsilon(1e-14));

  const tw::Var u = tape.input(xt::xarray<double>{{3.0, 4.0}, {1.0, 0.0}, {0.0, 0.0}}),
                v = tape.input(xt::xarray<double>{{4.0, 3.0}, {-2.0, 0.0}, {1.0, 1.0}});
  const tw::Var cosine = cosine_similarity(u, v);
  const auto cosines = cosine.value<double>();
  CHECK(cosines(0) == Approx(0.96).epsilon(1e-14));
  CHECK(cosines(1) == Approx(-1).epsilon(1e-14));
  CHECK(cosines(2) == 0.0);
  const auto slope = tw::backward(sum(cosine))[u].value<double>();
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::isfinite(slope(i, 0)));
  const tw::Var signs = tape.input(xt::xarray<double>{1.0, -1.0, 1.0});
  const auto embedding =
      cosine_embedding(u, v, signs, 0.0, {tw::Reduction::none, 1.0}).value<double>();
  CHECK(embedding(0) == Approx(0.04).epsilon(1e-11));
  CHECK(embedding(1) == 0.0);
  CHECK(embedding(2) == 1.0);
}

TEST_CASE("ranking, triplet and cosine losses push at their kink, as PyTorch 1.13 does") {
  tw::Tape tape;
  const tw::Var a = tape.input(1.0), b = tape.input(1.0), y = tape.input(1.0);
  const tw::GradientTable ranks = tw::backward(margin_ranking(a, b, y));
  CHECK(ranks[a].item() == -1.0);
  CHECK(ranks[b].item() == 1.0);

  const tw::Var anchor = tape.input(xt::xarray<double>{{0.0, 0.0}}),
                near = tape.input(xt::xarray<double>{{3.0, 4.0}}),
                far = tape.input(xt::xarray<double>{{0.0, 6.0}});
  const tw::Var at_margin = triplet(anchor, near, far, {.epsilon = 0.0});
  CHECK(at_margin.item() == 0.0);
  CHECK(show(tw::backward(at_margin)[far]) == "(1,2) 0 -1");

  const tw::Var u = tape.input(xt::xarray<double>{{1.0, 0.0}}),
                v = tape.input(xt::xarray<double>{{0.0, 1.0}}),
                apart = tape.input(xt::xarray<double>{-1.0});
  CHECK(tw::backward(cosine_embedding(u, v, apart))[u].value<double>()(0, 1) ==
        Approx(1.0).epsilon(1e-11));
}

TEST_CASE("dice is 0 for a perfect prediction; weight_decay adds 2λw to each weight's gradient") {
  tw::Tape tape;
  const tw::Var p = tape.input(xt::xarray<double>{{1.0, 0.0, 1.0}, {0.5, 0.5, 0.0}}),
                y = tape.input(xt::xarray<double>{{1.0, 0.0, 1.0}, {1.0, 0.0, 0.0}});
  const auto rows = dice(p, y, -1, 1.0, {tw::Reduction::none, 1.0}).value<double>();
  CHECK(rows(0) == 0.0);
  CHECK(rows(1) == Approx(1 - (2 * 0.5 + 1) / (1.0 + 1.0 + 1)).epsilon(1e-15));
  CHECK(dice(p, y).item() == Approx(1 - (2 * 2.5 + 1) / (3 + 3 + 1.0)).epsilon(1e-15));

  const tw::Var w = tape.input(xt::xarray<double>{1.0, -2.0}), v = tape.input(3.0);
  const tw::Var decay = tw::weight_decay({w, v}, 0.1);
  CHECK(decay.item() == Approx(0.1 * 14).epsilon(1e-15));
  const tw::Var loss = sum(w) * v + decay;
  const tw::GradientTable table = tw::backward(loss);
  const auto g = table[w].value<double>();
  CHECK(g(0) == Approx(3 + 0.2).epsilon(1e-15));
  CHECK(g(1) == Approx(3 - 0.4).epsilon(1e-15));
  CHECK(table.contributions(w).size() == 2);
  CHECK(weight_decay(v, 0.5).item() == 4.5);
}
