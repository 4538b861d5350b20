// Embedding, attention, maxout, glu.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/tapewise.hpp>

#include "examples.hpp"
#include "show.hpp"

namespace tw = tapewise;
using doctest::Approx;
using tests::contains, tests::message_of, tests::show;

namespace {

tw::Var random_input(tw::Tape& tape, const tw::Shape& shape, std::uint64_t seed) {
  return tape.input(
      tests::random_array({tw::DType::float64, shape, -1, 1}, tw::DType::float64, seed));
}

/// softmax over the keys that `allowed` lets through, by loops; zeros when there are none.
xt::xarray<double> naive_attention(const xt::xarray<double>& q, const xt::xarray<double>& k,
                                   const xt::xarray<double>& v,
                                   bool (*allowed)(std::size_t, std::size_t)) {
  xt::xarray<double> y = xt::zeros<double>({q.shape(0), v.shape(1)});
  for (std::size_t i = 0; i < q.shape(0); ++i) {
    double total = 0;
    for (std::size_t j = 0; j < k.shape(0); ++j) {
      if (!allowed(i, j)) continue;
      double score = 0;
      for (std::size_t c = 0; c < q.shape(1); ++c) score += q(i, c) * k(j, c);
      const double weight = std::exp(score / std::sqrt(static_cast<double>(q.shape(1))));
      total += weight;
      for (std::size_t c = 0; c < v.shape(1); ++c) y(i, c) += weight * v(j, c);
    }
    for (std::size_t c = 0; c < v.shape(1); ++c) y(i, c) /= total == 0 ? 1 : total;
  }
  return y;
}

constexpr bool allowed(std::size_t i, std::size_t j) {
  constexpr bool table[3][5] = {{true, false, true, true, false},
                                {false, false, false, false, false},
                                {false, true, true, false, true}};
  return table[i][j];
}

void check_close(const tw::Var& y, const xt::xarray<double>& wanted) {
  const auto numbers = y.value<double>();
  REQUIRE(numbers.shape() == wanted.shape());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CHECK(numbers.data()[i] == Approx(wanted.data()[i]).epsilon(1e-13));
  }
}

}  // namespace

TEST_CASE("attention is a softmax over the keys a query may look at") {
  tw::Tape tape;
  const tw::Var q = random_input(tape, {3, 4}, 1), k = random_input(tape, {5, 4}, 2),
                v = random_input(tape, {5, 2}, 3);
  const auto Q = q.value<double>(), K = k.value<double>(), V = v.value<double>();
  check_close(scaled_dot_product_attention(q, k, v),
              naive_attention(Q, K, V, [](std::size_t, std::size_t) { return true; }));
  check_close(scaled_dot_product_attention(q, k, v, {.causal = true}),
              naive_attention(Q, K, V, [](std::size_t i, std::size_t j) { return j <= i; }));
  const tw::Var mask = tape.input(xt::xarray<bool>{{true, false, true, true, false},
                                                   {false, false, false, false, false},
                                                   {false, true, true, false, true}});
  const tw::Var y = scaled_dot_product_attention(q, k, v, {.mask = mask});
  check_close(y, naive_attention(Q, K, V, allowed));
  check_close(scaled_dot_product_attention(q, k, v, {.mask = mask, .causal = true}),
              naive_attention(
                  Q, K, V, [](std::size_t i, std::size_t j) { return j <= i && allowed(i, j); }));
  // The query that may look nowhere has no NaN in its gradient either.
  const tw::GradientTable table = tw::backward(sum(y * y));
  for (const tw::Var& x : {q, k, v}) CHECK(std::isfinite(sum(table[x]).item()));
  CHECK(show(slice(table[q], {{1, 2}})) == "(1,4) 0 0 0 0");
}

