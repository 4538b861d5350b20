#include <tapewise/ops/einsum.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tapewise/ops/arithmetic.hpp>
#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/einsum_expression.hpp>
#include <tapewise/ops/library_records.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/matrices.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

using namespace einsum_names;

namespace {

[[noreturn]] void refuse(std::string_view op, const std::string& what, SourceLine where) {
  throw ShapeError("[" + std::string(op) + "] " + what + "\n  recorded at " + to_string(where));
}

// --- operands with names ------------------------------------------------------------------------

struct Named {
  Var x;
  Names names;

  std::int64_t size(Name name) const {
    const auto at = std::find(names.begin(), names.end(), name) - names.begin();
    return x.shape()[static_cast<std::size_t>(at)];
  }
};

class Sum {
 public:
  explicit Sum(SourceLine where) : where_(where) {}

  /// The axes in this order.
  Named ordered(const Named& a, const Names& names) const {
    if (names == a.names) return a;
    std::vector<std::int64_t> axes;
    for (const Name name : names) {
      axes.push_back(std::find(a.names.begin(), a.names.end(), name) - a.names.begin());
    }
    return {transpose(located(a.x), Axes(axes)), names};
  }

  /// Of axes with the same name the diagonal.
  Named diagonal(Named a) const {
    for (std::size_t i = 0; i < a.names.size(); ++i) {
      const auto again = std::find(a.names.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                   a.names.end(), a.names[i]);
      if (again == a.names.end()) continue;
      const auto j = static_cast<std::size_t>(again - a.names.begin());
      // Both to the end, as one axis of n², every (n + 1)-th element of which is on the diagonal.
      std::vector<std::int64_t> axes;
      Shape shape;
      Names names;
      for (std::size_t axis = 0; axis < a.names.size(); ++axis) {
        if (axis == i || axis == j) continue;
        axes.push_back(static_cast<std::int64_t>(axis));
        shape.push_back(a.x.shape()[axis]);
        names.push_back(a.names[axis]);
      }
      axes.push_back(static_cast<std::int64_t>(i));
      axes.push_back(static_cast<std::int64_t>(j));
      const std::int64_t n = a.x.shape()[i];
      shape.push_back(n * n);
      const Var flat = reshape(located(transpose(located(a.x), Axes(axes))), shape);
      std::vector<Slice> slices(shape.rank());
      slices.back().step = n + 1;
      names.push_back(a.names[i]);
      return diagonal({slice(located(flat), Slices(slices)), names});
    }
    return a;
  }

  /// Summed over the axes that nobody else wants.
  Named without(const Named& a, const std::set<Name>& wanted) const {
    std::vector<std::int64_t> axes;
    Names left;
    for (std::size_t axis = 0; axis < a.names.size(); ++axis) {
      if (wanted.contains(a.names[axis]))
        left.push_back(a.names[axis]);
      else
        axes.push_back(static_cast<std::int64_t>(axis));
    }
    if (axes.empty()) return a;
    return {sum(located(a.x), Axes(axes)), left};
  }

  /// The product of two, summed over the names that are in both and that nobody else wants.
  Named product(Named a, Named b, const std::set<Name>& wanted) const {
    std::set<Name> wanted_by_a = wanted, wanted_by_b = wanted;
    wanted_by_a.insert(b.names.begin(), b.names.end());
    wanted_by_b.insert(a.names.begin(), a.names.end());
    a = without(a, wanted_by_a);
    b = without(b, wanted_by_b);
    Names together, summed, only_a, only_b;
    for (const Name name : a.names) {
      (!contains(b.names, name) ? only_a
       : wanted.contains(name)  ? together
                                : summed)
          .push_back(name);
    }
    for (const Name name : b.names) {
      if (!contains(a.names, name)) only_b.push_back(name);
    }
    widen(a, b, together);
    widen(a, b, summed);
    a = ordered(a, joined(together, only_a, summed));
    b = ordered(b, joined(together, summed, only_b));
    const std::int64_t batches = count(a, together), m = count(a, only_a), k = count(a, summed),
                       n = count(b, only_b);
    const Names names = joined(together, only_a, only_b);
    Shape shape;
    for (const Name name : names) {
      shape.push_back(contains(a.names, name) ? a.size(name) : b.size(name));
    }
    if (summed.empty()) {
      const Var left = shaped(a.x, {batches, m, 1}), right = shaped(b.x, {batches, 1, n});
      return {shaped(located(left) * located(right), shape), names};
    }
    if (together.empty()) {
      const Var left = shaped(a.x, {m, k}), right = shaped(b.x, {k, n});
      return {shaped(matmul(located(left), located(right)), shape), names};
    }
    if (only_a.empty() && only_b.empty()) {
      const Var left = shaped(a.x, {batches, k}), right = shaped(b.x, {batches, k});
      return {shaped(sum(located(located(left) * located(right)), -1), shape), names};
    }
    const Var left = shaped(a.x, {batches, m, k}), right = shaped(b.x, {batches, k, n});
    return {shaped(matmul(located(left), located(right)), shape), names};
  }

 private:
  Operand located(const Var& x) const { return {x, where_}; }

