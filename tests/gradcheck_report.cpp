// What a check hands back: data, text, JSON, tables; and what it can be asked to check.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tapewise/autograd/gradcheck_doctest.hpp>

#include "broken_ops.hpp"
#include "show.hpp"

namespace tw = tapewise;
using tests::contains;

TEST_CASE("CHECK takes a report as it is, and prints all of it") {
  const auto f = [](const tw::Var& x) { return sum(sin(x) * x); };
  CHECK(tw::gradcheck(f, xt::xarray<double>{0.1, 0.2, -0.3}));
  CHECK(tw::gradcheck(f, 0.7));
  CHECK_FALSE(tw::gradcheck([](const tw::Var& x) { return tests::plant(x, 1.03); }, 0.7));
  const auto report = tw::gradcheck(f, xt::xarray<double>{0.1, 0.2});
  const doctest::String text = doctest::StringMaker<tw::GradcheckReport>::convert(report);
  CHECK(contains(text.c_str(), "gradient right (complex step, 2 elements"));
  CHECK(contains(text.c_str(), "\"%0\"[1]"));
}

TEST_CASE("the report as JSON holds every entry, and who is to blame") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.0, 0.5}, "x");
  const tw::Var y = sum(tests::plant(sqrt(x), 1.03));
  const auto report = tw::gradcheck(y, std::vector<tw::Var>{x});
  const auto json = nlohmann::json::parse(tw::to_json(report));
  CHECK(json["right"] == false);
  CHECK(json["method"] == "complex step");
  CHECK(json["entries"].size() == 2);
  CHECK(json["entries"][0]["verdict"] == "undecidable");
  CHECK(json["entries"][0]["reason"] == "non-finite");
  CHECK(json["entries"][0]["analytic"] == "inf");
  CHECK(json["entries"][1]["verdict"] == "wrong");
  CHECK(json["entries"][1]["name"] == "x");
  CHECK(json["entries"][1]["analytic"].get<double>() ==
        doctest::Approx(1.03 * 0.5 / std::sqrt(0.5)));
  CHECK(json["blamed"].size() == 1);
  CHECK(json["blamed"][0]["op"] == "plant");
}

TEST_CASE("every entry of a gradient table has a numeric column beside it") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.3, -0.4}, "x");
  const tw::Var w = tape.input(1.5, "w");
  const tw::Var h = tanh(w * x).named("h");
  const tw::Var loss = sum(square(h)).named("loss");
  const tw::GradientTable table = tw::backward(loss);
  const tw::NodeId before = tape.size();
  const auto report = tw::gradcheck(table);
  CHECK(tape.size() == before);
  CHECK(report);
  CHECK(report.entries.size() == 2 + 1 + 2 + 2 + 2);  // x, w, w·x, h, h²
  for (const tw::GradcheckElement& e : report.entries) {
    if (e.name != "h") continue;
    const double value = h.value<double>()(static_cast<std::size_t>(e.index));
    CHECK(e.numeric == doctest::Approx(2.0 * value).epsilon(1e-12));
  }
  std::ostringstream text;
  tw::print_entries(text, report);
  CHECK(contains(text.str(), "numeric"));
  CHECK(contains(text.str(), "\"h\"[1]"));
}

TEST_CASE("a table made with a cotangent is checked with it") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.3, -0.4}, "x");
  const tw::GradientTable table =
      tw::backward(exp(x), tw::Cotangent(xt::xarray<double>{2.0, -5.0}));
  const auto report = tw::gradcheck(table);
  CHECK(report);
  CHECK(report.entries.at(1).numeric == doctest::Approx(-5.0 * std::exp(-0.4)));
}

TEST_CASE("intermediates: a wrong rule spoils the entries below it, not those above") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.7, "x");
  const tw::Var a = sin(x).named("a");
  const tw::Var b = tests::plant(a, 1.03).named("b");
  const tw::Var y = exp(b);
  const auto report = tw::gradcheck(y, std::vector<tw::Var>{x}, {.intermediates = true});
  for (const tw::GradcheckElement& e : report.entries) {
    CAPTURE(e.name);
    CHECK((e.verdict == tw::Verdict::wrong) == (e.name == "x" || e.name == "a"));
  }
  CHECK(report.entries.size() == 3);
}

