// Recording: nodes, types, literals, errors on the line, rewind, values on demand.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <sstream>
#include <tapewise/autograd/passes/scratch.hpp>
#include <tapewise/ops/own_op.hpp>
#include <tapewise/tapewise.hpp>

#include "show.hpp"

namespace tw = tapewise;
using tests::contains, tests::message_of;

namespace {

std::string at_line(int line) { return "recorded at tape.cpp:" + std::to_string(line); }

/// x + 1, and how often it was computed.
int computed = 0;
struct CountedOp : tw::Elementwise<1> {
  static constexpr std::string_view name = "counted", formula = "x + 1";
  static constexpr tw::Range ranges[] = {{-1, 1}};
  template <class T>
  static T value(T x) {
    if constexpr (std::is_same_v<T, double>) ++computed;
    return x + T(1);
  }
  template <int I, class T>
  static tw::One partial(T, T) {
    return {};
  }
};
tw::Var counted(const tw::Operand& x) { return tw::record<CountedOp>({x}); }

}  // namespace

TEST_CASE("ids are in topological order and parents come before children") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x"), y = tape.input(3.0, "y");
  const tw::Var z = sin(x * y) + x;
  for (tw::NodeId id = 0; id < tape.size(); ++id) {
    for (const tw::NodeId parent : tape.parents(id)) CHECK(parent < id);
  }
  CHECK(z.parent_count() == 2);
  CHECK(tw::same_node(z.parent(1), x));
  CHECK(z.op().name == "add");
}

TEST_CASE("labels name nodes, and nodes without one are named by id") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x");
  const tw::Var y = exp(x);
  CHECK(x.name() == "x");
  CHECK(y.name() == "%1");
  CHECK(y.named("y").name() == "y");
}

TEST_CASE("shape errors are thrown on the line that records, with op, shapes and line") {
  tw::Tape tape;
  const tw::Var a = tape.input(xt::xarray<float>::from_shape({32, 784}), "a");
  const tw::Var b = tape.input(xt::xarray<float>::from_shape({700, 10}), "b");
  const tw::NodeId before = tape.size();
  const std::string product = message_of<tw::ShapeError>([&] { (void)matmul(a, b); });
  const int line = __LINE__ - 1;
  CHECK(contains(product, "[matmul] inner sizes differ: (32,784) x (700,10): 784 != 700"));
  CHECK(contains(product, at_line(line)));
  const std::string sum = message_of<tw::ShapeError>([&] { (void)(a + b); });
  CHECK(contains(sum, "[add] shapes do not broadcast: (32,784) and (700,10)"));
  CHECK(contains(sum, at_line(__LINE__ - 2)));
  CHECK(tape.size() == before);
}

TEST_CASE("a failed recording with literals leaves the tape as it was") {
  tw::Tape tape;
  const tw::Var n = tape.input(xt::xarray<std::int64_t>{1, 2, 3}, "n");
  const tw::NodeId before = tape.size();
  const std::string text = message_of<tw::TypeError>([&] { (void)(n * 0.5); });
  CHECK(contains(text, "[multiply] the number 0.5 does not fit into int64"));
  CHECK(contains(text, at_line(__LINE__ - 2)));
  CHECK(contains(message_of<tw::TypeError>([&] { (void)exp(n); }), "[exp] not defined for int64"));
  CHECK(tape.size() == before);
}

TEST_CASE("literals take the dtype of what they meet") {
  tw::Tape tape;
  const tw::Var f = tape.input(xt::xarray<float>{1.0F, 2.0F});
  const tw::Var n = tape.input(xt::xarray<std::int64_t>{1, 2});
  CHECK((2.0 * f).dtype() == tw::DType::float32);
  CHECK((2 * f).dtype() == tw::DType::float32);
  CHECK((n + 2).dtype() == tw::DType::int64);
  CHECK((n + 2.0).dtype() == tw::DType::int64);
  CHECK(where(f > 1.5, 1.0, 0.0).dtype() == tw::DType::float32);
  CHECK(tape.input(3).dtype() == tw::DType::float64);
  CHECK(tape.input(0).item() == 0.0);
  CHECK(tape.input(std::int64_t{0}).dtype() == tw::DType::int64);
}

TEST_CASE("dtypes do not mix without a cast") {
  tw::Tape tape;
  const tw::Var f = tape.input(1.0F), d = tape.input(1.0);
  const std::string text = message_of<tw::TypeError>([&] { (void)(f + d); });
  CHECK(contains(text, "[add] dtypes differ: float32 and float64"));
  CHECK(contains(text, "cast"));
  CHECK((cast(f, tw::DType::float64) + d).item() == 2.0);
}

