// What a trace says of a run: the lecture's numbers, the sums, the vjps, and that the tape stays.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tapewise/autograd/trace/text.hpp>
#include <tapewise/nn/module.hpp>
#include <tapewise/ops/own_op.hpp>
#include <tapewise/tapewise.hpp>
#include <xtensor/xbuilder.hpp>

namespace tw = tapewise;
using nlohmann::json;

namespace {

const tw::TraceEntry& entry_called(const tw::Trace& trace, std::string_view name) {
  for (const tw::TraceEntry& e : trace.entries) {
    if (trace.node(e.node).name.plain == name) return e;
  }
  FAIL("no entry of this name");
  return trace.entries.front();
}

/// Roch, "Deep Nets": a neuron with two weights and a squared error.
struct Neuron {
  tw::Tape tape;
  tw::Var w1 = tape.input(0.02, "w1"), w2 = tape.input(0.01, "w2");
  tw::Var x1 = tape.input(3.0, "x1"), x2 = tape.input(5.0, "x2");
  tw::Var u_in = (w1 * tw::pow(x1, 3) + w2 * x2).named("u_in");
  tw::Var u_out = tw::sigmoid(u_in).named("u_out");
  tw::Var L = (0.5 * tw::square(0.0 - u_out)).named("L");
};

/// x³ with a derivative that is wrong.
struct WrongCube : tw::Elementwise<1> {
  static constexpr std::string_view name = "wrong_cube", formula = "x^3";
  static constexpr tw::Range ranges[] = {{-2, 2}};
  template <class T>
  static T value(T x) {
    return x * x * x;
  }
  template <int I, class T>
  static T partial(T x, T) {
    return T(2) * x * x;
  }
};

}  // namespace

TEST_CASE("a trace holds the lecture's numbers, each with the product it is") {
  Neuron n;
  const tw::NodeId size = n.tape.size();
  const tw::Trace trace = tw::make_trace(n.L);
  CHECK(n.tape.size() == size);

  CHECK(trace.node(n.u_in.id()).value.elements.at(0) == doctest::Approx(0.59).epsilon(1e-15));
  const tw::TraceEntry& w1 = entry_called(trace, "w1");
  CHECK(w1.value.elements.at(0) == doctest::Approx(3.9856816552369736).epsilon(1e-14));
  CHECK(w1.check.verdict == "right");
  CHECK(w1.check.numeric == doctest::Approx(3.9856816552369736).epsilon(1e-9));

  const tw::TraceEntry& u_in = entry_called(trace, "u_in");
  REQUIRE(u_in.contributions.size() == 1);
  const tw::TraceContribution& c = u_in.contributions[0];
  CHECK(c.child == n.u_out.id());
  CHECK(c.kind == "product");
  CHECK(c.derivative.plain == "u_out·(1 - u_out)");
  CHECK(c.derivative.latex == "u_{\\mathrm{out}} \\cdot \\left(1 - u_{\\mathrm{out}}\\right)");
  REQUIRE(c.derivative_value.has_value());
  CHECK(c.derivative_value->elements.at(0) == doctest::Approx(0.22944643500002293).epsilon(1e-14));
  for (const tw::TraceEntry& e : trace.entries) {
    if (e.node != n.L.id()) CHECK(e.check.verdict == "right");
  }
}

TEST_CASE("the numeric check names the entries that are wrong, and no others") {
  tw::Tape tape;
  const tw::Var x = tape.input(1.5, "x");
  const tw::Var u = tw::record<WrongCube>({tw::Operand(x)}).named("u");
  const tw::Trace trace = tw::make_trace((2.0 * u).named("y"));
  CHECK(entry_called(trace, "u").check.verdict == "right");
  const tw::TraceCheck& check = entry_called(trace, "x").check;
  CHECK(check.verdict == "wrong");
  CHECK(check.analytic == 9.0);
  CHECK(check.numeric == doctest::Approx(13.5).epsilon(1e-12));
}

