// einsum against its definition: a loop over every index.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "matrices.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of, tests::distance, tests::random_matrices;

namespace {

std::int64_t offset(const std::string& names, const tw::Shape& shape,
                    const std::map<char, std::int64_t>& index) {
  std::int64_t at = 0;
  for (std::size_t axis = 0; axis < names.size(); ++axis) {
    at = at * shape[axis] + (shape[axis] == 1 ? 0 : index.at(names[axis]));
  }
  return at;
}

/// The sum by hand, for names without "...".
std::vector<double> by_hand(const std::vector<std::string>& names, const std::string& result,
                            const std::vector<tw::Var>& operands) {
  std::map<char, std::int64_t> sizes, index;
  for (std::size_t k = 0; k < names.size(); ++k) {
    for (std::size_t axis = 0; axis < names[k].size(); ++axis) {
      auto& size = sizes[names[k][axis]];
      size = std::max(size, operands[k].shape()[axis]);
    }
  }
  tw::Shape shape;
  for (const char name : result) shape.push_back(sizes[name]);
  std::int64_t all = 1;
  for (const auto& [name, size] : sizes) all *= size;
  std::vector<double> sum(static_cast<std::size_t>(shape.size()));
  for (std::int64_t i = 0; i < all; ++i) {
    std::int64_t rest = i;
    for (const auto& [name, size] : sizes) {
      index[name] = rest % size;
      rest /= size;
    }
    double product = 1;
    for (std::size_t k = 0; k < names.size(); ++k) {
      product *= tw::number_at(operands[k].dtype(), operands[k].data(),
                               offset(names[k], operands[k].shape(), index));
    }
    sum[static_cast<std::size_t>(offset(result, shape, index))] += product;
  }
  return sum;
}

}  // namespace

TEST_CASE("einsum is the loop over every index") {
  const std::map<char, std::int64_t> sizes = {{'a', 2}, {'b', 3}, {'c', 4}, {'d', 2}, {'e', 3}};
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"ab", "bc"}, "ac"},
      {{"ab", "bc"}, "ca"},
      {{"ab", "cb"}, "ac"},
      {{"ba", "bc"}, "ac"},
      {{"abc"}, "cab"},
      {{"abc"}, "b"},
      {{"aa"}, "a"},
      {{"aa"}, ""},
      {{"abab"}, "ba"},
      {{"aba", "b"}, "a"},
      {{"a", "b"}, "ab"},
      {{"a", "a"}, "a"},
      {{"ab", "ab"}, ""},
      {{"ab", "ab"}, "b"},
      {{"dab", "dbc"}, "dac"},
      {{"abd", "cdb"}, "dac"},
      {{"abcd", "ebcd"}, "ea"},
      {{"ab", "bc", "cd"}, "ad"},
      {{"a", "ab", "b"}, ""},
      {{"ab", "b", "bc", "cd", "d"}, "ac"},
      {{"ab", "ab", "ab"}, "a"},
      {{"ab", "cd"}, "dbca"},
      {{"ab", "cd"}, ""},
      {{"aab", "bcc"}, "ac"},
      {{"", "ab"}, "ba"}};
  for (const auto& [names, result] : cases) {
    tw::Tape tape;
    std::vector<tw::Var> vars;
    std::vector<tw::Operand> operands;
    std::string expression;
    for (const std::string& of_one : names) {
      tw::Shape shape;
      for (const char name : of_one) shape.push_back(sizes.at(name));
      vars.push_back(random_matrices(tape, shape, vars.size()));
      operands.emplace_back(vars.back());
      expression += (expression.empty() && vars.size() == 1 ? "" : ", ") + of_one;
    }
    expression += " -> " + result;
    CAPTURE(expression);
    const tw::Var y = tw::einsum(expression, operands);
    CHECK(y.shape().rank() == result.size());
    CHECK(distance(y, by_hand(names, result, vars)) <= 1e-14);
  }
}

TEST_CASE("without an arrow the result has the names that occur once, in alphabetical order") {
  tw::Tape tape;
  const tw::Var A = random_matrices(tape, {2, 3}, 1), B = random_matrices(tape, {3, 4}, 2),
                C = random_matrices(tape, {3, 3}, 3);
  CHECK(distance(einsum("ij,jk", A, B), matmul(A, B)) <= 1e-15);
  CHECK(distance(einsum("ba", A), transpose(A)) == 0);
  CHECK(einsum("ii", C).shape() == tw::Shape{});
  CHECK(einsum("ij,jh", A, B).shape() == tw::Shape{4, 2});
}