TEST_CASE("operands broadcast as in NumPy") {
  tw::Tape tape;
  xt::xarray<double> numbers = {1.0, 2.0, 3.0};
  numbers.reshape({3, 1});
  const tw::Var column = tape.input(numbers);
  const tw::Var row = tape.input(xt::xarray<double>{10.0, 20.0});
  const tw::Var sum = column + row;
  REQUIRE(sum.shape() == tw::Shape{3, 2});
  const xt::xarray<double> expected = {{11.0, 21.0}, {12.0, 22.0}, {13.0, 23.0}};
  CHECK(sum.value<double>() == expected);
  const tw::Var empty = tape.input(xt::xarray<double>::from_shape({0, 2}));
  CHECK((empty * row).shape() == tw::Shape{0, 2});
}

TEST_CASE("xtensor arrays can stand on either side of an operator") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0});
  xt::xarray<double> a = {10.0, 20.0};
  const tw::Var left = x + a, right = a - x;
  const tw::Var lazy = x * (a + 1.0);
  const xt::xarray<double> sums = {11.0, 22.0}, differences = {9.0, 18.0}, products = {11.0, 42.0};
  CHECK(left.value<double>() == sums);
  CHECK(right.value<double>() == differences);
  CHECK(lazy.value<double>() == products);
}

TEST_CASE("max and min of Vars are recorded under using namespace std") {
  using namespace std;  // NOLINT
  tw::Tape tape;
  const tw::Var a = tape.input(1.0), b = tape.input(2.0);
  const tw::Var larger = max(a, b), smaller = min(a, b);
  CHECK(larger.op().name == "max");
  CHECK(smaller.item() == 1.0);
}

TEST_CASE("arrays in any layout, views and integer types are read as they look") {
  tw::Tape tape;
  const xt::xarray<double, xt::layout_type::column_major> columns = {{1.0, 2.0}, {3.0, 4.0}};
  const xt::xarray<double> rows = {{1.0, 2.0}, {3.0, 4.0}};
  CHECK(tape.input(columns).value<double>() == rows);
  const xt::xarray<int> labels = {1, 2};
  CHECK(tape.input(labels).dtype() == tw::DType::int64);
}

TEST_CASE("a node is computed once, and again only when a leaf has changed") {
  tw::Tape tape;
  const tw::Var x = tape.input(1.0);
  const tw::Var y = counted(x);
  const tw::Var z = y * y;
  computed = 0;
  CHECK(z.item() == 4.0);
  CHECK((y + z).item() == 6.0);
  CHECK(computed == 1);
  x.set(2.0);
  CHECK(z.item() == 9.0);
  CHECK(computed == 2);
}

TEST_CASE("attaching and forgetting a cell leaves computed values valid, and stale ones stale") {
  const auto cell = std::make_shared<tw::Cell>(1.0);
  for (int i = 0; i < 5; ++i) cell->set(i);  // its clock is ahead of the tape's
  tw::Tape tape;
  const tw::Var x = tape.input(1.0);
  const tw::Var y = counted(x);
  computed = 0;
  CHECK(y.item() == 2.0);
  const tw::Mark mark = tape.mark();
  const tw::Var w = tape.parameter(cell);
  CHECK((w + y).item() == 6.0);
  CHECK(computed == 1);
  tape.rewind(mark);
  CHECK(y.item() == 2.0);
  CHECK(computed == 1);
  for (int i = 0; i < 5; ++i) x.set(10.0 + i);  // as many ticks as the forgotten cell had
  CHECK(y.item() == 15.0);
}

TEST_CASE("a write through a mutable view makes computed values stale") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0});
  const tw::Var s = sum(x);
  CHECK(s.item() == 3.0);
  x.mutable_view<double>()(0) = 5.0;
  CHECK(s.item() == 7.0);
}

TEST_CASE("a cell is shared: a write on one tape is seen on the other") {
  const auto cell = std::make_shared<tw::Cell>(xt::xarray<double>{1.0, 2.0});
  tw::Tape one, two;
  const tw::Var a = one.parameter(cell, "w"), b = two.parameter(cell, "w");
  const tw::Var s = sum(b);
  CHECK(s.item() == 3.0);
  a.set(xt::xarray<double>{10.0, 20.0});
  CHECK(s.item() == 30.0);
  CHECK(tw::same_node(one.parameter(cell), a));
}

TEST_CASE("a view stays valid while more is recorded and computed") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0});
  const tw::Var y = x * 2.0;
  const auto view = y.view<double>();
  tw::Var z = y;
  for (int i = 0; i < 20000; ++i) z = z + 1.0;
  CHECK(sum(z).item() == 40006.0);
  CHECK(view(1) == 4.0);
}

TEST_CASE("set refuses another shape or dtype and keeps the old values") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0}, "x");
  CHECK(contains(message_of<tw::ShapeError>([&] {
                   x.set(xt::xarray<double>{1.0, 2.0, 3.0});
                 }),
                 "[set] given float64 (3,), wanted float64 (2,)"));
  CHECK_THROWS_AS(x.set(xt::xarray<float>{1.0F, 2.0F}), tw::TypeError);
  CHECK_THROWS_AS((x + 1.0).set(1.0), tw::TypeError);
  CHECK(sum(x).item() == 3.0);
}