TEST_CASE("an entry at a kink is undecidable") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.0, "x");
  const tw::Trace trace = tw::make_trace(tw::abs(x).named("y"));
  CHECK(entry_called(trace, "x").check.verdict == "undecidable");
}

TEST_CASE("the diamond's entry is a sum of two, in the order of the children") {
  tw::Tape tape;
  const tw::Var a = tape.input(2.0, "a"), b = tape.input(1.0, "b");
  const tw::Var c = (a + b).named("c"), d = (b + 1.0).named("d");
  const tw::Var e = (c * d).named("e");
  const tw::Trace trace = tw::make_trace(e);
  const tw::TraceEntry& entry = entry_called(trace, "b");
  REQUIRE(entry.contributions.size() == 2);
  CHECK(entry.contributions[0].child == d.id());
  CHECK(entry.contributions[1].child == c.id());
  CHECK(entry.contributions[0].value.elements.at(0) == 3.0);
  CHECK(entry.contributions[1].value.elements.at(0) == 2.0);
  CHECK(entry.sum_numbers.plain == "3 + 2");
  CHECK(entry.value.elements.at(0) == 5.0);
  // Two terms, then their sum.
  using Kind = tw::TraceStep::Kind;
  std::vector<Kind> kinds;
  for (const tw::TraceStep& s : trace.steps) {
    const bool of_entry = s.kind == Kind::contribution || s.kind == Kind::sum;
    if (of_entry && trace.entries[s.index].node == b.id()) kinds.push_back(s.kind);
  }
  CHECK((kinds == std::vector<Kind>{Kind::contribution, Kind::contribution, Kind::sum}));
}

TEST_CASE("a structured op's term is written as B computes it") {
  tw::Tape tape;
  const tw::Var X = tape.input(xt::xarray<double>{{0, 0}, {0, 1}, {1, 0}, {1, 1}}, "X");
  const tw::Var W = tape.input(xt::xarray<double>{{1, 1}, {1, 1}}, "W");
  const tw::Var H = tw::matmul(X, W).named("H");
  const tw::Var L = tw::sum(H * H).named("L");
  const tw::Trace trace = tw::make_trace(L);
  const tw::TraceEntry& entry = entry_called(trace, "W");
  REQUIRE(entry.contributions.size() == 1);
  CHECK(entry.contributions[0].kind == "vjp");
  CHECK(entry.contributions[0].product.plain.find("∇[H]") != std::string::npos);
  CHECK(entry.contributions[0].product.plain.find("X") != std::string::npos);
  // Xᵀ·2XW by hand.
  CHECK((entry.value.elements == std::vector<double>{6, 6, 6, 6}));
  CHECK(entry.check.verdict == "right");
  CHECK(entry.check.checked == 4);
}

TEST_CASE("large arrays are kept by shape, extremes and a picture") {
  tw::Tape tape;
  const tw::Var x =
      tape.input(xt::xarray<double>(xt::arange<double>(10000).reshape({100, 100})), "x");
  const tw::Trace trace = tw::make_trace(tw::sum(x).named("L"));
  const tw::TraceValue& value = trace.node(x.id()).value;
  CHECK(value.elements.empty());
  CHECK(value.min == 0.0);
  CHECK(value.max == 9999.0);
  CHECK(value.mean == doctest::Approx(4999.5));
  CHECK(value.picture.size() == value.rows * value.columns);
  CHECK(value.picture.front() < value.picture.back());
}

TEST_CASE("the JSON of a trace can be read, with infinities as text") {
  tw::Tape tape;
  const tw::Var x = tape.input(0.0, "x");
  const tw::Var y = (tw::log(x)).named("y");
  const json made = json::parse(tw::to_json(tw::make_trace(y)));
  CHECK(made["schema"] == "tapewise-trace/1");
  CHECK(made["nodes"][1]["value"]["elements"][0] == "-Infinity");
  CHECK(made["entries"][0]["name"]["plain"] == "∂y/∂y");
  for (const auto& step : made["steps"]) CHECK(step.contains("kind"));
}