TEST_CASE(
    "a program is checked as it was compiled, with the values bound to it, and writes nothing") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{0.3, -0.4}, "x");
  const tw::Var w = tape.parameter(xt::xarray<double>{1.5, 0.2}, "w");
  const tw::Var loss = mean(square(tanh(w * x)));
  const tw::GradientTable table = tw::backward(loss);
  tw::Program program = tw::compile({loss, table[w], table[x]});
  program.bind(x, xt::xarray<double>{1.1, 0.9});
  const auto report = tw::gradcheck(program);
  CHECK(report);
  CHECK(report.entries.size() == 4);
  program.run();
  for (const tw::GradcheckElement& e : report.entries) {
    const auto output =
        e.name == "w" ? program.value<double>(table[w]) : program.value<double>(table[x]);
    CHECK(e.analytic == output(static_cast<std::size_t>(e.index)));
  }
  CHECK(x.value<double>()(0) == 0.3);

  const tw::Var y = tests::plant(sum(x), 1.03);
  CHECK_FALSE(tw::gradcheck(tw::compile({y})));
  const tw::Var constant = sum(tape.constant(xt::xarray<double>{1.0}));
  CHECK_THROWS_AS((void)tw::gradcheck(tw::compile({constant})), tw::GradientError);
}

TEST_CASE("large inputs are checked along random directions, at a cost that does not grow") {
  const std::size_t n = 100000;
  xt::xarray<double> x = xt::xarray<double>::from_shape({n}), sign = x;
  for (std::size_t i = 0; i < n; ++i) {
    x(i) = 0.1 + 1e-5 * static_cast<double>(i);
    sign(i) = 1.0;
  }
  tw::Tape tape;
  const tw::Var v = tape.input(x, "v");
  const auto right = tw::gradcheck(sum(sin(v) * v), std::vector<tw::Var>{v});
  CHECK(right);
  CHECK(right.entries.size() == 3);
  CHECK(right.entries[0].projection);

  // One sign in a hundred thousand; its element is found by halves.
  sign(61357) = -1.0;
  const tw::Var flipped = tw::record<tests::Flip>({v, tape.constant(sign)});
  const auto wrong = tw::gradcheck(sum(square(flipped)), std::vector<tw::Var>{v});
  CHECK_FALSE(wrong);
  CHECK(wrong.worst.located == 61357);
  const auto differences = tw::gradcheck(sum(square(flipped)), std::vector<tw::Var>{v},
                                         {.complex_step = false, .projections = 1});
  CHECK_FALSE(differences);
  CHECK(differences.worst.located == 61357);
}

TEST_CASE("the same seed gives the same directions") {
  const auto f = [](const tw::Var& x) { return sum(exp(x)); };
  const xt::xarray<double> x{0.1, 0.2, 0.3};
  const tw::GradcheckOptions options{.mode = tw::GradcheckMode::projections, .seed = 5};
  CHECK(tw::to_json(tw::gradcheck(f, x, options)) == tw::to_json(tw::gradcheck(f, x, options)));
  CHECK(
      tw::gradcheck(f, x, options).entries[0].numeric !=
      tw::gradcheck(f, x, {.mode = tw::GradcheckMode::projections, .seed = 6}).entries[0].numeric);
}

TEST_CASE("the jvp is checked against the vjp") {
  const auto f = [](const tw::Var& x) { return sin(x) * sum(x); };
  const xt::xarray<double> x{0.1, 0.2, 0.3};
  const auto report = tw::gradcheck(f, x, {.forward_mode = true});
  CHECK(report);
  CHECK(report.forward_mode == tw::Verdict::right);
  CHECK_FALSE(tw::gradcheck(f, x).forward_mode.has_value());
}

TEST_CASE("the Taylor remainder is a witness of its own") {
  const auto right = [](const tw::Var& x) { return sum(exp(x)); };
  const auto wrong = [](const tw::Var& x) { return sum(tests::plant(exp(x), 1.03)); };
  const xt::xarray<double> x{0.1, 0.2, 0.3};
  CHECK(tw::gradcheck(right, x).taylor.verdict == tw::Verdict::right);
  CHECK(tw::gradcheck(right, x).taylor.rate == doctest::Approx(2.0).epsilon(0.05));
  CHECK(tw::gradcheck(wrong, x).taylor.verdict == tw::Verdict::wrong);
  CHECK(tw::gradcheck(wrong, x).taylor.rate == doctest::Approx(1.0).epsilon(0.05));
}

TEST_CASE("entries without a correct digit are flagged") {
  // The gradient is 1e17 - 1e17 + 1 in exact numbers; in float64 the 1 is lost.
  const auto f = [](const tw::Var& x) { return (1e17 * x + x) - 1e17 * x; };
  const auto report = tw::gradcheck(f, {0.7}, {.digits = true});
  REQUIRE(report.entries[0].digits.has_value());
  CHECK(*report.entries[0].digits < 1.0);
  const auto fine = tw::gradcheck([](const tw::Var& x) { return exp(x); }, {0.7}, {.digits = true});
  CHECK(*fine.entries[0].digits > 14.0);
  const auto single =
      tw::gradcheck([](const tw::Var& x) { return exp(x); }, {0.7F}, {.digits = true});
  CHECK(*single.entries[0].digits > 5.0);
  CHECK(*single.entries[0].digits < 9.0);
}