TEST_CASE("value and item say what they want") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1.0, 2.0}, "x");
  CHECK_THROWS_AS(x.value<float>(), tw::TypeError);
  CHECK(contains(message_of<tw::ShapeError>([&] { (void)x.item(); }), "(2,)"));
}

TEST_CASE("after rewind the nodes are gone, and using them throws") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x");
  const tw::Mark mark = tape.mark();
  const tw::Var y = (x * x).named("y");
  CHECK(y.item() == 4.0);
  tape.rewind(mark);
  CHECK(tape.size() == 1);
  CHECK_FALSE(y.valid());
  CHECK_THROWS_AS((void)y.item(), tw::HandleError);
  CHECK_THROWS_AS((void)(y + x), tw::HandleError);
  const tw::Var z = x + 3.0;  // takes the ids of what is gone
  CHECK(z.item() == 5.0);
  CHECK_THROWS_AS((void)y.item(), tw::HandleError);
  CHECK(z.name() != "y");
}

TEST_CASE("a mark that was rewound over is refused") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0);
  const tw::Mark early = tape.mark();
  (void)exp(x);
  const tw::Mark late = tape.mark();
  tape.rewind(early);
  (void)sin(x);
  CHECK_THROWS_AS(tape.rewind(late), tw::HandleError);
  CHECK(tape.size() == 2);
}

TEST_CASE("clear forgets everything; cells live on") {
  const auto cell = std::make_shared<tw::Cell>(5.0);
  tw::Tape tape;
  const tw::Var w = tape.parameter(cell);
  CHECK(square(w).item() == 25.0);
  tape.clear();
  CHECK(tape.size() == 0);
  CHECK_THROWS_AS((void)w.item(), tw::HandleError);
  CHECK(square(tape.parameter(cell)).item() == 25.0);
}

TEST_CASE("nodes of two tapes do not meet") {
  tw::Tape one, two;
  const tw::Var a = one.input(1.0, "a"), b = two.input(2.0, "b");
  CHECK(contains(message_of<tw::HandleError>([&] { (void)(a + b); }), "another tape"));
  CHECK(one.size() == 1);
  CHECK_THROWS_AS((void)(tw::Var{} + a), tw::Error);
}

TEST_CASE("shapes have at most eight axes and arrays a size that memory can hold") {
  tw::Tape tape;
  const tw::Var x = tape.input(1.0);
  CHECK_THROWS_AS((tw::Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), tw::ShapeError);
  const std::string text = message_of<tw::ShapeError>([&] {
    (void)broadcast_to(x, tw::Shape{1LL << 40, 1LL << 40});
  });
  CHECK(contains(text, at_line(__LINE__ - 2)));
  CHECK(contains(text, "[broadcast_to]"));
  CHECK(tape.size() == 1);
}

TEST_CASE("printing shows name, shape and value, and shortens long arrays") {
  tw::Tape tape;
  xt::xarray<double> many = xt::xarray<double>::from_shape({100});
  many.fill(0.0);
  std::ostringstream out;
  out << tape.input(2.5, "x") << '\n' << tape.input(xt::xarray<double>{1.0, 2.0}, "v") << '\n';
  out << tape.input(many, "z");
  CHECK(out.str() == "x = 2.5\nv (2,) = [1, 2]\nz (100,) = [0, 0, 0, ..., 0, 0, 0]");
}

TEST_CASE("an array that grows keeps what it holds, when its pages are moved too") {
  tw::FlatArray<std::uint64_t> array;
  constexpr std::uint64_t size = 3U << 20U;  // 24 MiB
  for (std::uint64_t k = 0; k < size; ++k) array.push(k * k);
  std::uint64_t wrong = 0;
  for (std::uint64_t k = 0; k < size; ++k) wrong += array[k] == k * k ? 0U : 1U;
  CHECK(wrong == 0);
  tw::FlatArray<std::uint64_t> moved = std::move(array);
  CHECK(moved[size - 1] == (size - 1) * (size - 1));
}

TEST_CASE("walks go on when all marks of the tape have been used") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.5), y = sin(x) * x;
  const double expected = std::cos(0.5) * 0.5 + std::sin(0.5);
  CHECK(tw::backward(y)[x].item() == doctest::Approx(expected));
  for (const std::size_t left : {0U, 1U, 2U, 3U, 5U, 9U}) {
    CAPTURE(left);
    (void)tape.new_tickets(0xFFFFFFFFU - tape.new_tickets(1) - left);
    const tw::Var g = tw::backward(y)[x];
    CHECK(g.item() == doctest::Approx(expected));
    tw::Program program = tw::compile({y, g});
    program.run();
    CHECK(program.item(1) == doctest::Approx(expected));
  }
}

TEST_CASE("memory that is given back is taken again") {
  tw::Scratch scratch;
  void* first = scratch.take(1000);
  void* second = scratch.take(1000);
  CHECK(first != second);
  scratch.give_back(first, 1000);
  CHECK(scratch.take(600) == first);
  scratch.give_back(first, 600);
  scratch.give_back(second, 1000);
  scratch.release(0);
}