TEST_CASE("the JSON of a trace is, byte for byte, what a JSON library makes of it") {
  tw::Tape tape;
  const tw::Var a = tape.input(xt::xarray<double>{-0.0, 1e300, 5e-324, 0.1}, "a \"b\"\\\n\x7f"),
                b = tape.input(1.0 / 3, "\xff\xc3"), c = tape.input(2.0, "σ_€𝛼"),
                d = tape.input(xt::xarray<double>::from_shape({20, 20}) * 0, "d");
  const tw::Var y = tw::sum(a / 0.0) * b + c * tw::sum(tw::exp(d));
  const std::string text = tw::to_json(tw::make_trace(y));
  using Ordered = nlohmann::ordered_json;
  CHECK(text == Ordered::parse(text).dump());
  CHECK(tw::to_json(tw::make_trace(y), {.indent = 2}) == Ordered::parse(text).dump(2));
  const json made = json::parse(text);
  CHECK(made["nodes"][0]["name"]["plain"] == "a \"b\"\\\n\x7f");
  CHECK(made["nodes"][0]["value"]["elements"] == json({-0.0, 1e300, 5e-324, 0.1}));
  CHECK(text.find("\uFFFD") != std::string::npos);
  CHECK(text.find("\"latex\"") != std::string::npos);
  const std::string page = tw::to_json(tw::make_trace(y), {.latex = false});
  CHECK(page.find("\"latex\"") == std::string::npos);
  CHECK(page.find("\"mathml\"") != std::string::npos);
}

TEST_CASE("entries that are checked one by one get the checks of the whole table") {
  Neuron n;
  const tw::GradientTable table = tw::backward(n.L);
  const tw::Trace whole = tw::make_trace(table);
  tw::Trace later = tw::make_trace(table, {}, {.check = false});
  for (std::size_t p = 0; p < later.entries.size(); ++p) {
    CHECK(later.entries[p].check.why == "not asked for");
    later.entries[p].check = tw::check_entry(table, later, p);
  }
  CHECK(tw::to_json(later) == tw::to_json(whole));
}

TEST_CASE("updates are traced with the values before and after") {
  Neuron n;
  const tw::GradientTable table = tw::backward(n.L);
  const tw::Var update = tw::assign(n.w1, n.w1 - 0.01 * table[n.w1]);
  const tw::Trace trace = tw::make_trace(table, std::vector{update});
  REQUIRE(trace.updates.size() == 1);
  CHECK(trace.updates[0].before.elements.at(0) == 0.02);
  CHECK(trace.updates[0].after.elements.at(0) ==
        doctest::Approx(-0.019856816552369736).epsilon(1e-14));
  CHECK(trace.updates[0].formula.plain == "w1 - 0.01·∇[w1]");
  CHECK(trace.steps.back().kind == tw::TraceStep::Kind::update);
  CHECK(n.w1.item() == 0.02);
}

TEST_CASE("names become variables with an index, Greek letters LaTeX commands") {
  tw::Tape tape;
  const tw::Var a = tape.input(1.0, "σ_in"), b = tape.input(1.0, "w12"),
                c = tape.input(1.0, "rate");
  const tw::Trace trace = tw::make_trace(a * b * c);
  CHECK(trace.node(a.id()).name.latex == "\\sigma_{\\mathrm{in}}");
  CHECK(trace.node(b.id()).name.latex == "w_{12}");
  CHECK(trace.node(b.id()).name.mathml == "<msub><mi>w</mi><mn>12</mn></msub>");
  CHECK(trace.node(c.id()).name.latex == "\\mathrm{rate}");
}