  Var shaped(const Var& x, const Shape& shape) const {
    return x.shape() == shape ? x : reshape(located(x), shape);
  }

  static Names joined(const Names& a, const Names& b, const Names& c) {
    Names all = a;
    all.insert(all.end(), b.begin(), b.end());
    all.insert(all.end(), c.begin(), c.end());
    return all;
  }

  static std::int64_t count(const Named& a, const Names& names) {
    std::int64_t n = 1;
    for (const Name name : names) n *= a.size(name);
    return n;
  }

  /// Axes of size 1 repeated to the size that the same axis has in the other operand.
  void widen(Named& a, Named& b, const Names& shared) const {
    for (Named* narrow : {&a, &b}) {
      const Named& wide = narrow == &a ? b : a;
      Shape shape = narrow->x.shape();
      for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
        if (shape[axis] == 1 && contains(shared, narrow->names[axis])) {
          shape.set(axis, wide.size(narrow->names[axis]));
        }
      }
      narrow->x = broadcast_to(located(narrow->x), shape);
    }
  }

  SourceLine where_;
};

/// Names of the result when none are written: "..." first, then those that occur once.
Names implied_result(const std::vector<Names>& operands, std::size_t dots) {
  std::map<Name, int> times;
  for (const Names& names : operands) {
    for (const Name name : names) ++times[name];
  }
  Names result;
  for (std::size_t k = dots; k > 0; --k) result.push_back(-static_cast<Name>(k));
  for (const auto& [name, count] : times) {
    if (name > 0 && count == 1) result.push_back(name);
  }
  return result;
}

std::string text_of(Name name) { return std::string("'") + static_cast<char>(name) + "'"; }

}  // namespace

Var einsum(std::string_view expression, std::span<const Operand> operands, SourceLine where) {
  const auto refused = [&](const std::string& what) {
    refuse("einsum", "\"" + std::string(expression) + "\": " + what, where);
  };
  const Expression parsed = parse(expression, refused);
  if (parsed.operands.size() != operands.size()) {
    refused(std::to_string(parsed.operands.size()) + " operands are named, " +
            std::to_string(operands.size()) + " given");
  }
  std::vector<Named> terms;
  std::vector<Names> names;
  std::size_t dots = 0;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    if (!operands[k].is_var()) refused("operand " + std::to_string(k + 1) + " is no Var");
    const Term& term = parsed.operands[k];
    const Shape& shape = operands[k].var().shape();
    const std::size_t letters = term.names.size() - (term.has_ellipsis ? 1 : 0);
    if (shape.rank() < letters || (shape.rank() > letters && !term.has_ellipsis)) {
      refused("operand " + std::to_string(k + 1) + " of shape " + to_string(shape) + " has " +
              std::to_string(shape.rank()) + " axes, " + std::to_string(letters) + " are named");
    }
    dots = std::max(dots, shape.rank() - letters);
    names.push_back(written_out(term, shape.rank() - letters));
    terms.push_back({operands[k].var(), names.back()});
  }
  // Sizes of one name agree, or are 1.
  std::map<Name, std::int64_t> sizes;
  for (const Named& term : terms) {
    for (std::size_t axis = 0; axis < term.names.size(); ++axis) {
      const Name name = term.names[axis];
      const std::int64_t size = term.x.shape()[axis];
      const auto [known, is_new] = sizes.emplace(name, size);
      if (is_new || known->second == size || size == 1) continue;
      if (known->second != 1) {
        refused("the axes " + (name > 0 ? text_of(name) : "\"...\"") + " have sizes " +
                std::to_string(known->second) + " and " + std::to_string(size));
      }
      known->second = size;
    }
    for (std::size_t i = 0; i < term.names.size(); ++i) {
      for (std::size_t j = i + 1; j < term.names.size(); ++j) {
        if (term.names[i] == term.names[j] && term.x.shape()[i] != term.x.shape()[j]) {
          refused("the diagonal of " + text_of(term.names[i]) + " runs along axes of sizes " +
                  std::to_string(term.x.shape()[i]) + " and " + std::to_string(term.x.shape()[j]));
        }
      }
    }
  }
  const Names result =
      parsed.has_result ? written_out(parsed.result, dots) : implied_result(names, dots);
  if (parsed.has_result && dots > 0 && !parsed.result.has_ellipsis) {
    refused("the result has no \"...\" for the " + std::to_string(dots) +
            " axes that it stands for");
  }
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!sizes.contains(result[i])) refused("no operand has the axis " + text_of(result[i]));
    if (std::count(result.begin(), result.end(), result[i]) > 1) {
      refused("the result has the axis " + text_of(result[i]) + " twice");
    }
  }

  Tape::Transaction transaction(terms[0].x.tape());
  const Sum einstein(where);
  Named total = einstein.diagonal(terms[0]);
  const auto wanted_after = [&](std::size_t k) {
    std::set<Name> wanted(result.begin(), result.end());
    for (std::size_t later = k; later < terms.size(); ++later) {
      wanted.insert(names[later].begin(), names[later].end());
    }
    return wanted;
  };
  for (std::size_t k = 1; k < terms.size(); ++k) {
    total = einstein.product(total, einstein.diagonal(terms[k]), wanted_after(k + 1));
  }
  total = einstein.ordered(einstein.without(total, wanted_after(terms.size())), result);
  transaction.keep();
  return total.x;
}

