#include <tapewise/autograd/numbers_table.hpp>

#include <tapewise/autograd/backward.hpp>
#include <tapewise/autograd/forward.hpp>

namespace tapewise {

namespace {

Array as_array(std::span<const double> numbers, const Type& type) {
  Array array(type);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (type.dtype == DType::float32)
      array.as<float>()[i] = static_cast<float>(numbers[i]);
    else
      array.as<double>()[i] = numbers[i];
  }
  return array;
}

/// Calls `f(e, x, at)` for each element e of an elementwise node: its operands' numbers, and which
/// element of each operand they are.
template <class F>
void for_each_element(const Var& y, F&& f) {
  const std::size_t arity = y.parent_count();
  std::vector<Strides> strides;
  std::vector<const void*> values;
  for (std::size_t k = 0; k < arity; ++k) {
    strides.push_back(broadcast_strides(y.parent(k).shape(), y.shape()));
    values.push_back(y.tape().value(y.parent(k).id()));
  }
  const Strides own = row_major_strides(y.shape());
  std::vector<double> x(arity);
  std::vector<std::size_t> at(arity);
  for (std::int64_t e = 0; e < y.type().size(); ++e) {
    for (std::size_t k = 0; k < arity; ++k) {
      std::int64_t position = 0, rest = e;
      for (std::size_t axis = 0; axis < y.shape().rank(); ++axis) {
        position += rest / own[axis] * strides[k][axis];
        rest %= own[axis];
      }
      x[k] = number_at(y.parent(k).dtype(), values[k], position);
      at[k] = static_cast<std::size_t>(position);
    }
    f(static_cast<std::size_t>(e), x, at);
  }
}

/// g · ∂y/∂x_use element by element, straight from the rule, added up where x_use was broadcast.
std::vector<double> elementwise_vjp(const Var& y, std::size_t use, std::span<const double> g) {
  std::vector<double> product(static_cast<std::size_t>(y.parent(use).type().size()));
  for_each_element(y, [&](std::size_t e, std::span<const double> x, const auto& at) {
    product[at[use]] += g[e] * y.op().partial(static_cast<int>(use), x.data(), y.attribute_data());
  });
  return product;
}

}  // namespace

std::vector<double> local_derivatives(const Var& y, std::size_t use) {
  std::vector<double> derivatives(static_cast<std::size_t>(y.type().size()));
  for_each_element(y, [&](std::size_t e, std::span<const double> x, const auto&) {
    derivatives[e] = y.op().partial(static_cast<int>(use), x.data(), y.attribute_data());
  });
  return derivatives;
}

std::vector<double> structured_vjp_in_numbers(const Var& y, std::size_t use,
                                              std::span<const double> g) {
  Tape scratch;
  std::vector<Operand> parents;
  for (std::size_t k = 0; k < y.parent_count(); ++k) {
    const Var p = y.parent(k);
    parents.emplace_back(scratch.input(ArrayView(y.tape().value(p.id()), p.type())));
  }
  const std::vector<OperandRef> refs(parents.begin(), parents.end());
  const Var copy = scratch.record(y.op(), refs, y.attribute_data(), SourceLine::here());
  const Var cotangent = scratch.input(as_array(g, y.type()));
  const Var term = y.op().vjp({copy, cotangent, static_cast<int>(use)});
  std::vector<double> product(static_cast<std::size_t>(y.parent(use).type().size()));
  if (!term.has_tape()) return product;
  const void* data = scratch.value(term.id());
  for (std::size_t e = 0; e < product.size(); ++e) {
    product[e] = number_at(term.dtype(), data, static_cast<std::int64_t>(e));
  }
  return product;
}

NumbersTable::NumbersTable(const Subgraph& G, double seed)
    : G_(G), seed_(seed), entries_(G.size()) {
  for (std::size_t p = 0; p < G.size(); ++p) {
    entries_[p].resize(static_cast<std::size_t>(G.tape().type(G.node(p)).size()));
  }
}

void NumbersTable::set_to_one(std::size_t n) { entries_[n].assign(entries_[n].size(), seed_); }

std::vector<double> NumbersTable::vjp(std::size_t i, std::size_t use) {
  const Var y = G_.tape().var(G_.node(i));
  if (y.op().vjp == nullptr) {
    throw GradientError(
        y.tape().describe(y.id(), "[" + std::string(y.op().name) + "] gives no derivative"));
  }
  return y.op().partial != nullptr ? elementwise_vjp(y, use, entries_[i])
                                   : structured_vjp_in_numbers(y, use, entries_[i]);
}

void NumbersTable::add(std::size_t j, std::size_t, std::size_t, const std::vector<double>& term) {
  for (std::size_t e = 0; e < term.size(); ++e) entries_[j][e] += term[e];
}

std::vector<double> NumbersTable::operator[](const Var& node) const {
  const std::size_t p = G_.position(node.id());
  if (p < G_.size()) return entries_[p];
  return std::vector<double>(static_cast<std::size_t>(node.type().size()));
}

std::vector<std::vector<double>> numeric_gradients(const Var& output, std::span<const Var> wanted) {
  if (output.type().size() != 1) {
    throw GradientError(output.tape().describe(
        output.id(), "[numeric gradients] a scalar output is wanted, this has shape " +
                         to_string(output.shape())));
  }
  const Subgraph G(output.tape(), output.id(), {});
  NumbersTable grad(G, 1.0);
  if (G.size() > 0) back_propagate(G, grad);
  std::vector<std::vector<double>> gradients;
  for (const Var& node : wanted) gradients.push_back(grad[node]);
  return gradients;
}

}  // namespace tapewise