TEST_CASE(
    "a LaTeX document has no character that LaTeX's fonts lack, and numbers as powers of ten") {
  tw::Tape tape;
  const tw::Var x = tape.input(xt::xarray<double>{1e-30, 2}, "σ²"), t = tape.input(1.0, "βx");
  const tw::Var y = tw::sum(x * t).named("½ Σ (ŷ - y)²"), z = (y * 1.0).named("a^b^c");
  const std::string latex = tw::to_latex(tw::make_trace(z));
  for (const char c : latex) CHECK(static_cast<unsigned char>(c) < 0x80);
  CHECK(latex.find("\\mathrm{\\sigma ^{2} }") != std::string::npos);
  CHECK(latex.find("\\mathrm{\\beta x}") != std::string::npos);
  CHECK(latex.find("\\tfrac{1}{2} \\ \\Sigma \\ (\\hat{y} \\ -\\ y)^{2} ") != std::string::npos);
  CHECK(latex.find("1 \\cdot 10^{-30} & 2") != std::string::npos);
  CHECK(latex.find("a{\\wedge} b{\\wedge} c") != std::string::npos);
}

TEST_CASE("nodes without a label join the group of their leaves") {
  tw::Tape tape;
  const tw::Var x = tape.input(2.0, "x");
  const tw::Var w = tape.parameter(3.0, "0.weight"), v = tape.parameter(4.0, "2.weight");
  const tw::Var h = tw::relu(x * w);
  const tw::Var y = (h * v).named("y");
  const tw::Trace trace = tw::make_trace(y);
  CHECK(trace.node(h.id()).group == "0");
  CHECK(trace.node(h.parent(0).id()).group == "0");
  CHECK(trace.node(v.id()).group == "2");
  CHECK(trace.node(x.id()).group.empty());
}

TEST_CASE("stepping through as text shows every factor, term and sum") {
  Neuron n;
  std::ostringstream out;
  tw::step_through(n.tape, n.L, out);
  const std::string text = out.str();
  for (const char* line :
       {"u_out = σ(u_in) = σ(0.59) = 0.6433651457", "∂u_out/∂u_in = u_out·(1 - u_out)",
        "= 0.229446435", "w1     0.02", "∂L/∂w1 = 3.98568165523697", "checked: right"}) {
    CHECK_MESSAGE(text.find(line) != std::string::npos, line);
  }
}

TEST_CASE("the stepper goes on, back, and to any node") {
  Neuron n;
  std::istringstream in("next\nb\njump u_out\njump ∇u_in\nj nowhere\ntable\ngraph\nq\nnext\n");
  std::ostringstream out;
  tw::step_through(n.tape, n.L, in, out);
  const std::string text = out.str();
  CHECK(text.find("> 2/") != std::string::npos);
  CHECK(text.find("> 1/") != std::string::npos);
  CHECK(text.find("forward   u_out = ") != std::string::npos);
  CHECK(text.find("∂L/∂u_in, term 1 of 1, via u_out") != std::string::npos);
  CHECK(text.find("no node of this name") != std::string::npos);
  CHECK(text.find("gradient table of L") != std::string::npos);
  CHECK(text.find("u(5)") != std::string::npos);
  CHECK(text.ends_with("> "));
}

TEST_CASE("the stepper forgives blanks and ends of line, and names what it does not know") {
  Neuron n;
  std::istringstream in("  n \r\n\tb\n next \nshow graph\nNEXT\n\xff\n j   u_out  \nexit\nn\n");
  std::ostringstream out;
  tw::step_through(n.tape, n.L, in, out);
  const std::string text = out.str();
  CHECK(text.find("> 2/") < text.find("> 1/"));
  CHECK(text.find("> u(1)  w1") != std::string::npos);
  CHECK(text.find("no such command: h lists them\n> no such command") != std::string::npos);
  CHECK(text.find("forward   u_out = ") != std::string::npos);
  CHECK(text.ends_with("> "));
}

