// The sweep past arrays and structured ops: right, but slow. The fast loops are in sweep.cpp.
#include <algorithm>
#include <tapewise/autograd/forward.hpp>
#include <tapewise/autograd/numbers_table.hpp>
#include <tapewise/autograd/sweep.hpp>

namespace tapewise {

void Sweep::other_vjp(NodeId id) {
  const OpRecord& op = tape_->op(id);
  const auto parents = tape_->parents(id);
  const auto g = entry(id);
  if (g.empty() || std::all_of(g.begin(), g.end(), StructuralZero::is)) return;
  if (op.vjp == nullptr) {
    throw GradientError(
        tape_->describe(id, "[" + std::string(op.name) +
                                "] gives no derivative: add a vjp to its rule, or wrap the operand "
                                "in stop_gradient"));
  }
  const auto number = static_cast<std::size_t>(tape_->type(id).dtype);
  const ScalarStep step = op.scalar_step[number];
  for (std::size_t use = 0; use < parents.size(); ++use) {
    const NodeId j = parents[use];
    if (!tape_->is_active(j) || (!wanted_.empty() && leads_[j] == 0)) continue;
    if (step == nullptr) {
      std::vector<double> whole(g.begin(), g.end());
      for (double& x : whole) x = StructuralZero::read(x);
      add(j, structured_vjp_in_numbers(tape_->var(id), use, whole));
    } else {
      add(j, elementwise_vjp(id, use));
    }
  }
}

/// g · ∂y/∂x_use element by element, added up where x_use was broadcast.
std::vector<double> Sweep::elementwise_vjp(NodeId id, std::size_t use) {
  constexpr std::size_t most = 3;
  const OpRecord& op = tape_->op(id);
  const auto parents = tape_->parents(id);
  const Type& type = tape_->type(id);
  const Strides own = row_major_strides(type.shape);
  std::array<Strides, most> strides{};
  std::array<const std::byte*, most> data{};
  std::array<std::size_t, most> bytes{};
  for (std::size_t k = 0; k < most; ++k) {
    const NodeId p = parents[std::min(k, parents.size() - 1)];
    strides[k] = broadcast_strides(tape_->type(p).shape, type.shape);
    data[k] = static_cast<const std::byte*>(known_value(*tape_, p, epoch_));
    bytes[k] = size_of(tape_->type(p).dtype);
  }
  const auto g = entry(id);
  std::vector<double> term(static_cast<std::size_t>(tape_->type(parents[use]).size()),
                           StructuralZero::number());
  const bool repeated = term.size() != g.size();
  if (repeated) std::fill(term.begin(), term.end(), 0.0);
  for (std::size_t e = 0; e < g.size(); ++e) {
    if (StructuralZero::is(g[e])) continue;
    std::array<std::int64_t, most> at{};
    auto rest = static_cast<std::int64_t>(e);
    for (std::size_t axis = 0; axis < type.shape.rank(); ++axis) {
      for (std::size_t k = 0; k < most; ++k) at[k] += rest / own[axis] * strides[k][axis];
      rest %= own[axis];
    }
    std::array<const void*, most> x{};
    for (std::size_t k = 0; k < most; ++k) {
      x[k] = data[k] + at[k] * static_cast<std::int64_t>(bytes[k]);
    }
    double y = 0;
    std::array<double, most> partials{};
    op.scalar_step[static_cast<std::size_t>(type.dtype)](x[0], x[1], x[2], &y, tape_->attribute(id),
                                                         partials.data());
    if (StructuralZero::is(partials[use])) continue;
    double& sum = term[static_cast<std::size_t>(at[use])];
    sum = StructuralZero::is(sum) ? g[e] * partials[use] : sum + g[e] * partials[use];
  }
  return term;
}

}  // namespace tapewise