TEST_CASE("attention: added masks, scale, batches of heads, logits of a thousand") {
  tw::Tape tape;
  const tw::Var q = random_input(tape, {2, 3, 4, 5}, 1), k = random_input(tape, {2, 3, 6, 5}, 2),
                v = random_input(tape, {2, 3, 6, 2}, 3);
  const tw::Var y = scaled_dot_product_attention(q, k, v);
  CHECK(y.shape() == tw::Shape{2, 3, 4, 2});
  const auto head = [](const tw::Var& x) {
    return tw::reshape(slice(x, {{1, 2}, {2, 3}}), {x.shape()[2], x.shape()[3]});
  };
  const tw::Var one = scaled_dot_product_attention(head(q), head(k), head(v));
  CHECK(amax(abs(head(y) - one)).item() < 1e-15);
  const tw::Var doubled =
      scaled_dot_product_attention(q * 2.0, k, v, {.scale = 0.5 / std::sqrt(5.0)});
  CHECK(amax(abs(doubled - y)).item() < 1e-15);
  const tw::Var added = scaled_dot_product_attention(q, k, v, {.mask = tape.input(3.0)});
  CHECK(amax(abs(added - y)).item() < 1e-14);

  const tw::Var big = tw::reshape(tape.input(xt::xarray<float>{1000.0F, -1000.0F}), {2, 1});
  const tw::Var sharp = scaled_dot_product_attention(big, big, big);
  CHECK(show(sharp) == "float32 (2,1) 1000 -1000");
}

TEST_CASE("embedding reads rows; rows that are read twice add their gradients") {
  tw::Tape tape;
  const tw::Var table = tape.input(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  const tw::Var index = tape.input(xt::xarray<std::int64_t>{2, 0, 2});
  const tw::Var y = embedding(index, table);
  CHECK(show(y) == "(3,2) 5 6 1 2 5 6");
  CHECK(show(tw::backward(sum(y))[table]) == "(3,2) 1 1 0 0 2 2");
  CHECK_THROWS_AS((void)embedding(tape.input(xt::xarray<std::int64_t>{3}), table).item(),
                  tw::DomainError);
  CHECK_THROWS_AS((void)embedding(table, table), tw::TypeError);
  CHECK_THROWS_AS((void)embedding(index, tape.input(1.0)), tw::ShapeError);
}

TEST_CASE("maxout takes the best of each group; with a zero piece it is relu") {
  tw::Tape tape;
  const tw::Var z = tape.input(xt::xarray<double>{{1.0, 3.0, -2.0, -5.0}, {0.0, 7.0, 7.5, 2.0}});
  CHECK(show(maxout(z, 2)) == "(2,2) 3 -2 7 7.5");
  CHECK(show(maxout(z, 4)) == "(2,1) 3 7.5");
  CHECK(show(maxout(z, 2, 0)) == "(1,4) 1 7 7.5 2");
  CHECK(show(tw::backward(sum(maxout(z, 2)))[z]) == "(2,4) 0 1 1 0 0 1 1 0");
  const tw::Var x = tape.input(xt::xarray<double>{-2.0, -0.5, 0.25, 3.0});
  const tw::Var column = tw::reshape(x, {4, 1});
  const tw::Var pairs = tw::concat({column, 0.0 * column}, 1);
  CHECK(show(tw::reshape(maxout(pairs, 2), {4})) == show(relu(x)));
  CHECK_THROWS_AS((void)maxout(z, 3), tw::ShapeError);
  CHECK_THROWS_AS((void)maxout(z, 0), tw::ShapeError);
  CHECK_THROWS_AS((void)maxout(z, 2, 2), tw::ShapeError);
}

TEST_CASE("glu gates the first half with the second") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{{2.0, 3.0, 0.0, 1.0}});
  const auto y = glu(x).value<double>();
  CHECK(y(0, 0) == 1.0);
  CHECK(y(0, 1) == Approx(3 / (1 + std::exp(-1.0))).epsilon(1e-15));
  CHECK_THROWS_AS((void)glu(x, 0), tw::ShapeError);
  CHECK_THROWS_AS((void)glu(tape.input(1.0)), tw::ShapeError);
}

TEST_CASE("attention refuses operands and masks that do not fit, and leaves nothing behind") {
  tw::Tape tape;
  const tw::Var q = random_input(tape, {3, 4}, 1), k = random_input(tape, {5, 4}, 2),
                v = random_input(tape, {5, 2}, 3), mask = random_input(tape, {2, 3, 5}, 4);
  const tw::NodeId size = tape.size();
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)scaled_dot_product_attention(q, v, v); }),
                 "queries and keys have one width"));
  CHECK_THROWS_AS((void)scaled_dot_product_attention(q, k, q), tw::ShapeError);
  CHECK_THROWS_AS((void)scaled_dot_product_attention(q, k, v, {.mask = q}), tw::ShapeError);
  CHECK(tape.size() == size);
  const tw::Var wide = mask > 0.0;
  CHECK_THROWS_AS((void)scaled_dot_product_attention(q, k, v, {.mask = wide}), tw::ShapeError);
}
