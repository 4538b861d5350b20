// The functions of the expression language: each takes its arguments as documented, and every op of
// the catalogue is one of them unless its arguments cannot be written.
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <tapewise/lessons/expression/expression.hpp>
#include <tapewise/lessons/expression/functions.hpp>
#include <tapewise/tapewise.hpp>

namespace tw = tapewise;
using tw::lessons::Binding;
using tw::lessons::ExpressionError;

namespace {

std::vector<double> values(std::string_view source, const std::vector<Binding>& bindings = {}) {
  tw::Tape tape;
  const tw::Var y = tw::lessons::record_expression(tape, source, bindings).output;
  std::vector<double> all;
  for (std::int64_t i = 0; i < y.type().size(); ++i) {
    all.push_back(tw::number_at(y.dtype(), y.data(), i));
  }
  return all;
}
/// The elements are these, to rounding.
bool gives(std::string_view source, const std::vector<double>& wanted,
           const std::vector<Binding>& bindings = {}) {
  const std::vector<double> found = values(source, bindings);
  bool same = found.size() == wanted.size();
  for (std::size_t i = 0; same && i < found.size(); ++i) {
    same = std::abs(found[i] - wanted[i]) <= 1e-14 * std::max(1.0, std::abs(wanted[i]));
  }
  std::string text;
  for (const double x : found) text += " " + tw::to_text(x);
  if (!same) MESSAGE(source << " is" << text);
  return same;
}
std::string error_of(std::string_view source, const std::vector<Binding>& bindings = {}) {
  try {
    (void)values(source, bindings);
  } catch (const ExpressionError& error) {
    return error.what();
  }
  return "no error";
}
bool says(const std::string& text, const char* what) {
  return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("expressions: sums, moments and norms along axes") {
  const std::vector<Binding> x = {{"x", "[1,2,3,4]"}}, X = {{"X", "[[1,5],[4,2]]"}};
  CHECK(gives("var(x)", {1.25}, x));
  CHECK(gives("var(x, ddof=1)", {5.0 / 3.0}, x));
  CHECK(gives("stddev(x)", {std::sqrt(1.25)}, x));
  CHECK(gives("norm([3,4]*x)", {5}, {{"x", "1"}}));
  CHECK(gives("norm([3,-4]*x, kind=one)", {7}, {{"x", "1"}}));
  CHECK(gives("norm([3,-4]*x, kind=inf)", {4}, {{"x", "1"}}));
  CHECK(gives("norm(X, axis=1, keepdims=true)", {std::sqrt(26), std::sqrt(20)}, X));
  CHECK(gives("sum(X, axis=[0,1])", {12}, X));
  CHECK(gives("sum(X, 0)", {5, 7}, X));
  CHECK(gives("prod(x)", {24}, x));
  CHECK(gives("cumsum(x, axis=0)", {1, 3, 6, 10}, x));
  CHECK(gives("cumsum(x, 0, exclusive=true, reverse=true)", {9, 7, 4, 0}, x));
  CHECK(gives("logsumexp(0*x)", {std::log(4)}, x));
}

TEST_CASE(
    "expressions: min and max of one argument are the extremes, of two the smaller and larger") {
  const std::vector<Binding> X = {{"X", "[[1,5],[4,2]]"}};
  CHECK(gives("min(X)", {1}, X));
  CHECK(gives("max(X)", {5}, X));
  CHECK(gives("min(X, axis=1)", {1, 2}, X));
  CHECK(gives("max(X, axis=0, keepdims=true)", {4, 5}, X));
  CHECK(gives("min(X, 3)", {1, 3, 3, 2}, X));
  CHECK(gives("max(X, 3)", {3, 5, 4, 3}, X));
  CHECK(gives("amax(X, ties=first)", {5}, X));
}

TEST_CASE("expressions: losses with their options, in letters or Greek") {
  const std::vector<Binding> p = {{"p", "[3, 0.5]"}, {"t", "[0, 0]"}};
  CHECK(gives("huber(p, t)", {(2.5 + 0.125) / 2}, p));
  CHECK(gives("huber(p, t, delta=2)", {(4 + 0.125) / 2}, p));
  CHECK(gives("huber(p, t, δ=2, reduction=none)", {4, 0.125}, p));
  CHECK(gives("mse(p, t, reduction=sum)", {9.25}, p));
  CHECK(gives("mae(p, t, reduction=sum, factor=2)", {7}, p));
  CHECK(gives("log_cosh(p, t, reduction=none)", {std::log(std::cosh(3)), std::log(std::cosh(.5))},
              p));
  CHECK(gives("hinge([0.5]*s, [1])", {0.5}, {{"s", "1"}}));
  CHECK(gives("cross_entropy(Z, [1, 0])", {std::log(2)}, {{"Z", "[[0,0],[0,0]]"}}));
  CHECK(gives("cross_entropy(Z, [[.5, .5]])", {std::log(2)}, {{"Z", "[[0,0]]"}}));
  CHECK(gives("nll(log_softmax(Z), [1])", {std::log(3)}, {{"Z", "[[0,0,0]]"}}));
  CHECK(
      gives("kl_div(log(q), p, reduction=sum)", {std::log(2)}, {{"q", "[.5,.5]"}, {"p", "[1,0]"}}));
  CHECK(gives("weight_decay(v, w, lambda=2)", {100}, {{"v", "[3,4]"}, {"w", "[5]"}}));
}

TEST_CASE("expressions: layers") {
  const std::vector<Binding> x = {{"x", "[[[1,2,3,4]]]"}, {"w", "[[[1,0,-1]]]"}};
  CHECK(gives("conv1d(x, w)", {-2, -2}, x));
  CHECK(gives("conv1d(x, w, padding=1)", {-2, -2, -2, 3}, x));
  CHECK(gives("conv1d(x, w, stride=2, padding=1)", {-2, -2}, x));
  CHECK(gives("max_pool1d(x, 2)", {2, 4}, {{"x", "[[[1,2,3,4]]]"}}));
  const std::vector<Binding> X = {{"X", "[[[[1,2,3],[4,5,6],[7,8,9]]]]"},
                                  {"W", "[[[[1,1],[1,1]]]]"}};
  CHECK(gives("conv2d(X, W)", {12, 16, 24, 28}, X));
  CHECK(gives("conv2d(X, W, stride=[1,2], padding=[0,1])", {5, 16, 11, 28}, X));
  CHECK(gives("avg_pool2d(X, [3,1])", {4, 5, 6}, {X[0]}));
  const double scale = 1 / std::sqrt(1 + 1e-5);
  CHECK(gives("layer_norm(x)", {-scale, scale}, {{"x", "[1,3]"}}));
  CHECK(gives("layer_norm(x, weight=[2,2], bias=[1,1])", {1 - 2 * scale, 1 + 2 * scale},
              {{"x", "[1,3]"}}));
  CHECK(
      gives("rms_norm(x, epsilon=0.5)", {3 / std::sqrt(13), 4 / std::sqrt(13)}, {{"x", "[3,4]"}}));
  CHECK(gives("softmin(x)", {0.5, 0.5}, {{"x", "[7,7]"}}));
  CHECK(gives("scaled_dot_product_attention(q, q, v)", {2, 2},
              {{"q", "[[0],[0]]"}, {"v", "[[1],[3]]"}}));
  CHECK(gives("scaled_dot_product_attention(q, q, v, causal=true)", {1, 2},
              {{"q", "[[0],[0]]"}, {"v", "[[1],[3]]"}}));
  CHECK(gives("dropout(x, 0, seed=1)", {1, 2}, {{"x", "[1,2]"}}));
  CHECK(gives("embedding([1,0], W)", {3, 4, 1, 2}, {{"W", "[[1,2],[3,4]]"}}));
}

TEST_CASE("expressions: linear algebra, results of several parts by name") {
  const std::vector<Binding> A = {{"A", "[[2,1],[1,2]]"}};
  CHECK(gives("det(A)", {3}, A));
  CHECK(gives("logdet(A)", {std::log(3)}, A));
  CHECK(gives("inverse(A)", {2 / 3.0, -1 / 3.0, -1 / 3.0, 2 / 3.0}, A));
  CHECK(gives("solve(A, [[3],[3]])", {1, 1}, A));
  CHECK(gives("triangular_solve(A, [[2],[3]])", {1, 1}, A));
  CHECK(gives("triangular_solve(A, [[2],[3]], lower=false)", {0.25, 1.5}, A));
  CHECK(gives("eigh(A)", {1, 3}, A));
  CHECK(gives("abs(eigh(A, part=vectors))", std::vector<double>(4, std::sqrt(0.5)), A));
  CHECK(gives("svd(A)", {3, 1}, A));
  CHECK(gives("qr(A, part=q) @ qr(A)", {2, 1, 1, 2}, A));
  CHECK(gives("slogdet(-A, part=sign)", {1}, A));
  CHECK(gives("cholesky(A)", {std::sqrt(2), 0, std::sqrt(0.5), std::sqrt(1.5)}, A));
  CHECK(gives("trace(tril(A))", {4}, A));
  CHECK(gives("diag([1,2]*x)", {1, 0, 0, 2}, {{"x", "1"}}));
  CHECK(gives("outer(x, x) + dot(x, x)", {6, 7, 7, 9}, {{"x", "[1,2]"}}));
}

TEST_CASE("expressions: shapes, order and places") {
  const std::vector<Binding> x = {{"x", "[3,1,2]"}}, X = {{"X", "[[1,2],[3,4]]"}};
  CHECK(gives("reshape(X, [-1])", {1, 2, 3, 4}, X));
  CHECK(gives("transpose(X)", {1, 3, 2, 4}, X));
  CHECK(gives("permute(X, [1,0])", {1, 3, 2, 4}, X));
  CHECK(gives("concat(x, 2*x)", {3, 1, 2, 6, 2, 4}, x));
  CHECK(gives("concat(X, X, axis=1)", {1, 2, 1, 2, 3, 4, 3, 4}, X));
  CHECK(gives("stack(x, -x, axis=1)", {3, -3, 1, -1, 2, -2}, x));
  CHECK(gives("slice(x, [[1,3]])", {1, 2}, x));
  CHECK(gives("slice(X, [[0,2],[1,2]])", {2, 4}, X));
  CHECK(gives("pad(x, [[1,2]], value=9)", {9, 3, 1, 2, 9, 9}, x));
  CHECK(gives("pad(x, [[1,0]], mode=wrap)", {2, 3, 1, 2}, x));
  CHECK(gives("flip(x)", {2, 1, 3}, x));
  CHECK(gives("roll(x, 1, axis=0)", {2, 3, 1}, x));
  CHECK(gives("tile(x, 2)", {3, 1, 2, 3, 1, 2}, x));
  CHECK(gives("repeat(x, 2, 0)", {3, 3, 1, 1, 2, 2}, x));
  CHECK(gives("squeeze(expand_dims(x, 0))", {3, 1, 2}, x));
  CHECK(gives("broadcast_to(x, [2,3])", {3, 1, 2, 3, 1, 2}, x));
  CHECK(gives("take(x, [2,0], axis=0)", {2, 3}, x));
  CHECK(gives("gather(X, [[1],[0]], 1)", {2, 3}, X));
  CHECK(gives("masked_fill(x, x > 2, 0)", {0, 1, 2}, x));
  CHECK(gives("sort(x)", {1, 2, 3}, x));
  CHECK(gives("sort(x, descending=true, part=indices)", {0, 2, 1}, x));
  CHECK(gives("topk(x, 2)", {3, 2}, x));
  CHECK(gives("argmax(x)", {0}, x));
  CHECK(gives("one_hot([1,0], 2)*x", {0, 1, 1, 0}, {{"x", "1"}}));
  CHECK(gives("cast(x > 1, dtype=float64)", {1, 0, 1}, x));
}

TEST_CASE("expressions: labels and places with a fraction are refused, words need no name") {
  const std::vector<Binding> z = {{"z", "[[1,2,3],[4,5,6]]"}, {"y", "[0,1.5]"}};
  CHECK(says(error_of("cross_entropy(z, y)", z), "labels are whole numbers, given 1.5"));
  CHECK(says(error_of("cross_entropy(z, [0,1.5])", {z[0]}), "labels are whole numbers"));
  CHECK(says(error_of("take(z, [0.5], axis=1)", {z[0]}), "indices are whole numbers, given 0.5"));
  CHECK(gives("sum(cast(x, float32))", {3}, {{"x", "[1,2]"}}));
  CHECK(gives("gelu(x, tanh)", values("gelu(x, form=tanh)", {{"x", "2"}}), {{"x", "2"}}));
  CHECK(gives("pow(x, y)", {9}, {{"x", "3"}, {"y", "2"}}));
}

TEST_CASE("expressions: arguments that a function does not take are named") {
  const std::vector<Binding> x = {{"x", "[1,2]"}};
  CHECK(says(error_of("huber(x, x, delt=1)", x), "huber: has no argument \"delt\""));
  CHECK(says(error_of("huber(x)", x), "expected another argument, target"));
  CHECK(says(error_of("mse(x, x, reduction=median)", x), "expected one of mean, sum, none"));
  CHECK(says(error_of("sum(x, 0, axis=0)", x), "axis is given twice"));
  CHECK(says(error_of("sum(x, 0.5)", x), "expected whole numbers for axis"));
  CHECK(says(error_of("sum(x, keepdims=maybe)", x), "expected true or false for keepdims"));
  CHECK(says(error_of("slice(x, [0,1])", x), "expected rows of 2 to 3 whole numbers"));
  CHECK(says(error_of("dropout(x, .5, seed=-1)", x), "expected a whole number from 0 for seed"));
  CHECK(says(error_of("softmax(x, 0, 1)", x), "argument 3 is one too many"));
  CHECK(says(error_of("inverse(x)", x), "[inverse]"));
}

TEST_CASE("every op of the catalogue can be called, unless its arguments cannot be written") {
  const std::set<std::string_view> impossible = {
      "einsum",                    // a text
      "split",                     // several results: use slice
      "std",                       // called stddev
      "labelled_cross_entropy",    // called cross_entropy
      "weighted_bce_with_logits",  // called bce_with_logits
      "pad_mode",                  // called pad
  };
  const std::vector<std::string> names = tw::lessons::function_names();
  for (const tw::OpRecord* op : tw::all_ops()) {
    if (op->traits.leaf || op->traits.assign) continue;
    const bool can = !tw::lessons::function_call(op->name).empty();
    CHECK_MESSAGE(can != impossible.contains(op->name), op->name);
  }
  for (const std::string& name : names) CHECK(tw::lessons::function_call(name).starts_with(name));
}
