// Section 1: the graph, the two algorithms, the chain rule, and memory against time.
#include <cmath>
#include <tapewise/lessons/lectures/lesson.hpp>

namespace tapewise::lessons {

namespace {

/// e = c·d, c = a + b, d = b + 1.
struct Diamond {
  Var a, b, c, d, e;
  explicit Diamond(Lecture& l)
      : a(l.input("a", 2)),
        b(l.input("b", 1)),
        c((a + b).named("c")),
        d((b + 1.0).named("d")),
        e((c * d).named("e")) {}
};

void forward_propagation(Lecture& l) {
  l.say(
      "Nodes are variables, edges lead from a node's parents Pa(u) to it, and a node is annotated "
      "with its operation. Algorithm 6.1 copies the inputs, then computes each u(i) from "
      "A(i) = {u(j) : j in Pa(u(i))}, in an order in which parents come first.");
  const Diamond g(l);
  bool parents_first = true;
  for (const Var& v : {g.c, g.d, g.e}) {
    for (std::size_t k = 0; k < v.parent_count(); ++k) {
      parents_first = parents_first && v.parent(k).id() < v.id();
    }
  }
  l.claim("u(j) is computed before u(i) for every parent j of i", parents_first);
  l.claim("Pa(e) = {c, d}", g.e.parent(0).id() == g.c.id() && g.e.parent(1).id() == g.d.id());
  l.exact("c = a + b", 3, g.c.item());
  l.exact("d = b + 1", 2, g.d.item());
  l.exact("u(n) = e = c·d", 6, g.e.item());
  l.trace(backward(g.e));
}

void back_propagation(Lecture& l) {
  l.say(
      "Algorithm 6.2: ∇[u(n)] = 1; then, from the last node to the first, ∇[u(j)] is the sum over "
      "its children i of ∇[u(i)]·∂u(i)/∂u(j). The gradient table ∇ has an entry for every node.");
  const Diamond g(l);
  const NodeId before = static_cast<NodeId>(g.e.id());
  const GradientTable table = backward(g.e);
  l.exact("∇[u(n)]", 1, table[g.e].item());
  l.claim("back-propagation enhances G by a subgraph B: its nodes are new nodes of the same tape",
          table[g.a].id() > before && table[g.a].node().in_b);
  std::size_t entries = 0;
  for (const Var& v : table.nodes()) entries += table[v].has_tape() ? 1 : 0;
  l.claim("the entries of B correspond one to one with the nodes of G", entries == 5,
          std::to_string(entries) + " entries for 5 nodes");
  l.claim("b has two children: its entry is a sum of two terms",
          table.contributions(g.b).size() == 2);
  l.claim("B is part of the graph, so it can be differentiated: ∂²e/∂a∂b = 1",
          backward(table[g.a])[g.b].item() == 1.0);
  l.trace(table);
}

void chain_rule(Lecture& l) {
  l.say(
      "Scalars: dz/dx = dz/dy·dy/dx. Vectors: ∂z/∂x_i = Σ_j ∂z/∂y_j·∂y_j/∂x_i, or "
      "∇_x z = (∂y/∂x)ᵀ ∇_y z with the Jacobian in rows j and columns i. Here y = tanh(A·x) and "
      "z = Σ y².");
  Tape& tape = l.tape();
  const Var A = tape.constant(xt::xarray<double>{{1.0, 2.0, -1.0}, {0.5, -1.0, 2.0}});
  const Var x = l.array("x", {0.1, -0.2, 0.3});
  const Var y = tanh(matmul(A, x)).named("y"), z = sum(square(y)).named("z");
  const Var J = jacobian(y, x);
  l.claim("the Jacobian is N x M", J.shape() == Shape{2, 3}, to_string(J.shape()));
  const GradientTable table = backward(z);
  const Var by_hand = matmul(transpose(J), table[y]);
  l.exact("largest difference of (∂y/∂x)ᵀ ∇_y z and the table's ∇_x z", 0,
          amax(abs(by_hand - table[x])).item());
  l.checked("∇_x z", z, {x});
  l.trace(table);
}

void tensors(Lecture& l) {
  l.say(
      "The same holds for tensors, by extending the dimensions. H = relu(X·W + B): every gradient "
      "has the shape of its variable, and B, which is added to each row, collects a sum over "
      "rows.");
  const Var X = l.array("X", {{1.0, -2.0}, {0.5, 1.5}, {-1.0, 0.25}});
  const Var W = l.array("W", {{0.5, -1.0}, {1.0, 0.75}}), B = l.array("B", {0.1, 0.2});
  const Var U = (matmul(X, W) + B).named("U"), H = relu(U).named("H");
  const Var z = sum(square(H)).named("z");
  const GradientTable table = backward(z);
  for (const Var& v : {X, W, B}) {
    l.claim("∇ of " + v.name() + " has its shape", table[v].shape() == v.shape(),
            to_string(table[v].shape()));
  }
  l.exact("∇_W z - Xᵀ ∇_U z", 0, amax(abs(table[W] - matmul(transpose(X), table[U]))).item());
  l.exact("∇_B z - Σ_rows ∇_U z", 0, amax(abs(table[B] - sum(table[U], 0))).item());
  l.checked("∇", z, {X, W, B});
  l.trace(table);
}

void weight_decay_graph(Lecture& l) {
  l.say(
      "ŷ = xᵀw beside u = λ Σ w_i²: w has two children, so each of its gradients is the sum of one "
      "term from the loss and one from the decay, 2λw.");
  const Var x = l.array("x", {1.0, 2.0}), w = l.array("w", {0.5, -0.25});
  const double lambda = l.number("lambda", 0.1);
  const Var prediction = sum(x * w).named("ŷ");
  const Var decay = weight_decay(w, lambda).named("u");
  const Var loss = (0.5 * square(prediction - 1.0) + decay).named("J");
  const GradientTable table = backward(loss);
  l.claim("∇[w] is a sum of two contributions", table.contributions(w).size() == 2);
  const auto of = [&](std::int64_t i) { return number_at(DType::float64, table[w].data(), i); };
  l.exact("∂J/∂w1 = (ŷ - 1)·x1 + 2λ·w1", -1 + 2 * 0.1 * 0.5, of(0));
  l.exact("∂J/∂w2 = (ŷ - 1)·x2 + 2λ·w2", -2 - 2 * 0.1 * 0.25, of(1));
  l.trace(table);
}

void memory_against_time(Lecture& l) {
  l.say(
      "x = f(w), y = f(x), z = f(y): the derivative is f'(y)·f'(x)·f'(w) when the intermediate "
      "values are kept, and f'(f(f(w)))·f'(f(w))·f'(w) when they are computed again. The lecture "
      "calls the first better; it is a trade of memory for time. Here f = sin, on an array.");
  Tape& tape = l.tape();
  xt::xarray<double> numbers = xt::ones<double>({1000});
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers(i) = 0.001 * static_cast<double>(i);
  const Var w = tape.input(numbers, "w");
  const auto f = [](const Var& v) { return sin(cos(exp(sin(v)))); };
  Var z = w;
  for (int k = 0; k < 12; ++k) z = f(z);
  const Var loss = sum(z);
  const Var gradient = backward(loss, {w})[w];
  Program kept = compile({loss, gradient}, {.fuse = false});
  Program again =
      compile({loss, gradient}, {.fuse = false, .memory_budget = kept.working_bytes() / 4});
  kept.run();
  again.run();
  l.claim("a quarter of the memory", again.working_bytes() <= kept.working_bytes() / 4,
          std::to_string(kept.working_bytes()) + " and " + std::to_string(again.working_bytes()) +
              " bytes");
  l.claim("costs operations", again.extra_flops() > 0,
          digits(again.extra_flops()) + " of " + digits(again.flops()));
  l.claim("and gives the same bits", kept.value<double>(gradient) == again.value<double>(gradient));
  const Var s = l.input("w", 0.5);
  const Var x = sin(s).named("x"), y = sin(x).named("y"), top = sin(y).named("z");
  const GradientTable table = backward(top);
  const double v = s.item(),
               product = std::cos(std::sin(std::sin(v))) * std::cos(std::sin(v)) * std::cos(v);
  l.exact("f'(f(f(w)))·f'(f(w))·f'(w) at w = 0.5, f = sin", product, table[s].item());
  l.trace(table);
}

void minibatch(Lecture& l) {
  l.say(
      "A graph is symbolic: the activations of a minibatch give the concrete values. The graph and "
      "its gradient are planned once, and replayed for each batch.");
  const Var x = l.array("x", {{1.0, 2.0}, {3.0, 4.0}}), w = l.array("w", {0.5, -0.5});
  const Var y = mean(sigmoid(matmul(x, w))).named("y");
  const GradientTable table = backward(y);
  Program program = compile({y, table[w]});
  const auto by_hand = [](double a, double b, double c, double d) {
    const auto s = [](double t) { return 1 / (1 + std::exp(-t)); };
    return (s(0.5 * a - 0.5 * b) + s(0.5 * c - 0.5 * d)) / 2;
  };
  program.run();
  l.exact("first batch", by_hand(1, 2, 3, 4), program.item(y));
  x.set(xt::xarray<double>{{-1.0, 0.5}, {2.0, 0.0}});
  program.run();
  l.exact("second batch, the same program", by_hand(-1, 0.5, 2, 0), program.item(y));
  l.trace(table);
}

constexpr std::string_view section = "1 The engine";
constexpr Lesson lessons[] = {
    {"forward", "Algorithm 6.1: forward propagation", "R; Goodfellow et al., Algorithm 6.1",
     section, forward_propagation},
    {"backward", "Algorithm 6.2: back-propagation and the gradient table",
     "R; Goodfellow et al., Algorithm 6.2", section, back_propagation},
    {"chain-rule", "The chain rule for vectors, with Jacobians", "R", section, chain_rule},
    {"tensors", "The chain rule for tensors: H = relu(XW + B)", "R", section, tensors},
    {"weight-decay", "Weight decay: a variable with two children", "R", section,
     weight_decay_graph},
    {"memory", "Memory against time", "R", section, memory_against_time},
    {"minibatch", "Concrete values: a minibatch", "R", section, minibatch},
};

}  // namespace

std::span<const Lesson> engine_lessons() { return lessons; }

}  // namespace tapewise::lessons