TEST_CASE("dots stand for axes that broadcast") {
  tw::Tape tape;
  const tw::Var A = random_matrices(tape, {5, 1, 2, 3}, 4), B = random_matrices(tape, {4, 3, 2}, 5);
  CHECK(distance(einsum("...ij,...jk->...ik", A, B), matmul(A, B)) <= 1e-15);
  CHECK(distance(einsum("...ij,...jk", A, B), matmul(A, B)) <= 1e-15);
  CHECK(distance(einsum("i...->...i", B), transpose(B, {1, 2, 0})) == 0);
  CHECK(distance(einsum("...->...", B), B) == 0);
  const tw::Var narrow = random_matrices(tape, {1, 3}, 6);
  CHECK(distance(einsum("kij,ki->kj", B, narrow), by_hand({"kij", "ki"}, "kj", {B, narrow})) <=
        1e-14);
}

TEST_CASE("products of matrices in einsum are matmul, transposes flags") {
  tw::Tape tape;
  const tw::Var A = random_matrices(tape, {20, 30}, 7), B = random_matrices(tape, {25, 30}, 8);
  const tw::Var y = einsum("ij,kj->ik", A, B);
  CHECK(tests::count_of(tape, "matmul") == 1);
  CHECK(tw::compile({y}).steps() == 1);
}

TEST_CASE("an expression that does not fit says what is wrong and leaves the tape as it was") {
  tw::Tape tape;
  const tw::Var A = random_matrices(tape, {2, 3}, 9), B = random_matrices(tape, {4, 4}, 10),
                C = random_matrices(tape, {1, 3}, 11);
  const std::size_t before = tape.size();
  const auto message = [&](const char* expression, std::initializer_list<tw::Operand> operands) {
    return message_of<tw::ShapeError>([&] { (void)tw::einsum(expression, operands); });
  };
  CHECK(contains(message("ij,jk->ik", {A, B}),
                 "[einsum] \"ij,jk->ik\": the axes 'j' have sizes 3 "
                 "and 4"));
  CHECK(contains(message("ij,jk->ik", {A}), "2 operands are named, 1 given"));
  CHECK(contains(message("ijk", {A}), "operand 1 of shape (2,3) has 2 axes, 3 are named"));
  CHECK(contains(message("i", {A}), "has 2 axes, 1 are named"));
  CHECK(contains(message("ii", {A}), "the axes 'i' have sizes 2 and 3"));
  CHECK(contains(message("ii", {C}), "the diagonal of 'i' runs along axes of sizes 1 and 3"));
  CHECK(contains(message("ij->ik", {A}), "no operand has the axis 'k'"));
  CHECK(contains(message("ij->ii", {A}), "twice"));
  CHECK(contains(message("i1", {A}), "'1' is neither a letter"));
  CHECK(contains(message("...i...", {A}), "stands twice"));
  CHECK(contains(message("...i->i", {A}), "the result has no \"...\""));
  CHECK(contains(message("ij->->i", {A}), "'-' is neither"));
  const std::string line = "ops_einsum.cpp:";
  CHECK(contains(message("ijk", {A}), line));
  CHECK(tape.size() == before);
}

TEST_CASE("outer and dot, of vectors and of batches") {
  tw::Tape tape;
  const tw::Var a = tape.input(xt::xarray<double>{1.0, 2.0}),
                b = tape.input(xt::xarray<double>{3.0, 4.0}),
                B = tape.input(xt::xarray<double>{{3.0, 4.0}, {5.0, 6.0}, {7.0, 8.0}}),
                s = tape.input(1.0);
  CHECK(tests::show(outer(a, b)) == "(2,2) 3 4 6 8");
  CHECK(tests::show(dot(a, b)) == "() 11");
  CHECK(tests::show(dot(a, B)) == "(3,) 11 17 23");
  CHECK(tests::show(outer(B, a)) == "(3,2,2) 3 6 4 8 5 10 6 12 7 14 8 16");
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)outer(a, s); }),
                 "[outer] a scalar is no vector"));
  const tw::Var three = random_matrices(tape, {3}, 1), one = random_matrices(tape, {1}, 1);
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)dot(three, one); }),
                 "[dot] the vectors differ in size: (3,) and (1,): 3 != 1"));
}
