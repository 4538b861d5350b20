#include <tapewise/autograd/sweep.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <tapewise/autograd/forward.hpp>

namespace tapewise {

namespace {

constexpr NodeId none = ~NodeId{0};

/// `array` with room for `size` elements by index; what it held is forgotten when it grows.
template <class T>
void fit(FlatArray<T>& array, std::size_t size) {
  if (array.capacity() < size) {
    array.shrink(0);
    array.make_room(size);
  }
}

/// The same with zeros in all of it when it grows.
void fit_zeros(FlatArray<std::uint8_t>& array, std::size_t size) {
  if (array.capacity() >= size) return;
  fit(array, size);
  std::memset(array.data(), 0, array.capacity());
}

/// How a node of one number is computed with its partials; null for others.
ScalarStep step_of(const PackedNode& node) {
  const std::uint32_t number = node.number();
  return number == 0 ? nullptr : node.op->scalar_step[number - 1];
}

}  // namespace

// --- the walks ----------------------------------------------------------------------------------

/// Blocks in which nothing is needed are passed by, eight at a time: a short graph at the end of a
/// long tape is found at once.
bool Sweep::are_empty(std::size_t first_of_eight) const {
  std::uint64_t flags = 0;
  std::memcpy(&flags, blocks_.data() + first_of_eight, sizeof flags);
  return flags == 0;
}

template <class Visit>
inline void Sweep::for_blocks(Visit&& visit) const {
  for (std::size_t b = 0; output_.has_tape() && b <= output_.id() / block; ++b) {
    if (blocks_[b] != 0) {
      visit(b);
    } else if (b % 8 == 0 && are_empty(b)) {
      b += 7;
    }
  }
}

/// 64 ids at a time, of which some may be needed.
template <class Visit>
inline void Sweep::for_groups(Visit&& visit) const {
  for_blocks([&](std::size_t b) {
    const auto end = static_cast<NodeId>(std::min((b + 1) * block, std::size_t{output_.id()} + 1));
    for (auto id = static_cast<NodeId>(b * block); id < end; id += 64) {
      visit(id, std::min(id + 64, end));
    }
  });
}

template <class Visit>
inline void Sweep::for_needed(Visit&& visit) const {
  for_groups([&](NodeId id, NodeId end) {
    for (; id < end; ++id) {
      if (needed_[id] != 0) visit(id);
    }
  });
}

template <class Visit>
inline void Sweep::for_needed_in_reverse(Visit&& visit) const {
  const NodeId n = output_.id();
  for (std::size_t b = n / block + 1; b-- > 0;) {
    if (blocks_[b] == 0) {
      if (b % 8 == 7 && are_empty(b - 7)) b -= 7;
      continue;
    }
    const auto begin = static_cast<NodeId>(b * block);
    for (auto id = static_cast<NodeId>(std::min((b + 1) * block, std::size_t{n} + 1));
         id-- > begin;) {
      if (needed_[id] != 0) visit(id);
    }
  }
}

/// Marks the nodes that the output is computed from.
void Sweep::reach() {
  const PackedNode* nodes = tape_->packed_nodes();
  const NodeId* parents = tape_->packed_parents();
  std::uint8_t* needed = needed_.data();
  std::uint8_t* blocks = blocks_.data();
  const NodeId n = output_.id();
  needed[n] = 1;
  blocks[n / block] = 1;
  for_needed_in_reverse([=](NodeId id) {
    const PackedNode& node = nodes[id];
    for (std::size_t u = node.parents_begin; u < node.parents_begin + node.parents_count; ++u) {
      needed[parents[u]] = 1;
      blocks[parents[u] / block] = 1;
    }
  });
}

/// Algorithm 6.1 for nodes that are single float64 numbers and keep their partials ∂u(i)/∂parent
/// for the way back: those from `id` on that are needed, in the same 64 that are declared valid
/// together. Returns the first needed node that is none of them, or else `end`.
template <class IsNeeded>
inline NodeId Sweep::forward_doubles(NodeId id, NodeId end, IsNeeded is_needed) {
  const PackedNode* nodes = tape_->packed_nodes();
  const NodeId* parents = tape_->packed_parents();
  const std::uint64_t* attributes = tape_->attributes();
  Values::Slot* const* chunks = tape_->values().chunks();
  double* partials = partials_.data();
  double* grad = gradients_.data();
  double last = 0.0;  // the value of the node `last_id`
  NodeId last_id = none;
  const auto read = [&](NodeId from) {
    // What has just been computed is in a register: a chain would wait for memory.
    if (from == last_id) return last;
    double x;
    std::memcpy(&x, chunks[from / Values::chunk_size] + from % Values::chunk_size, sizeof x);
    return x;
  };
  std::uint64_t computed = 0;
  const NodeId first = id;
  for (; id < end; ++id) {
    if (!is_needed(id)) continue;
    grad[id] = -0.0;  // where reverse_scalars starts
    const PackedNode& node = nodes[id];
    const OpRecord& op = *node.op;
    if (op.double_step == nullptr || !node.is_number(DType::float64)) break;
    has_zeros_ |= op.traits.has_zeros;
    const NodeId* parent = parents + node.parents_begin;
    const std::uint32_t n = node.parents_count;
    const double a = read(parent[0]), b = n > 1 ? read(parent[1]) : 0.0;
    last = op.double_step(a, b, n > 2 ? read(parent[2]) : 0.0, attributes + node.attribute,
                          partials + node.parents_begin);
    last_id = id;
    std::memcpy(chunks[id / Values::chunk_size] + id % Values::chunk_size, &last, sizeof last);
    computed |= std::uint64_t{1} << id % 64;
  }
  if (computed != 0) tape_->values().validate(first, computed, epoch_);
  return id;
}

/// Algorithm 6.1 over the nodes that are needed.
void Sweep::forward() {
  const auto is_needed = [needed = needed_.data()](NodeId id) { return needed[id] != 0; };
  for_groups([&](NodeId id, NodeId end) {
    while ((id = forward_doubles(id, end, is_needed)) < end) other_value(id++);
  });
}

/// Algorithm 6.1 over all nodes up to the output, needed or not. False if there is another node
/// than numbers whose partials are numbers.
bool Sweep::forward_over_all() try {
  const auto is_needed = [](NodeId) { return true; };
  for (NodeId id = 0; id <= output_.id();) {
    const NodeId end = std::min(id / 64 * 64 + 64, output_.id() + 1);
    while ((id = forward_doubles(id, end, is_needed)) < end) {
      const PackedNode& node = tape_->packed_nodes()[id];
      if (!node.op->traits.leaf || !node.is_number(DType::float64)) return false;
      other_value(id++);
    }
    if (has_zeros_) return false;
  }
  return true;
} catch (...) {  // by a user's op, whose node is perhaps not needed
  return false;
}

/// Values of numbers that are no float64, leaves, arrays and structured ops; room for the gradients
/// of arrays.
void Sweep::other_value(NodeId id) {
  const OpRecord& op = tape_->op(id);
  const Type& type = tape_->type(id);
  if (const ScalarStep step = step_of(tape_->packed_nodes()[id])) {
    has_zeros_ |= op.traits.has_zeros;
    const auto parents = tape_->parents(id);
    const auto slot = [&](std::size_t k) {
      return tape_->values().slot(parents[std::min(k, parents.size() - 1)]);
    };
    step(slot(0), slot(1), slot(2), tape_->values().slot(id), tape_->attribute(id),
         partials_.data() + tape_->node(id).parents_begin);
    tape_->values().validate(id, epoch_);
  } else if (op.traits.leaf) {
    const void* data = forward_one(*tape_, id, epoch_);
    void* slot = tape_->values().slot(id);
    if (type.shape.is_scalar() && data != slot) std::memcpy(slot, data, type.bytes());
  } else {
    forward_one(*tape_, id, epoch_);
    has_others_ = true;
  }
  if (tape_->is_active(id) && !type.shape.is_scalar()) {
    if (arrays_used_ == arrays_.size()) arrays_.emplace_back();
    arrays_[arrays_used_].assign(static_cast<std::size_t>(type.size()), StructuralZero::number());
    gradients_[id] = std::bit_cast<double>(std::uint64_t{arrays_used_++});
  }
}

/// Algorithm 6.2 where every node is a scalar with one partial per use. An entry has started as -0:
/// adding the first contribution gives that contribution, to the last bit. If `reaches`, it marks
/// the nodes that the output is computed from as it comes to them.
template <bool reaches>
void Sweep::reverse_scalars() {
  const PackedNode* nodes = tape_->packed_nodes();
  const NodeId* parents = tape_->packed_parents();
  const double* partials = partials_.data();
  double* grad = gradients_.data();
  std::uint8_t* needed = needed_.data();
  NodeId carried = output_.id();
  double carry = 1.0;  // grad[carried]
  for_needed_in_reverse([=](NodeId i) mutable {
    const PackedNode& node = nodes[i];
    const double g = i == carried ? carry : grad[i];
    grad[i] = g;
    // The entry of the node before is the next to be read, and often the last to be added to: it
    // is kept in a register, as going through memory would take longer than the arithmetic.
    carried = i - 1;
    carry = i > 0 ? grad[i - 1] : 0.0;
    const std::size_t end = std::size_t{node.parents_begin} + node.parents_count;
    for (std::size_t u = node.parents_begin; u < end; ++u) {
      const NodeId j = parents[u];
      const double term = g * partials[u];
      if constexpr (reaches) needed[j] = 1;
      if (j == carried) {
        carry += term;
      } else {
        grad[j] += term;
      }
    }
  });
}

/// Algorithm 6.2 for any graph: an entry without a contribution, or with structural zeros only, is
/// a structural zero, which has nothing to pass on.
void Sweep::reverse() {
  double* grad = gradients_.data();
  for_needed([&](NodeId j) {
    if (tape_->type(j).shape.is_scalar()) grad[j] = StructuralZero::number();
  });
  const double one = 1.0;
  add(output_.id(), {&one, 1});
  for_needed_in_reverse([&](NodeId i) {
    const PackedNode& node = tape_->packed_nodes()[i];
    if (!node.has(PackedNode::is_active) || node.op->traits.leaf) return;
    if (step_of(node) == nullptr) return other_vjp(i);
    if (StructuralZero::is(grad[i])) return;
    for (std::size_t u = node.parents_begin; u < node.parents_begin + node.parents_count; ++u) {
      if (StructuralZero::is(partials_[u])) continue;
      double& entry = grad[tape_->packed_parents()[u]];
      const double term = grad[i] * partials_[u];
      entry = StructuralZero::is(entry) ? term : entry + term;
    }
  });
  for_needed([&](NodeId j) {
    if (!tape_->is_active(j)) return;
    for (double& x : entry(j)) x = StructuralZero::read(x);
  });
}

std::span<double> Sweep::entry(NodeId id) {
  double& number = gradients_[id];
  if (tape_->type(id).shape.is_scalar()) return {&number, 1};
  return arrays_[std::bit_cast<std::uint64_t>(number)];
}

void Sweep::add(NodeId id, std::span<const double> term) {
  const std::span<double> sum = entry(id);
  for (std::size_t e = 0; e < term.size(); ++e) {
    if (StructuralZero::is(term[e])) continue;
    sum[e] = StructuralZero::is(sum[e]) ? term[e] : sum[e] + term[e];
  }
}

// --- running ------------------------------------------------------------------------------------

void Sweep::run(const Var& output) { run(output, std::span<const Var>{}); }

void Sweep::run(const Var& output, std::span<const Var> wanted) {
  done_ = false;
  Tape& tape = output.tape();
  tape.require_own(output, "sweep");
  const Type& type = output.type();
  if (!is_float(type.dtype)) {
    throw TypeError(tape.describe(
        output.id(), "[sweep] only a float output has a gradient, this is " + to_string(type)));
  }
  if (type.size() != 1) {
    throw GradientError(tape.describe(
        output.id(), "[sweep] the output has shape " + to_string(type.shape) +
                         ", the gradient of a scalar is wanted: reduce it first, sweep(sum(y))"));
  }
  wanted_.clear();
  for (const Var& w : wanted) {
    tape.require_own(w, "sweep");
    wanted_.push_back(w.id());
  }
  std::sort(wanted_.begin(), wanted_.end());

  // Forget the marks of the last run.
  for_blocks([&](std::size_t b) {
    std::memset(needed_.data() + b * block, 0, block);
    blocks_[b] = 0;
  });
  output_ = output;
  tape_ = &tape;
  epoch_ = tape.epoch();
  const NodeId n = output.id();
  const std::size_t blocks = n / block + 1;
  fit_zeros(needed_, blocks * block);
  fit_zeros(blocks_, (blocks + 7) / 8 * 8);
  fit(gradients_, blocks * block);
  fit(partials_, tape.parents_total());
  tape.values().make_slots(n + 1);
  arrays_used_ = 0;
  has_zeros_ = has_others_ = false;

  if (is_dense_ && forward_over_all()) {  // most were needed last time: no walk finds out first
    std::memset(blocks_.data(), 1, blocks);
    needed_[n] = 1;
    reverse_scalars<true>();
    return finish(true);
  }
  const bool has_failed =
      is_dense_;  // what was computed for it is not to be computed in vain again
  has_zeros_ = false;
  reach();
  forward();
  if (has_others_ && !wanted_.empty()) {
    fit(leads_, blocks * block);
    for_needed([&](NodeId id) {
      leads_[id] = std::binary_search(wanted_.begin(), wanted_.end(), id);
      for (const NodeId p : tape.parents(id)) leads_[id] |= leads_[p];
    });
  }
  const bool only_numbers = !has_zeros_ && !has_others_ && arrays_used_ == 0;
  if (only_numbers)
    reverse_scalars<false>();
  else
    reverse();
  finish(only_numbers && !has_failed);
}

void Sweep::finish(bool may_be_dense) {
  const NodeId n = output_.id();
  std::size_t needed = 0;
  if (may_be_dense) {
    for_blocks([&](std::size_t b) {
      for (std::size_t id = b * block; id < (b + 1) * block; ++id) needed += needed_[id];
    });
  }
  is_dense_ = needed > n - n / 4;
  output_value_ = number_at(output_.dtype(), known_value(*tape_, n, epoch_), 0);
  done_ = true;
}

NumericGradients sweep(const Var& output) { return sweep(output, std::span<const Var>{}); }

NumericGradients sweep(const Var& output, std::span<const Var> wanted) {
  Sweep sweep;
  sweep.run(output, wanted);
  return sweep;
}

NumericGradients sweep(const Var& output, std::initializer_list<Var> wanted) {
  return sweep(output, std::span(wanted.begin(), wanted.size()));
}

}  // namespace tapewise