TEST_CASE("a node says on which line it was recorded, without the folders of the build") {
  Neuron n;
  const tw::Trace trace = tw::make_trace(n.L);
  for (const tw::TraceNode& node : trace.nodes) {
    CHECK_MESSAGE(node.where.find('/') == std::string::npos, node.where);
    CHECK(node.where.find(".cpp:") != std::string::npos);
  }
}

TEST_CASE("five thousand nodes, and a model of nn, are stepped through by group") {
  tw::Tape tape;
  tw::Var h = tape.input(0.3, "x");
  for (int k = 0; k < 2500; ++k) {
    h = (tw::sin(h) * 1.01).named("layer" + std::to_string(k / 100) + "." + std::to_string(k));
  }
  std::istringstream in("graph\nopen layer3\njump layer3.310\njump ∇layer3.310\nfold\nq\n");
  std::ostringstream out;
  tw::step_through(tape, h, in, out);
  CHECK(out.str().find("▸ layer1: 200 nodes\n▸ layer2: 200 nodes\n") != std::string::npos);
  CHECK(out.str().find("layer3.310 = u_623·1.01") != std::string::npos);
  CHECK(out.str().find("∂layer24.2499/∂layer3.310") != std::string::npos);
  std::ostringstream all;
  tw::step_through(tape, h, all);
  const std::string text = all.str();
  CHECK(std::count(text.begin(), text.end(), '\n') < 200);  // 25 groups, there and back

  tw::nn::Random random(1);
  const tw::nn::Sequential net(tw::nn::Linear(20, 9, random), tw::nn::Relu(),
                               tw::nn::Linear(9, 3, random));
  tw::Tape of_net;
  const tw::Var x = of_net.input(xt::xarray<float>(xt::ones<float>({4, 20})), "x");
  std::ostringstream steps;
  tw::step_through(of_net, tw::mean(net(x)).named("L"), steps);
  for (const char* name : {"0.weight", "0.bias", "2.weight", "2.bias", "L"}) {
    CHECK_MESSAGE(steps.str().find(name) != std::string::npos, name);
  }
}

TEST_CASE("large graphs are folded by prefix and opened on demand") {
  tw::Tape tape;
  tw::Var h = tape.input(0.1, "x");
  for (int layer = 0; layer < 20; ++layer) {
    h = tw::tanh(h * tape.parameter(1.5, "net." + std::to_string(layer) + ".weight"));
  }
  const tw::Trace trace = tw::make_trace(h.named("y"));
  const tw::TraceFold fold = tw::fold_large(trace);
  CHECK(fold.size() == 20);
  CHECK(tw::lines_of(trace, fold).size() < trace.steps.size() / 2);
  std::istringstream in("graph\nopen net.3\njump net.3.weight\nopen nothing\n");
  std::ostringstream out;
  tw::step_through(trace, in, out);
  CHECK(out.str().find("▸ net.2: ") != std::string::npos);
  CHECK(out.str().find("forward   net.3.weight = 1.5") != std::string::npos);
  CHECK(out.str().find("no folded group of this name") != std::string::npos);
  CHECK(tw::to_dot(trace, fold).find("shape=folder") != std::string::npos);
}

TEST_CASE("LaTeX, Markdown and graphviz tell the same") {
  Neuron n;
  const tw::Trace trace = tw::make_trace(n.L);
  CHECK(tw::to_latex(trace).find("\\frac{\\partial L}{\\partial w_{1}} = ") != std::string::npos);
  CHECK(tw::to_latex(trace).find("u_{\\mathrm{in}}") != std::string::npos);
  CHECK(tw::to_markdown(trace).find("| right |") != std::string::npos);
  const std::string dot = tw::to_dot(trace);
  CHECK(dot.find("·0.229446435\"") != std::string::npos);
  CHECK(dot.find("style=dashed") != std::string::npos);
}