// --- outer, dot ---------------------------------------------------------------------------------

namespace {

/// Both have a last axis: throws ShapeError, naming `op`, for scalars.
void require_vectors(std::string_view op, const Operand& a, const Operand& b) {
  for (const Operand* x : {&a, &b}) {
    if (!x->is_var()) refuse(op, "both operands are Vars: write tape.constant(x)", a.where());
    if (x->var().shape().is_scalar()) {
      refuse(op,
             "a scalar is no vector: " + to_string(a.var().shape()) + " and " +
                 to_string(b.var().shape()) + ": write a*b",
             a.where());
    }
  }
}

}  // namespace

Var outer(const Operand& a, const Operand& b) {
  require_vectors("outer", a, b);
  Composing op("outer", {a, b});
  return op.keep(matrices::as_column(op[0]) * matrices::as_row(op[1]));
}

Var dot(const Operand& a, const Operand& b) {
  require_vectors("dot", a, b);
  const Shape &sa = a.var().shape(), &sb = b.var().shape();
  if (sa.back() != sb.back()) {
    refuse("dot",
           "the vectors differ in size: " + to_string(sa) + " and " + to_string(sb) + ": " +
               std::to_string(sa.back()) + " != " + std::to_string(sb.back()),
           a.where());
  }
  Composing op("dot", {a, b});
  return op.keep(sum(op[0] * op[1], -1));
}

// --- examples -----------------------------------------------------------------------------------

namespace ops {

namespace {

const std::pair<Shape, Shape> outer_shapes[] = {
    {{2}, {3}}, {{2, 3}, {2, 2}}, {{3}, {2, 2}}, {{2, 1, 2}, {3, 1}}, {{0}, {2}}, {{1}, {1}}};
const std::pair<Shape, Shape> dot_shapes[] = {{{3}, {3}}, {{2, 3}, {2, 3}}, {{3}, {2, 3}},
                                              {{0}, {0}}, {{1}, {1}},       {{2, 1, 2}, {3, 2}}};

std::vector<Example> pairs(std::span<const std::pair<Shape, Shape>> shapes,
                           Var (*apply)(std::span<const Var>)) {
  std::vector<Example> examples;
  for (const auto& [a, b] : shapes) {
    examples.push_back({{{DType::float64, a, -1, 1}, {DType::float64, b, -1, 1}}, apply});
  }
  return examples;
}

}  // namespace

std::vector<Example> Outer::examples() {
  return pairs(outer_shapes, [](std::span<const Var> in) { return outer(in[0], in[1]); });
}

std::vector<Example> Dot::examples() {
  return pairs(dot_shapes, [](std::span<const Var> in) { return dot(in[0], in[1]); });
}

std::vector<Example> Einsum::examples() {
  const auto inputs = [](std::initializer_list<Shape> shapes) {
    std::vector<ExampleInput> all;
    for (const Shape& shape : shapes) all.push_back({DType::float64, shape, -1, 1});
    return all;
  };
  return {
      {inputs({{2, 3}, {3, 2}}),
       [](std::span<const Var> in) { return einsum("ij,jk->ik", in[0], in[1]); }},
      {inputs({{2, 3}, {2, 3}}),
       [](std::span<const Var> in) { return einsum("ij,kj", in[0], in[1]); }},
      {inputs({{3, 3}}), [](std::span<const Var> in) { return einsum("ii->", in[0]); }},
      {inputs({{3, 2, 3}}), [](std::span<const Var> in) { return einsum("iji->ij", in[0]); }},
      {inputs({{2, 3, 2}}), [](std::span<const Var> in) { return einsum("...i->i...", in[0]); }},
      {inputs({{2, 1, 2, 3}, {3, 3, 2}}),
       [](std::span<const Var> in) { return einsum("...ij,...jk", in[0], in[1]); }},
      {inputs({{2}, {2, 3}, {3}}),
       [](std::span<const Var> in) { return einsum("i,ij,j->", in[0], in[1], in[2]); }},
      {inputs({{2, 3}, {2, 3}}),
       [](std::span<const Var> in) { return einsum("bi,bi->b", in[0], in[1]); }},
      {inputs({{2, 3}, {1, 2}}),
       [](std::span<const Var> in) { return einsum("bi,bj->ijb", in[0], in[1]); }},
      {inputs({{0, 2}, {2, 3}}),
       [](std::span<const Var> in) { return einsum("ij,jk->ki", in[0], in[1]); }},
      {inputs({{}, {2}}), [](std::span<const Var> in) { return einsum(",i->i", in[0], in[1]); }},
      {inputs({{0, 0}}), [](std::span<const Var> in) { return einsum("ii->i", in[0]); }}};
}

}  // namespace ops

std::span<const OpRecord> records_of(EinsumOps list) {
  return making::library_records(list, "linalg");
}

}  // namespace tapewise
